"""Which labelled texts there are, what their labels mean, and which of them are kept back."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from sentiment.training.schemes import CLASSES, OWN_SCHEME, SCHEMES, SIGNS, Task


class Split(StrEnum):
    """What a row may be used for: fitting, choosing, or the final judgement."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One text with whatever is known of it; a missing task or scheme is unknown, not negative."""

    text: str
    source: str
    domain: str
    language: str
    split: Split = Split.TRAIN
    tasks: dict[Task, str] = field(default_factory=dict)
    scheme: str | None = None
    aspects: dict[str, str] = field(default_factory=dict)


class DataProblem(Exception):
    """A training file is missing or a row of it cannot be understood; the message says which and where."""


DOMAINS_HELD_BACK = frozenset({"laptop", "amazon"})
"""Own-label domains that are never trained on, so that the test shows a trade the model has not seen."""
AIRLINES_HELD_BACK = frozenset({"Delta"})
LANGUAGE_CODES = {
    "arabic": "ar", "english": "en", "french": "fr", "german": "de", "hindi": "hi", "indonesian": "id",
    "italian": "it", "portuguese": "pt", "spanish": "es",
}  # fmt: skip
LONGEST_TEXT = 600
"""Characters; longer training texts are cut at a sentence end, since reading happens in windows of that size."""


def load(data_dir: Path) -> list[Example]:
    """Every example of the folder, with splits assigned and no text shared between training and the rest.

    Expected files: aspects/labelled.jsonl (needed) and, each optional, sentiment/*.jsonl and external_aspects/*.jsonl.
    """
    own_file = data_dir / "aspects" / "labelled.jsonl"
    if not own_file.is_file():
        raise DataProblem(f"{own_file}: not there; it holds the labels that the classifier learns from")
    examples = list(_examples(own_file, _own))
    if not examples:
        raise DataProblem(f"{own_file}: empty; it holds the labels that the classifier learns from")
    for relative, read in _BORROWED_FILES.items():
        path = data_dir / relative
        if path.is_file():
            examples.extend(_examples(path, read))
    return without_leaks(examples)


def without_leaks(examples: Sequence[Example]) -> list[Example]:
    """The examples such that no text stands in two splits.

    Our own labels are the scarce ones: where a borrowed copy of such a text is in another split, the copy goes. Among
    borrowed copies the later split wins.
    """
    own = {fingerprint(e.text): e.split for e in examples if e.source == "own"}
    latest: dict[str, int] = {}
    for example in examples:
        key = fingerprint(example.text)
        latest[key] = _ORDER[own[key]] if key in own else max(latest.get(key, 0), _ORDER[example.split])
    return [e for e in examples if e.source == "own" or _ORDER[e.split] == latest[fingerprint(e.text)]]


_ORDER = {Split.TRAIN: 0, Split.VALIDATION: 1, Split.TEST: 2}


def fingerprint(text: str) -> str:
    """The text's letters and digits in lower case: equal for copies that differ in spacing and punctuation."""
    return re.sub(r"\W+", "", text.lower())


def split_of(text: str, *, validation: int, test: int) -> Split:
    """A split that depends on the text alone, so that it never moves: per cent kept back for each purpose."""
    share = int(hashlib.sha256(fingerprint(text).encode()).hexdigest()[:8], 16) % 100
    if share < test:
        return Split.TEST
    return Split.VALIDATION if share < test + validation else Split.TRAIN


def sentiment_of(satisfaction: int) -> str:
    """Negative for 1 and 2, neutral for 3, positive for 4 and 5."""
    return "negative" if satisfaction < 3 else "neutral" if satisfaction == 3 else "positive"


def own_example(
    text: str, labels: dict[str, Any], *, source: str, domain: str, language: str, split: Split = Split.TRAIN
) -> Example:
    """An example in our own scheme; `labels` has any of satisfaction, sentiment, aspects, stage, intent, loyalty."""
    tasks: dict[Task, str] = {}
    if labels.get("satisfaction") is not None:
        tasks[Task.SATISFACTION] = str(int(labels["satisfaction"]))
        tasks[Task.SENTIMENT] = sentiment_of(int(labels["satisfaction"]))
    for task in (Task.SENTIMENT, Task.STAGE, Task.INTENT, Task.LOYALTY):
        if labels.get(task.value) is not None:
            tasks[task] = str(labels[task.value])
    aspects = labels.get("aspects")
    return Example(
        text=text,
        source=source,
        domain=domain,
        language=language,
        split=split,
        tasks=tasks,
        scheme=None if aspects is None else OWN_SCHEME,
        aspects=dict(aspects or {}),
    )


def _own(row: dict[str, Any]) -> Example:
    domain = row.get("domain", "own")
    held_back = domain in DOMAINS_HELD_BACK
    split = Split.TEST if held_back else split_of(row["text"], validation=8, test=10)
    language = row.get("lang", "en")
    return own_example(row["text"], row, source="own", domain=domain, language=language, split=split)


