"""JSON Lines as a table: one object a line, nested ones flattened to "user.name"."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from collector.errors import PayloadChanged
from collector.tabular import COLUMN_LIMIT, RECORD_LIMIT, Broken, Format, Row, is_blank
from collector.tabular.encoding import Encoding

TOO_LONG = "the line is longer than 4 million characters"
_SAMPLE = 1_000
_DEPTH = 3


class JsonLinesTable:
    """A JSONL file, read as a table; its columns are the keys of the first thousand objects."""

    format = Format.JSONL
    warnings: Sequence[str] = ()

    def __init__(self, path: Path, encoding: Encoding) -> None:
        self.path = path
        self.encoding = encoding
        self.details = [f"encoding: {encoding.codec.removesuffix('-sig')} ({encoding.why})"]
        self._size = max(1, path.stat().st_size)
        self._read: Callable[[], int] | None = None
        names: dict[str, None] = {}
        for count, (_, found) in enumerate(self._records(), start=1):
            if isinstance(found, dict):
                names |= dict.fromkeys(found)
            if count >= _SAMPLE:
                break
        if not names:
            raise PayloadChanged(f"{path.name} holds no JSON object: one is expected on each line.")
        if len(names) > COLUMN_LIMIT:
            raise PayloadChanged(f"{path.name} has {len(names)} different keys; at most {COLUMN_LIMIT} are read.")
        self.columns: Sequence[str] = list(names)

    def rows(self) -> Iterator[Row | Broken]:
        """One row a line that holds an object; anything else is broken."""
        for place, found in self._records():
            if isinstance(found, Broken):
                yield found
                continue
            cells = [found.get(name) for name in self.columns]
            if not all(map(is_blank, cells)):
                yield Row(place, cells)

    def _records(self) -> Iterator[tuple[str, dict[str, Any] | Broken]]:
        with self.path.open(encoding=self.encoding.codec, errors="replace", newline="\n") as file:
            raw: Any = file.buffer
            self._read = raw.tell
            for number, line in lines_of(file):
                place = f"line {number}"
                yield place, Broken(place=place, reason=TOO_LONG, raw="") if line is None else _parse(line, place)

    def share_read(self) -> float | None:
        """Share of the file's bytes that were read."""
        try:
            return None if self._read is None else min(1.0, self._read() / self._size)
        except ValueError:  # the file is closed
            return None


def lines_of(file: TextIO) -> Iterator[tuple[int, str | None]]:
    """Every line with something in it, by its number; None for one that is longer than a row may be."""
    number = 0
    while line := file.readline(RECORD_LIMIT):
        number += 1
        if len(line) >= RECORD_LIMIT:
            while line and not line.endswith("\n"):
                line = file.readline(RECORD_LIMIT)
            yield number, None
        elif not line.isspace():
            yield number, line


def _parse(line: str, place: str) -> dict[str, Any] | Broken:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Broken(place=place, reason=f"not JSON: {error}"[:300], raw=line[:2000])
    if not isinstance(found, dict):
        return Broken(place=place, reason=f"a {type(found).__name__}, where an object is expected", raw=line[:2000])
    return _flat(found, "", _DEPTH)


def _flat(found: dict[str, Any], before: str, depth: int) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for key, value in found.items():
        name = f"{before}{key}"[:200]
        if isinstance(value, dict) and depth:
            cells |= _flat(value, f"{name}.", depth - 1)
        elif isinstance(value, (list, dict)):
            cells[name] = json.dumps(value, ensure_ascii=False)
        else:
            cells[name] = value
    return cells
