"""Our own labels for texts of the borrowed sets: kept beside the code without the texts, joined to them by a hash.

labels.txt holds a line a text, `hash|satisfaction|aspects|stage|intent|loyalty`, as the labelling guide writes it; the
hash is the first twelve hex digits of the SHA-256 of the text's fingerprint.
"""

import hashlib
from collections.abc import Iterator, Sequence
from importlib import resources
from typing import Any

from sentiment.training.data import DataProblem, Example, Split, fingerprint, own_example


def relabelled(examples: Sequence[Example]) -> Iterator[Example]:
    """A second example, with our labels, of every borrowed training text that has some.

    What is kept back for validation or test is never among them.
    """
    labels = _labels()
    taken: set[str] = set()
    for example in examples:
        key = key_of(example.text)
        if example.split is Split.TRAIN and example.source != "own" and key in labels and key not in taken:
            taken.add(key)
            yield own_example(
                example.text, labels[key], source="relabelled", domain=example.domain, language=example.language
            )


def key_of(text: str) -> str:
    """The name of a text in labels.txt."""
    return hashlib.sha256(fingerprint(text).encode()).hexdigest()[:12]


def _labels() -> dict[str, dict[str, Any]]:
    lines = resources.files("sentiment.training").joinpath("labels.txt").read_text(encoding="utf-8").splitlines()
    return dict(_parsed(number, line) for number, line in enumerate(lines, 1))


def _parsed(number: int, line: str) -> tuple[str, dict[str, Any]]:
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
        raise DataProblem(f"labels.txt, line {number}: not hash|satisfaction|aspects|stage|intent|loyalty") from problem
