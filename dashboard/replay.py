"""The backtest under way: begun on a screen, watched and stopped from any, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Event, Lock, Thread
from typing import Any

import structlog

from sentiment.spikes.backtest import BacktestReport, Progress

log = structlog.get_logger("groundswell")


class Stopped(Exception):
    """Somebody did not want to wait any longer; nothing is wrong."""


class Replay:
    """A backtest in a thread of its own; any number of readers may look at it.

    asked: what was chosen, by the words on the screen.
    """

    def __init__(self, asked: Mapping[str, Any] | None = None) -> None:
        self.asked = dict(asked or {})
        self.done, self.total = 0, 0
        self.report: BacktestReport | None = None
        self.failure: str | None = None
        self._stop = Event()
        self._thread: Thread | None = None

    def start(self, work: Callable[[Progress], BacktestReport]) -> Replay:
        """Begin `work`, which tells how far it is."""
        self._thread = Thread(target=self._run, args=(work,), name="backtest", daemon=True)
        self._thread.start()
        return self

    @property
    def running(self) -> bool:
        """Not over yet."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def part(self) -> float:
        """Part of the days that is judged, 0 to 1."""
        return min(self.done / self.total, 1.0) if self.total else 0.0

    def stop(self) -> None:
        """End at the next day."""
        self._stop.set()

    def wait(self, seconds: float | None = None) -> None:
        """Return when it is over, or after so many seconds."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self, work: Callable[[Progress], BacktestReport]) -> None:
        try:
            self.report = work(self._progress)
        except Stopped:
            self.failure = "It was stopped."
        except Exception as error:  # noqa: BLE001  # the boundary of the thread: whatever went wrong is shown
            log.error("a backtest failed", error=f"{type(error).__name__}: {error}"[:500])
            self.failure = f"An unexpected {type(error).__name__} ended it; the log says more."

    def _progress(self, done: int, total: int) -> None:
        if self._stop.is_set():
            raise Stopped
        self.done, self.total = done, total


class Backtests:
    """The backtests of one store: one at a time, for each takes a core and the counts in memory; the latest is kept."""

    def __init__(self) -> None:
        self.latest: Replay | None = None
        self._lock = Lock()

    def begin(self, asked: Mapping[str, Any], work: Callable[[Progress], BacktestReport]) -> bool:
        """Begin `work`, or return False while another is under way, which goes on untouched."""
        with self._lock:
            if self.latest is not None and self.latest.running:
                return False
            self.latest = Replay(asked).start(work)
            return True
