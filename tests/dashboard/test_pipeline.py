"""The whole way once: a file of reviews with a planted outcry, read by the shipped model, told by mail, once."""

from __future__ import annotations

import csv
import os
import random
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select

from collector.collect import RunReport
from collector.sources import SourceConfig
from collector.sources.files import import_settings
from collector.store import StoreError
from collector.store.tables import mention
from dashboard.config import load_config
from dashboard.jobs import Pipeline, Schedule, store_of, utc_now
from sentiment.store.recount import verify

NOW = datetime(2026, 3, 20, 12, 30, tzinfo=UTC)
CALM = [
    "A pleasant crossing, the crew was friendly and helpful.",
    "Good value for money and a clean cabin.",
    "Ordinary trip, nothing special to report.",
    "We booked two seats by the window.",
    "The food was tasty and the coffee hot.",
    "The website was a bit slow when I booked.",
]
OUTCRY = [
    "Three hours late and nobody told us anything, {}!",
    "Our ferry was cancelled without a word, {}. Never again.",
    "Delayed again, we missed our connection in {}. Awful.",
    "Waited four hours at the pier in {}, departure delayed all day. Terrible.",
]


class Mailbox:
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.mails: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  # the name aiosmtpd calls
        """Accept everything."""
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    """A real SMTP server on loopback."""
    box = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield box, port
    finally:
        server.stop()


@pytest.fixture
def company(tmp_path: Path, mailbox: tuple[Mailbox, int]) -> Path:
    """A configuration with two managers, one of whom owns the dimension that goes wrong."""
    file = tmp_path / "groundswell.toml"
    file.write_text(f"""
[[brand]]
name = "Northwind Ferries"
own = true

[mail]
host = "127.0.0.1"
port = {mailbox[1]}
security = "none"
sender = "alerts@northwind.example"

[[manager]]
name = "Operations"
email = "operations@northwind.example"
dimensions = ["Reliability"]

[[manager]]
name = "Pricing"
email = "pricing@northwind.example"
dimensions = ["Value"]
""")
    return file


def write_reviews(file: Path) -> None:
    """Ten weeks of calm reviews, about twelve a day, and forty angry ones in the last five hours."""
    choose = random.Random(7)
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened)
        writer.writerow(["id", "Date", "Review", "Stars"])
        for number in range(840):
            at = NOW - timedelta(days=70) + timedelta(minutes=120 * number + choose.randrange(100))
            writer.writerow([number, at.isoformat(), f"{choose.choice(CALM)} Row {choose.randrange(30)}.", 4])
        for number in range(40):
            at = NOW - timedelta(minutes=35 + 7 * number)
            said = choose.choice(OUTCRY).format(f"Harbour {number}")
            writer.writerow([f"x{number}", at.isoformat(), said, 1])


def a_pipeline(file: Path) -> Pipeline:
    config = load_config(file, {})
    return Pipeline(config=config, store=store_of(config), clock=lambda: NOW)


def run_all(pipeline: Pipeline, reviews: Path) -> None:
    settings = import_settings(reviews, zone=pipeline.config.zone)
    source = SourceConfig(name="reviews", kind="files", settings=settings, brand="Northwind Ferries")
    report = pipeline.collect(source)
    assert report.error is None, report.error
    pipeline.read()
    pipeline.detect()
    pipeline.notify()


def test_a_planted_outcry_is_mailed_once_to_its_manager_and_not_again_after_a_restart(
    company: Path, mailbox: tuple[Mailbox, int], tmp_path: Path
) -> None:
    box, _ = mailbox
    write_reviews(tmp_path / "reviews.csv")
    first = a_pipeline(company)
    run_all(first, tmp_path / "reviews.csv")
    first.store.engine.dispose()
    mails = [mail for mail in box.mails if "Reliability" in mail["Subject"] or "Northwind" in mail["Subject"]]
    assert [mail["To"].addresses[0].addr_spec for mail in mails] == ["operations@northwind.example"]
    (mail,) = mails
    text = mail.get_body(("plain",)).get_content()
    assert "dissatisfied voices about Reliability within" in text
    assert "would be usual" in text
    assert "/incident?id=" in text
    assert mail.get_body(("html",)) is not None
    assert any(part.get_content_type() == "image/png" for part in mail.walk())

    again = a_pipeline(company)
    run_all(again, tmp_path / "reviews.csv")
    later = replace_clock(again, NOW + timedelta(minutes=20))
    later.detect()
    later.notify()
    assert len(box.mails) == 1
    with again.store.read() as conn:
        assert verify(conn) == []
    again.store.engine.dispose()


def replace_clock(pipeline: Pipeline, now: datetime) -> Pipeline:
    """The same pipeline, later."""
    return replace(pipeline, clock=lambda: now)


