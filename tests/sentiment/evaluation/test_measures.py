"""The figures behind every claim about the classifier."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.evaluation import measures

classes = st.lists(st.integers(0, 2), min_size=1, max_size=60)


def test_precision_recall_and_f1_are_as_defined() -> None:
    found = measures.scores(np.array([True, True, False, False]), np.array([True, False, True, True]))
    assert (found.precision, found.recall, found.cases) == (pytest.approx(1 / 3), 0.5, 2)
    assert found.f1 == pytest.approx(0.4)


@given(classes)
def test_a_perfect_answer_scores_one_and_lies_in_its_interval(true: list[int]) -> None:
    array = np.array(true * 8)
    assert measures.macro_f1(array, array, 3) == 1
    assert measures.accuracy(array, array) == 1
    assert measures.interval(lambda i: measures.accuracy(array[i], array[i]), len(array), rounds=20) == (1, 1)


@given(classes, st.randoms(use_true_random=False))
def test_scores_do_not_depend_on_the_order_of_texts(true: list[int], rng) -> None:  # type: ignore[no-untyped-def]  # hypothesis gives a Random
    said = [rng.randint(0, 2) for _ in true]
    order = list(range(len(true)))
    rng.shuffle(order)
    a, b = np.array(true), np.array(said)
    assert measures.accuracy(a, b) == pytest.approx(measures.accuracy(a[order], b[order]))
    mine, theirs = measures.macro_f1(a, b, 3), measures.macro_f1(a[order], b[order], 3)
    assert mine == pytest.approx(theirs) or (math.isnan(mine) and math.isnan(theirs))


def test_macro_figures_leave_out_classes_with_few_cases() -> None:
    true = np.array([0] * 20 + [1] * 20 + [2] * 3)
    said = np.array([0] * 20 + [1] * 20 + [0] * 3)
    assert measures.macro_recall(true, said, 3) == 1


def test_calibration_error_is_the_gap_between_confidence_and_truth() -> None:
    confidence = np.array([0.9] * 10)
    right = np.array([True] * 6 + [False] * 4)
    assert measures.expected_calibration_error(confidence, right) == pytest.approx(0.3)
    assert measures.reliability(confidence, right) == [(pytest.approx(0.9), pytest.approx(0.6), 1.0)]


def test_micro_counts_cells_and_macro_counts_columns() -> None:
    true = np.zeros((20, 2), dtype=bool)
    true[:10, 0] = True
    true[:8, 1] = True
    said = true.copy()
    said[:8, 1] = False
    assert measures.label_macro_f1(true, said) == pytest.approx(0.5)
    assert measures.label_micro_f1(true, said) == pytest.approx(2 * 10 / 28)


def test_an_interval_is_that_of_the_classes_that_the_figure_counts() -> None:
    # Seven cases of the third class, all wrong: left out of the figure, and of every resample, where it may have eight.
    true = np.array([0] * 50 + [1] * 50 + [2] * 7)
    said = np.array([0] * 50 + [1] * 50 + [0] * 7)
    among = measures.frequent(np.bincount(true))
    assert among == (0, 1)
    low, high = measures.interval(lambda i: measures.macro_recall(true[i], said[i], 3, among), len(true))
    assert (low, high) == (1, 1)


def test_a_class_at_the_edge_stays_in_every_resample() -> None:
    true = np.array([0] * 50 + [1] * 8)
    said = np.array([0] * 58)
    among = measures.frequent(np.bincount(true))
    _, high = measures.interval(lambda i: measures.macro_recall(true[i], said[i], 2, among), len(true))
    assert high == 0.5
