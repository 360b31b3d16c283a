"""The walk: how a source is read newest first, down to where it was read before, resumable at every page.

The cursor of one query:

    mark    everything created (or updated) between `from` and this moment has been read
    from    since when
    missed  moments between the two of which the source showed only a part
    held    ids, shortened, of the newest entries that a listing which forgets showed in the last walk
    walk    the walk under way, absent between walks:
              began  when it began: what it will have covered once it is through
              floor  how far down it goes
              next   the token of its next page
              missed what it found to be missing so far

A walk that is cut short (killed, rate-limited, capped) goes on from `next` in the next run and only then covers its
span; until then the span is a gap, which is the truth. A short page does not end a walk, a page that brings nothing new
does.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from collector.errors import CollectorError, PayloadChanged, SourceRefused, SourceUnavailable, Stopped
from collector.mention import Item
from collector.payload import Parsed
from collector.sources import Cursor, Gap, Page, Reject, Span, Walk, Why

log = structlog.get_logger()

FIRST_LOOK = timedelta(days=30)
"""How far back the first live run of a query reads; further back is what --since is for."""
REMEMBERED = 4_000
"""Ids of the last pages of a walk, by which a page that repeats them is known."""
HELD = 5
"""Newest entries of a listing that forgets, by which the next walk knows that nothing rolled off."""
SECOND = timedelta(seconds=1)
MOST_MISSED = 50
"""Moments that a cursor remembers as missed; what lies before more of them counts as not read at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One answer of a newest-first listing.

    next     token of the page below; None: the source has nothing further down
    oldest   how far down the page reached, in the listing's own order (see `depth`; None: an empty page)
    forgets  the source shows only its latest entries: its end is no proof that nothing lies below
    whole    the answer is all that a listing which forgets shows: where most of the newest entries of the last walk are
             still in it, nothing has rolled off since, whatever the dates say
    skips    a second of which the source holds more entries than it shows
    deleted  external ids of entries that the source shows as gone
    """

    items: Sequence[Item] = ()
    rejects: Sequence[Reject] = ()
    deleted: Sequence[str] = ()
    next: Any = None
    oldest: datetime | None = None
    forgets: bool = False
    skips: datetime | None = None
    whole: bool = False
    unchanged: bool = False
    note: str | None = None


def page_of(parsed: Parsed, deeper: Any, *, forgets: bool = False) -> Leaf:
    """A page of a listing in the order of creation; `deeper`: the token of the page below."""
    oldest = depth([item.created_at for item in parsed.items])
    return Leaf(
        items=parsed.items,
        rejects=parsed.rejects,
        deleted=parsed.deleted,
        next=deeper,
        oldest=oldest,
        forgets=forgets,
    )


def depth(moments: Sequence[datetime]) -> datetime | None:
    """How far down a page of a listing surely reached: the newest of its last five entries.

    One backdated entry among newer ones must not end a walk.
    """
    return max(moments[-5:], default=None)


def reach(moments: Sequence[datetime]) -> datetime | None:
    """How far back a document that shows its latest entries reaches, its few oldest left out (None: no dates).

    One in five, and at most five: an entry pinned to a page says nothing of what rolled off after it.
    """
    return sorted(moments)[min(5, (len(moments) + 3) // 5)] if moments else None


def below(seconds: Sequence[int], window: tuple[int, int], *, size: int, reachable: int) -> list[int] | None:
    """The next (before, page) of a listing that is read by ever earlier upper bounds instead of by turning pages.

    The bound falls to just above the earliest second met, which is thus read as a whole. Where that would show the same
    page again (one second fills it), pages are turned instead, as far as the site lets anybody reach.
    """
    before, page = window
    if not seconds:
        return None
    if min(seconds) < max(seconds) and min(seconds) + 1 < before:
        return [min(seconds) + 1, 0]
    return [before, page + 1] if (page + 1) * size < reachable else [min(seconds), 0]


def skipped(seconds: Sequence[int], deeper: list[int] | None) -> datetime | None:
    """The second whose remaining entries `below` had to pass over, if it did."""
    if not seconds or deeper is None or deeper[0] != min(seconds):
        return None
    return datetime.fromtimestamp(deeper[0], UTC)


Read = Callable[[Any, datetime], Leaf]
"""Reads the page of a token (None: the newest page) of a walk that goes down to a moment."""


def newest_first(
    cursor: Cursor | None, walk: Walk, read: Read, *, first_look: timedelta = FIRST_LOOK
) -> Iterator[Page]:
    """Walk a listing from its newest page down to the mark less the overlap, or to `walk.since`."""
    state = dict(cursor or {})
    left = walk.max_pages
    if "walk" in state:
        at, read = _resumed(_Walk.of(state.pop("walk")), walk, read)
        left = yield from _down(at, state, walk, read, left)
        if left <= 0 or walk.since is not None:
            return
    elif walk.since is not None and "mark" in state:
        yield _page(state, note="This backfill was finished before.")
        return
    mark = datetime.fromisoformat(state["mark"]) if "mark" in state else None
    floor = walk.since or (mark - walk.overlap if mark else walk.now - first_look)
    yield from _down(_Walk(began=walk.now, floor=floor, next=None), state, walk, read, left)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    began: datetime
    floor: datetime
    next: Any
    missed: tuple[datetime, ...] = ()

    @classmethod
    def of(cls, saved: Mapping[str, Any]) -> _Walk:
        return cls(
            began=datetime.fromisoformat(saved["began"]),
            floor=datetime.fromisoformat(saved["floor"]),
            next=saved["next"],
            missed=tuple(datetime.fromisoformat(one) for one in saved.get("missed", ())),
        )

    def saved(self) -> dict[str, Any]:
        kept: dict[str, Any] = {"began": self.began.isoformat(), "floor": self.floor.isoformat(), "next": self.next}
        return kept | ({"missed": [one.isoformat() for one in self.missed]} if self.missed else {})


def _resumed(at: _Walk, walk: Walk, read: Read) -> tuple[_Walk, Read]:
    """A walk to go on with, and how to read it.

    A token does not live for ever: where the site no longer takes the saved one, the walk begins again at the top, down
    to the same floor.
    """
    if at.next is None:
        return at, read
    try:
        first = _read(read, at)
    except (SourceRefused, PayloadChanged):
        return replace(at, began=walk.now, next=None), read
    kept = [first]
    return at, lambda token, floor: kept.pop() if kept else read(token, floor)


def _down(at: _Walk, state: dict[str, Any], walk: Walk, read: Read, left: int) -> Generator[Page, None, int]:
    """Yield the pages of one walk, bring `state` to its end, and return how many pages the run may still read."""
    seen: deque[str] = deque(maxlen=REMEMBERED)
    lowest: datetime | None = None
    while left > 0:
        leaf = _read(read, at)
        left -= 1
        known = set(seen)
        fresh = [item.external_id for item in leaf.items if item.external_id not in known]
        seen.extend(fresh)
        lowest = min((m for m in (lowest, leaf.oldest) if m is not None), default=None)
        reached = lowest is not None and lowest < at.floor
        repeats = bool(leaf.items and known and not fresh)
        if leaf.skips is not None and leaf.skips not in at.missed:
            at = replace(at, missed=(*at.missed, leaf.skips))
        if reached or leaf.next is None or repeats or leaf.next == at.next:
            forgotten = _finish(state, at, leaf, at.floor if reached else lowest)
            yield _page(state, leaf, note=forgotten.sentence if forgotten else None, missed=[forgotten])
            return left
        at = replace(at, next=leaf.next)
        note = None if left else f"Stopped after {walk.max_pages} pages; the next run goes on from there."
        yield _page(state | {"walk": at.saved()}, leaf, note=note)
    return left


def _page(
    state: Mapping[str, Any], leaf: Leaf | None = None, *, note: str | None, missed: Sequence[Gap | None] = ()
) -> Page:
    """The page of one answer, with what is read and what is missing once it is saved."""
    leaf = leaf or Leaf()
    under_way = "walk" in state
    return Page(
        items=leaf.items,
        rejects=leaf.rejects,
        deleted=leaf.deleted,
        cursor=dict(state),
        covered=None if under_way else _covered(state),
        missed=() if under_way else [*_missed(state), *(one for one in missed if one is not None)],
        pending=_pending(state),
        note=leaf.note or note,
    )


def _read(read: Read, at: _Walk) -> Leaf:
    """Read a page; an answer whose outer shape surprises the source is named as such, and the surprise logged."""
    try:
        return read(at.next, at.floor)
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        log.warning("an answer is not shaped as expected", exc_info=True)
        raise PayloadChanged(
            f"The answer is not shaped as expected ({type(error).__name__}: {str(error)[:200]})."
        ) from error


def _finish(state: dict[str, Any], at: _Walk, leaf: Leaf, lowest: datetime | None) -> Gap | None:
    """Move mark, `from` and what is missing of a query whose walk is through; returns what lies out of reach."""
    mark = datetime.fromisoformat(state["mark"]) if "mark" in state else None
    start, forgotten = at.floor, None
    if leaf.unchanged or _goes_on(state, leaf):
        start = mark or start
    elif leaf.forgets and lowest is not None:
        start = max(at.floor, lowest)
    elif leaf.whole and leaf.items:
        start = at.began
    if leaf.whole and leaf.items:
        latest = sorted(leaf.items, key=lambda item: item.created_at, reverse=True)[:HELD]
        state["held"] = [_short(item) for item in latest]
    if mark is not None and start > mark:
        told = f"The source shows nothing before {start:%Y-%m-%d %H:%M} UTC but was last read at {mark:%Y-%m-%d %H:%M}."
        forgotten = Gap(start=mark, end=start, why=Why.OUT_OF_REACH, sentence=told)
    elif "from" in state:
        start = min(start, datetime.fromisoformat(state["from"]))
    found = sorted({*(datetime.fromisoformat(one) for one in state.pop("missed", ())), *at.missed})
    if len(found) > MOST_MISSED:
        start = max(start, found[-MOST_MISSED - 1] + SECOND)
    kept = [one.isoformat() for one in found[-MOST_MISSED:] if one >= start]
    state |= {"mark": at.began.isoformat(), "from": start.isoformat()} | ({"missed": kept} if kept else {})
    return forgotten


def _goes_on(state: Mapping[str, Any], leaf: Leaf) -> bool:
    """Whether a whole listing still shows most of the entries that were its newest when it was last read.

    The newest roll off last; most of several, for one may be deleted, and one pinned to the top for ever.
    """
    held = set(state.get("held", ()))
    return bool(leaf.whole and held) and 2 * len(held & {_short(item) for item in leaf.items}) >= len(held)


def _short(item: Item) -> str:
    return hashlib.blake2b(item.external_id.encode("utf-8", "replace"), digest_size=8).hexdigest()


def _missed(*states: Mapping[str, Any]) -> list[Gap]:
    """The moments of which these queries were shown only a part."""
    moments = sorted({datetime.fromisoformat(one) for state in states for one in state.get("missed", ())})
    return [
        Gap(
            start=one,
            end=one + SECOND,
            why=Why.TOO_MANY,
            sentence=f"More was said at {one:%Y-%m-%d %H:%M:%S} UTC than the source shows for one search; "
            "narrower queries would show it.",
        )
        for one in moments
    ]


def _pending(*states: Mapping[str, Any]) -> Span | None:
    """What the walks still under way will have read."""
    walks = [_Walk.of(state["walk"]) for state in states if "walk" in state]
    return Span(start=min(w.floor for w in walks), end=max(w.began for w in walks)) if walks else None


def _covered(*states: Mapping[str, Any]) -> Span | None:
    """What all these queries have fully read."""
    if any("mark" not in state for state in states):
        return None
    start = max(datetime.fromisoformat(state["from"]) for state in states)
    end = min(datetime.fromisoformat(state["mark"]) for state in states)
    return Span(start=start, end=end) if start < end else None


def each(
    cursor: Cursor | None, queries: Mapping[str, Callable[[Cursor | None], Iterator[Page]]], *, one_host: bool = True
) -> Iterator[Page]:
    """Walk several queries one after the other under one cursor (query to its own cursor).

    The source has covered only what every query has. A query that fails does not keep the others from being read; its
    error is raised at the end. With one host for all, one that does not answer or asks us to wait ends them all.
    """
    state = {query: dict(saved) for query, saved in (cursor or {}).items() if query in queries}
    failure: CollectorError | None = None
    for query, pages in queries.items():
        try:
            for page in pages(state.get(query)):
                state[query] = dict(page.cursor)
                every = [state.get(one, {}) for one in queries]
                yield replace(
                    page,
                    cursor={one: dict(saved) for one, saved in state.items()},
                    covered=_covered(*every) if page.covered else None,
                    missed=[*(one for one in page.missed if one.why is not Why.TOO_MANY), *_missed(*every)],
                    pending=_pending(*every),
                )
        except CollectorError as error:
            if isinstance(error, Stopped) or (one_host and isinstance(error, SourceUnavailable)):
                raise
            failure = failure or error
    if failure is not None:
        raise failure
