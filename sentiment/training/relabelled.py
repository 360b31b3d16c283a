"""Our own labels for texts of the borrowed sets: kept beside the code without the texts, joined to them by a hash.

Each file holds a line a text, `hash|satisfaction|aspects|stage|intent|loyalty`, as the labelling guide writes it; the
hash is the first twelve hex digits of the SHA-256 of the text's fingerprint. The texts of labels.txt are trained on.
Those of labels_kept_back.txt, drawn by lot, are not: thresholds and offsets are chosen by them.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from importlib import resources
from typing import Any

from sentiment.training.data import DataProblem, Example, Split, fingerprint, own_example

TRAINED_ON, KEPT_BACK = "labels.txt", "labels_kept_back.txt"


def with_our_labels(examples: Sequence[Example]) -> list[Example]:
    """The examples, and a second one with our labels of every borrowed text that has some.

    A text whose labels are kept back is for validation in both; a test text gets no labels.
    """
    train, kept_back = _labels(TRAINED_ON), _labels(KEPT_BACK)
    labelled = train.keys() | kept_back.keys()
    taken: set[str] = set()
    found: list[Example] = []
    for example in examples:
        key = key_of(example.text)
        if example.source == "own" or example.split is Split.TEST or key not in labelled:
            found.append(example)
            continue
        split = Split.VALIDATION if key in kept_back else example.split
        found.append(replace(example, split=split))
        if key not in taken and (split is Split.TRAIN or key in kept_back):
            taken.add(key)
            labels = kept_back.get(key) or train[key]
            found.append(
                own_example(
                    example.text,
                    labels,
                    source="relabelled",
                    domain=example.domain,
                    language=example.language,
                    split=split,
                )
            )
    return found


def key_of(text: str) -> str:
    """The name of a text in labels.txt."""
    return hashlib.sha256(fingerprint(text).encode()).hexdigest()[:12]


def _labels(name: str) -> dict[str, dict[str, Any]]:
    lines = resources.files("sentiment.training").joinpath(name).read_text(encoding="utf-8").splitlines()
    return dict(_parsed(f"{name}, line {number}", line) for number, line in enumerate(lines, 1))


def _parsed(where: str, line: str) -> tuple[str, dict[str, Any]]:
    try:
        key, satisfaction, aspects, stage, intent, loyalty = line.split("|")
        signs = {} if aspects == "none" else dict(each.rsplit(":", 1) for each in aspects.split(","))
        return key, {
            "satisfaction": int(satisfaction),
            "aspects": signs,
            "stage": stage,
            "intent": intent,
            "loyalty": loyalty,
        }
    except ValueError as problem:
        raise DataProblem(f"{where}: not hash|satisfaction|aspects|stage|intent|loyalty") from problem
