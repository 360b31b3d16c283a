"""The file that a command writes: never its own input, and the earlier one stays until the new one is whole."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO, cast

from dashboard.commands.console import fail


@contextmanager
def written_whole(output: Path, source: Path) -> Iterator[TextIO]:
    """A text file in UTF-8 that takes the place of `output` at the end; ends the command with 2 where it cannot."""
    from dashboard.exports.writing import CannotExport, whole

    try:
        with source.open("rb"):
            pass
    except OSError as error:
        fail(f"{source} cannot be read: {error.strerror or error}.", 2)
    if output.is_dir():
        fail(f"{output} is a folder; -o takes the name of a file.", 2)
    if output.exists() and output.samefile(source):
        fail(f"{output} is the file that is read; give -o another name.", 2)
    try:
        if output.exists() and not output.is_file():
            # A device or a pipe is written to, not replaced.
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
