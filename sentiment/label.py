"""Reading other people's files: texts in as CSV or JSONL, readings out as JSONL or CSV, nothing kept."""

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import IO, Any

from collector.language import language_code
from collector.tabular import RECORD_LIMIT, Broken, name_columns
from collector.tabular.delimited import DelimitedTable, Shape
from collector.tabular.encoding import Encoding, encoding_of
from collector.tabular.jsonlines import TOO_LONG, lines_of
from sentiment.classifiers import Classifier
from sentiment.reading import Reading
from sentiment.taxonomy import taxonomy

BATCH = 512
NAMED = 100
"""Rows set aside that are named one by one."""
SHOWN = 300
"""Characters of a header that an error shows: without one, it is a customer's text."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""Cells that begin so would be run by a spreadsheet."""
PLAIN_ID = re.compile(r"-?[A-Za-z0-9_.:-]+")
"""Such an id names things; it cannot compute or call anything, also where it begins with a minus."""
COLUMNS = (
    "id", "language", "sentiment", "negative", "neutral", "positive", "satisfaction", "aspects", "dimensions",
    "stage", "intent", "loyalty", "validated", "abstained", "model",
)  # fmt: skip


class Written(StrEnum):
    """How readings are written."""

    CSV = ","
    TSV = "\t"
    JSONL = "jsonl"

    @classmethod
    def of(cls, path: Path) -> "Written":
        """The form that a file's name asks for."""
        return {".csv": cls.CSV, ".tsv": cls.TSV}.get(path.suffix.lower(), cls.JSONL)


class LabelProblem(Exception):
    """The file cannot be read at all; the message names it and says what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelReport:
    """How many texts were read and how many rows could not be, with a sentence for each of the first of these."""

    read: int
    set_aside: int
    problems: tuple[str, ...]


@dataclass(slots=True)
class Aside:
    """The rows that cannot be read: all are counted, the first are named, so that memory stays flat.

    share_read  how much of the file lies behind, from 0 to 1; None where that is not known
    """

    count: int = 0
    named: list[str] = field(default_factory=list)
    share_read: Callable[[], float | None] = lambda: None

    def add(self, sentence: str) -> None:
        """One more."""
        self.count += 1
        if len(self.named) < NAMED:
            self.named.append(sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the input: its number in the file (for an id where there is none), text and declared language."""

    number: int
    id: Any
    text: str
    language: str | None


def label_file(
    file: Path,
    target: IO[str],
    classifier: Classifier,
    *,
    written: Written = Written.JSONL,
    answered: int = 0,
    progress: Callable[[int, float | None], None] = lambda done, share: None,
) -> LabelReport:
    """Read every row of `file` (.csv, .tsv, .jsonl, .ndjson; column `text`, optional `id` and `language`).

    The encoding is found out. Rows keep their order; each gives one line in `target`. A row without a text, or with
    cells beyond the header, is named in the report; where text is the last column such cells are its own, parted by
    commas that nobody quoted. Raises LabelProblem if the file has no such column, or no row that can be read.

    answered  rows that are in `target` already, from a run that was stopped
    progress  is told after each batch how many rows are, and the share of the file that lies behind
    """
    aside = Aside()
    write = _jsonl_writer(target) if written is Written.JSONL else _csv_writer(target, written.value, head=not answered)
    waiting = rows_of(file, aside)
    done = sum(1 for _ in islice(waiting, answered))
    while rows := list(islice(waiting, BATCH)):
        readings = classifier.read([row.text for row in rows], [row.language for row in rows])
        for row, reading in zip(rows, readings, strict=True):
            write(labelled(row.id, reading, row.text))
        done += len(rows)
        progress(done, aside.share_read())
    if not done:
        kind = "" if is_csv(file) else "; what is not named .csv or .tsv is read as JSONL"
        raise LabelProblem(f"{file}: no row can be read ({aside.named[0] if aside.named else 'it has none'}){kind}")
    return LabelReport(read=done, set_aside=aside.count, problems=tuple(aside.named))


def labelled(identifier: Any, reading: Reading, text: str) -> dict[str, Any]:
    """One reading in the shape that programs read; see docs/methods/classifier.md."""
    negative, neutral, positive = (round(value, 4) for value in reading.probabilities)
    polarities = {aspect.aspect: aspect.polarity for aspect in reading.aspects}
    return {
        "id": identifier,
        "language": reading.language,
        "sentiment": reading.sentiment.value,
        "probabilities": {"negative": negative, "neutral": neutral, "positive": positive},
        "satisfaction": round(reading.satisfaction, 3),
        "aspects": [
            {
                "aspect": aspect.aspect,
                "polarity": aspect.polarity.value,
                "confidence": round(aspect.confidence, 4),
                "evidence": text[aspect.start : aspect.end],
            }
            for aspect in reading.aspects
        ],
        "dimensions": {name: sign.value for name, sign in taxonomy().dimensions_of(polarities).items()},
        "stage": reading.stage.value,
        "intent": reading.intent.value,
        "loyalty": reading.loyalty.value,
        "validated": reading.validated,
        "abstained": reading.abstained,
        "model": reading.model,
    }


