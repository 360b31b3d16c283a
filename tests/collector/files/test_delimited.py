"""CSV and its kin: delimiters, encodings, odd rows and stray quotes."""

from __future__ import annotations

import contextlib
import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.errors import BadSettings, PayloadChanged
from collector.mention import TEXT_LIMIT
from tests.collector.files.writing import run, write, write_csv

HEADER = "id,date,text\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_shows_in_the_rows(tmp_path: Path, delimiter: str) -> None:
    rows = [["id", "date", "text"], ["1", "2024-03-05", "Late, and rude; again"], ["2", "2024-03-06", "Fine | good"]]
    path = write_csv(tmp_path / "r.csv", rows, delimiter=delimiter)
    assert run(path).texts == ["Late, and rude; again", "Fine | good"]


def test_a_column_of_commas_does_not_outvote_the_semicolons(tmp_path: Path) -> None:
    lines = ["Datum;Kommentar", *(f"0{n}.03.2024;eins, zwei, drei, {n}" for n in range(1, 9))]
    assert len(run(write(tmp_path / "r.csv", "\n".join(lines))).items) == 8


def test_a_file_of_one_column_keeps_its_commas(tmp_path: Path) -> None:
    outcome = run(write(tmp_path / "r.csv", "review\nGood, cheap, clean\nBad\n"), date="2024-03-05")
    assert outcome.texts == ["Good, cheap, clean", "Bad"]


def test_the_line_by_which_a_spreadsheet_names_its_delimiter_is_no_header(tmp_path: Path) -> None:
    assert run(write(tmp_path / "r.csv", "sep=;\r\ndate;text\r\n2024-03-05;a, b\r\n")).texts == ["a, b"]


def test_a_title_above_the_header_is_left_out(tmp_path: Path) -> None:
    outcome = run(write(tmp_path / "r.csv", "Survey of March\n\nid,date,text\n1,2024-03-05,Slow\n"))
    assert outcome.texts == ["Slow"]
    assert run(write(tmp_path / "s.csv", "Export\n,,\nid,date,text\n1,,Slow\n")).rejects[0].place == "line 4"


def test_a_quoted_text_may_hold_lines_delimiters_and_quotes(tmp_path: Path) -> None:
    text = 'First line\r\n"second", it said;\n\nlast'
    path = write_csv(tmp_path / "r.csv", [["id", "date", "text"], ["1", "2024-03-05", text], ["2", "2024-03-06", "x"]])
    outcome = run(path)
    assert outcome.texts == [text.replace("\r\n", "\n"), "x"]


def test_quotes_escaped_by_a_backslash_are_quotes(tmp_path: Path) -> None:
    lines = HEADER + '1,2024-03-05,"He said \\"never, ever\\" again"\n2,2024-03-06,"fine, really"\n'
    assert run(write(tmp_path / "r.csv", lines)).texts == ['He said "never, ever" again', "fine, really"]


def test_a_quote_that_is_never_closed_costs_its_own_line_only(tmp_path: Path) -> None:
    lines = (
        HEADER + '1,2024-03-05,fine\n2,2024-03-06,"oops\n' + "".join(f"{n},2024-03-07,row {n}\n" for n in range(3, 50))
    )
    outcome = run(write(tmp_path / "r.csv", lines))
    assert len(outcome.items) == 48
    assert [reject.place for reject in outcome.rejects] == ["line 3"]
    assert "quote" in outcome.rejects[0].reason
    assert "oops" in outcome.rejects[0].raw


def test_a_stray_quote_between_good_rows_costs_its_own_line_only(tmp_path: Path) -> None:
    lines = HEADER + '1,2024-03-05,"oops\n2,2024-03-06,"quoted, well"\n3,2024-03-07,plain\n'
    outcome = run(write(tmp_path / "r.csv", lines))
    assert outcome.texts == ["quoted, well", "plain"]
    assert [reject.place for reject in outcome.rejects] == ["line 2"]


def test_rows_of_odd_width_are_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    lines = HEADER + "1,2024-03-05,ok\n2,2024-03-06,a,b\n3,2024-03-07\n4,2024-03-08,fine,,\n\n5,2024-03-09,last\n"
    outcome = run(write(tmp_path / "r.csv", lines))
    assert outcome.texts == ["ok", "fine", "last"]
    assert {(r.place, r.reason.split(";", maxsplit=1)[0]) for r in outcome.rejects} == {
        ("line 3", "the row has 4 cells, the header 3"),
        ("line 4", "the text is empty"),
    }


