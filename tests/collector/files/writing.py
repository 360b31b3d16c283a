"""Files written for tests, and reading them the way a run does."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from collector.http import Client
from collector.mention import Item
from collector.sources import Page, Reject, Walk
from collector.sources.files import Settings, fetch

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def refuse(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"a file needs no network, yet {request.url} was asked for")


CLIENT = Client(now=lambda: NOW, transport=httpx.MockTransport(refuse))


def write(path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def write_csv(path: Path, rows: Iterable[Sequence[Any]], **options: Any) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, **options).writerows(rows)
    return path


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    pages: list[Page]

    @property
    def items(self) -> list[Item]:
        return [item for page in self.pages for item in page.items]

    @property
    def texts(self) -> list[str]:
        return [item.text for item in self.items]

    @property
    def rejects(self) -> list[Reject]:
        """With places as they stand within their file."""
        return [replace(r, place=r.place.rpartition(", ")[2]) for page in self.pages for r in page.rejects]

    @property
    def notes(self) -> str:
        return "\n".join(page.note for page in self.pages if page.note)

    @property
    def cursor(self) -> Any:
        return self.pages[-1].cursor


def run(path: Path, cursor: Any = None, *, max_pages: int = 500, now: datetime = NOW, **options: Any) -> Outcome:
    """Read a file (or a folder) as one run of a source does."""
    settings = Settings(path=path, **({"zone": BERLIN} | options))
    return Outcome(pages=list(fetch(settings, CLIENT, cursor, Walk(now=now, max_pages=max_pages))))