def is_csv(path: Path) -> bool:
    """Whether the file's name says comma- or tab-separated."""
    return path.suffix.lower() in {".csv", ".tsv"}


def rows_of(file: Path, aside: Aside) -> Iterator[Row]:
    """The rows of a file in order; unreadable ones go to `aside`."""
    found = _csv_rows(file, aside) if is_csv(file) else _json_rows(file, aside)
    for number, place, fields in found:
        text = fields.get("text")
        if text is None:
            aside.add(f"{file.name}, {place}: no text")
            continue
        identifier = fields.get("id")
        language = fields.get("language") or fields.get("lang")
        yield Row(
            number=number,
            id=number if identifier is None else identifier,
            text=text if isinstance(text, str) else json.dumps(text, ensure_ascii=False),
            language=language_code(language),
        )


Found = Iterator[tuple[int, str, Mapping[str, Any]]]
"""Number of the row, where it stands ("line 17"), and its fields."""


def _csv_rows(file: Path, aside: Aside) -> Found:
    table = DelimitedTable(file, encoding := encoding_of(file), _shape(file, encoding))
    aside.share_read = table.share_read
    names = [name.lower() for name in table.columns]
    if "text" not in names:
        raise LabelProblem(f"{file}: no column text; it has {', '.join(names)[:SHOWN] or 'no columns at all'}")
    for number, row in enumerate(table.rows(), 1):
        if isinstance(row, Broken):
            aside.add(f"{file.name}, {row.place}: {row.reason}")
        else:
            yield number, row.place, dict(zip(names, row.cells, strict=True))


def _shape(file: Path, encoding: Encoding) -> Shape:
    """The delimiter that the first line with something in it has most of, after Excel's own "sep=;" if it is there."""
    with file.open(encoding=encoding.codec, errors="replace", newline="") as lines:
        head = lines.readline(RECORD_LIMIT)
        if declared := head.lower().startswith("sep="):
            head = lines.readline(RECORD_LIMIT)
        above = 0
        while head and not head.strip():
            above, head = above + 1, lines.readline(RECORD_LIMIT)
    delimiter = max(",;\t|", key=head.count)
    columns = name_columns(next(csv.reader([head], delimiter=delimiter, skipinitialspace=True), []))
    return Shape(
        delimiter=delimiter,
        escape=None,
        header=above,
        skip_first=declared,
        columns=tuple(columns),
        rest_in_last=bool(columns) and columns[-1].lower() == "text",
    )


def _json_rows(file: Path, aside: Aside) -> Found:
    size = max(1, file.stat().st_size)
    with file.open(encoding=encoding_of(file).codec, errors="replace") as source:
        raw: Any = source.buffer
        aside.share_read = lambda: None if raw.closed else min(1.0, raw.tell() / size)
        for number, line in lines_of(source):
            place = f"line {number}"
            try:
                fields = json.loads(line or "")
            except (ValueError, RecursionError) as problem:
                aside.add(f"{file.name}, {place}: {TOO_LONG if line is None else f'not JSON ({problem})'}")
                continue
            if not isinstance(fields, dict):
                aside.add(f"{file.name}, {place}: not an object; one object a line is read")
                continue
            yield number, place, fields


def _jsonl_writer(target: IO[str]) -> Callable[[dict[str, Any]], None]:
    def write(row: dict[str, Any]) -> None:
        # ASCII output: a lone surrogate from the input stays an escape instead of breaking the file.
        target.write(json.dumps(row, ensure_ascii=True) + "\n")

    return write


def _csv_writer(target: IO[str], delimiter: str, *, head: bool) -> Callable[[dict[str, Any]], None]:
    writer = csv.DictWriter(target, COLUMNS, delimiter=delimiter)
    if head:
        # Spreadsheets take a file for UTF-8 by this mark.
        target.write("\ufeff")
        writer.writeheader()

    def write(row: dict[str, Any]) -> None:
        flat = {name: row[name] for name in COLUMNS if name in row} | row["probabilities"]
        flat["aspects"] = json.dumps(row["aspects"], ensure_ascii=True)
        flat["dimensions"] = json.dumps(row["dimensions"], ensure_ascii=True)
        writer.writerow({name: _kept(value) if name == "id" else harmless(value) for name, value in flat.items()})

    return write


def _kept(identifier: Any) -> Any:
    """The id as it came wherever it cannot be a formula, so that readings join with what they were made of."""
    plain = isinstance(identifier, str) and PLAIN_ID.fullmatch(identifier)
    return identifier if plain else harmless(identifier)


def harmless(value: Any) -> Any:
    """The cell with a leading quote where a spreadsheet would take it for a formula."""
    if not isinstance(value, str):
        return value
    safe = value.encode("utf-8", "replace").decode("utf-8")
    return f"'{safe}" if safe.startswith(FORMULA_STARTS) else safe
