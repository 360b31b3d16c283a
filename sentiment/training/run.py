"""`groundswell train` from start to end: examples, fitting, export, and whether the new model may replace the old."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

from sentiment.classifiers.onnx import SHIPPED, OnnxClassifier
from sentiment.evaluation import Report, evaluate
from sentiment.training.data import DataProblem, Example, own_example, split_of
from sentiment.training.finish import Origin, finish
from sentiment.training.fit import Recipe
from sentiment.training.judge import judged_rows
from sentiment.training.train import STUDENT_WEIGHTS, examples_of, train_network

STEPS_A_MINUTE = 80
"""What two cores manage with the shipped encoder; it decides how slowly the learning rate falls."""
CORRECTION_WEIGHT = 4.0
FEWEST_TO_JUDGE = 30
"""Fewer judged rows than this cannot tell two models apart."""


def train_model(
    data: Path | None,
    output: Path,
    *,
    encoder: Path | None,
    corrections: Sequence[tuple[str, dict[str, Any]]] = (),
    minutes: float = 120,
) -> Iterator[str]:
    """Train into `output`/model and say what happens, line by line.

    `encoder` is a transformers folder with a fast tokenizer (see sentiment.training.encoder for making it small);
    `corrections` are (text, labels) of people, which count as our own labels and are judged on a split of their own.
    The shipped model is left as it is: the last line says whether the new one is better and how to use it.
    """
    if encoder is None or not (encoder / "config.json").is_file():
        raise DataProblem(
            f"{encoder or '--encoder'}: give the folder of an encoder (config.json, tokenizer.json, weights)"
        )
    examples = gather(data, corrections)
    recipe = Recipe(
        steps=max(1, int(minutes * STEPS_A_MINUTE)),
        minutes=minutes,
        weights=STUDENT_WEIGHTS | {"corrections": CORRECTION_WEIGHT},
    )
    said: SimpleQueue[str | BaseException | None] = SimpleQueue()
    Thread(target=_train, args=(examples, encoder, output, recipe, said), daemon=True).start()
    while (line := said.get()) is not None:
        if isinstance(line, BaseException):
            raise line
        yield line
    yield verdict(output / "model", examples)


def gather(data: Path | None, corrections: Sequence[tuple[str, dict[str, Any]]]) -> list[Example]:
    """The examples of the folder (if any) and of people's corrections, a tenth of which is kept back to judge by."""
    extra = [
        own_example(
            text, labels, source="corrections", domain="corrections", language=str(labels.get("language") or "en"),
            split=split_of(text, validation=8, test=10),
        )
        for text, labels in corrections
    ]  # fmt: skip
    return extra if data is None else examples_of(data, extra)


def _train(
    examples: Sequence[Example],
    encoder: Path,
    output: Path,
    recipe: Recipe,
    said: "SimpleQueue[str | BaseException | None]",
) -> None:
    try:
        network = train_network(examples, encoder, output / "run", recipe, say=said.put)
        layers = json.loads((encoder / "config.json").read_text(encoding="utf-8"))["num_hidden_layers"]
        origin = Origin(encoder=encoder.name, licence="see the encoder", recipe=asdict(recipe) | {"layers": layers})
        agreement = finish(network, encoder, output / "model", scratch=output / "run", examples=examples, origin=origin)
        said.put("int8 agrees with float32: " + ", ".join(f"{name} {value:.3f}" for name, value in agreement.items()))
        said.put(None)
    except BaseException as problem:  # noqa: BLE001 - it is raised again where the lines are read
        said.put(problem)


def verdict(model: Path, examples: Sequence[Example]) -> str:
    """A sentence that sets the new model beside the shipped one, on texts that neither was fitted to or tuned on."""
    rows = judged_rows(examples)
    if len(rows) < FEWEST_TO_JUDGE:
        return f"{model}: trained, but {len(rows)} texts kept back are too few to judge it by; the shipped model stays"
    new, old = (evaluate(OnnxClassifier(folder), rows) for folder in (model, SHIPPED))
    names = [name for name in ("sentiment macro-F1", "aspects F1 micro") if name in new.figures]
    better = all(new.figures[name].value >= old.figures[name].value - 0.005 for name in names)
    compared = "; ".join(f"{name} {_pair(new, old, name)}" for name in names)
    if not better:
        return f"{model} is worse than the shipped model on {len(rows)} texts kept back ({compared}); it is not used"
    return f'{model}: {compared} (new against shipped, {len(rows)} texts). Use it: [classifier] model = "{model}"'


def _pair(new: Report, old: Report, name: str) -> str:
    return f"{new.figures[name].value:.3f} against {old.figures[name].value:.3f}"
