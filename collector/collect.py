"""One run of one source: lease, fetch, and each page saved with its cursor, coverage and figures in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection

from collector.asking import Fresh
from collector.bound import bound_to
from collector.brand import Brand, asked_of
from collector.claim import Listener, Verdict, rejects_of
from collector.errors import BadSettings, BudgetSpent, CollectorError, RateLimited, Stopped
from collector.http import Client
from collector.judge import judged
from collector.sources import Cursor, Page, SourceConfig, Span, Walk, Why, kinds, without
from collector.store import Store
from collector.store.gaps import forget_gaps, missed_of, note_gap, note_unread
from collector.store.mentions import GONE_AT_SOURCE, Saved, delete_mentions, ids_of, save_mentions
from collector.store.runs import (
    BACKFILL,
    Lease,
    count_page,
    cover,
    drop_lease,
    end_run,
    hold_lease,
    holds,
    save_cursor,
    save_rejects,
    save_validator,
    set_state,
    spend,
    start_run,
    state_of,
    take_lease,
    this_process,
    validators_of,
)
from collector.store.suspects import look_at_new

LEASE = timedelta(minutes=10)
"""Longer than any one page may take with all its retries; renewed with every page."""
RUN_LIMIT = timedelta(hours=1)
"""A run gives up its turn after this long; the next one goes on from its cursor."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """What one run did, in mentions, and how it ended.

    skipped    why nothing was tried (somebody else is at it, the site asked us to wait)
    error      the sentence for a person; error_kind its class in collector.errors
    note       what else a person should know (a walk cut short, a feed that moved)
    unfinished  the walk is still under way: the next run goes on, until then what it left is a gap
    """

    source: str
    started_at: datetime
    finished_at: datetime
    pages: int = 0
    new: int = 0
    edited: int = 0
    unchanged: int = 0
    unmatched: int = 0
    rejected: int = 0
    deleted: int = 0
    skipped: str | None = None
    error: str | None = None
    error_kind: str | None = None
    note: str | None = None
    unfinished: bool = False

    @property
    def ok(self) -> bool:
        """Whether the source was read without an error."""
        return self.error is None and self.skipped is None


class LeaseLost(CollectorError):
    """Another process took over because this one seemed dead; it goes on, we stop."""

    retry = True


def collect(
    store: Store,
    config: SourceConfig,
    brands: Sequence[Brand],
    client: Client,
    *,
    now: Callable[[], datetime],
    since: datetime | None = None,
    stop: Callable[[], bool] = lambda: False,
    force: bool = False,
    on_page: Callable[[RunReport], None] = lambda report: None,
) -> RunReport:
    """Run a source once and say what happened; its errors are kept with the source and never raised.

    since    a backfill down to this moment (aware): it keeps a cursor of its own and leaves the live one alone
    stop     asked after each page and after each wait; the page in hand is saved
    force    try even though the site asked us to wait (a person pressed the button)
    on_page  told the figures so far after each page
    """
    if getattr(kinds().get(config.kind), "PUSHED", False):
        sentence = "There is nothing to fetch: it is sent to us."
        return RunReport(source=config.name, started_at=now(), finished_at=now(), skipped=sentence)
    run = _Run.begin(store, config, now(), since, force=force)
    if isinstance(run, RunReport):
        return run
    error: CollectorError | None = None
    try:
        for page in _pages(run, brands, client, stop):
            run.save(page, now())
            on_page(run.report)
            if stop() or now() - run.report.started_at > RUN_LIMIT:
                run.report = replace(run.report, note=_cut_short(stop()), unfinished=True)
                break
    except Stopped as stopped:
        run.report = replace(run.report, note=str(stopped), unfinished=True)
    except CollectorError as caught:
        error = caught
        log.warning("collecting failed", source=config.name, kind=type(caught).__name__, error=str(caught))
    except BaseException as caught:
        run.end(now(), CollectorError(f"An unexpected {type(caught).__name__} ended the run; see the log."))
        raise
    finished = run.end(now(), error)
    look_at_new(store, stop)
    return finished


def preview(
    store: Store,
    config: SourceConfig,
    brands: Sequence[Brand],
    client: Client,
    *,
    now: datetime,
    since: datetime | None = None,
    stop: Callable[[], bool] = lambda: False,
    on_spent: Callable[[str, int], None] = lambda period, count: None,
) -> Iterator[Verdict | str]:
    """What a run without any past would fetch, and what becomes of each item; only what was paid for is written.

    Yields a Verdict an item, and sentences for rejects and notes of the pages. Raises CollectorError.

    on_spent  told each count that is written as spent in a period ("2026-11"), below 0 where some is given back
    """
    listener = listener_of(config, brands)
    with bound_to(client, config, {}, stop) as bound:
        walk = _walk(store, config, brands, now, since)

        def spent(period: str, count: int) -> int:
            on_spent(period, count)
            return walk.spend(period, count)

        for page in source_of(config).fetch(config.settings, bound, None, replace(walk, spend=spent)):
            yield from (listener.judge(item, now, salt=b"", keep_authors=True) for item in page.items)
            yield from (f"{reject.place}: {reject.reason}" for reject in page.rejects)
            if page.note:
                yield page.note


@dataclass(slots=True, kw_only=True)
class _Run:
    """A run under way: what it holds, and what it did so far."""

    store: Store
    config: SourceConfig
    key: str
    run_id: int
    lease: Lease
    cursor: Cursor | None
    since: datetime | None
    validators: Mapping[str, Any]
    report: RunReport
    listener: Listener | None = None
    client: Client | None = None
    pending: Span | None = None
    read_until: datetime | None = None

    @classmethod
    def begin(
        cls, store: Store, config: SourceConfig, started: datetime, since: datetime | None, *, force: bool
    ) -> _Run | RunReport:
        """Take the lease and open the run, or say why not."""
        key = config.name if since is None else f"{BACKFILL}{config.name}"
        report = RunReport(source=config.name, started_at=started, finished_at=started)
        with store.write() as conn:
            lease = take_lease(conn, f"collect/{key}", this_process(), started, LEASE)
            if lease is None:
                return replace(report, skipped="Another process is collecting this source.")
            row = state_of(conn, key)
            state: dict[str, Any] = {} if row is None else dict(row)
            waits = state.get("wait_until")
            if waits is not None and waits > started and not force:
                drop_lease(conn, lease)
                return replace(report, skipped=f"The site asked us not to come back before {waits:%Y-%m-%d %H:%M} UTC.")
            cursor, since = _resumed(state.get("cursor"), since)
            return cls(
                store=store,
                config=config,
                key=key,
                run_id=start_run(conn, key, config.kind, started),
                lease=lease,
                cursor=cursor,
                since=since,
                validators=validators_of(conn, key) if since is None else {},
                report=report,
            )

    def save(self, page: Page, now: datetime) -> None:
        """Save one page, all of it or nothing: what was said, the cursor, coverage, validators and figures."""
        assert self.listener is not None
        assert self.client is not None
        verdicts = judged(self.store, self.listener, page.items, now)
        fresh = self.client.take_fresh()
        with self.store.write() as conn:
            if not holds(conn, self.lease):
                raise LeaseLost("Another process took over this source; it goes on from the last saved page.")
            hold_lease(conn, self.lease, now, LEASE)
            saved = save_mentions(conn, self.store, [m for verdict in verdicts for m in verdict.mentions])
            gone = ids_of(conn, self.config.name, page.deleted)
            delete_mentions(conn, self.store, gone, reason=GONE_AT_SOURCE, now=now)
            rejects = [*page.rejects, *rejects_of(verdicts)]
            kept = save_rejects(conn, self.config.name, self.run_id, rejects, now)
            self._advance(conn, page, fresh, now)
            self._count(conn, saved, verdicts, rejected=kept, deleted=len(gone))
        self.pending = page.pending
        self.report = replace(self.report, note=page.note or self.report.note, unfinished=page.pending is not None)

    def _advance(self, conn: Connection, page: Page, fresh: Iterable[Fresh], now: datetime) -> None:
        since = self.since
        save_cursor(conn, self.key, page.cursor if since is None else {"since": since.isoformat(), "at": page.cursor})
        if page.covered is not None:
            spans = [page.covered, *page.further]
            for read in (one for span in spans for one in without(span, missed_of(page.missed))):
                cover(conn, self.config.name, read)
            self.read_until = max(span.end for span in spans) if since is None else None
        for missed in page.missed:
            note_gap(conn, self.config.name, missed, now)
        for one in fresh if since is None else ():
            save_validator(conn, self.key, one.url, etag=one.etag, last_modified=one.last_modified, now=one.fetched_at)

    def _count(
        self, conn: Connection, saved: Saved, verdicts: Sequence[Verdict], *, rejected: int, deleted: int
    ) -> None:
        added = {
            "new": saved.new,
            "edited": saved.edited,
            "unchanged": saved.unchanged,
            "unmatched": sum(not verdict.mentions and verdict.reject is None for verdict in verdicts),
            "rejected": rejected,
            "deleted": deleted,
        }
        count_page(conn, self.run_id, **added)
        totals = {name: getattr(self.report, name) + value for name, value in added.items()}
        self.report = replace(self.report, pages=self.report.pages + 1, **totals)

    def end(self, now: datetime, error: CollectorError | None) -> RunReport:
        """Close the run: its error or success kept with the source, the lease given back."""
        kind, sentence = (None, None) if error is None else (type(error).__name__, str(error)[:1_000])
        client = self.client
        values: dict[str, Any] = {
            "note": self.report.note,
            "wait_until": error.until if isinstance(error, RateLimited) else None,
            "budget_left": client.budget_left if client else None,
        }
        if error is None:
            values |= {"last_error": None, "last_error_kind": None, "last_error_at": None}
        else:
            values |= {"last_error": sentence, "last_error_kind": kind, "last_error_at": now}
        if error is None and not self.report.unfinished:
            values["last_success"] = now
        if self.read_until is not None:
            values["read_until"] = self.read_until
        with self.store.write() as conn:
            if not isinstance(error, LeaseLost):
                set_state(conn, self.key, self.config.kind, **values)
                self._tell_gap(conn, error, sentence)
            end_run(conn, self.run_id, now, error_kind=kind, error=sentence)
            drop_lease(conn, self.lease)
        return replace(self.report, finished_at=now, error=sentence, error_kind=kind)

    def _tell_gap(self, conn: Connection, error: CollectorError | None, sentence: str | None) -> None:
        """Remember why the source is not read up to this run; forget gaps that were read since."""
        started = self.report.started_at
        if self.since is None and (error is not None or self.report.unfinished):
            begins = None if self.pending is None else self.pending.start
            told = sentence or self.report.note or "The run ended before the source was read to the end."
            note_unread(conn, self.config.name, started, _why(error), told, begins=begins)
        elif error is None:
            forget_gaps(conn, self.config.name, started)


def _why(error: CollectorError | None) -> Why:
    if error is None:
        return Why.CUT_SHORT
    if isinstance(error, BudgetSpent):
        return Why.BUDGET
    return Why.WAIT if isinstance(error, RateLimited) else Why.FAILED


def _pages(run: _Run, brands: Sequence[Brand], client: Client, stop: Callable[[], bool]) -> Iterator[Page]:
    config = run.config
    run.listener = listener_of(config, brands)
    with bound_to(client, config, run.validators, stop) as run.client:
        walk = _walk(run.store, config, brands, run.report.started_at, run.since)
        with closing(_closable(source_of(config).fetch(config.settings, run.client, run.cursor, walk))) as pages:
            yield from pages


def _closable(pages: Iterator[Page]) -> Any:
    """A source's pages as a generator: so that breaking off closes what the source holds open."""
    yield from pages


