"""What pages remember: one reader of several finds out, and nobody is told what counts no longer say."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pandas as pd
import pytest
import streamlit as st
from sqlalchemy import Connection
from streamlit.runtime.scriptrunner import script_runner
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner

from dashboard.binding import ConfigError
from dashboard.views.courses import Course
from dashboard.views.session import WORK_KEPT, _answers, _works, ask, session, work_out
from sentiment.store.counts import bump, data_version
from tests.dashboard.conftest import Filled, a_config
from tests.dashboard.test_views import opened

READERS = 20


@pytest.fixture(autouse=True)
def _opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("GROUNDSWELL_CONFIG", str(a_config(tmp_path)))
    session()
    yield
    session().store.engine.dispose()
    st.cache_resource.clear()


def test_the_store_stays_open_until_the_configuration_changes(tmp_path: Path) -> None:
    first = session()
    assert session() is first
    (file,) = tmp_path.glob("*.toml")
    os.utime(file, (1_000_000_000, 1_000_000_000))
    second = session()
    assert second is not first
    assert session() is second
    second.store.engine.dispose()
    file.unlink()
    with pytest.raises(ConfigError, match="There is no"):
        session()
    first.store.engine.dispose()
    a_config(tmp_path)


def test_of_readers_who_ask_the_same_at_once_one_asks_the_store() -> None:
    asked: list[int] = []
    together, second = Barrier(READERS), Event()

    def version(conn: Connection, more: int) -> int:
        asked.append(more)
        if len(asked) > 1:
            second.set()
        # Time for another reader to come here too, were it not made to wait.
        second.wait(timeout=1)
        return data_version(conn) + more

    def read(_reader: int) -> int:
        together.wait(timeout=60)
        return ask(version, 7)

    with ThreadPoolExecutor(READERS) as readers:
        told = set(readers.map(read, range(READERS)))
    assert asked == [7]
    assert len(told) == 1


def test_a_count_that_moves_is_asked_for_anew_and_one_that_does_not_is_remembered() -> None:
    asked: list[int] = []

    def version(conn: Connection) -> int:
        asked.append(data_version(conn))
        return asked[-1]

    first = ask(version)
    assert ask(version) == first
    with session().store.write() as conn:
        bump(conn, "counts")
    assert ask(version) == ask(version) == first + 1
    assert asked == [first, first + 1]


def test_a_question_that_fails_is_asked_again_by_the_next_reader() -> None:
    outcomes = iter([ZeroDivisionError("no days"), None])

    def fails_once(_conn: Connection) -> str:
        outcome = next(outcomes)
        if outcome is not None:
            raise outcome
        return "found"

    with pytest.raises(ZeroDivisionError, match="no days"):
        ask(fails_once)
    assert ask(fails_once) == "found"


def test_pages_leave_what_all_readers_share_as_the_store_says_it(
    filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    for page in ("today", "trends", "dimensions", "mentions"):
        assert not opened(page, filled.config, monkeypatch).exception
    kept, _ = _answers()
    with session().store.read() as conn:
        for (_, module, name, args, named), answer in kept.items():
            assert answer.found is not None
            _assert_alike(answer.found[1], getattr(import_module(module), name)(conn, *args, **dict(named)))
    assert {"by_facet", "by_source", "by_brand", "course", "how_many"} <= {key[2] for key in kept}
    works, _ = _works()
    for work in works.values():
        assert work.done
        _assert_alike(work.found, work.do())
    assert {"share_over_time", "shares_table", "_table", "_course"} <= {
        work.do.func.__name__ for work in works.values()
    }


def _assert_alike(kept: object, fresh: object) -> None:
    if isinstance(fresh, pd.DataFrame):
        pd.testing.assert_frame_equal(kept, fresh)
    elif isinstance(fresh, Course):
        assert (kept.other, kept.share) == (fresh.other, fresh.share)
        pd.testing.assert_frame_equal(kept.steps, fresh.steps)
    else:
        assert kept == fresh


def test_work_is_done_once_for_all_readers_of_the_same_answer_and_anew_for_another() -> None:
    done: list[int] = []

    def total(days: pd.DataFrame, more: list[int]) -> int:
        done.append(int(days["voices"].sum()) + sum(more))
        return done[-1]

    first, other = pd.DataFrame({"voices": [1, 2]}), pd.DataFrame({"voices": [1, 3]})
    with ThreadPoolExecutor(READERS) as readers:
        assert set(readers.map(lambda _reader: work_out(total, first, [10]), range(READERS))) == {13}
    assert (work_out(total, first, [11]), work_out(total, other, [10]), work_out(total, first.copy(), [10])) == (
        14,
        14,
        13,
    )
    assert done == [13, 14, 14, 13]
    for more in range(WORK_KEPT):
        work_out(total, other, [more])
    assert len(_works()[0]) == WORK_KEPT


def test_no_page_lets_all_readers_wait_until_all_garbage_is_collected() -> None:
    collected: list[str] = []

    def note(phase: str, _told: dict[str, Any]) -> None:
        collected.append(phase)

    # AppTest leaves the end of a run out; this is how Streamlit collects in it.
    assert {"gc", "collect"} <= set(ScriptRunner._on_script_finished.__code__.co_names)
    gc.callbacks.append(note)
    gc.disable()
    try:
        vars(script_runner)["gc"].collect(2)
    finally:
        gc.enable()
        gc.callbacks.remove(note)
    assert collected == []
