"""What a source is, and which kinds there are: every module in this folder is one kind.

A kind is a module `collector/sources/<kind>.py` that holds

    KIND        its name in the configuration, e.g. "app_store"
    Settings    a frozen dataclass of its options (all with `base_url` where a network is involved)
    fetch       fetch(settings, client, cursor, walk) -> Iterator[Page]: talks to the site
    parse       parse(payload, settings, ...) -> collector.payload.Parsed (items and rejects): pure

and, where it applies,

    LOOSE           True: its search matches loosely, so what it finds is checked against the brand's words again
    OFF_BY_DEFAULT  True: it runs only where the owner wrote enabled = true (approval or payment is needed)
    PUSHED          True: nothing is fetched, the items are sent to us
    check, AT_ONCE  check(settings, client, ids) -> collector.payload.Checked reads up to AT_ONCE ids back at a time
    ONLY_GONE       True: what it reads back says only what is gone, so that nothing can come back by it

Adding a source is one such file; nothing else in the project names it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from collector.errors import BadSettings
from collector.mention import Item
from collector.proxy import check_proxy

if TYPE_CHECKING:
    from collector.http import Client

SHORTEST = timedelta(seconds=10)
"""Shortest pause between two runs that can be configured."""
Cursor = Mapping[str, Any]
"""Opaque JSON by which a source finds its place again; only the source that wrote it reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A span of time, [start, end), aware UTC, that a source has fully read."""

    start: datetime
    end: datetime


class Why(StrEnum):
    """Why a span of time was not read.

    budget        what may be paid for or asked for is used up
    wait          the site asked us to wait
    cut short     the run ended before the walk was through; the next one goes on
    too many      more was said in a moment than the source shows for one search
    out of reach  the source no longer shows what lay there
    failed        the source could not be read
    """

    BUDGET = "budget"
    WAIT = "wait"
    CUT_SHORT = "cut short"
    TOO_MANY = "too many"
    OUT_OF_REACH = "out of reach"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A span of time, [start, end), aware UTC, that a source could not read, with the reason for a person."""

    start: datetime
    end: datetime
    why: Why
    sentence: str


def without(whole: Span, parts: Sequence[Span]) -> list[Span]:
    """What is left of a span when these are taken off, oldest first."""
    left, start = [], whole.start
    for part in sorted(parts, key=lambda one: one.start):
        if part.start > start:
            left.append(Span(start=start, end=min(part.start, whole.end)))
        start = max(start, part.end)
        if start >= whole.end:
            break
    if start < whole.end:
        left.append(Span(start=start, end=whole.end))
    return [one for one in left if one.start < one.end]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """Something of a page that could not become an Item: kept with its place and the reason, never lost.

    `place` is a line, row or id; `raw` at most 2,000 characters of what was there.
    """

    place: str
    reason: str
    raw: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a walk; the store saves items, rejects, cursor and coverage in one transaction."""

    items: Sequence[Item]
    cursor: Cursor
    rejects: Sequence[Reject] = ()
    covered: Span | None = None
    """What is fully read once this page is saved, less `missed`; None while a walk is still under way."""
    further: Sequence[Span] = ()
    """More that is fully read, for a page that ends several walks (of files): spans apart from `covered`."""
    missed: Sequence[Gap] = ()
    """What could not be read for good: within `covered`, or before it."""
    pending: Span | None = None
    """What the walk still under way will have covered once it is through."""
    deleted: Sequence[str] = ()
    """External ids that the source reports as gone."""
    note: str | None = None
    """Anything a reader of `groundswell sources` should know, e.g. a truncated walk."""


Spend = Callable[[str, int], int]
"""Counts so much as spent in a period (a month, a day), below 0 to give it back; returns what is spent in it by now."""


def spend_in_memory() -> Spend:
    """A count of what is spent that begins at nothing and lasts as long as the walk."""
    spent: Counter[str] = Counter()

    def spend(period: str, count: int) -> int:
        spent[period] += count
        return spent[period]

    return spend


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """The bounds of one run of one source.

    now      aware UTC, the clock of the run
    since    lower bound of a backfill; None for a live run
    terms    the words to listen for, derived from the brands (names, aliases, handles)
    overlap  how far a live run reads again behind its watermark
    proxy     HTTP proxy to reach it through, "direct" for none though there is one for all
    max_pages  at most this many pages a run; a walk cut short says so in its last page's note
    spend      what is spent on the source, counted over all its runs (live, backfill, dry run) before it is spent
    """

    now: datetime
    since: datetime | None = None
    terms: Sequence[str] = ()
    overlap: timedelta = timedelta(hours=1)
    max_pages: int = 500
    spend: Spend = field(default_factory=spend_in_memory, repr=False, compare=False)


class Source(Protocol):
    """What a module in this folder offers (see the module docstring)."""

    KIND: str
    Settings: type[Any]

    def fetch(self, settings: Any, client: Client, cursor: Cursor | None, walk: Walk) -> Iterator[Page]:
        """Yield pages until the source has nothing more for this walk."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceConfig:
    """One configured source: what every kind shares, and the options of its own kind.

    name      unique; the `source` of its mentions
    brand     all its items belong to this brand; None: items are matched against every brand
    every     pause between two runs
    at_least  shortest pause: where it is given, a source at which much is said is read more often than `every`
    proxy     HTTP proxy to reach it through, "direct" for none though there is one for all
    max_pages  at most this many pages a run; the next run goes on from there (None: as many as a run may read)
    """

    name: str
    kind: str
    settings: Any
    brand: str | None = None
    every: timedelta = timedelta(minutes=15)
    enabled: bool = True
    fresh_within: timedelta | None = None
    max_pages: int | None = None
    at_least: timedelta | None = None
    proxy: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.at_least is not None and not SHORTEST <= self.at_least <= self.every:
            raise BadSettings("at_least is the shortest pause: at least 10 seconds, and no longer than every.")
        if self.proxy is not None:
            check_proxy(self.proxy)
        if self.max_pages is not None and self.max_pages < 1:
            raise BadSettings(f"max_pages is {self.max_pages}; a run must read at least one page.")


def is_pushed(source: SourceConfig) -> bool:
    """Whether a source sends by itself (a webhook), so that there is nothing to fetch and nothing to grow stale."""
    return bool(getattr(kinds().get(source.kind), "PUSHED", False))


@cache
def kinds() -> dict[str, Source]:
    """Every source kind found in this folder, by name."""
    found: dict[str, Source] = {}
    for info in pkgutil.iter_modules(__path__):
        module: Any = importlib.import_module(f"{__name__}.{info.name}")
        if hasattr(module, "KIND"):
            found[module.KIND] = module
    return found