def source_of(config: SourceConfig) -> Any:
    """The module of a source's kind; BadSettings for a kind that does not exist."""
    try:
        return kinds()[config.kind]
    except KeyError:
        raise BadSettings(f"There is no source kind {config.kind!r}; there are {', '.join(sorted(kinds()))}.") from None


def listener_of(config: SourceConfig, brands: Sequence[Brand]) -> Listener:
    """Who claims the items of a source."""
    own_words = any(getattr(config.settings, name, ()) for name in ("queries", "tags"))
    return Listener(config=config, brands=brands, recheck=getattr(source_of(config), "LOOSE", False) and not own_words)


def _walk(store: Store, config: SourceConfig, brands: Sequence[Brand], now: datetime, since: datetime | None) -> Walk:
    def counted(period: str, count: int) -> int:
        with store.write() as conn:
            return spend(conn, config.name, config.kind, period, count)

    asked = [brand for brand in brands if config.brand is None or brand.name == config.brand]
    limits = {
        name: getattr(config.settings, name) for name in ("overlap", "max_pages") if hasattr(config.settings, name)
    }
    if config.max_pages is not None:
        limits["max_pages"] = config.max_pages
    return Walk(now=now, since=since, terms=asked_of(asked, config.name, config.kind), spend=counted, **limits)


def _resumed(saved: Any, since: datetime | None) -> tuple[Cursor | None, datetime | None]:
    """The cursor to go on from. A backfill down to (nearly) the same moment is resumed with its own bound."""
    if since is None or not saved:
        return saved, since
    before = datetime.fromisoformat(saved["since"])
    return (saved["at"], before) if abs(before - since) < timedelta(days=1) else (None, since)


def _cut_short(stopped: bool) -> str:
    if stopped:
        return "Stopped after a page; the next run goes on from there."
    return f"Gave up its turn after {RUN_LIMIT.total_seconds() / 3600:.0f} h; the next run goes on from there."
