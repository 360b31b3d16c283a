"""When each host may be asked again: one gate per host, shared by every client and thread of the process."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from collector.address import Origin


class Pace:
    """When each host may be asked again; one gate for the whole process."""

    def __init__(self) -> None:
        self._next: dict[Origin, datetime] = {}
        self._lock = threading.Lock()

    def reserve(self, host: Origin, gap: timedelta, now: datetime) -> datetime:
        """Take the next free moment of a host; the one after it is `gap` later."""
        with self._lock:
            moment = max(now, self._next.get(host, now))
            self._next[host] = moment + gap
            return moment

    def give_back(self, host: Origin, until: datetime) -> None:
        """Return a moment that was reserved but is too far away to be waited for."""
        with self._lock:
            self._next[host] = until

    def hold(self, host: Origin, until: datetime) -> None:
        """Nobody asks this host before `until`."""
        with self._lock:
            self._next[host] = max(until, self._next.get(host, until))
