"""The sets of texts that a finished model is judged by, and the card made from them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sentiment.classifiers.onnx import OnnxClassifier
from sentiment.evaluation import Labelled, Report, evaluate
from sentiment.evaluation.card import write_card
from sentiment.evaluation.rows import labelled
from sentiment.training.data import DOMAINS_HELD_BACK, Example, Split
from sentiment.training.schemes import OWN_SCHEME, Task

LEARNT_FROM = {
    "own": "our labels; English tweets, reviews and questions of ten trades out of the sets below and public reviews",
    "relabelled": "our labels, added to texts out of the sets below",
    "written": "our labels; texts written for training in six languages, part of this project",
    "phrases": "sentences composed of phrases in six languages, part of this project",
    "semeval2017": "SemEval-2017 task 4A, tweets, three classes; research",
    "umsab": "UMSAB (Barbieri et al. 2022), tweets in eight languages, three classes; Apache-2.0 repository",
    "airline": "Crowdflower 2015, tweets to US airlines, three classes and reasons; CC BY-NC-SA 4.0",
    "skytrax": "airline, lounge and seat reviews with stars (copies of airlinequality.com); terms unclear",
    "indonlu": "IndoNLU SmSA, Indonesian, three classes; Apache-2.0 repository",
    "fabsa": "FABSA (Neurocomputing 562, 2023), app, shop and service reviews with categories; no licence stated",
    "mams": "MAMS, restaurant reviews with categories; Apache-2.0",
    "semeval": "SemEval 2014 to 2016, restaurants and laptops with categories; research",
    "oats": "OATS, pet and human food and courses with categories; no licence stated",
    "corrections": "what people corrected in the store",
}
"""Every source that a batch may come from, for the card."""


def test_sets(examples: Sequence[Example]) -> dict[str, list[Example]]:
    """Test examples by the name that the card gives them."""
    kept = [example for example in examples if example.split is Split.TEST]
    own = [example for example in kept if example.source == "own"]
    return {
        "Own labels, trades seen in training": [e for e in own if e.domain not in DOMAINS_HELD_BACK],
        "Own labels, trades of which only borrowed texts were trained on (laptops, pet and human food)": [
            e for e in own if e.domain in DOMAINS_HELD_BACK
        ],
        "Tweets of SemEval 2017 task 4A, kept back": [e for e in kept if e.source == "semeval2017"],
        "Tweets to an airline never trained on": [e for e in kept if e.source == "airline"],
        "Tweets in eight languages (UMSAB), kept back": [e for e in kept if e.source == "umsab"],
        "Indonesian reviews, kept back": [e for e in kept if e.source == "indonlu"],
        "Corrected by people, kept back": [e for e in kept if e.source == "corrections"],
    }


def judge_model(folder: Path, examples: Sequence[Example]) -> dict[str, Report]:
    """Judge the exported model on every test set that has texts, and write its card and scores.

    What it learnt from stands in its reader.json: the data may have grown since.
    """
    classifier = OnnxClassifier(folder)
    reports = {
        name: evaluate(classifier, [as_labelled(example) for example in members])
        for name, members in test_sets(examples).items()
        if members
    }
    fitted = json.loads((folder / "reader.json").read_text(encoding="utf-8")).get("learnt_from", {})
    write_card(folder, reports, [(fitted[source], what) for source, what in LEARNT_FROM.items() if source in fitted])
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
