"""The shipped model keeps its floors on sentences written for this test, which nothing was trained or tuned on."""

import tomllib
from pathlib import Path

import pytest

from sentiment.classifiers import load_classifier
from sentiment.evaluation import Labelled, Report, evaluate, load_rows

HERE = Path(__file__)
GOLD = HERE.parents[2] / "data" / "gold"
FLOORS = tomllib.loads((HERE.parents[1] / "floors.toml").read_text(encoding="utf-8"))["gold"]


@pytest.fixture(scope="module")
def rows() -> list[Labelled]:
    loaded = [load_rows(file) for file in sorted(GOLD.glob("*.jsonl"))]
    assert not any(problems for _, problems in loaded)
    return [row for rows, _ in loaded for row in rows]


@pytest.fixture(scope="module")
def report(rows: list[Labelled]) -> Report:
    return evaluate(load_classifier("shipped", threads=2), rows)


def test_the_gold_set_is_large_and_speaks_six_languages(rows: list[Labelled]) -> None:
    assert len({row.text for row in rows}) >= 300
    assert {row.language for row in rows} == {"en", "de", "fr", "es", "it", "pt"}


@pytest.mark.parametrize("figure", sorted(FLOORS["at_least"]))
def test_the_shipped_model_reaches_the_floor(report: Report, figure: str) -> None:
    assert report.figures[figure].value >= FLOORS["at_least"][figure], report.to_text()


@pytest.mark.parametrize("figure", sorted(FLOORS["at_most"]))
def test_the_shipped_model_stays_below_the_ceiling(report: Report, figure: str) -> None:
    assert report.figures[figure].value <= FLOORS["at_most"][figure], report.to_text()


@pytest.mark.parametrize("language", sorted(FLOORS["languages"]))
def test_each_language_reaches_its_floor(report: Report, language: str) -> None:
    assert report.languages[language]["sentiment macro-F1"].value >= FLOORS["languages"][language]
