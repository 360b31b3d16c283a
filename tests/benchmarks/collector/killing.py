"""Collecting through failures while being killed with SIGKILL, at length.

    python tests/benchmarks/collector/killing.py [COUNT] [KILLS] [SEED]

Collects COUNT posts (20,000) from a server that fails in one request of two, killed KILLS times (50) at random moments,
and says what is there in the end; exits with 1 unless that is every post exactly once.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.collector.test_kill import collect_under_fire


def main(count: int, kills: int, seed: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        got = collect_under_fire(Path(folder) / "g.db", "mastodon", count, kills, seed=seed, longest=5.0)
    right = got["numbers"] == list(range(count + 30)) and not got["twice"]
    print(
        f"{count:,} posts, {kills} kills, {got['killed runs']} runs left unfinished, {got['requests']:,} requests, "
        f"{time.perf_counter() - began:.0f} s: {len(got['numbers']):,} there, {len(got['twice'])} twice, "
        f"{len(got['spans'])} covered spans"
    )
    return 0 if right else 1


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    sys.exit(main(*given, *(20_000, 50, 1)[len(given) :]))
