"""The dry run as a person types it: what it says that it wrote, and what it wrote."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.collector.server import serving
from tests.collector.world import World, posts
from tests.dashboard.test_cli import groundswell

CONFIG = """
[[brand]]
name = "Aurora Air"
own = true

[[source]]
name = "talk"
kind = "{kind}"
base_url = "{base}"
{options}
allow_private = true
"""
PAID = 'bearer_token = "token"\nmonthly_budget = 150\nqueries = ["aurora"]'


@pytest.mark.parametrize(
    ("kind", "options", "faults", "told"),
    [
        ("mastodon", 'tags = ["auroraair"]', (), "30 would be kept, 0 left out.\nNothing was written.\n"),
        ("x", PAID, (), "No mention was written, but 30 posts paid for are counted in the budget of {month}.\n"),
        (
            "x",
            PAID,
            ("html",),
            "No mention was written, but 100 posts paid for are counted in the budget of {month}.\n",
        ),
    ],
)
def test_a_dry_run_says_what_it_wrote(
    tmp_path: Path, kind: str, options: str, faults: tuple[str, ...], told: str
) -> None:
    now = datetime.now(UTC)
    with serving(World(posts=posts(30, now - timedelta(minutes=5)), faults=deque(faults))) as base:
        (tmp_path / "groundswell.toml").write_text(CONFIG.format(kind=kind, base=base, options=options))
        ran = groundswell(tmp_path, "collect", "talk", "--dry-run")
    assert ran.stdout.endswith(told.format(month=f"{now:%Y-%m}")), ran.stdout + ran.stderr
    assert (ran.returncode == 0) == (not faults)
