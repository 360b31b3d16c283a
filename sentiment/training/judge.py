"""The sets of texts that a finished model is judged by, and the card made from them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sentiment.classifiers.onnx import OnnxClassifier
from sentiment.evaluation import Labelled, Report, evaluate
from sentiment.evaluation.card import write_card
from sentiment.evaluation.rows import labelled
from sentiment.training.data import DOMAINS_HELD_BACK, Example, Split
from sentiment.training.schemes import OWN_SCHEME, Task


def test_sets(examples: Sequence[Example]) -> dict[str, list[Example]]:
    """Test examples by the name that the card gives them."""
    kept = [example for example in examples if example.split is Split.TEST]
    own = [example for example in kept if example.source == "own"]
    return {
        "Own labels, trades seen in training": [e for e in own if e.domain not in DOMAINS_HELD_BACK],
        "Own labels, trades never trained on (laptops, pet and human food)": [
            e for e in own if e.domain in DOMAINS_HELD_BACK
        ],
        "Tweets of SemEval 2017 task 4A, kept back": [e for e in kept if e.source == "semeval2017"],
        "Tweets to an airline never trained on": [e for e in kept if e.source == "airline"],
        "Tweets in eight languages (UMSAB), kept back": [e for e in kept if e.source == "umsab"],
        "Indonesian reviews, kept back": [e for e in kept if e.source == "indonlu"],
    }


def judge_model(folder: Path, examples: Sequence[Example]) -> dict[str, Report]:
    """Judge the exported model on every test set that has texts, and write its card and scores."""
    classifier = OnnxClassifier(folder)
    reports = {
        name: evaluate(classifier, [as_labelled(example) for example in members])
        for name, members in test_sets(examples).items()
        if members
    }
    write_card(folder, reports)
    return reports


def judged_rows(
    examples: Sequence[Example], sources: frozenset[str] = frozenset({"own", "corrections"})
) -> list[Labelled]:
    """The test rows of the given sources as the evaluation wants them."""
    return [as_labelled(e) for e in examples if e.split is Split.TEST and e.source in sources]


def as_labelled(example: Example) -> Labelled:
    """An example with the labels that it has."""
    fields: dict[str, Any] = {task.value: value for task, value in example.tasks.items() if task is not Task.STARS}
    if Task.SATISFACTION in example.tasks:
        fields["satisfaction"] = int(example.tasks[Task.SATISFACTION])
    if example.scheme == OWN_SCHEME:
        fields["aspects"] = dict(example.aspects)
    return labelled(fields | {"text": example.text, "language": example.language, "domain": example.domain})
