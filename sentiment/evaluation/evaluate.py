"""Judging a classifier: read the texts, set the readings beside the labels, and count."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sentiment.classifiers import Classifier
from sentiment.evaluation import measures
from sentiment.evaluation.measures import Bools, Ints, Scores
from sentiment.evaluation.report import Figure, Report
from sentiment.evaluation.rows import Labelled, load_rows
from sentiment.reading import Intent, Loyalty, Reading, Sentiment, Stage
from sentiment.taxonomy import taxonomy

FEWEST_TEXTS = 10
"""Groups (languages, domains) with fewer texts get no figures of their own."""
TASKS: dict[str, type[StrEnum]] = {"sentiment": Sentiment, "stage": Stage, "intent": Intent, "loyalty": Loyalty}

BATCH = 512

Pair = tuple[Labelled, Reading]
Progress = Callable[[int, int], None]


def evaluate_file(classifier: Classifier, path: Path, progress: Progress = lambda done, total: None) -> Report:
    """The report of a classifier on a JSONL file; see load_rows for its fields and what is set aside."""
    rows, problems = load_rows(path)
    return replace(evaluate(classifier, rows, progress), set_aside=tuple(problems))


def evaluate(classifier: Classifier, rows: Sequence[Labelled], progress: Progress = lambda done, total: None) -> Report:
    """The report of a classifier on labelled texts, with figures by language and domain.

    `progress` is told now and then how many of how many texts are read.
    """
    readings: list[Reading] = []
    while part := rows[len(readings) : len(readings) + BATCH]:
        readings += classifier.read([row.text for row in part], [row.language for row in part])
        progress(len(readings), len(rows))
    pairs = list(zip(rows, readings, strict=True))
    confidence, right = _confidence(pairs)
    return Report(
        model=classifier.name,
        texts=len(pairs),
        figures=figures(pairs),
        classes=_classes(pairs),
        languages=_groups(pairs, lambda row: row.language),
        domains=_groups(pairs, lambda row: row.domain),
        reliability=measures.reliability(confidence, right),
        abstained=float(np.mean([reading.abstained for reading in readings])),
    )


def figures(pairs: Sequence[Pair]) -> dict[str, Figure]:
    """Overall scores of whatever the texts are labelled with."""
    found: dict[str, Figure] = {}
    for task, classes in TASKS.items():
        true, said = _answers(pairs, task, classes)
        if not len(true):
            continue
        size = len(classes)
        among = measures.frequent(np.bincount(true, minlength=size))
        found[f"{task} accuracy"] = _figure(partial(_resampled, measures.accuracy, true, said), len(true))
        found[f"{task} macro-F1"] = _figure(
            partial(_resampled, partial(measures.macro_f1, classes=size, among=among), true, said), len(true)
        )
        if task == "sentiment":
            found["sentiment macro-recall"] = _figure(
                partial(_resampled, partial(measures.macro_recall, classes=size, among=among), true, said), len(true)
            )
            confidence, right = _confidence(pairs)
            found["sentiment calibration error"] = _figure(
                partial(_resampled, measures.expected_calibration_error, confidence, right), len(true)
            )
    found |= _satisfaction(pairs) | _labels(pairs)
    return found


def _resampled(measure: Callable[[Any, Any], float], first: Any, second: Any, rows: Ints) -> float:
    """The measure of two arrays, on the given rows of both."""
    return measure(first[rows], second[rows])


def _figure(figure: Callable[[Ints], float], texts: int) -> Figure:
    low, high = measures.interval(figure, texts)
    return Figure(value=figure(np.arange(texts)), low=low, high=high, texts=texts)


def _answers(pairs: Sequence[Pair], task: str, classes: type[StrEnum]) -> tuple[Ints, Ints]:
    members = list(classes)
    known = [(getattr(row, task), getattr(reading, task)) for row, reading in pairs if getattr(row, task) is not None]
    table = np.array([(members.index(true), members.index(said)) for true, said in known], dtype=np.int64)
    table = table.reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _confidence(pairs: Sequence[Pair]) -> tuple[measures.Floats, Bools]:
    known = [(row, reading) for row, reading in pairs if row.sentiment is not None]
    confidence = np.array([max(reading.probabilities) for _, reading in known], dtype=np.float64)
    return confidence, np.array([row.sentiment == reading.sentiment for row, reading in known], dtype=bool)


def _satisfaction(pairs: Sequence[Pair]) -> dict[str, Figure]:
    known = [(row.satisfaction, reading.satisfaction) for row, reading in pairs if row.satisfaction is not None]
    if not known:
        return {}
    gap = np.abs(np.array([true - said for true, said in known]))
    return {"satisfaction mean error": _figure(lambda i: float(gap[i].mean()), len(gap))}


def _labels(pairs: Sequence[Pair]) -> dict[str, Figure]:
    found: dict[str, Figure] = {}
    for name, (true, said, _) in {"aspects": aspect_table(pairs), "dimensions": dimension_table(pairs)}.items():
        if len(true):
            found[f"{name} F1 micro"] = _figure(partial(_resampled, measures.label_micro_f1, true, said), len(true))
            macro = partial(measures.label_macro_f1, among=measures.frequent(true.sum(0)))
            found[f"{name} F1 macro"] = _figure(partial(_resampled, macro, true, said), len(true))
    signs = [_signs(row.aspects, reading) for row, reading in pairs if row.aspects is not None]
    table = np.array([each for each in signs if each[1]], dtype=np.float64).reshape(-1, 2)
    if len(table):
        found["polarity accuracy"] = _figure(lambda i: float(np.divide(*table[i].sum(0))), len(table))
    return found


def _signs(true: dict[str, Sentiment], reading: Reading) -> tuple[int, int]:
    """How many of a text's true aspects were found with the right sign, and how many were found."""
    found = [true[aspect.aspect] == aspect.polarity for aspect in reading.aspects if aspect.aspect in true]
    return sum(found), len(found)


