"""The figures themselves: precision, recall, F1, calibration and their bootstrap intervals, on plain arrays."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

FEWEST_CASES = 8
"""Classes with fewer cases stay out of macro figures: their own figure is mostly chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Precision, recall and F1 (0 to 1) of one class, with the number of its true cases."""

    precision: float
    recall: float
    f1: float
    cases: int


def scores(true: Bools, said: Bools) -> Scores:
    """Scores of one class from two boolean arrays of one shape."""
    hits = int((true & said).sum())
    cases, claims = int(true.sum()), int(said.sum())
    precision = hits / claims if claims else 0.0
    recall = hits / cases if cases else 0.0
    f1 = 2 * hits / (cases + claims) if cases + claims else 0.0
    return Scores(precision=precision, recall=recall, f1=f1, cases=cases)


def per_class(true: Ints, said: Ints, classes: int) -> list[Scores]:
    """Scores of every class index below `classes`."""
    return [scores(true == index, said == index) for index in range(classes)]


def accuracy(true: Ints, said: Ints) -> float:
    """Share of equal entries; nan for none."""
    return float((true == said).mean()) if len(true) else float("nan")


def frequent(cases: Iterable[int]) -> tuple[int, ...]:
    """The classes with enough cases for macro figures.

    They are chosen once, by all texts: chosen anew in each resample, a class at the edge would come and go, and the
    interval would be that of another figure.
    """
    return tuple(place for place, count in enumerate(cases) if count >= FEWEST_CASES)


def macro_f1(true: Ints, said: Ints, classes: int, among: Sequence[int] | None = None) -> float:
    """Mean F1 of the classes with enough cases, or of those in `among` that have any."""
    return _mean([s.f1 for s in _counted(per_class(true, said, classes), among)])


def macro_recall(true: Ints, said: Ints, classes: int, among: Sequence[int] | None = None) -> float:
    """Mean recall of the same classes (the measure of SemEval 2017 task 4A)."""
    return _mean([s.recall for s in _counted(per_class(true, said, classes), among)])


def _counted(found: Sequence[Scores], among: Sequence[int] | None) -> list[Scores]:
    if among is None:
        among = frequent(each.cases for each in found)
    return [found[place] for place in among if found[place].cases]


def label_micro_f1(true: Bools, said: Bools) -> float:
    """F1 over all cells of two (texts, labels) arrays."""
    return scores(true.ravel(), said.ravel()).f1


def label_macro_f1(true: Bools, said: Bools, among: Sequence[int] | None = None) -> float:
    """Mean F1 of the columns with enough cases, or of those in `among` that have any."""
    columns = [scores(true[:, column], said[:, column]) for column in range(true.shape[1])]
    return _mean([s.f1 for s in _counted(columns, among)])


def expected_calibration_error(confidence: Floats, right: Bools, bins: int = 10) -> float:
    """Mean gap between confidence and share of right answers, over equal-width bins weighted by size (Guo 2017)."""
    return float(sum(size * abs(mean - share) for mean, share, size in reliability(confidence, right, bins)))


def reliability(confidence: Floats, right: Bools, bins: int = 10) -> list[tuple[float, float, float]]:
    """(mean confidence, share right, share of texts) of every bin that is not empty."""
    if not len(confidence):
        return []
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    found = []
    for index in range(bins):
        inside = place == index
        if inside.any():
            found.append((float(confidence[inside].mean()), float(right[inside].mean()), float(inside.mean())))
    return found


def interval(
    figure: Callable[[Ints], float], texts: int, *, rounds: int = 300, seed: int = 0, level: float = 0.95
) -> tuple[float, float]:
    """Percentile bootstrap interval; `figure` gets the row numbers of one resample of the texts (Efron 1979)."""
    if texts == 0:
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    drawn = [figure(rng.integers(0, texts, texts)) for _ in range(rounds)]
    if np.isnan(drawn).all():
        return float("nan"), float("nan")
    tail = (1 - level) / 2
    low, high = np.nanquantile(drawn, [tail, 1 - tail])
    return float(low), float(high)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
