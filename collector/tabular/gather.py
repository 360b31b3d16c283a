"""Which parts of files make a page: those of many small files together, for the cursor is saved with every page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from collector.errors import CollectorError
from collector.mention import Item
from collector.sources import Page, Reject, Span
from collector.tabular.ledger import Entry, Ledger

MOST_NOTES = 20
"""Notes of one page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some rows of a file.

    name   the file's, as it can be shown
    entry  how far the file is read with them; None: no further than before
    rows   how many there are
    covered  what the file speaks for, once it is read whole
    """

    name: str
    entry: Entry | None = None
    rows: int = 0
    items: Sequence[Item] = ()
    rejects: Sequence[Reject] = ()
    covered: Span | None = None
    notes: Sequence[str] = ()


@dataclass(slots=True)
class _Pile:
    """The parts that the next page is made of."""

    parts: list[Part] = field(default_factory=list)
    rows: int = 0
    known: set[tuple[str, str | None]] = field(default_factory=set)

    def takes(self, part: Part, most_rows: int) -> bool:
        """Whether a part goes on the same page: one that says something else under a known id is an edit, and waits."""
        return self.rows + part.rows <= most_rows and self.known.isdisjoint(_ids(part))

    def add(self, part: Part) -> None:
        self.parts.append(part)
        self.rows += part.rows
        self.known |= _ids(part)

    def page(self, ledger: Ledger, more: str | None = None) -> Page:
        """The page of these parts; `more`: why nothing follows though there is more."""
        spans = [part.covered for part in self.parts if part.covered is not None]
        notes = [note for part in self.parts for note in part.notes]
        if len(notes) > MOST_NOTES:
            notes[MOST_NOTES:] = [f"and {len(notes) - MOST_NOTES} more notes"]
        return Page(
            items=[item for part in self.parts for item in part.items],
            rejects=[reject for part in self.parts for reject in part.rejects],
            cursor=ledger.cursor(),
            covered=spans[0] if spans else None,
            further=spans[1:],
            note="; ".join([*notes, *([more] if more else [])]) or None,
        )


def _ids(part: Part) -> set[tuple[str, str | None]]:
    return {(item.external_id, item.brand) for item in part.items}


def gathered(parts: Iterator[Part], ledger: Ledger, *, most_rows: int, most_pages: int) -> Iterator[Page]:
    """Pages of at most so many rows and so many pages; the ledger knows of a page's parts when it is yielded.

    An error ends them after a page of what was read before it.
    """
    pile, pages = _Pile(), 0
    try:
        for part in parts:
            if pile.parts and not pile.takes(part, most_rows):
                pages += 1
                if pages == most_pages:
                    yield pile.page(ledger, _goes_on(pile.parts[-1], part))
                    return
                yield pile.page(ledger)
                pile = _Pile()
            if part.entry is not None:
                ledger.keep(part.entry)
            pile.add(part)
    except CollectorError:
        if pile.parts:
            yield pile.page(ledger)
        raise
    ledger.forget()
    if pile.parts:
        yield pile.page(ledger)


def _goes_on(last: Part, following: Part) -> str:
    if last.entry is not None and not last.entry.done:
        return f"{last.name} is read up to row {last.entry.rows:,}; the next run goes on"
    return f"{last.name} was read last; the next run goes on with {following.name}"