def _sentiment(source: str, validation: int, test: int) -> Any:
    def read(row: dict[str, Any]) -> Example:
        split = split_of(row["text"], validation=validation, test=test)
        if row.get("airline") in AIRLINES_HELD_BACK:
            split = Split.TEST
        elif row.get("airline") and split is Split.TEST:
            split = Split.VALIDATION
        reason = row.get("reason")
        known = source == "airline" and (reason is not None or row["label"] != "negative")
        return Example(
            text=unescape(row["text"]),
            source=source,
            domain=row.get("airline", source),
            language=LANGUAGE_CODES.get(row["lang"], row["lang"]),
            split=split,
            tasks={Task.SENTIMENT: row["label"]},
            scheme="airline_reason" if known else None,
            aspects={reason: "-"} if reason in SCHEMES["airline_reason"].aspects else {},
        )

    return read


def unescape(text: str) -> str:
    r"""The text with literal \uXXXX sequences, left over in one of the sets, turned into their characters."""
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text)


def _stars(row: dict[str, Any]) -> Example:
    star = str(min(5, max(1, round(float(row["stars"]) + 0.01))))
    return Example(
        text=shorten(row["text"]),
        source="skytrax",
        domain=row.get("domain", "airline"),
        language="en",
        tasks={Task.STARS: star},
    )


def shorten(text: str, longest: int = LONGEST_TEXT) -> str:
    """The text, or as many of its leading sentences as fit."""
    if len(text) <= longest:
        return text
    end = max(text.rfind(mark, 0, longest) for mark in (". ", "! ", "? "))
    return text[: end + 1 if end > longest // 3 else longest]


def _scheme(scheme: str) -> Any:
    signs = {"1": "+", "-1": "-", "0": "0", "positive": "+", "negative": "-", "neutral": "0", "conflict": "0"}

    def read(row: dict[str, Any]) -> Example:
        found: dict[str, Counter[str]] = {}
        for label in row["labels"]:
            aspect, _, sign = label.rpartition(".")
            found.setdefault(aspect, Counter())[signs[sign.lower()]] += 1
        known = SCHEMES[scheme].aspects
        return Example(
            text=shorten(row["text"]),
            source=scheme,
            domain=row.get("domain") or row.get("industry") or scheme,
            language=row.get("lang", "en"),
            scheme=scheme,
            aspects={aspect: signs_.most_common(1)[0][0] for aspect, signs_ in found.items() if aspect in known},
        )

    return read


def _question(row: dict[str, Any]) -> Example:
    return Example(text=row["text"], source="banking77", domain="banking77", language="en")


_BORROWED_FILES = {
    "sentiment/semeval2017_4a.jsonl": _sentiment("semeval2017", 3, 5),
    "sentiment/umsab_8_languages.jsonl": _sentiment("umsab", 5, 10),
    "sentiment/airline_tweets.jsonl": _sentiment("airline", 5, 0),
    "sentiment/indonlu_smsa.jsonl": _sentiment("indonlu", 2, 5),
    "sentiment/skytrax_stars.jsonl": _stars,
    "external_aspects/fabsa.jsonl": _scheme("fabsa"),
    "external_aspects/mams_acsa.jsonl": _scheme("mams"),
    "external_aspects/semeval_absa.jsonl": _scheme("semeval"),
    "external_aspects/oats.jsonl": _scheme("oats"),
    "external_aspects/banking77_questions.jsonl": _question,
}


def _examples(path: Path, read: Callable[[dict[str, Any]], Example]) -> Iterator[Example]:
    """The examples of a file; raises DataProblem with the line of one that cannot be learnt from."""
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
                if not isinstance(row, dict) or not isinstance(row.get("text"), str):
                    raise ValueError("no text")
                yield checked(read(row))
            except json.JSONDecodeError as problem:
                raise DataProblem(f"{path}, line {number}: not JSON ({problem})") from problem
            except KeyError as problem:
                raise DataProblem(f"{path}, line {number}: {problem} is missing or not known") from problem
            except (ValueError, TypeError, AttributeError, RecursionError) as problem:
                raise DataProblem(f"{path}, line {number}: {problem}") from problem


def checked(example: Example) -> Example:
    """The example, if its labels are among those that can be learnt; raises ValueError with what is wrong."""
    for task, label in example.tasks.items():
        if label not in CLASSES[task]:
            raise ValueError(f"{task} is one of {', '.join(CLASSES[task])}, not {label!r:.60}")
    known = SCHEMES[example.scheme].aspects if example.scheme else ()
    for aspect, sign in example.aspects.items():
        if aspect not in known or sign not in SIGNS:
            raise ValueError(
                f"{aspect!r:.60}: {sign!r:.20} is no aspect of ours with one of the signs {', '.join(SIGNS)}"
            )
    return example


def count_by_source(examples: Iterable[Example]) -> dict[str, dict[str, int]]:
    """How many examples each source gives to each split."""
    counts: dict[str, Counter[str]] = {}
    for example in examples:
        counts.setdefault(example.source, Counter())[example.split.value] += 1
    return {source: dict(splits) for source, splits in counts.items()}
