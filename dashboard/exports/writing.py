"""Writing an export: to a temporary file, renamed once it is whole, with its manifest beside it, or to stdout."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO, cast
from zoneinfo import ZoneInfo

from collector.errors import BadSettings
from collector.store import Store
from dashboard.exports import as_csv, as_jsonl, as_parquet, as_xlsx
from dashboard.exports.filters import Filters, nearest
from dashboard.exports.manifest import Manifest
from dashboard.exports.rows import table_of
from dashboard.exports.table import Format, Row, Table, What
from sentiment.taxonomy import taxonomy

STDOUT = Path("-")
TELL_EVERY = 1_000
_WRITERS = {Format.CSV: as_csv.write, Format.JSONL: as_jsonl.write, Format.PARQUET: as_parquet.write}


class CannotExport(Exception):
    """The file could not be written; the message says why, and that nothing half-written was left."""


def export(
    store: Store,
    what: str,
    out: Path,
    format: str | None,  # noqa: A002  the word of the command line
    filters: Filters,
    *,
    zone: ZoneInfo,
    now: datetime,
    raw: bool = False,
    progress: Callable[[int], None] = lambda rows: None,
) -> Manifest:
    """Write an export and return its manifest.

    out       a file, or "-" for standard output
    format    csv, xlsx, jsonl or parquet; None: by the file's name
    raw       CSV without byte order mark and without the guard against formulas: for programs
    progress  told now and then how many rows are written

    Raises BadSettings where something is asked for that cannot be, CannotExport where the file cannot be written.
    """
    job = _Job(
        what=_what(what), format=_format(format, out), filters=filters, zone=zone, now=now, raw=raw, tell=progress
    )
    with store.read() as conn:
        table = table_of(conn, store, job.what, filters, job.models)
        return job.to_stdout(table) if out == STDOUT else job.to_file(table, out)


def _what(wanted: str) -> What:
    try:
        return What(wanted)
    except ValueError:
        raise BadSettings(f"There is no {wanted!r} to export. {nearest(wanted, list(What))}") from None


def _format(wanted: str | None, out: Path) -> Format:
    if wanted is None:
        wanted = "csv" if out == STDOUT else out.suffix.removeprefix(".").lower()
    try:
        return Format(wanted)
    except ValueError:
        raise BadSettings(f"There is no format {wanted!r}; give --format {', '.join(Format)}.") from None


@dataclass(slots=True, kw_only=True)
class _Job:
    """One export under way: what was asked for, and what has been written so far."""

    what: What
    format: Format
    filters: Filters
    zone: ZoneInfo
    now: datetime
    raw: bool
    tell: Callable[[int], None]
    models: set[str] = field(default_factory=set)
    rows: int = 0
    cut: int = 0

    def write(self, table: Table, out: BinaryIO) -> None:
        """Write the whole table."""
        counted = replace(table, rows=self._counted(table.rows))
        if self.format is Format.XLSX:
            as_xlsx.write(counted, out, zone=self.zone, about=lambda cut: self._about(table, cut))
        else:
            _WRITERS[self.format](counted, out, zone=self.zone, raw=self.raw)

    def to_stdout(self, table: Table) -> Manifest:
        """Write to standard output; formats that must go back and forth are made in a file of their own first."""
        if self.format in {Format.CSV, Format.JSONL}:
            self.write(table, sys.stdout.buffer)
        else:
            with tempfile.TemporaryFile() as file:
                self.write(table, file)
                file.seek(0)
                shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return self._manifest(table)

    def to_file(self, table: Table, out: Path) -> Manifest:
        """Write a file and its manifest, each under another name until it is whole."""
        beside = out.with_name(f"{out.name}.manifest.json")
        with whole(out) as file:
            self.write(table, file)
            # An old manifest beside new figures would lie about them.
            beside.unlink(missing_ok=True)
        with out.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        manifest = replace(self._manifest(table), sha256=digest)
        with whole(beside) as file:
            file.write(manifest.as_json().encode())
        return manifest

    def _counted(self, rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            yield row
            self.rows += 1
            if self.rows % TELL_EVERY == 0:
                self.tell(self.rows)

    def _about(self, table: Table, cut: int) -> Mapping[str, str]:
        self.cut = cut
        return self._manifest(table).as_lines()

    def _manifest(self, table: Table) -> Manifest:
        cut = f"{self.cut} text(s) were longer than a cell can hold and end in '…'; the other formats hold all of them"
        return Manifest(
            what=self.what,
            format=self.format,
            rows=self.rows,
            columns=[column.name for column in table.columns],
            filters=self.filters.said(self.zone),
            made_at=self.now.astimezone(self.zone).isoformat(timespec="seconds"),
            zone=self.zone.key,
            lens=taxonomy().default_lens,
            models=sorted(self.models),
            version=version("groundswell"),
            guarded=self.format is Format.CSV and not self.raw,
            notes=[cut] if self.cut else [],
        )


@contextmanager
def whole(out: Path) -> Iterator[BinaryIO]:
    """A file that bears its name only once all of it is written and on the disk; else nothing of it is left."""
    part: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(
            dir=out.parent, prefix=f".{out.name[:100]}.", suffix=".part", delete=False
        ) as file:
            part = Path(file.name)
            yield cast("BinaryIO", file)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o666 & ~_umask())
        part.replace(out)
    except BaseException as error:
        if part is not None:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise CannotExport(
                f"{out} cannot be written: {error.strerror or error}. Nothing of it was left."
            ) from error
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
