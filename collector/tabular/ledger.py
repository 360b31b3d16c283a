"""How far files are read: the cursor of a source of files, every file known by its content.

    files  each file under way, and the last one that was finished: how far it is read, a whole Entry
    done   every other file that was finished: its key to a digest of the place where it lay

The cursor is written with every page, so that a finished file must take little room in it, and one that is gone must
leave it at last: it is bounded by the files that lie there.
"""

from __future__ import annotations

import hashlib
import os
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from collector.mention import Item

REMEMBERED = 1_000
"""Files that the cursor knows although they are gone; those that are there are all known, however many they are."""

BEGUN = 20
"""Files that were taken away half read and of which the cursor still knows how far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """How far one file is read.

    key    checksum of the content and of the settings that decide how it is read
    stamp  size and time of change, by which a file that nobody touched need not be summed again
    rows   rows that are read; of a file that was finished long ago nobody knows any more (0)
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
    """The cursor, taken apart: what is under way, and every file that was finished, the latest last."""

    def __init__(self, cursor: Mapping[str, Any] | None) -> None:
        saved = cursor or {}
        self._done: dict[str, str] = dict(saved.get("done", {}))
        self._places = {place: key for key, place in self._done.items()}
        self._entries: dict[str, Entry] = {}
        self._met: set[str] = set()
        for key, values in saved.get("files", {}).items():
            self.keep(Entry(key=key, **values))

    def entry(self, path: Path, how: str) -> Entry:
        """What is known of a file as it is now; a new entry if nothing is. Raises OSError."""
        name = os.fsencode(path).decode("utf-8", "backslashreplace")
        stamp = stamp_of(path, how)
        place = _place(name, stamp)
        key = self._places.get(place) or _checksum(path, how)
        self._met.add(key)
        if key in self._done:
            self._done[key] = place
        known = self._entries.get(key, Entry(key=key, name=name, stamp=stamp, done=key in self._done))
        return replace(known, name=name, stamp=stamp)

    def keep(self, entry: Entry) -> None:
        """Note how far a file is read; of the files that are finished, the last one alone stays known in full."""
        self._done.pop(entry.key, None)
        for old in [one for one in self._entries.values() if one.done and one.key != entry.key]:
            del self._entries[old.key]
            self._done[old.key] = _place(old.name, old.stamp)
        self._entries[entry.key] = entry
        self._places[_place(entry.name, entry.stamp)] = entry.key

    def forget(self) -> None:
        """Once every file that is there was met: forget those that are gone, but for the last ones to be finished."""
        for key in list(self._done)[:-REMEMBERED]:
            if key not in self._met:
                del self._done[key]
        for key in [key for key, entry in self._entries.items() if not entry.done and key not in self._met][:-BEGUN]:
            del self._entries[key]

    def cursor(self) -> dict[str, Any]:
        """The cursor as JSON."""
        names = [name for name in Entry.__slots__ if name != "key"]
        files = {key: {name: getattr(e, name) for name in names} for key, e in self._entries.items()}
        return {"files": files} | ({"done": dict(self._done)} if self._done else {})


def widened(entry: Entry, items: Sequence[Item]) -> Entry:
    """The entry with the span of its mentions' times, these items included."""
    times = [item.created_at.isoformat() for item in items]
    times += [time for time in (entry.first, entry.last) if time]
    return replace(entry, first=min(times), last=max(times)) if times else entry


def stamp_of(path: Path, how: str) -> str:
    """Size and time of change of a file, with how it is read: what a look at it may be remembered under."""
    state = path.stat()
    return f"{state.st_size}/{state.st_mtime_ns}/{how}"


def _place(name: str, stamp: str) -> str:
    """A digest of where a file lies and how it looks there, in 16 characters."""
    return urlsafe_b64encode(hashlib.blake2b(f"{name}\0{stamp}".encode(), digest_size=12).digest()).decode()


def _checksum(path: Path, how: str) -> str:
    digest = hashlib.blake2b(how.encode(), digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
