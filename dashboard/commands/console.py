"""What every command shares: its configuration, its voice on the terminal, and how times and sizes are typed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from collector.store import Store
    from dashboard.config import Config
    from dashboard.jobs import Pipeline

out = Console(highlight=False, soft_wrap=True, emoji=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)

ConfigOption = typer.Option(
    None, "--config", "-c", help="groundswell.toml to use; else GROUNDSWELL_CONFIG, else the one here."
)
JsonOption = typer.Option(False, "--json", help="Print JSON for programs to read.")


@dataclass
class Session:
    """One command's configuration, store and pipeline, each opened when first needed."""

    path: Path | None = None

    @cached_property
    def config(self) -> Config:
        """The configuration; ends the command with one sentence if it cannot be used."""
        from dashboard.config import find_config, load_config

        return load_config(find_config(self.path))

    @cached_property
    def pipeline(self) -> Pipeline:
        """The steps, on the configured store."""
        from dashboard.jobs import Pipeline, store_of

        return Pipeline(config=self.config, store=store_of(self.config), tell=say)

    @property
    def store(self) -> Store:
        """The configured store."""
        return self.pipeline.store


def say(line: str) -> None:
    """Print one line for a person; what it quotes is never markup."""
    out.print(escape(line))


def warn(line: str) -> None:
    """Print one line to stderr."""
    err.print(escape(line))


def fail(sentence: str, code: int = 1) -> NoReturn:
    """End the command with one sentence on stderr."""
    warn(sentence)
    raise typer.Exit(code)


def print_json(value: Any) -> None:
    """Print a value as JSON, times in ISO 8601."""
    json.dump(value, sys.stdout, default=_plain, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """Print rows under headings; long cells wrap, nothing is markup."""
    table = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(escape("" if cell is None else str(cell)) for cell in row))
    out.print(table)


def when(text: str | None, zone: ZoneInfo, option: str) -> datetime | None:
    """An aware UTC time from "2026-03-01", "2026-03-01T14:00" (in the owner's zone) or with an offset of its own."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{option} {text!r} is no date: write 2026-03-01 or 2026-03-01T14:00.", 2)
    if moment.tzinfo is None:
        moment = datetime.combine(moment.date(), moment.time() or time(), zone)
    return moment.astimezone(UTC)


def ago(moment: datetime | None, now: datetime) -> str:
    """How long ago, in words."""
    if moment is None:
        return "never"
    seconds = (now - moment).total_seconds()
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if abs(seconds) >= length:
            return f"{seconds / length:.0f} {unit} ago"
    return "just now"
