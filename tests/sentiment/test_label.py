"""Other people's files: every row comes out once, in order, and what cannot be read is named."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from sentiment.classifiers import Classifier, load_classifier
from sentiment.label import COLUMNS, NAMED, Aside, LabelProblem, LabelReport, Written, label_file, rows_of


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load_classifier("shipped", threads=1)


def label(source: Path, target: Path, classifier: Classifier, **how: Any) -> LabelReport:
    with target.open("w", encoding="utf-8", newline="") as opened:
        return label_file(source, opened, classifier, written=Written.of(target), **how)


def test_a_csv_becomes_jsonl_with_ids_kept(tmp_path: Path, classifier: Classifier) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.jsonl"
    source.write_text('id;Text\nA-1;"Late again; nobody told us"\nB 2;\n007;Lovely crew!\n', encoding="utf-8")
    report = label(source, target, classifier)
    lines = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert [line["id"] for line in lines] == ["A-1", "B 2", "007"]
    assert (report.read, report.problems) == (3, ())
    assert set(lines[0]) == {
        "id", "language", "sentiment", "probabilities", "satisfaction", "aspects", "dimensions", "stage", "intent",
        "loyalty", "validated", "abstained", "model",
    }  # fmt: skip
    assert lines[0]["sentiment"] == "negative"
    assert all(aspect["evidence"] in "Late again; nobody told us" for aspect in lines[0]["aspects"])


def test_rows_of_jsonl_without_text_are_named_and_the_rest_is_read(tmp_path: Path, classifier: Classifier) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"text": "bad \\ud800 food"}\n{oops\n{"id": 9}\n{"text": "fine", "id": 9}\n', encoding="utf-8")
    seen: list[tuple[int, float | None]] = []
    report = label(source, target, classifier, progress=lambda *told: seen.append(told))
    assert [json.loads(line)["id"] for line in target.read_text(encoding="utf-8").splitlines()] == [1, 9]
    assert [problem.split(":")[0] for problem in report.problems] == ["in.jsonl, line 2", "in.jsonl, line 3"]
    assert seen == [(2, None)]


def test_a_csv_output_is_safe_for_spreadsheets(tmp_path: Path, classifier: Classifier) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("id,text\n=1+1,\"=HYPERLINK('x')\"\n", encoding="utf-8")
    label(source, target, classifier)
    with target.open(encoding="utf-8-sig", newline="") as written:
        (row,) = csv.DictReader(written)
    assert tuple(row) == COLUMNS
    assert row["id"] == "'=1+1"
    assert json.loads(row["dimensions"]) is not None


def test_a_file_without_the_column_is_refused_with_its_columns(tmp_path: Path, classifier: Classifier) -> None:
    source = tmp_path / "in.csv"
    source.write_text("id,review\n1,good\n", encoding="utf-8")
    with pytest.raises(LabelProblem, match="no column text; it has id, review"):
        label(source, tmp_path / "out.jsonl", classifier)


@pytest.mark.parametrize(
    ("identifier", "written"),
    [
        ("-kXyz12", "-kXyz12"),
        ("-5", "-5"),
        ("@bob", "'@bob"),
        ("-1+2", "'-1+2"),
        ("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"),
    ],
)
def test_an_id_that_cannot_be_a_formula_stays_as_it_came(
    tmp_path: Path, classifier: Classifier, identifier: str, written: str
) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.csv"
    source.write_text(json.dumps({"id": identifier, "text": "late"}), encoding="utf-8")
    label(source, target, classifier)
    with target.open(encoding="utf-8-sig", newline="") as opened:
        assert next(csv.DictReader(opened))["id"] == written
    label(source, tmp_path / "out.jsonl", classifier)
    assert json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8"))["id"] == identifier


def test_commas_that_nobody_quoted_stay_in_a_text_that_stands_last(tmp_path: Path, classifier: Classifier) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.jsonl"
    text = "Kind crew, but three hours late and no refund"
    source.write_text(f'id,text\n1,{text}\n2,"{text}"\n3,fine,,\n', encoding="utf-8")
    report = label(source, target, classifier)
    assert (report.read, report.problems) == (3, ())
    first, second, _ = (json.loads(line) for line in target.read_text(encoding="utf-8").splitlines())
    assert first | {"id": "2"} == second


def test_a_row_with_more_cells_than_columns_is_named_where_text_is_not_last(
    tmp_path: Path, classifier: Classifier
) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.jsonl"
    source.write_text("text,id\nKind crew, but late,1\nfine,2\n", encoding="utf-8")
    report = label(source, target, classifier)
    assert report.problems == ("in.csv, line 2: the row has 3 cells, the header 2; is a delimiter not quoted?",)
    assert [json.loads(line)["id"] for line in target.read_text(encoding="utf-8").splitlines()] == ["2"]


def test_a_tsv_is_parted_by_tabs(tmp_path: Path, classifier: Classifier) -> None:
    source, target = tmp_path / "in.tsv", tmp_path / "out.tsv"
    source.write_text("Text\tID\nbad, late ferry\t-5\n", encoding="utf-8")
    label(source, target, classifier)
    with target.open(encoding="utf-8-sig", newline="") as opened:
        (row,) = csv.DictReader(opened, delimiter="\t")
    assert tuple(row) == COLUMNS
    assert row["id"] == "-5"


SAID = "Café très sale, 3 € – plus jamais"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("name", ["in.csv", "in.tsv", "in.jsonl"])
def test_a_text_is_the_same_in_whatever_encoding_it_came(
    tmp_path: Path, classifier: Classifier, encoding: str, name: str
) -> None:
    source, target = tmp_path / name, tmp_path / "out.jsonl"
    content = {
        "in.csv": f'id,text\nA,"{SAID}"\n',
        "in.tsv": f"id\ttext\nA\t{SAID}\n",
        "in.jsonl": json.dumps({"id": "A", "text": SAID}, ensure_ascii=False) + "\n",
    }
    source.write_text(content[name], encoding=encoding)
    assert [row.text for row in rows_of(source, Aside())] == [SAID]
    assert label(source, target, classifier).read == 1


def test_a_quote_that_is_never_closed_takes_no_other_row_along(tmp_path: Path) -> None:
    source, aside = tmp_path / "in.csv", Aside()
    source.write_text('id,text\n1,fine\n2,"never again\n3,late\n4,"two\nlines"\n', encoding="utf-8")
    assert [(row.id, row.text) for row in rows_of(source, aside)] == [("1", "fine"), ("3", "late"), ("4", "two\nlines")]
    assert aside.count == 1
    assert aside.named[0].startswith("in.csv, line 3: a quote opens here")


def test_a_line_of_json_that_is_too_deep_is_set_aside(tmp_path: Path) -> None:
    source, aside = tmp_path / "in.jsonl", Aside()
    source.write_text("[" * 100_000 + '\n{"text": "late"}\n', encoding="utf-8")
    assert [row.text for row in rows_of(source, aside)] == ["late"]
    assert aside.count == 1


def test_of_many_rows_that_cannot_be_read_the_first_are_named_and_all_are_counted(
    tmp_path: Path, classifier: Classifier
) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text("{oops\n" * 5_000 + '{"text": "late"}\n', encoding="utf-8")
    report = label(source, tmp_path / "out.jsonl", classifier)
    assert (report.read, report.set_aside, len(report.problems)) == (1, 5_000, NAMED)


def test_languages_are_taken_by_name_or_code(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("text,language\na,German\nb,pt-BR\nc,\nd,whatever\n", encoding="utf-8")
    assert [row.language for row in rows_of(source, Aside())] == ["de", "pt", None, None]


def test_a_file_without_a_header_shows_only_the_start_of_its_first_row(tmp_path: Path, classifier: Classifier) -> None:
    source = tmp_path / "in.csv"
    source.write_text("The room was dirty " * 500 + "\n", encoding="utf-8")
    with pytest.raises(LabelProblem) as problem:
        label(source, tmp_path / "out.jsonl", classifier)
    assert len(str(problem.value)) < 600


@pytest.mark.parametrize("header", ["sep=;\nid;text", "ID ; Text ", "\ufeffid;TEXT", "\r\n\r\nid;text"])
def test_headers_as_spreadsheets_write_them_are_understood(tmp_path: Path, header: str) -> None:
    source = tmp_path / "in.csv"
    source.write_text(f"{header}\r\n7;late, again\r\n\r\n8;fine\r\n", encoding="utf-8")
    assert [(row.id, row.text) for row in rows_of(source, Aside())] == [("7", "late, again"), ("8", "fine")]


def test_a_line_without_an_end_is_set_aside_and_the_next_is_read(tmp_path: Path) -> None:
    source, aside = tmp_path / "in.jsonl", Aside()
    source.write_text('[{"text": "' + "late " * 900_000 + '"}]\n{"text": "fine"}\n', encoding="utf-8")
    assert [(row.number, row.text) for row in rows_of(source, aside)] == [(2, "fine")]
    assert aside.named == ["in.jsonl, line 1: the line is longer than 4 million characters"]
