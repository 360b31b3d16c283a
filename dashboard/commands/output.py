"""The file that a command writes: never its own input, and the earlier one stays until the new one is whole.

What hours of work went into is gone on with: until it is whole it stands in NAME.part, and NAME.part.json says how many
rows of the input it answers, and of what it was made: {"of": …, "rows": …, "bytes": …}.
"""

from __future__ import annotations

import fcntl
import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, cast

from dashboard.commands.console import fail, say, warn


@contextmanager
def written_whole(output: Path, source: Path) -> Iterator[TextIO]:
    """A text file in UTF-8 that takes the place of `output` at the end; ends the command with 2 where it cannot."""
    from dashboard.exports.writing import CannotExport, whole

    _refuse(output, source)
    try:
        if _is_special(output):
            with output.open("w", encoding="utf-8", newline="") as special:
                yield special
            return
        # A link goes on pointing at its file.
        with whole(output.resolve()) as binary:
            text = io.TextIOWrapper(cast("io.BufferedWriter", binary), encoding="utf-8", newline="")
            try:
                yield text
            finally:
                text.detach()
    except CannotExport as error:
        fail(str(error), 2)
    except OSError as error:
        fail(f"{output} cannot be written: {error.strerror or error}.", 2)


@dataclass(slots=True, kw_only=True)
class Part:
    """A file that is not whole yet.

    rows  rows of the input that are answered in it; at first those of a run that was stopped
    """

    text: TextIO
    rows: int
    of: str
    state: Path | None

    def keep(self, rows: int) -> None:
        """So many rows are answered: a later run need not do them again, whatever happens to this one."""
        self.rows = rows
        self.text.flush()
        if self.state is None:
            return
        os.fsync(self.text.fileno())
        told = {"of": self.of, "rows": rows, "bytes": os.fstat(self.text.fileno()).st_size}
        new = self.state.with_name(f"{self.state.name}.new")
        new.write_text(json.dumps(told), encoding="utf-8")
        new.replace(self.state)


@contextmanager
def gone_on_with(output: Path, source: Path, how: str) -> Iterator[Part]:
    """The same file, but what an earlier run had kept of it stays and is gone on with.

    how  what its content depends on beside the source: made otherwise, or of a source that changed, it begins anew
    """
    _refuse(output, source)
    try:
        if _is_special(output):
            with output.open("w", encoding="utf-8", newline="") as special:
                yield Part(text=special, rows=0, of="", state=None)
            return
        out = output.resolve()
        file, state = out.with_name(f"{out.name}.part"), out.with_name(f"{out.name}.part.json")
        made = source.stat()
        of = f"{made.st_size} bytes of {made.st_mtime_ns}, {how}"
        with file.open("a", encoding="utf-8", newline="") as text:
            try:
                fcntl.flock(text, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                fail(f"{output} is being written by another command; wait for it, or give -o another name.", 2)
            rows, size = _kept(state, of, os.fstat(text.fileno()).st_size)
            os.truncate(text.fileno(), size)
            part = Part(text=text, rows=rows, of=of, state=state)
            if rows:
                say(f"An earlier run was stopped after {rows:,} rows; this one goes on there.")
            try:
                yield part
                text.flush()
                os.fsync(text.fileno())
            except BaseException:
                if part.rows:
                    warn(f"{part.rows:,} rows are kept in {file.name}: the same command goes on with them.")
                else:
                    file.unlink()
                    state.unlink(missing_ok=True)
                raise
            file.replace(out)
            state.unlink(missing_ok=True)
    except OSError as error:
        fail(f"{output} cannot be written: {error.strerror or error}.", 2)


def _kept(state: Path, of: str, there: int) -> tuple[int, int]:
    """How many rows and bytes of a part of `there` bytes are good; none if it was made of something else."""
    try:
        told = json.loads(state.read_text(encoding="utf-8"))
        rows, size = int(told["rows"]), int(told["bytes"])
        return (rows, size) if told["of"] == of and size <= there else (0, 0)
    except (OSError, ValueError, KeyError, TypeError):
        return 0, 0


def _refuse(output: Path, source: Path) -> None:
    """End the command with 2 where it cannot read the one or must not write the other."""
    try:
        with source.open("rb"):
            pass
    except OSError as error:
        fail(f"{source} cannot be read: {error.strerror or error}.", 2)
    if output.is_dir():
        fail(f"{output} is a folder; -o takes the name of a file.", 2)
    if output.exists() and output.samefile(source):
        fail(f"{output} is the file that is read; give -o another name.", 2)


def _is_special(output: Path) -> bool:
    """A device or a pipe is written to, not replaced."""
    return output.exists() and not output.is_file()