def aspect_table(pairs: Sequence[Pair]) -> tuple[Bools, Bools, list[str]]:
    """(true, said) presence of each aspect, (texts, aspects), and the aspects' names."""
    names = list(taxonomy().aspects)
    known = [(row.aspects, {a.aspect for a in reading.aspects}) for row, reading in pairs if row.aspects is not None]
    true = np.array([[name in aspects for name in names] for aspects, _ in known], dtype=bool)
    said = np.array([[name in found for name in names] for _, found in known], dtype=bool)
    return true.reshape(-1, len(names)), said.reshape(-1, len(names)), names


def dimension_table(pairs: Sequence[Pair]) -> tuple[Bools, Bools, list[str]]:
    """The same for the dimensions of the default lens."""
    true, said, aspects = aspect_table(pairs)
    lens = taxonomy().lenses[taxonomy().default_lens]
    columns = [[aspects.index(name) for name in members] for members in lens.dimensions.values()]
    joined = [np.stack([table[:, group].any(1) for group in columns], axis=1) for table in (true, said)]
    return joined[0], joined[1], list(lens.dimensions)


def _classes(pairs: Sequence[Pair]) -> dict[str, dict[str, Scores]]:
    found: dict[str, dict[str, Scores]] = {}
    for task, classes in TASKS.items():
        true, said = _answers(pairs, task, classes)
        if len(true):
            scores = measures.per_class(true, said, len(classes))
            found[task] = {member.value: each for member, each in zip(classes, scores, strict=True)}
    for name, (present, claimed, labels) in {
        "aspects": aspect_table(pairs),
        "dimensions": dimension_table(pairs),
    }.items():
        if len(present):
            found[name] = {
                label: measures.scores(present[:, column], claimed[:, column]) for column, label in enumerate(labels)
            }
    return found


def _groups(pairs: Sequence[Pair], key: Callable[[Labelled], str | None]) -> dict[str, dict[str, Figure]]:
    groups: dict[str, list[Pair]] = {}
    for row, reading in pairs:
        if (name := key(row)) is not None:
            groups.setdefault(name, []).append((row, reading))
    if len(groups) < 2:
        return {}
    wanted = ("sentiment macro-F1", "sentiment accuracy", "aspects F1 micro", "dimensions F1 micro")
    return {
        name: {label: figure for label, figure in figures(members).items() if label in wanted}
        for name, members in sorted(groups.items())
        if len(members) >= FEWEST_TEXTS
    }