def test_what_is_older_than_keep_for_goes_and_counts_follow_and_it_is_not_collected_again(
    company: Path, tmp_path: Path
) -> None:
    company.write_text('[groundswell]\nkeep_for = "30d"\n' + company.read_text())
    write_reviews(tmp_path / "reviews.csv")
    told: list[str] = []
    pipeline = replace(a_pipeline(company), tell=told.append)
    settings = import_settings(tmp_path / "reviews.csv", zone=pipeline.config.zone)
    source = SourceConfig(name="reviews", kind="files", settings=settings, brand="Northwind Ferries")
    assert pipeline.collect(source).new == 880
    pipeline.tidy()
    kept_from = NOW - timedelta(days=30)
    with pipeline.store.read() as conn:
        left = conn.scalars(select(mention.c.created_at)).all()
        assert verify(conn) == []
    assert min(left) >= kept_from
    assert told == [f"{880 - len(left):,} mentions were older than keep_for and are deleted"]
    assert 350 < len(left) < 450
    assert pipeline.collect(source, force=True).new == 0
    pipeline.store.engine.dispose()


def test_a_failing_source_stops_nothing_and_closing_ends_all_jobs(tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    write_reviews(tmp_path / "good" / "reviews.csv")
    os.utime(tmp_path / "good" / "reviews.csv", (0, 0))  # a file that changed just now may still be being written
    file = tmp_path / "groundswell.toml"
    file.write_text(f"""
[[brand]]
name = "Northwind Ferries"

[[source]]
name = "dead"
kind = "rss"
feeds = ["http://127.0.0.1:9/feed.xml"]
allow_private = true

[[source]]
name = "folder"
kind = "files"
path = "{tmp_path / "good"}"
brand = "Northwind Ferries"
""")
    told: list[str] = []
    both = threading.Event()

    def tell(line: str) -> None:
        told.append(line)
        if all(any(each.startswith(start) for each in told) for start in ("read 880", "dead: ")):
            both.set()

    config = load_config(file, {})
    pipeline = Pipeline(config=config, store=store_of(config), tell=tell)
    schedule = Schedule(pipeline)
    schedule.start()
    assert both.wait(120), told
    schedule.close()
    assert any(line.startswith("folder: 880 new") for line in told)
    assert not [thread for thread in threading.enumerate() if "APScheduler" in thread.name]
    pipeline.store.engine.dispose()


def test_closing_ends_while_a_run_is_in_hand_and_finishes_it(tmp_path: Path) -> None:
    file = tmp_path / "groundswell.toml"
    file.write_text("""
[[brand]]
name = "Northwind Ferries"

[[source]]
name = "slow"
kind = "rss"
feeds = ["http://127.0.0.1:9/feed.xml"]
allow_private = true
""")

    class Held(Pipeline):
        begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

        def collect(self, source: SourceConfig, **_: Any) -> RunReport:
            self.begun.set()
            self.go_on.wait(30)
            self.ended.set()
            return RunReport(source=source.name, started_at=NOW, finished_at=NOW)

    config = load_config(file, {})
    pipeline = Held(config=config, store=store_of(config))
    schedule = Schedule(pipeline)
    schedule.start()
    assert pipeline.begun.wait(30)
    closing = threading.Thread(target=schedule.close)
    closing.start()
    assert pipeline.stop.wait(30)
    pipeline.go_on.set()
    closing.join(30)
    assert not closing.is_alive()
    assert pipeline.ended.is_set()
    pipeline.store.engine.dispose()


def test_judging_goes_on_while_the_mail_server_takes_its_time(tmp_path: Path) -> None:
    class Held(Pipeline):
        telling, go_on, judged = threading.Event(), threading.Event(), threading.Event()

        def notify(self) -> list[str]:
            self.telling.set()
            self.go_on.wait(60)
            return []

        def detect(self) -> list[str]:
            self.judged.set()
            return []

    file = tmp_path / "groundswell.toml"
    file.write_text('[[brand]]\nname = "Northwind Ferries"\n')
    config = load_config(file, {})
    pipeline = Held(config=config, store=store_of(config))
    schedule = Schedule(pipeline)
    schedule.start()
    schedule._plan("notify", utc_now())
    assert pipeline.telling.wait(30)
    schedule._plan("detect", utc_now())
    assert pipeline.judged.wait(30)
    pipeline.go_on.set()
    schedule.close()
    pipeline.store.engine.dispose()


def test_a_job_that_fails_again_and_again_says_so_once_and_when_it_works_again(tmp_path: Path) -> None:
    file = tmp_path / "groundswell.toml"
    file.write_text('[[brand]]\nname = "Northwind Ferries"\n')
    config, told = load_config(file, {}), list[str]()
    pipeline = Pipeline(config=config, store=store_of(config), tell=told.append)
    gone, busy = OSError("gone"), StoreError("The store is busy.")
    answers: list[Exception | None] = [gone, OSError("gone"), busy, None, None, gone]

    def work() -> None:
        answer = answers.pop(0)
        if answer is not None:
            raise answer

    job = Schedule(pipeline)._guarded("read", work)
    for _ in range(len(answers)):
        job()
    assert [line.removeprefix("read: ") for line in told] == [
        "failed (OSError: gone); it is tried again.",
        "failed (The store is busy.); it is tried again.",
        "works again.",
        "failed (OSError: gone); it is tried again.",
    ]
    pipeline.store.engine.dispose()


def test_up_without_a_free_port_says_so(tmp_path: Path) -> None:
    (tmp_path / "groundswell.toml").write_text('[[brand]]\nname = "Northwind Ferries"\n')
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "dashboard.cli", "up", "--port", str(port)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 2
    assert f"127.0.0.1:{port}" in done.stderr
    assert "--port" in done.stderr
