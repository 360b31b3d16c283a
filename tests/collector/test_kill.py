"""Killed with SIGKILL at random moments while collecting through failures: every mention there exactly once."""

from __future__ import annotations

import multiprocessing
import random
import signal
from collections import Counter, deque
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from collector.store import open_engine
from collector.store.runs import run, spans_of, state_of
from collector.store.tables import mention
from tests.collector.collecting import run_to_the_end
from tests.collector.server import serving
from tests.collector.world import World, posts

FAULTS: tuple[str | None, ...] = (
    *(None,) * 12,
    "429-epoch",
    "429-iso",
    "429-seconds",
    "429-retry-after",
    "429-retry-date",
    "429-body",
    "500",
    "503",
    "reset",
    "cut",
    "truncated",
    "html",
    "gzip",
)


def collect_under_fire(
    database: Path, kind: str, count: int, kills: int, *, seed: int, longest: float = 1.2
) -> dict[str, Any]:
    """Collect `count` posts with a process that is killed `kills` times and then left alone; says what happened.

    longest  seconds that a process lives at most before it is killed
    """
    dice = random.Random(seed)
    world = World(posts=posts(count, datetime.now(UTC) - timedelta(minutes=1), timedelta(seconds=20)))
    world.faults = deque(dice.choice(FAULTS) for _ in range(count))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.collector.collecting"])
    survived = 0
    with serving(world) as base:
        for left in range(kills, -1, -1):
            process = context.Process(target=run_to_the_end, args=(str(database), base, kind))
            process.start()
            process.join(timeout=dice.uniform(0.2, longest) if left else 1_800)
            if process.exitcode is None:
                process.kill()
                process.join()
            survived += process.exitcode == 0
            assert process.exitcode in {0, -signal.SIGKILL}
        grown = posts(30, datetime.now(UTC), timedelta(seconds=1), start=count)
        world.posts += grown
        process = context.Process(target=run_to_the_end, args=(str(database), base, kind))
        process.start()
        process.join(timeout=1_800)
        assert process.exitcode == 0
    engine = open_engine(str(database))
    with engine.connect().execution_options(readonly=True) as conn:
        times = Counter(conn.scalars(select(mention.c.text)))
        spans = spans_of(conn, "talk", datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
        unfinished = sum(row.finished_at is None for row in conn.execute(select(run)))
        cursor = state_of(conn, "talk")
    engine.dispose()
    numbers = sorted(int(text.split(" case ")[1].split(" ")[0]) for text in times)
    return {
        "numbers": numbers,
        "twice": [text for text, often in times.items() if often > 1],
        "spans": spans,
        "killed runs": unfinished,
        "requests": len(world.asked),
        "cursor": cursor,
        "first": world.posts[0].created,
    }


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["mastodon", "bluesky", "hacker_news"])
def test_a_collector_killed_again_and_again_misses_nothing_and_doubles_nothing(kind: str, tmp_path: Path) -> None:
    got = collect_under_fire(tmp_path / "g.db", kind, count=3_000, kills=6, seed=7)
    assert got["numbers"] == list(range(3_030))
    assert got["twice"] == []
    (span,) = got["spans"]
    assert span.start <= got["first"]
