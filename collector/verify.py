"""Reading back what was collected: an edit at the source is a revision here, a deletion there is a deletion here.

Kinds that can read ids back offer `check(settings, client, ids) -> Checked` and say in AT_ONCE how many ids one call
takes. A round asks for every recent mention, and then for what the source deleted within the same days: what answers
was only hidden, and comes back. What was erased is never asked for. A run goes on where the last one ended, by its
cursor: the store id `after` which mentions are still to be asked for, or the external id after which `buried` ones are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from collector.bound import bound_to
from collector.brand import Brand
from collector.claim import Listener, rejects_of
from collector.collect import LEASE, RunReport, listener_of, source_of
from collector.errors import CollectorError, PayloadChanged, RateLimited, Stopped
from collector.http import Client
from collector.judge import judged
from collector.payload import Checked
from collector.sources import Cursor, SourceConfig, kinds
from collector.store import Store
from collector.store.mentions import GONE_AT_SOURCE, buried_since, delete_mentions, ids_of, known_since, save_mentions
from collector.store.runs import (
    VERIFY,
    Lease,
    count_page,
    drop_lease,
    end_run,
    hold_lease,
    holds,
    save_cursor,
    save_rejects,
    set_state,
    start_run,
    state_of,
    take_lease,
    this_process,
)
from collector.store.suspects import look_at_new

RECENT = timedelta(days=7)
A_RUN = 1_000
"""Ids that one run reads back at most."""
BEGINNING: Cursor = {"after": 0}
"""Where a round begins, and stands when it is through."""
UNBELIEVABLE_FROM = 5
"""Ids; a source that says all of so many are gone has lost its memory or our key, not its posts."""

log = structlog.get_logger()


def can_verify(kind: str) -> bool:
    """Whether this kind of source can read ids back."""
    return hasattr(kinds().get(kind), "check")


def verify_source(
    store: Store,
    config: SourceConfig,
    brands: Sequence[Brand],
    client: Client,
    *,
    now: Callable[[], datetime],
    recent: timedelta = RECENT,
    stop: Callable[[], bool] = lambda: False,
) -> RunReport:
    """Read back the mentions of the last days once around, or as many as one run may; errors are kept, not raised.

    Its state, run and lease stand under "verify/<source>".
    """
    key, started = f"{VERIFY}{config.name}", now()
    report = RunReport(source=config.name, started_at=started, finished_at=started)
    if not can_verify(config.kind):
        return replace(report, skipped=f"A source of kind {config.kind!r} cannot read back what it gave.")
    with store.write() as conn:
        lease = take_lease(conn, key, this_process(), started, LEASE)
        if lease is None:
            return replace(report, skipped="Another process is reading this source back.")
        state = state_of(conn, key)
        if state is not None and state["wait_until"] is not None and state["wait_until"] > started:
            drop_lease(conn, lease)
            return replace(report, skipped=f"The site asked us not to come back before {state['wait_until']}.")
        run_id = start_run(conn, key, config.kind, started)
        place = (state and state["cursor"]) or BEGINNING
    around = _Round(
        store=store,
        config=config,
        key=key,
        run_id=run_id,
        lease=lease,
        listener=listener_of(config, brands),
        report=report,
    )
    error: CollectorError | None = None
    try:
        around.go(client, place, now=now, recent=recent, stop=stop)
    except Stopped:
        pass
    except CollectorError as caught:
        error = caught
        log.warning("reading back failed", source=config.name, kind=type(caught).__name__, error=str(caught))
    ended = around.end(error, now())
    look_at_new(store, stop)
    return ended


@dataclass(slots=True, kw_only=True)
class _Round:
    """One run of reading back: its place, and what it did so far."""

    store: Store
    config: SourceConfig
    key: str
    run_id: int
    lease: Lease
    listener: Listener
    report: RunReport

    def go(
        self, client: Client, place: Cursor, *, now: Callable[[], datetime], recent: timedelta, stop: Callable[[], bool]
    ) -> None:
        """Read back batch by batch."""
        source: Any = source_of(self.config)
        with bound_to(client, self.config, {}, stop) as bound:
            for _batch in range(max(1, A_RUN // source.AT_ONCE)):
                buried = "buried" in place
                asked, place = (_buried if buried else _held)(
                    self.store, self.config.name, source, place, now() - recent
                )
                checked = _checked(source, self.config.settings, bound, asked) if asked else Checked()
                self._save(replace(checked, gone=()) if buried else checked, len(asked), place, now())
                if place == BEGINNING or stop():
                    return

    def _save(self, checked: Checked, asked: int, place: Cursor, now: datetime) -> None:
        gone, note = list(dict.fromkeys(checked.gone)), None
        if asked >= UNBELIEVABLE_FROM and not checked.items and len(gone) >= asked:
            note = f"The source says that all of {asked} mentions are gone; that is not believed."
            gone = []
        verdicts = judged(self.store, self.listener, checked.items, now)
        with self.store.write() as conn:
            if not holds(conn, self.lease):
                raise Stopped("Another process took over.")
            hold_lease(conn, self.lease, now, LEASE)
            saved = save_mentions(conn, self.store, [m for verdict in verdicts for m in verdict.mentions])
            ids = ids_of(conn, self.config.name, gone)
            delete_mentions(conn, self.store, ids, reason=GONE_AT_SOURCE, now=now)
            save_rejects(conn, self.config.name, self.run_id, rejects_of(verdicts), now)
            save_cursor(conn, self.key, place)
            added = {"new": saved.new, "edited": saved.edited, "unchanged": saved.unchanged, "deleted": len(ids)}
            count_page(conn, self.run_id, **added)
        totals = {name: getattr(self.report, name) + value for name, value in added.items()}
        self.report = replace(self.report, pages=self.report.pages + 1, note=note or self.report.note, **totals)

    def end(self, error: CollectorError | None, now: datetime) -> RunReport:
        """Close the run, its error or success kept."""
        kind, sentence = (None, None) if error is None else (type(error).__name__, str(error)[:1_000])
        values: dict[str, Any] = {"note": self.report.note, "last_error": sentence, "last_error_kind": kind}
        values |= {"last_error_at": now} if error else {"last_success": now, "last_error_at": None}
        values["wait_until"] = error.until if isinstance(error, RateLimited) else None
        with self.store.write() as conn:
            set_state(conn, self.key, self.config.kind, **values)
            end_run(conn, self.run_id, now, error_kind=kind, error=sentence)
            drop_lease(conn, self.lease)
        return replace(self.report, finished_at=now, error=sentence, error_kind=kind)


def _held(store: Store, name: str, source: Any, place: Cursor, since: datetime) -> tuple[list[str], Cursor]:
    """The next ids of recent mentions to ask for, and where the round stands after them."""
    with store.read() as conn:
        known = known_since(conn, name, since, int(place["after"]), source.AT_ONCE)
    ids = list(dict.fromkeys(one for _id, one in known))
    if len(known) == source.AT_ONCE:
        return ids, {"after": known[-1][0]}
    return ids, BEGINNING if getattr(source, "ONLY_GONE", False) else {"buried": ""}


def _buried(store: Store, name: str, source: Any, place: Cursor, since: datetime) -> tuple[list[str], Cursor]:
    """The next ids that the source deleted lately to ask for, and where the round stands after them."""
    with store.read() as conn:
        ids = buried_since(conn, name, since, str(place["buried"]), source.AT_ONCE)
    return ids, {"buried": ids[-1]} if len(ids) == source.AT_ONCE else BEGINNING


def _checked(source: Any, settings: Any, client: Client, ids: Sequence[str]) -> Checked:
    """What the source says of these ids; an answer whose outer shape surprises it is named as such."""
    try:
        found: Checked = source.check(settings, client, ids)
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        log.warning("an answer is not shaped as expected", exc_info=True)
        raise PayloadChanged(
            f"The answer is not shaped as expected ({type(error).__name__}: {str(error)[:200]})."
        ) from error
    return found
