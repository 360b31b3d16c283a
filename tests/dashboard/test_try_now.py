"""The button that reads a source now: what came, the error in words, and never two runs at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import func, select

from collector.cadence import Pause
from collector.collect import RunReport
from collector.sources import SourceConfig
from collector.store.runs import run, set_state, state_of, take_lease, this_process
from dashboard.config import load_config
from dashboard.jobs import Pipeline, store_of
from dashboard.trial import Trial, Trials
from dashboard.views.try_now import trials
from tests.collector.server import serving
from tests.collector.world import World, posts
from tests.dashboard.test_views import opened, words_of

MINUTE = timedelta(minutes=1)


pytestmark = pytest.mark.usefixtures("forgetful")


@pytest.fixture
def world() -> Iterator[World]:
    served = World(posts=posts(30, datetime.now(UTC) - MINUTE, apart=MINUTE))
    with serving(served):
        yield served


@pytest.fixture
def config(tmp_path: Path, world: World) -> Path:
    file = tmp_path / "groundswell.toml"
    file.write_text(
        '[[brand]]\nname = "Aurora Air"\nown = true\n[[source]]\nname = "toots"\nkind = "mastodon"\n'
        f'tags = ["auroraair"]\nbase_url = "{world.base}"\nevery = "30m"\nat_least = "1m"\n',
        encoding="utf-8",
    )
    return file


def tried(config: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Press the button, wait for the end of the run, and look again."""
    app = opened("sources", config, monkeypatch)
    app.button(key="try-now").click().run()
    trial = trials().latest
    assert trial is not None
    trial.join(30)
    return words_of(app.run())


def a_report() -> RunReport:
    return RunReport(source="toots", started_at=datetime.now(UTC), finished_at=datetime.now(UTC), pages=1, new=7)


def pipeline_of(config: Path, now: datetime) -> Pipeline:
    loaded = load_config(config)
    return Pipeline(config=loaded, store=store_of(loaded), clock=lambda: now)


def test_a_source_is_read_at_once_and_the_screen_says_what_came(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "toots was read: 30 new." in tried(config, monkeypatch)


def test_an_error_is_told_in_words_and_as_text(config: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.faults.extend(["html"] * 5)
    words = tried(config, monkeypatch)
    assert "toots could not be read." in words
    assert "HTML page" in words


def test_a_source_that_is_being_read_is_not_read_twice(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = pipeline_of(config, datetime.now(UTC))
    with pipeline.store.write() as conn:
        take_lease(conn, "collect/toots", this_process(), datetime.now(UTC), 10 * MINUTE)
    assert "toots was not read. Another process is collecting this source." in tried(config, monkeypatch)
    with pipeline.store.read() as conn:
        assert conn.scalar(select(func.count()).select_from(run)) == 0
    pipeline.store.engine.dispose()


def test_a_site_that_asked_us_to_wait_is_asked_all_the_same(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = pipeline_of(config, datetime.now(UTC))
    with pipeline.store.write() as conn:
        set_state(conn, "toots", "mastodon", wait_until=datetime.now(UTC) + timedelta(hours=2))
    assert "toots was read: 30 new." in tried(config, monkeypatch)
    pipeline.store.engine.dispose()


def test_a_run_that_breaks_says_so() -> None:
    def broken(_on_page: object) -> RunReport:
        raise ZeroDivisionError

    trial = Trial(source="toots", began=datetime.now(UTC)).start(broken)
    trial.join(10)
    assert (trial.running, trial.failure) == (
        False,
        "An unexpected ZeroDivisionError ended the run; the log says more.",
    )


def test_every_reader_sees_the_run_and_a_second_of_the_source_waits(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = opened("sources", config, monkeypatch)
    go = Event()
    report = a_report()

    def slow(on_page: Callable[[RunReport], None]) -> RunReport:
        on_page(report)
        assert go.wait(60)
        return report

    assert trials().begin("toots", datetime.now(UTC), slow)
    other = opened("sources", config, monkeypatch)
    assert "toots is being read: 7 new in 1 page so far." in words_of(other)
    assert other.button(key="try-now").disabled
    running = trials().latest
    early.button(key="try-now").click().run()
    assert trials().latest is running
    assert "toots is being read: 7 new in 1 page so far." in words_of(early)
    go.set()


def test_a_source_is_begun_once_however_many_press_and_others_beside_it() -> None:
    kept, go = Trials(), Event()

    def slow(_on_page: object) -> RunReport:
        assert go.wait(60)
        return a_report()

    with ThreadPoolExecutor(8) as many:
        begun = list(many.map(lambda _: kept.begin("toots", datetime.now(UTC), slow), range(32)))
    assert sum(begun) == 1
    assert kept.begin("letters", datetime.now(UTC), slow)
    assert {one.source for one in kept.running} == {"toots", "letters"}
    go.set()


def test_the_next_run_is_planned_by_what_is_said_there_and_shown(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = pipeline_of(config, datetime.now(UTC))
    source: SourceConfig = pipeline.config.sources[0]
    pause = pipeline.plan(source, pipeline.collect(source))
    told = "about 30 new mentions an hour lately, so that a run brings about 10"
    assert pause == Pause(length=20 * MINUTE, because=told)
    with pipeline.store.read() as conn:
        state = state_of(conn, "toots")
    assert state is not None
    assert (state["next_run"] - pipeline.clock(), state["pace"]) == (pause.length, told)
    words = words_of(opened("sources", config, monkeypatch))
    assert f"minutes: {told}." in words
    pipeline.store.engine.dispose()
