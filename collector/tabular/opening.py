"""Which kind of table a file is, told by its content rather than its name, and opening it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from collector.errors import BadSettings, PayloadChanged, TooLarge
from collector.tabular import Format, Table
from collector.tabular.columnar import ParquetTable
from collector.tabular.delimited import open_delimited
from collector.tabular.encoding import encoding_of
from collector.tabular.jsonlines import JsonLinesTable
from collector.tabular.workbook import WorkbookTable

SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".jsonl", ".ndjson", ".parquet")
"""Endings of the files that a watched folder is searched for."""

_FOREIGN = (
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an old Excel file (.xls) or one with a password",
        "Save it as .xlsx or CSV.",
    ),
    (b"%PDF", "a PDF", "Ask for the table as CSV or Excel."),
    (b"\x1f\x8b", "packed with gzip", "Unpack it first (gunzip)."),
    (b"BZh", "packed with bzip2", "Unpack it first (bunzip2)."),
    (b"\x28\xb5\x2f\xfd", "packed with zstd", "Unpack it first (unzstd)."),
    (b"SQLite format 3\0", "an SQLite database", "Export its table as CSV first."),
    (b"{\\rtf", "a rich text document", "Save the table as CSV."),
)
_MARKUP = ("<!doctype", "<html", "<head", "<body", "<table", "<?xml", "<meta", "<script", "<svg", "<rss")


def open_table(
    path: Path,
    *,
    file_format: Format | None,
    encoding: str | None,
    delimiter: str | None,
    sheet: str | None,
    largest: int,
    knows: Callable[[str], bool],
) -> Table:
    """Open a file as a table; every option given overrides what would be found. largest: bytes.

    Raises BadSettings (no such file, an option that cannot work), TooLarge, or PayloadChanged (not a table).
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise BadSettings(f"{path} cannot be read: {error.strerror or error}.") from error
    if size > largest:
        raise TooLarge(
            f"{path.name} has {size >> 20} MB; at most {largest >> 20} MB are read. Split it, or raise largest_mb."
        )
    if not head.strip():
        raise PayloadChanged(f"{path.name} is empty.")
    kind = file_format or _kind(path, head)
    if kind is Format.XLSX:
        return WorkbookTable(path, sheet)
    if kind is Format.PARQUET:
        return ParquetTable(path)
    found = encoding_of(path, encoding)
    _refuse_what_is_no_text_table(path, head, found.codec)
    if kind is Format.JSONL:
        return JsonLinesTable(path, found)
    return open_delimited(path, found, delimiter=delimiter, knows=knows)


def _kind(path: Path, head: bytes) -> Format:
    for mark, what, advice in _FOREIGN:
        if head.startswith(mark):
            raise PayloadChanged(f"{path.name} is {what}. {advice}")
    if head.startswith(b"PK\x03\x04"):
        return Format.XLSX
    if head.startswith(b"PAR1"):
        return Format.PARQUET
    start = head.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"").lstrip(b"\xff\xfe \t\r\n")
    suffix = path.suffix.lower()
    if start.startswith(b"{") and suffix not in {".csv", ".tsv"}:
        return Format.JSONL
    if start.startswith(b"[") and suffix in {".json", ".jsonl", ".ndjson"}:
        raise PayloadChanged(
            f"{path.name} is one JSON list; one object a line is read. Turn it with: jq -c '.[]' IN > OUT.jsonl"
        )
    return Format.JSONL if suffix in {".jsonl", ".ndjson"} else Format.CSV


def _refuse_what_is_no_text_table(path: Path, head: bytes, codec: str) -> None:
    text = head.decode(codec, "replace").lstrip("\ufeff \t\r\n")
    if text[:200].casefold().startswith(_MARKUP):
        raise PayloadChanged(
            f"{path.name} is a web page or XML, not a table, whatever its name says. "
            "Often this is a log-in page that was saved instead of the file: download it again."
        )
    strange = sum(c < " " and c not in "\t\r\n\f\x1b" for c in text)
    if strange > 0.1 * len(text) or (
        b"\0" in head and "utf_16" not in codec and "utf-16" not in codec and strange > 20
    ):
        raise PayloadChanged(f"{path.name} is a binary file, not a table that can be read.")
