"""Reading what is unread: claim a batch, let the classifier read it, save; resumable, and no text stops the others."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from collector.store import Store
from sentiment.reading import Reading
from sentiment.store.readings import Unread, claim, save_readings, set_aside, waiting
from sentiment.store.terms import settle

BATCH = 512
"""Mentions a claim: large enough that sorting by length pays, small enough that a kill repeats seconds, not minutes."""
CLAIM = timedelta(minutes=10)
PLAIN = "ok"
"""What every model can read."""

log = structlog.get_logger("groundswell.read")


class Reader(Protocol):
    """What reading needs of a classifier."""

    @property
    def name(self) -> str:
        """The model's name, kept with each reading."""
        ...

    def read(self, texts: Sequence[str], languages: Sequence[str | None] | None = None) -> list[Reading]:
        """One reading a text, in order; `languages` as the sources declared them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadReport:
    """What one run of reading did: mentions read, set aside, and still waiting."""

    read: int
    set_aside: int
    waiting: int


def read_unread(
    store: Store,
    reader: Reader,
    *,
    clock: Callable[[], datetime],
    stop: Callable[[], bool] = lambda: False,
    progress: Callable[[int, int], None] = lambda done, left: None,
    batch: int = BATCH,
) -> ReadReport:
    """Read until the queue is empty or `stop` says so; progress is told (read so far, still waiting) after each batch.

    Mentions that do not follow a term rule yet, because switching it was interrupted, are brought in line first.
    Several processes may do this at once; a killed one's claim runs out after ten minutes and is read by another.
    Raises what the classifier raises where it cannot read any text; what was claimed is then read later.
    """
    for _ in settle(store, stop):
        pass
    holder = f"{socket.gethostname()}:{os.getpid()}"
    done = aside = 0
    while not stop():
        with store.write() as conn:
            claimed = claim(conn, holder, clock(), CLAIM, batch)
        if not claimed:
            break
        read, failed = _read(reader, claimed)
        with store.write() as conn:
            done += save_readings(conn, store, read, clock())
            for unread, error in failed:
                set_aside(conn, unread.mention_id, reader.name, error, clock())
            left = waiting(conn)
        aside += len(failed)
        progress(done, left)
    with store.read() as conn:
        return ReadReport(read=done, set_aside=aside, waiting=waiting(conn))


def _read(reader: Reader, claimed: Sequence[Unread]) -> tuple[list[tuple[Unread, Reading]], list[tuple[Unread, str]]]:
    try:
        readings = reader.read([u.text for u in claimed], [u.language for u in claimed])
        return list(zip(claimed, readings, strict=True)), []
    except Exception as error:  # noqa: BLE001  # whatever a text does to the model, the others must be read
        if len(claimed) == 1:
            # A model that cannot read this either is at fault itself, or out of memory: no text is set aside for that.
            reader.read([PLAIN], [None])
            log.warning("set aside", mention=claimed[0].mention_id, error=type(error).__name__)
            return [], [(claimed[0], f"{type(error).__name__}: {error}")]
    middle = len(claimed) // 2
    first, failed_first = _read(reader, claimed[:middle])
    second, failed_second = _read(reader, claimed[middle:])
    return first + second, failed_first + failed_second