def test_ten_thousand_rows_of_odd_columns_all_become_items_or_rejects(tmp_path: Path) -> None:
    rows: list[list[str]] = [["id", "", "Date", "Date", "Review Text", "stars"]]
    for n in range(10_000):
        row = [str(n), "junk", f"{n % 28 + 1:02}/03/2024", "x", f"review number {n}", str(n % 5 + 1)]
        if n % 100 == 7:
            row += ["surplus"]
        if n % 100 == 8:
            row = row[:4]
        if n % 100 == 9:
            row[4] = " \u200f\0 "
        rows.append(row)
    outcome = run(write_csv(tmp_path / "r.csv", rows))
    assert len(outcome.items) == 9_700
    assert len(outcome.rejects) == 300
    assert len({reject.place for reject in outcome.rejects}) == 300
    assert all(len(page.items) + len(page.rejects) <= 1_000 for page in outcome.pages)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "Frühstück großartig 🙂"),
        ("utf-8-sig", "Frühstück großartig 🙂"),
        ("utf-16", "Frühstück großartig 🙂"),
        ("utf-16-le", "Breakfast was good, the rest was not"),
        ("utf-32", "Frühstück 🙂"),
        ("cp1252", "Frühstück großartig – „nie wieder“ für 50 €, wirklich schön"),
        ("cp1250", "Bardzo zła obsługa, pokój był brudny i śmierdziało, żałuję"),
        ("cp1251", "Очень плохое обслуживание, номер грязный"),
        ("cp932", "部屋がとても汚くて、スタッフの対応も最悪でした。"),
    ],
)
def test_the_encoding_shows_in_the_bytes(tmp_path: Path, encoding: str, text: str) -> None:
    content = "\n".join([HEADER.strip(), *(f'{n},2024-03-05,"{text} {n}"' for n in range(5))])
    outcome = run(write(tmp_path / "r.csv", content, encoding))
    assert outcome.texts == [f"{text} {n}" for n in range(5)]


def test_an_encoding_can_be_given(tmp_path: Path) -> None:
    path = write(tmp_path / "r.csv", HEADER + "1,2024-03-05,ÄÖ\n", "cp437")
    assert run(path, encoding="cp437").texts == ["ÄÖ"]
    with pytest.raises(BadSettings, match="no text encoding 'latin-17'"):
        run(path, encoding="latin-17")


def test_a_broken_byte_among_much_good_utf8_is_marked_and_told(tmp_path: Path) -> None:
    good = "".join(f"{n},2024-03-05,schöne Grüße {n}\n" for n in range(900)).encode()
    outcome = run(write(tmp_path / "r.csv", HEADER.encode() + good + b"900,2024-03-05,bad \xff byte\n"))
    assert outcome.texts[-1] == "bad \ufffd byte"
    assert "1 character" in outcome.notes


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"  \n \r\n", "empty"),
        (b"<!DOCTYPE html><html><body>Please log in</body></html>", "web page"),
        (b"\xef\xbb\xbf  \n<html><table><tr><td>text</td></tr></table>", "web page"),
        ("<html><body>log in</body></html>".encode("utf-16"), "web page"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old Excel"),
        (b"\x1f\x8b\x08\x00" + bytes(50), "gunzip"),
        (bytes(range(256)) * 20, "binary"),
        (b"PK\x03\x04" + bytes(100), "archive"),
        (b"PAR1" + bytes(100), "Parquet"),
        (b"date,text\n", "no row below"),
        (b"date,text\na,b,c\nd,e,f\n", "line 2: the row has 3 cells"),
        (b"[1, 2]", None),
    ],
)
def test_what_is_no_table_is_refused_in_words(tmp_path: Path, content: bytes, why: str | None) -> None:
    path = write(tmp_path / ("r.csv" if why else "r.json"), content)
    with pytest.raises((PayloadChanged, BadSettings), match=why or "JSON list"):
        run(path)


def test_a_matrix_is_no_list_of_reviews(tmp_path: Path) -> None:
    with pytest.raises(PayloadChanged, match="2000 columns"):
        run(write(tmp_path / "r.csv", ",".join(f"c{n}" for n in range(2000)) + "\n"))


def test_a_text_of_a_million_characters_is_kept_and_a_longer_one_set_aside(tmp_path: Path) -> None:
    rows = [["date", "text"], ["2024-03-05", "x" * TEXT_LIMIT], ["2024-03-05", "y" * (TEXT_LIMIT + 1)]]
    rows += [["2024-03-05", "z" * 5_000_000], ["2024-03-06", "short"]]
    outcome = run(write_csv(tmp_path / "r.csv", rows))
    assert [len(text) for text in outcome.texts] == [TEXT_LIMIT, 5]
    assert [reject.place for reject in outcome.rejects] == ["line 3", "line 4"]
    assert all(len(reject.raw) <= 2_000 for reject in outcome.rejects)


_CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).filter(lambda t: t.strip())


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(_CELL, min_size=3, max_size=12), delimiter=st.sampled_from(",;\t|"), quoting=st.booleans())
def test_any_texts_that_were_written_are_read_again(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], delimiter: str, quoting: bool
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL if quoting else csv.QUOTE_MINIMAL)
    writer.writerow(["id", "date", "text"])
    writer.writerows([str(n), "2024-03-05", f"t {text}\n{n}."] for n, text in enumerate(texts))
    path = write(tmp_path_factory.mktemp("csv") / "r.csv", out.getvalue())
    outcome = run(path)
    assert len(outcome.items) == len(texts)
    assert not outcome.rejects


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_break_the_import(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = write(tmp_path_factory.mktemp("any") / "r.csv", HEADER.encode() + b"1,2024-03-05,fine\n" + content)
    with contextlib.suppress(PayloadChanged, BadSettings):
        run(path)
