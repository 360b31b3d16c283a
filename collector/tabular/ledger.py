"""How far files are read: the cursor of a source of files, one entry a file, known by its content."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from collector.mention import Item

REMEMBERED = 1_000
"""Files that the cursor knows although they are gone; those that are there are all known, however many they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """How far one file is read.

    key    checksum of the content and of the settings that decide how it is read
    stamp  size and time of change, by which a file that nobody touched need not be summed again
    first, last  the oldest and newest mention in it so far, ISO 8601
    """

    key: str
    name: str
    stamp: str
    rows: int = 0
    done: bool = False
    first: str | None = None
    last: str | None = None
    error: str | None = None


class Ledger:
    """The cursor, taken apart: one entry a file, the latest last."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = {entry.key: entry for entry in entries}
        self._places = {(entry.name, entry.stamp): entry.key for entry in entries}

    @classmethod
    def of(cls, cursor: Mapping[str, Any] | None) -> Ledger:
        """The ledger of a cursor, the oldest files of which are forgotten where many are known and they are gone."""
        kept = (cursor or {}).get("files", {})
        entries = [Entry(key=key, **values) for key, values in kept.items()]
        old = entries[:-REMEMBERED]
        return cls([*(entry for entry in old if _is_there(entry.name)), *entries[-REMEMBERED:]])

    def entry(self, path: Path, how: str) -> Entry:
        """What is known of a file as it is now; a new entry if nothing is. Raises OSError."""
        stamp = stamp_of(path, how)
        name = os.fsencode(path).decode("utf-8", "backslashreplace")
        known = self._entries.get(self._places.get((name, stamp), ""))
        if known is not None and (known.name, known.stamp) == (name, stamp):
            return known
        key = _checksum(path, how)
        return replace(self._entries.get(key, Entry(key=key, name="", stamp="")), name=name, stamp=stamp)

    def keep(self, entry: Entry) -> dict[str, Any]:
        """Note an entry and return the cursor that says so."""
        self._entries.pop(entry.key, None)
        self._entries[entry.key] = entry
        self._places[entry.name, entry.stamp] = entry.key
        return self.cursor()

    def cursor(self) -> dict[str, Any]:
        """The cursor as JSON."""
        names = [name for name in Entry.__slots__ if name != "key"]
        return {"files": {key: {name: getattr(e, name) for name in names} for key, e in self._entries.items()}}


def _is_there(name: str) -> bool:
    """Whether a file is there; one whose name could not be written down as it is may be."""
    return "\\x" in name or Path(name).exists()


def widened(entry: Entry, items: Sequence[Item]) -> Entry:
    """The entry with the span of its mentions' times, these items included."""
    times = [item.created_at.isoformat() for item in items]
    times += [time for time in (entry.first, entry.last) if time]
    return replace(entry, first=min(times), last=max(times)) if times else entry


def stamp_of(path: Path, how: str) -> str:
    """Size and time of change of a file, with how it is read: what a look at it may be remembered under."""
    state = path.stat()
    return f"{state.st_size}/{state.st_mtime_ns}/{how}"


def _checksum(path: Path, how: str) -> str:
    digest = hashlib.blake2b(how.encode(), digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
