"""`groundswell train` from start to end: examples, teacher, fitting, export, and whether the new model may replace the
old."""

import hashlib
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

from sentiment.classifiers.onnx import SHIPPED, OnnxClassifier
from sentiment.evaluation import Report, evaluate
from sentiment.training.data import DataProblem, Example, Split, own_example, split_of
from sentiment.training.finish import Origin, engine_logits, finish
from sentiment.training.fit import Recipe
from sentiment.training.judge import judge_model, judged_rows
from sentiment.training.predict import probabilities
from sentiment.training.restore import restore
from sentiment.training.teacher import TAUGHT_WEIGHTS, TEACHER, ask_teacher, train_teacher
from sentiment.training.teaching import save_lessons
from sentiment.training.train import STUDENT_WEIGHTS, examples_of, train_network

STEPS_A_MINUTE = 80
"""What two cores manage with the shipped encoder; it decides how slowly the learning rate falls."""
TEACHER_SHARE = 0.45
"""Of the minutes that a run may take: fitting the teacher; asking it takes about a third of that again."""
STUDENT_SHARE = 0.4
FEWEST_TO_JUDGE = 30
"""Fewer judged rows than this cannot tell two models apart."""
LEAST_AGREEMENT = 0.9
"""A model that learnt from corrections must still say what the old one said of this share of all other texts."""
MOST_LOST = 0.02
"""No figure may fall by more than this, whatever the others gain."""
ENCODER_FILES = ("config.json", "tokenizer.json", "model.safetensors")
MADE_OF = "made_of.json"
"""The note in a run's folder by which a stopped run is known again."""
KEPT_ROWS = 4000
PASSES = 12
"""How often each corrected text is learnt from."""
GENTLE = Recipe(
    steps=200,
    weights={"corrections": 1.0, "others": 1.0},
    encoder_rate=6e-5,
    head_rate=2e-4,
    smoothing=0.02,
    average=0.98,
    frozen_layers=2,
)
"""For corrections alone: small steps from the model in use, whose own readings of other texts keep it in place."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a training run is asked for.

    data         folder of labelled texts, or None
    encoder      transformers folder to start from; None: the model in `start` learns on
    teacher      transformers folder of a large encoder that is fitted first and then teaches; None: no teacher
    start        an exported model's folder
    corrections  (text, labels) of people, which count as our own labels and are judged on a split of their own
    others       texts without labels that the model in `start` has read; with corrections alone they keep it in place
    minutes      for the whole run, about
    """

    data: Path | None
    output: Path
    encoder: Path | None = None
    teacher: Path | None = None
    start: Path = SHIPPED
    corrections: Sequence[tuple[str, dict[str, Any]]] = ()
    others: Sequence[str] = ()
    minutes: float = 120


def train_model(wanted: Wanted) -> Iterator[str]:
    """Train into `output`/model and say what happens, line by line.

    The model in use is left as it is: the last line says whether the new one is better and how to use it. A run that
    was stopped goes on from its checkpoint. Raises DataProblem, also where `output` holds another run.
    """
    for folder, option in ((wanted.encoder, "--encoder"), (wanted.teacher, "--teacher")):
        if folder is not None and not all((folder / name).is_file() for name in ENCODER_FILES):
            raise DataProblem(f"{option} {folder}: give a folder with {', '.join(ENCODER_FILES)}")
    if wanted.data is None and wanted.encoder is not None:
        raise DataProblem("--encoder starts from nothing and needs labelled texts: give --data too, or leave it out")
    made_of = _unclaimed(wanted)
    examples = gather(wanted.data, wanted.corrections, wanted.others)
    wanted.output.mkdir(parents=True, exist_ok=True)
    (wanted.output / MADE_OF).write_text(json.dumps(made_of, indent=1), encoding="utf-8")
    said: SimpleQueue[str | BaseException | None] = SimpleQueue()
    Thread(target=_train, args=(examples, wanted, said), daemon=True).start()
    while (line := said.get()) is not None:
        if isinstance(line, BaseException):
            raise line
        yield line
    yield "judging it on the texts kept back; MODEL_CARD.md and scores.json tell how it did"
    judge_model(wanted.output / "model", examples)
    yield verdict(wanted.output / "model", wanted.start, examples)


