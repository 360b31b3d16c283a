"""Which column is taken for what, in several languages, and how a person overrules it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from collector.errors import BadSettings
from collector.mention import Kind
from collector.sources.files import import_settings, parse_mapping, preview
from collector.tabular.columns import Field
from collector.tabular.dates import AmbiguousDates
from tests.collector.files.writing import BERLIN, NOW, run, write, write_csv

LONG = "The ferry left two hours late and nobody told us why"


@pytest.mark.parametrize(
    "header",
    [
        ["Review ID", "Review Date", "Star Rating", "Review Title", "Review Text", "Reviewer", "Store"],
        ["Kennung", "Bewertungsdatum", "Sterne", "Überschrift", "Rezension", "Verfasser", "Filiale"],
        ["Identifiant", "Date de publication", "Note", "Titre", "Commentaire", "Auteur", "Agence"],
        ["Identificador", "Fecha", "Calificación", "Título", "Reseña", "Usuario", "Sucursal"],
        ["id", "Data recensione", "Valutazione", "Titolo", "Recensione", "Autore", "Luogo"],
        ["id", "data", "avaliação", "título", "comentário", "usuário", "loja"],
        ["id", "Datum", "Cijfer", "Onderwerp", "Opmerkingen", "Klant", "Winkel"],
        ["ID", "Дата", "Оценка", "Заголовок", "Отзыв", "Автор", "Город"],
        ["id", "日付", "評価", "タイトル", "口コミ", "投稿者", "店舗"],
        ["reviewId", "createdAt", "starRating", "reviewTitle", "reviewBody", "userName", "location"],
    ],
)
def test_headers_are_understood_in_many_languages(tmp_path: Path, header: list[str]) -> None:
    rows = [[f"r{n}", f"{n + 13}.03.2024", n % 5 + 1, f"Head {n}", f"{LONG} {n}", f"Kim {n}", "Bonn"] for n in range(9)]
    item = run(write_csv(tmp_path / "r.csv", [header, *rows])).items[0]
    assert (item.external_id, item.rating, item.place) == ("r0", 1, "Bonn")
    assert item.text == f"Head 0\n{LONG} 0"
    assert item.author_name == "Kim 0"
    assert item.created_at == datetime(2024, 3, 12, 23, tzinfo=UTC)


def test_headers_that_nobody_knows_are_told_by_their_cells(tmp_path: Path) -> None:
    rows = [["x1", "x2", "x3"], *([f"k{n}", f"2024-03-{n + 10}", f"{LONG} {n}"] for n in range(9))]
    assert len(run(write_csv(tmp_path / "r.csv", rows)).items) == 9


def test_a_mapping_by_hand_wins(tmp_path: Path) -> None:
    rows = [["date", "text", "Pros", "Cons, and so on"], ["2024-03-05", "internal note", "cheap", "late"]]
    path = write_csv(tmp_path / "r.csv", rows)
    mapping = parse_mapping("text=Pros+Cons, and so on, rating=")
    assert mapping == {"text": "Pros+Cons, and so on", "rating": ""}
    assert run(path, map=mapping).texts == ["cheap\nlate"]


@pytest.mark.parametrize(
    ("mapping", "why"),
    [
        ({"text": "Reviw"}, "Did you mean 'Review'"),
        ({"txt": "Review"}, "no field 'txt'.*Did you mean text"),
        ({"rating": "nothing like it"}, "The columns are 'Review', 'Date'"),
    ],
)
def test_a_mapping_that_cannot_be_says_what_there_is(tmp_path: Path, mapping: dict[str, str], why: str) -> None:
    path = write(tmp_path / "r.csv", "Review,Date\nslow,2024-03-05\n")
    with pytest.raises(BadSettings, match=why):
        run(path, map=mapping)


def test_a_mapping_without_an_equals_sign_is_named() -> None:
    with pytest.raises(BadSettings, match="text=Review,created_at=Date"):
        parse_mapping("Review")


def test_a_file_without_a_text_or_a_date_asks_for_it(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="--map text="):
        run(write(tmp_path / "a.csv", "a,b\n1,2\n3,4\n"))
    path = write(tmp_path / "b.csv", f"review,stars\n{LONG},4\n")
    with pytest.raises(BadSettings, match="--date 2024-05-31"):
        run(path)
    assert run(path, date="2024-05-31").items[0].created_at == datetime(2024, 5, 30, 22, tzinfo=UTC)
    with pytest.raises(BadSettings, match="date for rows without one"):
        run(path, date="soon")


def test_dates_that_can_be_read_in_two_ways_ask_which(tmp_path: Path) -> None:
    path = write(tmp_path / "r.csv", "date,text\n05/03/2024,slow\n01/02/2024,late\n")
    with pytest.raises(AmbiguousDates, match="--date-format day-first"):
        run(path)
    assert [item.created_at.month for item in run(path, date_format="month-first").items] == [5, 1]


def test_a_date_at_the_end_of_a_long_file_decides_for_its_beginning(tmp_path: Path) -> None:
    rows = [["id", "date", "text"], *([str(n), "05/03/2024", f"slow {n}"] for n in range(3_000))]
    path = write_csv(tmp_path / "r.csv", [*rows, ["last", "25/03/2024", "slow"]])
    assert run(path).items[0].created_at.month == 3


def test_an_id_column_that_repeats_is_a_products(tmp_path: Path) -> None:
    rows = [["id", "date", "text"]]
    rows += [[str(n if n < 600 else n % 50), "2024-03-05", f"words {n}"] for n in range(1_500)]
    outcome = run(write_csv(tmp_path / "r.csv", rows))
    assert len(outcome.items) == 1_500
    assert "'id' repeats" in outcome.notes


def test_a_column_of_brands_is_read_unless_it_is_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "r.csv", "date,text,brand\n2024-03-05,slow,Aurora\n")
    assert run(path).items[0].brand == "Aurora"
    assert run(path, map={"brand": ""}).items[0].brand is None


def test_odd_header_cells_get_names_of_their_own(tmp_path: Path) -> None:
    shown = preview(
        write(tmp_path / "r.csv", 'date,"text\nof it",text,,text\n2024-03-05,one,two,,three\n'),
        import_settings(tmp_path / "r.csv", zone=BERLIN),
        NOW,
    )
    assert shown.understanding.columns == ("date", "text of it", "text", "column 4", "text (2)")
    assert shown.sentences()[0].startswith("r.csv: csv, 1 row, 5 columns")


def test_a_preview_says_how_a_file_is_understood(tmp_path: Path) -> None:
    lines = "Datum;Sterne;Kommentar;X\n13.03.2024;4,5;gut;1\n14.03.2024;?;;2\n"
    path = write(tmp_path / "r.csv", lines, "utf-8-sig")
    shown = preview(path, import_settings(path, zone=BERLIN, kind="survey"), NOW)
    said = "\n".join(shown.sentences())
    for part in (
        "r.csv: csv, 2 rows", "semicolon", "byte order mark", "text ← 'Kommentar'", "dates: day-first, in Europe",
        "ratings: 1 to 5", "not used: 'X'",
    ):  # fmt: skip
        assert part in said
    assert shown.items[0].kind is Kind.SURVEY
    assert shown.rejects[0].place == "line 3"
    assert shown.understanding.column_of(Field.RATING) == "Sterne"


@pytest.mark.parametrize(
    ("options", "why"),
    [({"kind": "rant"}, "kinds are review"), ({"format": "ods"}, "formats csv"), ({"delimiter": ";;"}, "one character"),
     ({"decimal": "'"}, "decimal"), ({"mapping": "txt=a"}, "Did you mean text"), ({"rating_scale": "x"}, "scale"),
     ({"date_format": "dd.mm"}, "date format")],
)  # fmt: skip
def test_an_option_that_cannot_work_is_named(tmp_path: Path, options: dict[str, str], why: str) -> None:
    with pytest.raises(BadSettings, match=why):
        import_settings(tmp_path / "r.csv", zone=BERLIN, **options)


def test_a_scale_in_the_question_wins_over_the_answers(tmp_path: Path) -> None:
    path = write(tmp_path / "r.csv", "date,text,Recommend us? (0-10)\n2024-03-05,slow,5\n2024-03-06,late,2\n")
    assert [item.rating for item in run(path).items] == [3, 1.8]


def test_halves_of_an_opinion_become_one_text(tmp_path: Path) -> None:
    path = write(
        tmp_path / "r.csv", "date,Pros,Cons,Package Name\n2024-03-05,the crew,the food,a.b\n2024-03-06,,x,a.b\n"
    )
    outcome = run(path)
    assert outcome.texts == ["the crew\nthe food", "x"]
    assert outcome.items[0].author_name is None


def test_languages_and_counts_are_read_in_their_many_spellings(tmp_path: Path) -> None:
    rows = [["id", "date", "text", "language", "likes"]]
    said = [("en-US", "1,204"), ("Deutsch", "1.204"), ("pt_BR", "1.2K"), ("Français", "12"), ("??", "many")]
    rows += [[str(n), "2024-03-05", f"words {n}", *cells] for n, cells in enumerate(said)]
    items = run(write_csv(tmp_path / "r.csv", rows)).items
    assert [item.language for item in items] == ["en", "de", "pt", "fr", None]
    assert [item.reach for item in items] == [1204, 1204, 1200, 12, None]
