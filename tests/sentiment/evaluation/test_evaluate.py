"""A classifier of known mistakes gets the scores that they deserve."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from sentiment.evaluation import RowProblem, evaluate, evaluate_file, load_rows
from sentiment.evaluation.rows import labelled
from sentiment.reading import AspectReading, Intent, Loyalty, Reading, Sentiment, Stage
from sentiment.taxonomy import taxonomy

MANY = list(taxonomy().aspects)[:10]


class Parrot:
    """Says "late" texts are negative about timeliness and all others positive about nothing."""

    name = "parrot"

    def read(self, texts: Sequence[str], languages: Sequence[str | None] | None = None) -> list[Reading]:
        return [self._one("late" in text) for text in texts]

    def _one(self, late: bool) -> Reading:
        aspect = AspectReading(aspect="timeliness", polarity=Sentiment.NEGATIVE, confidence=0.9, start=0, end=4)
        return Reading(
            model=self.name,
            sentiment=Sentiment.NEGATIVE if late else Sentiment.POSITIVE,
            probabilities=(0.8, 0.1, 0.1) if late else (0.1, 0.1, 0.8),
            satisfaction=2.0 if late else 4.0,
            aspects=(aspect,) if late else (),
            stage=Stage.DURING,
            intent=Intent.COMPLAINT if late else Intent.PRAISE,
            loyalty=Loyalty.UNKNOWN,
            language="en",
            validated=True,
            abstained=False,
        )


def rows(count: int = 10) -> list[dict[str, object]]:
    late = {"text": "late", "satisfaction": 2, "aspects": {"timeliness": "-"}, "intent": "complaint", "lang": "en"}
    fine = {"text": "fine", "satisfaction": 4, "aspects": {"care": "+"}, "intent": "praise", "lang": "de"}
    return [late] * count + [fine] * count


def test_figures_say_what_the_parrot_gets_right() -> None:
    report = evaluate(Parrot(), [labelled(row) for row in rows()])
    assert report.figures["sentiment accuracy"].value == 1
    assert report.figures["sentiment calibration error"].value == pytest.approx(0.2)
    assert report.figures["satisfaction mean error"].value == 0
    assert report.classes["aspects"]["timeliness"].f1 == 1
    assert report.classes["aspects"]["care"].recall == 0
    assert report.figures["aspects F1 micro"].value == pytest.approx(2 * 10 / 30)
    assert report.figures["polarity accuracy"].value == 1
    assert set(report.languages) == {"en", "de"}
    assert "stage accuracy" not in report.figures


def test_the_report_prints_and_parses() -> None:
    report = evaluate(Parrot(), [labelled(row) for row in rows()])
    assert "timeliness" in report.to_text()
    assert json.loads(report.to_json())["figures"]["sentiment accuracy"]["value"] == 1


def test_a_file_is_judged_and_bad_lines_are_named_and_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    bad = [
        '{"text": "x", "aspects": {"tastiness": "+"}}',
        "not json",
        '{"text": "x", "satisfaction": 7}',
        '{"text": "x", "sentiment": "awful"}',
        '{"text": "x", "aspects": {"care": "++"}}',
        '{"sentiment": "positive"}',
        "[1]",
        "[" * 100_000,
        '{"text": "late", "gold": "negative"}',
        '{"text": "late", "satisfaction": true}',
    ]
    path.write_text("\n".join([json.dumps(row) for row in rows()] + bad), encoding="utf-8-sig")
    report = evaluate_file(Parrot(), path)
    assert report.texts == 20
    assert [problem.split(":")[0] for problem in report.set_aside] == [f"rows.jsonl, line {n}" for n in range(21, 31)]
    assert "tastiness" in report.set_aside[0]
    assert "1 to 5, not 7" in report.set_aside[2]
    assert "one of negative, neutral, positive, not 'awful'" in report.set_aside[3]
    assert "no label" in report.set_aside[8]
    assert json.loads(report.to_json())["set_aside"] == list(report.set_aside)


@pytest.mark.parametrize(("content", "says"), [("", "it has none"), ("not json\n", "line 1: not JSON")])
def test_a_file_without_a_row_to_judge_by_is_refused(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(RowProblem, match=says):
        load_rows(path)


def test_what_is_too_few_to_measure_is_null_for_programs(tmp_path: Path) -> None:
    report = evaluate(Parrot(), [labelled(row) for row in rows(1)])

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    figures = json.loads(report.to_json(), parse_constant=refuse)["figures"]
    assert figures["sentiment macro-F1"] == {"value": None, "low": None, "high": None, "texts": 2}
    assert "too few cases (2 texts)" in report.to_text()


def test_the_interval_of_polarity_draws_texts_not_aspects() -> None:
    """Ten aspects of one text are right or wrong together: they are one draw."""

    class Sure(Parrot):
        def _one(self, late: bool) -> Reading:
            found = tuple(
                AspectReading(aspect=name, polarity=Sentiment.NEGATIVE, confidence=0.9, start=0, end=4) for name in MANY
            )
            return replace(super()._one(late), aspects=found)

    signs = ["-"] * 6 + ["+"] * 6
    said = [{"text": "late", "aspects": dict.fromkeys(MANY, sign)} for sign in signs]
    figure = evaluate(Sure(), [labelled(row) for row in said]).figures["polarity accuracy"]
    assert (figure.value, figure.texts) == (0.5, 12)
    assert figure.high - figure.low > 0.4


def test_a_label_in_the_second_field_counts_where_the_first_is_null() -> None:
    assert labelled({"text": "x", "sentiment": None, "label": "positive"}).sentiment is Sentiment.POSITIVE


def test_reading_is_told_as_it_goes() -> None:
    told: list[tuple[int, int]] = []
    evaluate(Parrot(), [labelled(row) for row in rows(300)], lambda done, total: told.append((done, total)))
    assert told == [(512, 600), (600, 600)]


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_labelled_texts_are_read_in_whatever_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "rows.jsonl"
    row = {"text": "Café très sale", "sentiment": "negative"}
    path.write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding=encoding)
    (loaded,), _ = load_rows(path)
    assert loaded.text == row["text"]