def _unclaimed(wanted: Wanted) -> dict[str, Any]:
    """What the run is made of; refuses a folder with a finished model, which may be in use, or with a stopped run made
    of other things."""
    if (wanted.output / "model" / "reader.json").is_file():
        raise DataProblem(f"{wanted.output} holds a finished model, which may be in use: give another folder with -o")
    made_of = {
        "data": wanted.data and str(wanted.data.resolve()),
        "encoder": wanted.encoder and str(wanted.encoder.resolve()),
        "teacher": wanted.teacher and str(wanted.teacher.resolve()),
        "start": None if wanted.encoder else _digest(wanted.start / "model.onnx"),
    }
    note = wanted.output / MADE_OF
    if note.is_file() and json.loads(note.read_text(encoding="utf-8")) != made_of:
        raise DataProblem(
            f"{wanted.output} holds a stopped run that began otherwise ({note}): give another folder with -o"
        )
    return made_of


def _digest(file: Path) -> str:
    if not file.is_file():
        raise DataProblem(f"{file}: not there; --start takes the folder of a model that groundswell train exported")
    return hashlib.sha256(file.read_bytes()).hexdigest()


def gather(
    data: Path | None, corrections: Sequence[tuple[str, dict[str, Any]]], others: Sequence[str] = ()
) -> list[Example]:
    """The examples of the folder (if any), of people's corrections, of which a fifth is kept back to judge by, and of
    other texts, a tenth of which shows whether the new model still reads them as before."""
    extra = [
        own_example(
            text, labels, source="corrections", domain="corrections", language=str(labels.get("language") or "en"),
            split=split_of(text, validation=8, test=20),
        )
        for text, labels in corrections
    ]  # fmt: skip
    extra += [
        Example(text=t, source="others", domain="others", language="", split=split_of(t, validation=0, test=10))
        for t in others
    ]
    return extra if data is None else examples_of(data, extra)


def _train(examples: Sequence[Example], wanted: Wanted, said: "SimpleQueue[str | BaseException | None]") -> None:
    try:
        _fit_and_finish(examples, wanted, said.put)
        said.put(None)
    except BaseException as problem:  # noqa: BLE001 - it is raised again where the lines are read
        said.put(problem)


def _fit_and_finish(examples: Sequence[Example], wanted: Wanted, say: Tell) -> None:
    run = wanted.output / "run"
    restored = None if wanted.encoder else restore(wanted.start, wanted.output / "start")
    encoder = wanted.encoder or wanted.output / "start"
    recipe, lessons = _recipe(examples, wanted, say)
    network = train_network(
        examples, encoder, run, recipe, start_from=restored.weights if restored else None, lessons_file=lessons, say=say
    )
    layers = json.loads((encoder / "config.json").read_text(encoding="utf-8"))["num_hidden_layers"]
    notes = {"layers": layers, "teacher": wanted.teacher.name if wanted.teacher else None}
    origin = Origin(encoder=encoder.name, licence="see the encoder", recipe=asdict(recipe) | notes)
    if restored:
        old = restored.settings
        origin = Origin(encoder=old["encoder"], licence=old["licence"], recipe=asdict(recipe) | notes | {
            "continued_from": old["name"]
        })  # fmt: skip
    agreement = finish(
        network, encoder, wanted.output / "model", scratch=run, examples=examples, origin=origin,
        calibrated=restored.settings if restored and wanted.data is None else None,
    )  # fmt: skip
    say("int8 agrees with float32: " + ", ".join(f"{name} {value:.3f}" for name, value in agreement.items()))


