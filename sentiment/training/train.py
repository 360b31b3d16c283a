"""The whole making of a classifier: load, fit, and say how it went; `groundswell train` calls this."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sentiment.classifiers.errors import first_line
from sentiment.training.batches import Tokenised
from sentiment.training.data import DataProblem, Example, Split, count_by_source, load
from sentiment.training.fit import Recipe, fit
from sentiment.training.network import ReaderNetwork, build
from sentiment.training.phrases import compose
from sentiment.training.predict import figures, logits
from sentiment.training.relabelled import with_our_labels
from sentiment.training.teaching import load_lessons
from sentiment.training.written import written

STUDENT_WEIGHTS = {
    "own": 6.0,
    "semeval2017": 5.0,
    "umsab": 4.5,
    "airline": 2.5,
    "indonlu": 0.5,
    "skytrax": 0.4,
    "fabsa": 0.8,
    "mams": 0.4,
    "semeval": 0.5,
    "oats": 0.4,
    "phrases": 1.0,
    "written": 3.0,
    "relabelled": 16.0,
    "corrections": 4.0,
}
"""How often each source gives a batch; our own labels most, since their rare classes need many passes."""


PHRASES = 4000


def tokenizer_of(folder: Path) -> Any:
    """The fast tokenizer of an encoder folder."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)


def train_network(
    examples: Sequence[Example],
    encoder_dir: Path,
    out_dir: Path,
    recipe: Recipe,
    *,
    start_from: Path | None = None,
    lessons_file: Path | None = None,
    say: Callable[[str], None] = print,
) -> ReaderNetwork:
    """Fit one network on the training rows, judge it on the validation rows, and return it with its best weights.

    `start_from` is a best.pt of the same encoder; `lessons_file` holds a teacher's soft labels.
    """
    import torch

    rows = [e for e in examples if e.split is Split.TRAIN and recipe.weights.get(e.source, 0.0) > 0]
    lessons = load_lessons(lessons_file, [e.text for e in rows]) if lessons_file else [None] * len(rows)
    # A text without labels teaches nothing unless the teacher was asked about it.
    teaching = [(e, lesson) for e, lesson in zip(rows, lessons, strict=True) if e.tasks or e.scheme or lesson]
    if not teaching:
        raise DataProblem(
            f"none of {len(examples):,} texts is left to learn from; the others are kept back to judge by"
        )
    say("examples: " + json.dumps(count_by_source(examples)))
    torch.manual_seed(recipe.seed)  # the heads begin at random
    try:
        tokenizer, network = tokenizer_of(encoder_dir), build(str(encoder_dir))
    except Exception as problem:
        # A damaged or foreign file raises whatever its reader likes.
        what = f"{type(problem).__name__}: {first_line(problem)}"
        raise DataProblem(f"{encoder_dir}: not an encoder ({what})") from problem
    if start_from is not None:
        network.load_state_dict(torch.load(start_from, weights_only=True), strict=False)
    held_back = [e for e in examples if e.split is Split.VALIDATION]
    validation = Tokenised(held_back, tokenizer, recipe.longest)

    def judge(candidate: ReaderNetwork) -> dict[str, float]:
        return figures(logits(candidate, validation), held_back)

    data = Tokenised([e for e, _ in teaching], tokenizer, recipe.longest, [lesson for _, lesson in teaching])
    fit(network, data, recipe, out_dir, judge=judge, say=say)
    return network


def examples_of(data_dir: Path, extra: Sequence[Example] = ()) -> list[Example]:
    """The examples of a data folder, those of the project, and further ones, for instance people's corrections."""
    return [*with_our_labels(load(data_dir)), *compose(PHRASES), *written(), *extra]
