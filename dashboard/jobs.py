"""What runs when: the steps of the pipeline as jobs of one scheduler, each safe to repeat and to kill."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from collector.cadence import LOOKED_BACK, Pause, pause_of, rate_of, waits
from collector.collect import RunReport, collect
from collector.http import Client
from collector.sources import SourceConfig, is_pushed
from collector.store import Store
from collector.store.mentions import said_since
from collector.store.runs import set_state, state_of
from collector.store.voices import forget_old_voices
from collector.verify import can_verify, verify_source
from dashboard import is_ours
from dashboard.config import Config
from dashboard.erasure import remove_older
from sentiment.read import ReadReport, read_unread
from sentiment.store import open_store
from sentiment.store.counts import drop_empty_buckets
from sentiment.store.recount import recount
from sentiment.store.reread import queue_other_models
from sentiment.store.rezone import move_days

if TYPE_CHECKING:
    from sentiment.classifiers import Classifier

log = structlog.get_logger("groundswell")

READ_EVERY = timedelta(seconds=3)
DETECT_EVERY = timedelta(minutes=1)
NOTIFY_EVERY = timedelta(seconds=30)
TIDY_EVERY = timedelta(hours=6)
RECOUNT_EVERY = timedelta(seconds=30)
TOLD_EVERY = 0.1
"""Of the time that a recount goes over."""
VERIFY_EVERY = timedelta(hours=6)
LOOK_AGAIN = timedelta(hours=1)
LAST_PAGE = timedelta(seconds=60)
"""How long Ctrl-C waits for the pages in hand."""


def utc_now() -> datetime:
    """The clock of everything that runs."""
    return datetime.now(UTC)


def store_of(config: Config) -> Store:
    """The configured store, opened and brought up to date."""
    general = config.general
    return open_store(
        config.store_url,
        zone=config.zone,
        salt=config.salt,
        keep_authors=general.keep_author_names,
        leave_out_suspects=general.leave_out_suspects,
    )


@dataclass
class Pipeline:
    """The five steps on one store. Each returns what it did; `stop` ends each at the next safe point."""

    config: Config
    store: Store
    clock: Callable[[], datetime] = utc_now
    stop: threading.Event = field(default_factory=threading.Event)
    tell: Callable[[str], None] = lambda line: None

    @cached_property
    def client(self) -> Client:
        """One client a process, for it holds the pace of each host."""
        return Client(now=self.clock, sleep=self.stop.wait, version=version("groundswell"))

    @cached_property
    def classifier(self) -> Classifier:
        """The configured classifier, loaded when first needed."""
        from sentiment.classifiers import load_classifier

        chosen = self.config.classifier
        return load_classifier(chosen.model, threads=chosen.threads)

    def collect(
        self,
        source: SourceConfig,
        *,
        since: datetime | None = None,
        force: bool = False,
        on_page: Callable[[RunReport], None] = lambda report: None,
    ) -> RunReport:
        """One run of one source."""
        return collect(
            self.store,
            source,
            self.config.brands,
            self.client,
            now=self.clock,
            since=since,
            stop=self.stop.is_set,
            force=force,
            on_page=on_page,
        )

    def plan(self, source: SourceConfig, report: RunReport) -> Pause:
        """When this source is read next, by what is said there lately; kept in the store, for people to see."""
        now = self.clock()
        with self.store.read() as conn:
            state: Mapping[Any, Any] = state_of(conn, source.name) or {}
            said = {length: said_since(conn, source.name, now - length) for length in LOOKED_BACK}
        pause = pause_of(
            source,
            rate=rate_of(said),
            pages=report.pages,
            budget_left=state.get("budget_left"),
            wait=waits(state, now),
        )
        with self.store.write() as conn:
            set_state(conn, source.name, source.kind, next_run=now + pause.length, pace=pause.because)
        return pause

    def verify(self, source: SourceConfig) -> RunReport:
        """Read back what a source gave in the last days: edits become revisions, what is gone there goes here."""
        return verify_source(self.store, source, self.config.brands, self.client, now=self.clock, stop=self.stop.is_set)

    def read(self, progress: Callable[[int, int], None] = lambda done, left: None) -> ReadReport:
        """Read what is unread."""
        return read_unread(self.store, self.classifier, clock=self.clock, stop=self.stop.is_set, progress=progress)

    def adopt_model(self) -> int:
        """Queue what another model read, so that history and present are read alike; returns how many were queued."""
        return sum(queue_other_models(self.store, self.classifier.name, self.stop.is_set))

    def recount(self) -> None:
        """Go on with what a change of taxonomy or zone, or a repair that was stopped, has left to be counted anew."""
        told = 0.0
        for at in recount(self.store, self.stop.is_set):
            if at.part >= told:
                self.tell(f"counting anew: back to {at.since:%Y-%m-%d}")
                told = at.part + TOLD_EVERY
        told = 0.0
        for part in move_days(self.store, self.stop.is_set):
            if part >= told:
                self.tell(f"moving mentions to the days of {self.store.zone.key}: {part:.0%}")
                told = part + TOLD_EVERY

    def detect(self) -> list[str]:
        """Judge the buckets that are due; returns a line for each incident that opened, changed or ended."""
        from sentiment.spikes.run import detect

        return detect(self.store, self.config.spikes, self.clock(), stop=self.stop.is_set).lines

    def notify(self) -> list[str]:
        """Decide on alerts and send what is queued."""
        from dashboard.alerts.notify import notify

        config = self.config
        return notify(self.store, config.alerts, config.mail, config.managers, config.sources, self.clock()).lines

    def tidy(self) -> None:
        """Housekeeping: what is past its keeping time goes, with everything that hangs on it."""
        if keep_for := self.config.general.keep_for:
            now = self.clock()
            gone = remove_older(self.store, now - keep_for, now, self.stop.is_set)
            if gone:
                self.tell(f"{gone:,} mentions were older than keep_for and are deleted")
        with self.store.write() as conn:
            forget_old_voices(conn, self.clock())
            drop_empty_buckets(conn)


class Schedule:
    """The jobs of one pipeline on one scheduler. start() returns at once; close() waits for the pages in hand."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={
                "default": ThreadPoolExecutor(max_workers=6),
                "reading": ThreadPoolExecutor(max_workers=1),
                "judging": ThreadPoolExecutor(max_workers=1),
                # A mail server that is slow to answer must not keep anything from being judged.
                "telling": ThreadPoolExecutor(max_workers=1),
            },
            # A run that comes late must come all the same, and runs that piled up must be one.
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        self._adopted = False
        self._failing: dict[str, str] = {}
        self._at_work = 0
        self._changed = threading.Condition()

    def start(self) -> None:
        """Start all jobs: every source at once, then each at its own interval with jitter."""
        add = self._scheduler.add_job
        for source in self._pipeline.config.sources:
            if source.enabled and not is_pushed(source):
                seconds = source.every.total_seconds()
                trigger = IntervalTrigger(seconds=seconds, jitter=min(60.0, seconds / 10), timezone=UTC)
                add(
                    self._guarded(f"collect {source.name}", partial(self._collect, source)),
                    trigger,
                    id=f"collect:{source.name}",
                    next_run_time=utc_now(),
                )
            if source.enabled and can_verify(source.kind):
                trigger = IntervalTrigger(seconds=VERIFY_EVERY.total_seconds(), jitter=600, timezone=UTC)
                job = self._guarded(f"read back {source.name}", partial(self._verify, source))
                add(job, trigger, id=f"verify:{source.name}")
        for name, work, every, executor in (
            ("read", self._read, READ_EVERY, "reading"),
            ("detect", self._detect, DETECT_EVERY, "judging"),
            ("notify", self._notify, NOTIFY_EVERY, "telling"),
            ("tidy", self._pipeline.tidy, TIDY_EVERY, "judging"),
            ("recount", self._pipeline.recount, RECOUNT_EVERY, "default"),
        ):
            trigger = IntervalTrigger(seconds=every.total_seconds(), timezone=UTC)
            add(self._guarded(name, work), trigger, id=name, executor=executor)
        self._scheduler.start()

    def close(self) -> None:
        """End cleanly: no new runs; pages in hand are finished, or rolled back if that takes over a minute."""
        self._pipeline.stop.set()
        self._scheduler.pause()
        # Waiting inside the scheduler would hold the lock that a job in hand may need to plan its next run.
        self._scheduler.shutdown(wait=False)
        with self._changed:
            self._changed.wait_for(lambda: self._at_work == 0, LAST_PAGE.total_seconds())

    def _plan(self, job: str, when: datetime) -> None:
        """Set when a job runs next; nothing is planned any more once the end has begun."""
        if not self._pipeline.stop.is_set():
            with suppress(JobLookupError):
                self._scheduler.modify_job(job, next_run_time=when)

    def _guarded(self, name: str, work: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            self._count(1)
            try:
                work()
            except Exception as error:  # noqa: BLE001  # the job boundary: one failing job must stop nothing else
                what = str(error) if is_ours(error) else f"{type(error).__name__}: {error}"
                failed = f"{name}: failed ({what[:300]}); it is tried again."
                # What is tried every few seconds says once what is wrong.
                if self._failing.get(name) != failed:
                    log.error("job failed", job=name, error=f"{type(error).__name__}: {error}"[:500])
                    self._pipeline.tell(failed)
                self._failing[name] = failed
            else:
                if self._failing.pop(name, None) is not None:
                    self._pipeline.tell(f"{name}: works again.")
            finally:
                self._count(-1)

        return run

    def _count(self, step: int) -> None:
        with self._changed:
            self._at_work += step
            self._changed.notify_all()

    def _collect(self, source: SourceConfig) -> None:
        report = self._pipeline.collect(source)
        # A wait of days may end sooner, by somebody's try; a run that is still too early costs nothing.
        soon = min(self._pipeline.plan(source, report).length, max(source.every, LOOK_AGAIN))
        self._plan(f"collect:{source.name}", utc_now() + soon)
        if report.error:
            self._pipeline.tell(f"{source.name}: {report.error}")
        elif report.new or report.edited:
            self._pipeline.tell(f"{source.name}: {report.new:,} new, {report.edited:,} edited")

    def _verify(self, source: SourceConfig) -> None:
        report = self._pipeline.verify(source)
        if report.error:
            self._pipeline.tell(f"{source.name}: reading back failed: {report.error}")
        elif report.edited or report.deleted:
            self._pipeline.tell(f"{source.name}: {report.edited:,} edited and {report.deleted:,} deleted at the source")

    def _read(self) -> None:
        def progress(done: int, left: int) -> None:
            if left == 0 or done % 2048 < 512:
                self._pipeline.tell(f"read {done:,} mentions, {left:,} waiting")

        if not self._adopted:
            self._pipeline.adopt_model()
            self._adopted = True
        report = self._pipeline.read(progress)
        if report.set_aside:
            self._pipeline.tell(f"{report.set_aside} texts could not be read and were set aside (groundswell doctor)")
        if report.read and not report.waiting:
            self._plan("detect", utc_now())

    def _detect(self) -> None:
        for line in self._pipeline.detect():
            self._pipeline.tell(line)
        self._plan("notify", utc_now())

    def _notify(self) -> None:
        for line in self._pipeline.notify():
            self._pipeline.tell(line)