def _recipe(examples: Sequence[Example], wanted: Wanted, say: Tell) -> tuple[Recipe, Path | None]:
    """How to fit, and the file of lessons if somebody teaches."""
    if wanted.data is None:
        rows = [e for e in examples if e.split is Split.TRAIN and e.source == "corrections"]
        if not rows:
            raise DataProblem(
                f"all of the {len(wanted.corrections):,} checked texts are kept back to judge by: check some more first"
            )
        steps = max(10, min(int(wanted.minutes * STEPS_A_MINUTE), 2 * PASSES * len(rows) // GENTLE.batch_size))
        lessons = _own_lessons(examples, wanted)
        return replace(GENTLE, steps=steps, minutes=wanted.minutes, judge_every=steps), lessons
    minutes, lessons_file = wanted.minutes, None
    weights = STUDENT_WEIGHTS
    if wanted.teacher is not None:
        lessons_file = wanted.output / "teacher" / "lessons.npz"
        if not lessons_file.is_file():
            recipe = replace(TEACHER, minutes=wanted.minutes * TEACHER_SHARE)
            network = train_teacher(examples, wanted.teacher, lessons_file.parent, recipe, say)
            ask_teacher(network, wanted.teacher, examples, lessons_file, say)
        minutes *= STUDENT_SHARE
        weights = weights | TAUGHT_WEIGHTS
    recipe = Recipe(steps=max(1, int(minutes * STEPS_A_MINUTE)), minutes=minutes, weights=weights)
    return recipe, lessons_file


def _own_lessons(examples: Sequence[Example], wanted: Wanted) -> Path | None:
    """What the model in use says of the other texts, as soft labels."""
    texts = [e.text for e in examples if e.source == "others" and e.split is Split.TRAIN][:KEPT_ROWS]
    if not texts:
        return None
    path = wanted.output / "run" / "lessons.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = engine_logits(wanted.start / "model.onnx", wanted.start / "tokenizer.json", texts)
    save_lessons(path, texts, probabilities(raw))
    return path


def verdict(model: Path, old: Path, examples: Sequence[Example]) -> str:
    """A sentence that sets the new model beside the old one, on texts that neither was fitted to or tuned on."""
    rows = judged_rows(examples)
    if len(rows) < FEWEST_TO_JUDGE:
        return (
            f"{model}: trained, but {len(rows)} texts kept back are too few to judge it by (a fifth of the corrected "
            f"texts is kept back; {FEWEST_TO_JUDGE} are needed); the model in use stays"
        )
    first, second = OnnxClassifier(model), OnnxClassifier(old)
    new, before = (evaluate(classifier, rows) for classifier in (first, second))
    names = [name for name in ("sentiment macro-F1", "aspects F1 micro") if name in new.figures]
    gains = [new.figures[name].value - before.figures[name].value for name in names]
    better = sum(gains) >= 0 and min(gains, default=0.0) >= -MOST_LOST
    compared = "; ".join(f"{name} {_pair(new, before, name)}" for name in names)
    texts = [e.text for e in examples if e.source == "others" and e.split is Split.TEST]
    texts = random.Random(1).sample(texts, min(len(texts), 500))  # noqa: S311 - which to look at, no secret
    if len(texts) >= FEWEST_TO_JUDGE:
        pairs = zip(first.read(texts), second.read(texts), strict=True)
        same = sum(a.sentiment is b.sentiment for a, b in pairs) / len(texts)
        compared += f"; reads {same:.1%} of {len(texts)} other texts as before"
        better = better and same >= LEAST_AGREEMENT
    if not better:
        return f"{model} is worse than the model in use on {len(rows)} texts kept back ({compared}); it is not used"
    return f'{model}: {compared} (new against old, {len(rows)} texts). Use it: [classifier] model = "{model.resolve()}"'


def _pair(new: Report, old: Report, name: str) -> str:
    return f"{new.figures[name].value:.3f} against {old.figures[name].value:.3f}"
