"""The commands as a person types them, each in a process of its own."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import structlog
from sqlalchemy import select
from typer.testing import CliRunner

from collector.errors import BadSettings
from collector.store.mentions import GONE_AT_SOURCE, delete_mentions
from collector.store.tables import mention, tombstone
from dashboard.binding import ConfigError
from dashboard.cli import app
from dashboard.commands.console import say
from sentiment.store import open_store

CONFIG = """
[groundswell]
timezone = "Europe/Berlin"

[[brand]]
name = "Northwind Ferries"
own = true
aliases = ["Northwind"]

[[source]]
name = "feed"
kind = "rss"
feeds = ["http://127.0.0.1:9/feed.xml"]
allow_private = true
"""


def groundswell(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder and return what it printed."""
    return subprocess.run(
        [sys.executable, "-m", "dashboard.cli", *arguments],
        cwd=folder,
        check=False,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1"} | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture
def typed() -> Iterator[CliRunner]:
    """Runs commands in this process, where seventy of their own would spend minutes on starting."""
    yield CliRunner()
    # It logs to a stream that is closed by now.
    structlog.reset_defaults()


@pytest.fixture
def company(tmp_path: Path) -> Path:
    """A folder with a configuration."""
    (tmp_path / "groundswell.toml").write_text(CONFIG)
    return tmp_path


@pytest.fixture
def odd_csv(company: Path) -> Path:
    """Reviews as somebody's tool exported them: semicolons, German dates and decimals, and a few rotten rows."""
    rows = [
        f'{i};{i % 28 + 1:02d}.01.2026 {i % 24:02d}:15;"Die Fähre war {i} Minuten zu spät, aber die Crew war nett.";'
        f"{i % 5 + 1},0;Hafen {i % 3}"
        for i in range(500)
    ]
    rows[7] = '7;40.01.2026 10:00;"Kein solcher Tag";4,0;Hafen 1'
    rows[9] = '9;02.01.2026 10:00;"";4,0;Hafen 1'
    file = company / "bewertungen.csv"
    file.write_bytes("\n".join(["Nr;Datum;Bewertungstext;Sterne;Ort", *rows]).encode("cp1252"))
    return file


def test_init_writes_a_configuration_that_loads_and_never_overwrites(tmp_path: Path) -> None:
    assert groundswell(tmp_path, "init").returncode == 0
    assert groundswell(tmp_path, "sources", "--json").stdout.strip() == "[]"
    again = groundswell(tmp_path, "init")
    assert again.returncode == 1
    assert "left as it is" in again.stderr


def test_a_wrong_configuration_is_one_sentence_and_exit_code_2(company: Path) -> None:
    (company / "groundswell.toml").write_text(CONFIG.replace("timezone", "timzone"))
    done = groundswell(company, "sources")
    assert done.returncode == 2
    assert done.stderr.strip() == (
        'groundswell.toml, [groundswell], key "timzone": there is no such key; the nearest known one is "timezone".'
    )


def test_without_a_configuration_a_command_says_how_to_make_one(tmp_path: Path) -> None:
    done = groundswell(tmp_path, "detect")
    assert done.returncode == 2
    assert "groundswell init" in done.stderr


def test_every_kind_of_source_can_be_added_and_its_block_names_what_is_missing(
    tmp_path: Path, typed: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = json.loads(groundswell(tmp_path, "sources", "kinds", "--json").stdout)
    assert {"rss", "mastodon", "bluesky", "app_store", "hacker_news", "files"} <= kinds.keys()
    for kind in kinds:
        monkeypatch.chdir(tmp_path)
        assert typed.invoke(app, ["init", kind]).exit_code == 0
        monkeypatch.chdir(tmp_path / kind)
        assert typed.invoke(app, ["sources", "add", kind]).exit_code == 0
        done = typed.invoke(app, ["sources"])
        told = done.exception is None or isinstance(done.exception, (SystemExit, ConfigError, BadSettings))
        assert told, f"{kind}: {done.exception!r}"


def test_a_file_goes_all_the_way_from_import_to_export(company: Path, odd_csv: Path) -> None:
    looked = groundswell(company, "import", odd_csv.name, "--brand", "Northwind Ferries", "--dry-run")
    assert "'Bewertungstext'" in looked.stdout, looked.stdout + looked.stderr
    done = groundswell(company, "import", odd_csv.name, "--brand", "Northwind Ferries")
    assert "498 new" in done.stdout, done.stdout + done.stderr
    assert "2 rejected" in done.stdout
    assert "line 9" in done.stdout
    assert "nothing new" in groundswell(company, "import", odd_csv.name, "--brand", "Northwind Ferries").stdout
    assert "498 read" in groundswell(company, "classify").stdout
    assert "Every count equals" in groundswell(company, "verify").stdout
    assert groundswell(company, "detect").returncode == 0
    assert groundswell(company, "export", "mentions", "-o", "out.csv").returncode == 0
    assert (company / "out.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    with (company / "out.csv").open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened, strict=True))
    assert len(rows) == 498
    assert all(row["text"].startswith("Die Fähre war") for row in rows)


def test_a_source_that_does_not_answer_fails_by_name_and_stops_nothing(company: Path) -> None:
    done = groundswell(company, "collect", "--json")
    assert done.returncode == 1
    (report,) = json.loads(done.stdout)
    assert report["source"] == "feed"
    assert report["error_kind"] == "SourceUnavailable"
    assert "127.0.0.1:9" in report["error"]
    (health,) = json.loads(groundswell(company, "sources", "--json").stdout)
    assert health["error"] == report["error"]
    table = groundswell(company, "sources").stdout
    assert "failing" in table
    assert "requests" not in table, "a column that no source fills"
    assert "_" not in table.splitlines()[0] + table.splitlines()[1]


def test_label_reads_other_peoples_texts_and_keeps_their_ids(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text('id,text\na,"The crew was lovely, but we were three hours late."\nb,\n')
    done = groundswell(tmp_path, "label", "in.csv", "-o", "out.jsonl")
    assert done.returncode == 0, done.stderr
    first, second = (json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines())
    assert (first["id"], second["id"]) == ("a", "b")
    assert {
        "language",
        "sentiment",
        "probabilities",
        "satisfaction",
        "aspects",
        "dimensions",
        "stage",
        "intent",
    } <= first.keys()


def test_spikes_judges_other_peoples_counts(tmp_path: Path) -> None:
    hours = [f"2026-{1 + day // 28:02d}-{day % 28 + 1:02d}T{hour:02d}:00Z" for day in range(56) for hour in range(24)]
    lines = [
        "series,time,count,total",
        *(f"desk,{time},{40 if i == 1300 else i % 3},60" for i, time in enumerate(hours)),
    ]
    (tmp_path / "in.csv").write_text("\n".join([*lines, "desk,never,1,2"]))
    done = groundswell(tmp_path, "spikes", "in.csv", "-o", "out.jsonl", "--budget-weeks", "4")
    assert done.returncode == 0, done.stderr
    assert f"line {len(lines) + 1}" in done.stderr
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert len(rows) == len(hours)
    assert {"series", "time", "observed", "expected", "upper", "p", "score", "flagged"} <= rows[0].keys()
    assert next(row["time"] for row in rows if row["flagged"]).startswith("2026-02-27T04")


@pytest.mark.parametrize("command", ["spikes", "label"])
def test_an_output_never_costs_the_input_or_an_earlier_result(tmp_path: Path, command: str) -> None:
    (tmp_path / "in.csv").write_text("a,b\n1,2\n")
    (tmp_path / "link.csv").symlink_to("in.csv")
    (tmp_path / "out.csv").write_text("an earlier result")
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}
    for output, code, says in (
        ("in.csv", 2, "in.csv is the file that is read"),
        ("link.csv", 2, "link.csv is the file that is read"),
        (".", 2, "is a folder"),
        ("nodir/x", 2, "nodir/x cannot be written: No such file or directory."),
        ("out.csv", 2, "no column"),
    ):
        done = groundswell(tmp_path, command, "in.csv", "-o", output)
        assert (done.returncode, says in done.stderr, "\n" in done.stderr.strip()) == (code, True, False), done.stderr
        assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("missing.jsonl", None, "There is no file missing.jsonl."),
        ("empty.jsonl", b"", "empty.jsonl: no row can be"),
        ("rotten.jsonl", b"{oops\n", "rotten.jsonl, line 1: not JSON"),
        ("headed.csv", b"id,text\n", "headed.csv: no row can be"),
        ("reviews.xlsx", b"PK\x03\x04\x14\x00\n\xff", "reviews.xlsx: no row can be"),
    ],
)
@pytest.mark.parametrize("command", [["label", "-o", "out.jsonl"], ["evaluate", "-o", "out.jsonl", "--data"]])
def test_a_file_that_cannot_be_used_at_all_ends_a_command_with_2(
    tmp_path: Path, command: list[str], name: str, content: bytes | None, says: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    (tmp_path / "out.jsonl").write_text("an earlier result")
    done = groundswell(tmp_path, *command, name)
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (2, "", False), done.stderr
    assert says in done.stderr
    assert (tmp_path / "out.jsonl").read_text() == "an earlier result"


@pytest.mark.parametrize("command", [["label", "-o", "out.jsonl"], ["evaluate", "--data"]])
def test_a_model_that_is_not_there_ends_a_command_with_2(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "late again", "sentiment": "negative"}\n')
    done = groundswell(tmp_path, *command, "in.jsonl", "--model", str(tmp_path))
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert str(tmp_path) in done.stderr


@pytest.mark.parametrize(
    ("option", "says"),
    [
        (["--budget-weeks", "0"], "--budget-weeks must be more than 0"),
        (["--budget-weeks", "nan"], "--budget-weeks must be more than 0"),
        (["--plant", "-3"], "--plant must be more than 1"),
        (["--since", "2026-05-01", "--until", "2026-01-01"], "--since must be before --until"),
    ],
)
def test_a_backtest_that_cannot_be_is_refused_in_a_sentence(company: Path, option: list[str], says: str) -> None:
    done = groundswell(company, "backtest", *option)
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (2, "", False), done.stderr
    assert says in done.stderr


def test_a_configured_model_that_is_not_there_ends_classify_with_2(company: Path) -> None:
    (company / "groundswell.toml").write_text(CONFIG + '[classifier]\nmodel = "."\n')
    done = groundswell(company, "classify")
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (2, "", False), done.stderr


@pytest.mark.parametrize("command", [["label", "-o", "out.jsonl"], ["evaluate", "--data"]])
def test_rows_set_aside_are_named_on_stderr_and_counted_beyond_twenty(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "late again", "sentiment": "negative"}\n' + "{oops\n" * 23)
    done = groundswell(tmp_path, *command, "in.jsonl")
    assert done.returncode == 0, done.stderr
    named = [line for line in done.stderr.splitlines() if line.endswith("; set aside")]
    assert [line.partition(":")[0] for line in named] == [f"in.jsonl, line {number}" for number in range(2, 22)]
    assert "and 3 more rows" in done.stderr
    assert "set aside" not in done.stdout


def test_erasing_a_mention_removes_it_everywhere(company: Path, odd_csv: Path) -> None:
    groundswell(company, "import", odd_csv.name, "--brand", "Northwind Ferries")
    assert "Erased 1 mentions" in groundswell(company, "erase", "--mention", "1", "--yes").stdout
    assert groundswell(company, "erase", "--mention", "1", "--yes").returncode == 1
    assert "Every count equals" in groundswell(company, "verify").stdout


def test_what_its_source_deleted_can_still_be_kept_out_for_good(company: Path, odd_csv: Path) -> None:
    groundswell(company, "import", odd_csv.name, "--brand", "Northwind Ferries")
    store = open_store(str(company / "groundswell.db"), zone=ZoneInfo("Europe/Berlin"), salt=b"salt")
    with store.write() as conn:
        row = conn.execute(select(mention.c.id, mention.c.source, mention.c.external_id)).first()
        assert row is not None
        delete_mentions(conn, store, [row.id], reason=GONE_AT_SOURCE, now=datetime.now(UTC))
    name = f"{row.source}/{row.external_id}"
    done = groundswell(company, "erase", "--mention", name, "--yes")
    assert (done.returncode, "stay away" in done.stdout) == (0, True), done.stderr
    assert groundswell(company, "erase", "--mention", name, "--yes").returncode == 1
    with store.read() as conn:
        assert conn.scalar(select(tombstone.c.reason)) == "erased"
    store.engine.dispose()


def test_doctor_names_each_fault(company: Path) -> None:
    done = groundswell(company, "doctor", "--json")
    findings = {finding["what"]: finding for finding in json.loads(done.stdout)}
    assert findings["configuration"]["good"]
    assert findings["model"]["good"], findings["model"]
    assert findings["store"]["good"]
    assert "links" not in findings


def test_doctor_says_that_links_in_mails_lead_nowhere(company: Path) -> None:
    mail = '[mail]\nhost = "127.0.0.1"\nport = 9\nsender = "a@northwind.example"\n'
    (company / "groundswell.toml").write_text(CONFIG + mail)
    findings = {one["what"]: one for one in json.loads(groundswell(company, "doctor", "--json").stdout)}
    assert "which only this machine reaches" in findings["links"]["sentence"]


def test_what_is_quoted_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    say("they wrote :thumbs_up: and [bold]late[/bold]")
    assert capsys.readouterr().out == "they wrote :thumbs_up: and [bold]late[/bold]\n"
