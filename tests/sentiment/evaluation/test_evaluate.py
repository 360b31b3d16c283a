"""A classifier of known mistakes gets the scores that they deserve."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from sentiment.evaluation import RowProblem, evaluate, evaluate_file, load_rows
from sentiment.evaluation.rows import labelled
from sentiment.reading import AspectReading, Intent, Loyalty, Reading, Sentiment, Stage


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


def test_a_file_is_judged_and_a_bad_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows()), encoding="utf-8")
    assert evaluate_file(Parrot(), path).texts == 20
    path.write_text('{"text": "x", "aspects": {"tastiness": "+"}}\n', encoding="utf-8")
    with pytest.raises(RowProblem, match=r"line 1.*tastiness"):
        load_rows(path)
    path.write_text('{"text": "x"}\nnot json\n', encoding="utf-8")
    with pytest.raises(RowProblem, match="line 2"):
        load_rows(path)
