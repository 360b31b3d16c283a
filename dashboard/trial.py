"""Runs of sources that people asked for: beside the schedule, under the same lease, watched as they go."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from collector.collect import RunReport

log = structlog.get_logger("groundswell")
Collect = Callable[[Callable[[RunReport], None]], RunReport]
"""Runs a source once, telling the figures so far after each page."""


@dataclass(slots=True)
class Trial:
    """A run in a thread of its own; `report` is the figures so far, and the whole outcome once it is not running."""

    source: str
    began: datetime
    report: RunReport | None = None
    failure: str | None = None
    _thread: threading.Thread | None = field(default=None, repr=False)

    @property
    def running(self) -> bool:
        """Whether the run is still under way."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, collect: Collect) -> Trial:
        """Begin; returns at once. A process that ends takes the page in hand back, and nothing is lost."""
        self._thread = threading.Thread(target=self._run, args=(collect,), name=f"trial {self.source}", daemon=True)
        self._thread.start()
        return self

    def join(self, seconds: float) -> None:
        """Wait for the end, at most so long."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _keep(self, report: RunReport) -> None:
        self.report = report

    def _run(self, collect: Collect) -> None:
        try:
            self.report = collect(self._keep)
        except Exception as error:  # noqa: BLE001  # the boundary of the thread: whatever went wrong is shown
            log.error("a run that was asked for failed", source=self.source, error=f"{type(error).__name__}: {error}")
            self.failure = f"An unexpected {type(error).__name__} ended the run; the log says more."


class Trials:
    """The runs asked for of one store: one of each source at a time, of which the latest is kept for all to see."""

    def __init__(self) -> None:
        self._by_source: dict[str, Trial] = {}
        self._lock = threading.Lock()

    def begin(self, source: str, now: datetime, collect: Collect) -> bool:
        """Begin a run of `source`, or return False while one is under way, which goes on untouched."""
        with self._lock:
            latest = self._by_source.pop(source, None)
            if latest is not None and latest.running:
                self._by_source[source] = latest
                return False
            self._by_source[source] = Trial(source=source, began=now).start(collect)
            return True

    @property
    def running(self) -> list[Trial]:
        """Those under way."""
        return [one for one in self._all() if one.running]

    @property
    def latest(self) -> Trial | None:
        """The one that was begun last, under way or over."""
        return max(self._all(), key=lambda one: one.began, default=None)

    def _all(self) -> list[Trial]:
        with self._lock:
            return [*self._by_source.values()]
