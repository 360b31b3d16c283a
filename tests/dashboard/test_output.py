"""A long file that a command writes goes on where a stop left it."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
import typer

from dashboard.commands.output import gone_on_with
from sentiment.label import BATCH, Written, label_file
from tests.fakes import FakeReader

ROWS = BATCH + 88


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Texts of two lines each, one of them in a row that cannot be read."""
    file = tmp_path / "in.csv"
    rows = [f'{n},"late again, {n} hours\nand nobody told us",' for n in range(ROWS)]
    rows[70] = "70,one,cell,too,many"
    file.write_text("\n".join(["id,text,more", *rows]), encoding="utf-8")
    return file


def label(source: Path, output: Path, *, stopped: bool = False, how: str = "fake csv") -> tuple[int, list[int]]:
    """How many rows there were at first, and how many texts each batch had; stopped: after the first."""
    reader = FakeReader()
    with gone_on_with(output, source, how) as part:
        had = part.rows

        def progress(done: int, _share: float | None) -> None:
            part.keep(done)
            if stopped:
                # What is written after the last word of it, and lost or half there when the machine stops.
                part.text.write("half a li")
                raise KeyboardInterrupt

        report = label_file(source, part.text, reader, written=Written.CSV, answered=had, progress=progress)
        assert report.read == ROWS - 1
        assert [problem.split(":")[0] for problem in report.problems] == ["in.csv, line 142"]
    return had, reader.batches


def test_what_was_kept_before_a_stop_is_gone_on_with_and_the_file_is_the_same(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, resumed = source.with_name("whole.csv"), source.with_name("resumed.csv")
    assert label(source, whole) == (0, [BATCH, 87])
    with pytest.raises(KeyboardInterrupt):
        label(source, resumed, stopped=True)
    assert "512 rows are kept in resumed.csv.part: the same command goes on" in capsys.readouterr().err
    assert label(source, resumed) == (BATCH, [87])
    assert "stopped after 512 rows" in capsys.readouterr().out
    assert resumed.read_bytes() == whole.read_bytes()
    assert {path.name for path in source.parent.iterdir()} == {"in.csv", "whole.csv", "resumed.csv"}


def test_what_was_made_otherwise_is_not_gone_on_with(source: Path) -> None:
    output = source.with_name("out.csv")
    for change in ("another model", "fake csv"):
        with contextlib.suppress(KeyboardInterrupt):
            label(source, output, stopped=True)
        if change == "fake csv":
            source.write_bytes(source.read_bytes() + b"\n")
        assert label(source, output, how=change) == (0, [BATCH, 87])


def test_two_commands_do_not_write_one_file(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = source.with_name("out.csv")
    with gone_on_with(output, source, "one") as first:
        first.text.write("first")
        first.keep(1)
        with pytest.raises(typer.Exit), gone_on_with(output, source, "one"):
            pass
    assert "is being written by another command" in capsys.readouterr().err
    assert output.read_text(encoding="utf-8") == "first"
