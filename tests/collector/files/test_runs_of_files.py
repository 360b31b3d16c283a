"""Files as a source: resuming, repeating, watched folders, and what a file speaks for."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from collector.errors import BadSettings, PayloadChanged, TooLarge
from collector.sources import kinds
from collector.tabular.items import content_id
from tests.collector.files.writing import NOW, run, write, write_csv


def reviews(path: Path, count: int, *, first: int = 0) -> Path:
    rows = [[str(n), "2024-03-05", f"words of review {n}"] for n in range(first, first + count)]
    return write_csv(path, [["id", "date", "text"], *rows])


def test_files_are_a_kind_of_source() -> None:
    assert kinds()["files"].Settings.__name__ == "Settings"


def test_a_run_that_was_cut_short_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = reviews(tmp_path / "r.csv", 3_500)
    first = run(path, max_pages=2)
    assert len(first.items) == 2_000
    assert "read up to row 2,000" in first.notes
    rest = run(path, json.loads(json.dumps(first.cursor)))
    assert [item.external_id for item in rest.items] == [str(n) for n in range(2_000, 3_500)]
    assert rest.pages[-1].covered is not None


def test_a_file_that_was_read_is_not_read_again_whatever_it_is_called(tmp_path: Path) -> None:
    path = reviews(tmp_path / "r.csv", 5)
    cursor = run(path).cursor
    again = run(path, cursor)
    assert (again.items, "read whole before (5 rows)" in again.notes) == ([], True)
    assert run(path.rename(tmp_path / "copy.csv"), cursor).items == []
    assert len(run(tmp_path / "copy.csv", cursor, again=True).items) == 5


def test_a_file_that_changed_or_is_read_in_another_way_is_read_anew(tmp_path: Path) -> None:
    path = reviews(tmp_path / "r.csv", 5)
    cursor = run(path).cursor
    assert len(run(path, cursor, kind="post").items) == 5
    assert len(run(reviews(path, 6), cursor).items) == 6


def test_a_row_without_an_id_gets_the_same_one_every_time(tmp_path: Path) -> None:
    rows = [
        ["date", "text", "likes"],
        ["2024-03-05", "slow", "1"],
        ["2024-03-05", "slow", "1"],
        ["2024-03-06", "x", ""],
    ]
    one = run(write_csv(tmp_path / "a.csv", rows))
    rows[1][2] = rows[2][2] = "250"
    other = run(write_csv(tmp_path / "b.csv", [rows[0], *reversed(rows[1:])]))
    assert {item.external_id for item in one.items} == {item.external_id for item in other.items}
    assert len(one.items) == 2
    assert "1 row(s) say word for word" in one.notes
    moment = datetime(2024, 3, 5, tzinfo=UTC)
    assert content_id("a", moment, "b", None) != content_id("a", moment, None, "b")


def test_one_id_for_two_different_rows_is_named(tmp_path: Path) -> None:
    outcome = run(write(tmp_path / "r.csv", "id,date,text\n1,2024-03-05,slow\n1,2024-03-05,fast\n2,2024-03-05,x\n"),
                  map={"external_id": "id"})  # fmt: skip
    assert outcome.texts == ["slow", "x"]
    assert outcome.rejects[0].place == "line 3"
    assert "stands on line 2 already" in outcome.rejects[0].reason


def test_a_file_speaks_for_the_days_from_its_first_to_its_last_mention(tmp_path: Path) -> None:
    days = run(write(tmp_path / "a.csv", "date,text\n2024-03-05,a\n2024-03-08,b\n")).pages[-1].covered
    assert days is not None
    assert (days.start, days.end) == (datetime(2024, 3, 4, 23, tzinfo=UTC), datetime(2024, 3, 8, 23, tzinfo=UTC))
    times = (
        run(write(tmp_path / "b.csv", "date,text\n2024-03-05T10:00:00Z,a\n2024-03-08T09:00:00Z,b\n")).pages[-1].covered
    )
    assert times is not None
    assert times.end == datetime(2024, 3, 8, 9, 0, 1, tzinfo=UTC)


def settle(*paths: Path) -> None:
    """Make files look as if nobody had touched them for an hour, in the order given."""
    for order, path in enumerate(paths):
        moment = (NOW - timedelta(hours=1)).timestamp() + order
        os.utime(path, (moment, moment))


def test_a_watched_folder_gives_what_is_new_in_it(tmp_path: Path) -> None:
    settle(reviews(tmp_path / "a.csv", 2), reviews(tmp_path / "b.csv", 3, first=10))
    write(tmp_path / "readme.md", "no table")
    write(tmp_path / ".hidden.csv", "date,text\n2024-03-05,x\n")
    first = run(tmp_path)
    assert len(first.items) == 5
    assert run(tmp_path, first.cursor).pages == []
    settle(reviews(tmp_path / "c.csv", 1, first=20))
    assert [item.external_id for item in run(tmp_path, first.cursor).items] == ["20"]


def test_a_folder_is_read_once_however_many_files_it_holds_and_files_that_are_gone_are_forgotten(
    tmp_path: Path,
) -> None:
    paths = [write(tmp_path / f"{n:04}.csv", f"id,date,text\n{n},2024-03-05,word {n}\n") for n in range(1_005)]
    settle(*paths)
    cursor = run(tmp_path, max_pages=5_000).cursor
    assert len(cursor["files"]) + len(cursor["done"]) == 1_005
    assert run(tmp_path, cursor).pages == []
    for path in paths[:4]:
        path.unlink()
    settle(reviews(tmp_path / "new.csv", 1))
    later = run(tmp_path, cursor)
    assert len(later.items) == 1
    assert len(later.cursor["files"]) + len(later.cursor["done"]) == 1_002


def test_small_files_share_a_page_and_the_cursor_costs_less_than_what_they_hold(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"export-{n:04}.csv", f"id,date,text\n{n},2024-03-05,word {n}\n") for n in range(1_000)]
    settle(*paths)
    pages = run(tmp_path).pages
    written = sum(len(json.dumps(page.cursor)) for page in pages)
    assert (len(pages), len(pages[0].items)) == (1, 1_000)
    assert written < 100_000


def test_each_file_of_a_page_speaks_for_its_own_days(tmp_path: Path) -> None:
    settle(
        write(tmp_path / "a.csv", "date,text\n2024-03-05T10:00:00Z,a\n2024-03-06T09:00:00Z,b\n"),
        write(tmp_path / "b.csv", "date,text\n2024-05-05T10:00:00Z,c\n2024-05-06T09:00:00Z,d\n"),
    )
    (page,) = run(tmp_path).pages
    assert page.covered is not None
    assert [span.start.month for span in (page.covered, *page.further)] == [3, 5]
    assert all(span.end - span.start == timedelta(hours=23, seconds=1) for span in (page.covered, *page.further))


def test_what_a_later_file_says_anew_under_a_known_id_is_an_edit_and_has_its_own_page(tmp_path: Path) -> None:
    settle(
        write(tmp_path / "a.csv", "id,date,text\n1,2024-03-05,slow\n2,2024-03-05,fine\n"),
        write(tmp_path / "b.csv", "id,date,text\n1,2024-03-05,sorted out\n"),
    )
    assert [[item.text for item in page.items] for page in run(tmp_path).pages] == [["slow", "fine"], ["sorted out"]]


def test_a_cursor_with_every_file_in_full_is_understood_and_made_small(tmp_path: Path) -> None:
    paths = [reviews(tmp_path / f"{n}.csv", 1, first=n) for n in range(5)]
    settle(*paths)
    one_by_one = [run(path).cursor["files"] for path in paths[:4]]
    before = {"files": {key: entry for files in one_by_one for key, entry in files.items()}}
    after = run(tmp_path, before)
    assert [item.external_id for item in after.items] == ["4"]
    assert (len(after.cursor["files"]), len(after.cursor["done"])) == (1, 4)


def test_a_folder_goes_on_with_the_file_that_a_short_run_did_not_reach(tmp_path: Path) -> None:
    settle(reviews(tmp_path / "a.csv", 700), reviews(tmp_path / "b.csv", 700, first=1_000))
    first = run(tmp_path, max_pages=1)
    assert (len(first.items), "a.csv was read last; the next run goes on with b.csv" in first.notes) == (700, True)
    assert len(run(tmp_path, first.cursor).items) == 700


def restore(away: Path, folder: Path) -> None:
    for path in away.iterdir():
        path.rename(folder / f"back-{path.name}")


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "touch", "rename", "copy", "remove", "restore", "nothing"]),
        st.integers(1, 1_400),
        st.integers(1, 3),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=6,
)
"""What happens to the folder, rows of a new file, pages of the run after it, pages that a kill leaves of them."""


@settings(max_examples=25, deadline=None)
@given(STEPS)
@example([("add", 1_400, 1, 1), ("rename", 1, 2, 1), ("add", 900, 3, 1), ("copy", 2, 1, 0)])
@example([("add", 1_400, 3, 2), ("remove", 1, 3, 2), ("add", 5, 3, 2), ("restore", 1, 3, 1)])
@example([("add", 2_400, 1, 1), ("remove", 1, 1, 1), ("add", 5, 3, 2), ("restore", 1, 3, 1)])
def test_every_row_of_a_folder_is_read_once_however_its_files_move_and_runs_are_killed(
    steps: list[tuple[str, int, int, int]],
) -> None:
    with TemporaryDirectory() as place:
        folder, cursor, got, rows = Path(place, "in"), None, Counter[str](), 0
        away = Path(place, "away")
        folder.mkdir()
        away.mkdir()
        for number, (what, count, most, saved) in enumerate([("add", 3, 1, 1), *steps]):
            files = sorted(folder.iterdir())
            chosen = files[count % len(files)] if files else folder
            if what == "add":
                settle(reviews(folder / f"{number}.csv", count, first=rows))
                rows += count
            elif what == "restore":
                restore(away, folder)
            elif not files:
                continue
            elif what == "touch":
                os.utime(chosen, (NOW.timestamp() - 100 - number, NOW.timestamp() - 100 - number))
            elif what == "rename":
                chosen.rename(folder / f"moved-{number}.csv")
            elif what == "copy":
                settle(Path(shutil.copyfile(chosen, folder / f"copy-{number}.csv")))
            elif what == "remove":
                chosen.rename(away / f"{number}.csv")
            for page in run(folder, cursor, max_pages=most).pages[:saved]:
                got.update(item.external_id for item in page.items)
                cursor = json.loads(json.dumps(page.cursor))
        restore(away, folder)
        for page in run(folder, cursor).pages:
            got.update(item.external_id for item in page.items)
            cursor = page.cursor
        assert got == Counter(str(number) for number in range(rows))
        assert run(folder, cursor).pages == []


def test_a_file_that_is_still_being_written_is_left_for_later(tmp_path: Path) -> None:
    path = reviews(tmp_path / "a.csv", 2)
    os.utime(path, (NOW.timestamp() - 1, NOW.timestamp() - 1))
    assert run(tmp_path).pages == []
    assert len(run(tmp_path, now=NOW + timedelta(minutes=1)).items) == 2


def test_a_bad_file_in_a_folder_is_named_once_and_stops_no_other(tmp_path: Path) -> None:
    bad = write(tmp_path / "a.csv", "<html>log in</html>")
    settle(bad, reviews(tmp_path / "b.csv", 2))
    outcome = run(tmp_path)
    assert len(outcome.items) == 2
    assert [(r.place, "web page" in r.reason) for r in outcome.rejects] == [("a.csv", True)]
    assert run(tmp_path, outcome.cursor).pages == []


def test_a_pattern_chooses_files(tmp_path: Path) -> None:
    settle(
        reviews(tmp_path / "app-1.csv", 1), reviews(tmp_path / "app-2.csv", 1, first=5), reviews(tmp_path / "x.csv", 9)
    )
    assert len(run(tmp_path / "app-*.csv").items) == 2


def test_what_cannot_be_read_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="no file and no folder"):
        run(tmp_path / "missing.csv")
    with pytest.raises(PayloadChanged, match="web page"):
        run(write(tmp_path / "a.csv", "<html>"))
    with pytest.raises(TooLarge, match="most_rows"):
        run(reviews(tmp_path / "b.csv", 20), most_rows=10)
    with pytest.raises(TooLarge, match="largest_mb"):
        run(write(tmp_path / "c.csv", b"date,text\n" + b"x" * (2 << 20)), largest_mb=1)


def test_dates_of_1970_and_2099_are_set_aside_with_their_line(tmp_path: Path) -> None:
    outcome = run(write(tmp_path / "r.csv", "date,text\n1970-01-01,a\n2024-03-05,b\n2099-12-31,c\n,d\n"))
    assert outcome.texts == ["b"]
    assert [(r.place, r.reason.split("'")[-1].strip() or r.reason) for r in outcome.rejects] == [
        ("line 2", "lies before 1990, so it is a missing one in disguise"),
        ("line 4", "lies in the future"),
        ("line 5", "there is no date"),
    ]


def test_hostile_texts_come_through_as_plain_words(tmp_path: Path) -> None:
    texts = [
        "<script>alert(1)</script> & <b>bold</b>",
        "\u202egnp.exe \u200fמשהו\u200e",
        '=HYPERLINK("http://evil")',
        "zero\0width",
        "'-not guarded",
    ]
    rows = [["date", "text", "url"], *(["2024-03-05", text, "javascript:alert(1)"] for text in texts)]
    assert run(write_csv(tmp_path / "r.csv", rows)).texts == [
        texts[0], "gnp.exe \u200fמשהו\u200e", texts[2], "zerowidth", texts[4],
    ]  # fmt: skip
