"""Reading other people's files: texts in as CSV or JSONL, readings out as JSONL or CSV, nothing kept."""

import csv
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import IO, Any

from sentiment.classifiers import Classifier
from sentiment.reading import Reading
from sentiment.taxonomy import taxonomy

BATCH = 512
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
    """How many texts were read, and a sentence for each row that could not be."""

    read: int
    problems: tuple[str, ...]


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
    progress: Callable[[int], None] = lambda done: None,
) -> LabelReport:
    """Read every row of `file` (.csv, .tsv, .jsonl, .ndjson; column `text`, optional `id` and `language`).

    Rows keep their order; each gives one line in `target`. A row without a text, or with cells beyond the header, is
    named in the report; where text is the last column such cells are its own, parted by commas that nobody quoted.
    Raises LabelProblem if the file has no such column, or no row that can be read.
    """
    problems: list[str] = []
    done = 0
    write = _jsonl_writer(target) if written is Written.JSONL else _csv_writer(target, written.value)
    waiting = rows_of(file, problems)
    while rows := list(islice(waiting, BATCH)):
        readings = classifier.read([row.text for row in rows], [row.language for row in rows])
        for row, reading in zip(rows, readings, strict=True):
            write(labelled(row.id, reading, row.text))
        done += len(rows)
        progress(done)
    if not done:
        kind = "" if is_csv(file) else "; what is not named .csv or .tsv is read as JSONL"
        raise LabelProblem(f"{file}: no row can be read ({problems[0] if problems else 'it has none'}){kind}")
    return LabelReport(read=done, problems=tuple(problems))


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


def rows_of(file: Path, problems: list[str]) -> Iterator[Row]:
    """The rows of a file in order; sentences about unreadable ones go to `problems`."""
    found = _csv_rows(file, problems) if is_csv(file) else _json_rows(file, problems)
    for number, fields in found:
        text = fields.get("text")
        if text is None:
            problems.append(f"{file.name}, row {number}: no text")
            continue
        identifier = fields.get("id")
        language = fields.get("language") or fields.get("lang")
        yield Row(
            number=number,
            id=number if identifier is None else identifier,
            text=text if isinstance(text, str) else json.dumps(text, ensure_ascii=False),
            language=str(language) if language else None,
        )


def _csv_rows(file: Path, problems: list[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as source:
        head = source.readline()
        delimiter = max(",;\t|", key=head.count)
        source.seek(0)
        reader = csv.DictReader((line.replace("\x00", "") for line in source), delimiter=delimiter)
        names = {name: name.strip().lower() for name in reader.fieldnames or () if name is not None}
        if "text" not in names.values():
            raise LabelProblem(f"{file}: no column text; it has {', '.join(names) or 'no columns at all'}")
        last = list(names)[-1]
        for number, fields in enumerate(reader, 1):
            beyond = fields.pop(None, [])  # Where DictReader keeps what has no column.
            if any(cell.strip() for cell in beyond):
                if names[last] != "text":
                    cells = f"{len(names) + len(beyond)} cells, the header {len(names)}"
                    problems.append(f"{file.name}, row {number}: {cells}; is a separator not quoted?")
                    continue
                fields[last] = delimiter.join([fields[last], *beyond])
            yield number, {names[name]: value for name, value in fields.items() if name in names}


def _json_rows(file: Path, problems: list[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with file.open(encoding="utf-8-sig", errors="replace") as source:
        for number, line in enumerate(source, 1):
            if not line.strip():
                continue
            try:
                fields = json.loads(line)
            except ValueError as problem:
                problems.append(f"{file.name}, line {number}: not JSON ({problem})")
                continue
            if not isinstance(fields, dict):
                problems.append(f"{file.name}, line {number}: not an object")
                continue
            yield number, fields


def _jsonl_writer(target: IO[str]) -> Callable[[dict[str, Any]], None]:
    def write(row: dict[str, Any]) -> None:
        # ASCII output: a lone surrogate from the input stays an escape instead of breaking the file.
        target.write(json.dumps(row, ensure_ascii=True) + "\n")

    return write


def _csv_writer(target: IO[str], delimiter: str) -> Callable[[dict[str, Any]], None]:
    # Spreadsheets take a file for UTF-8 by this mark.
    target.write("\ufeff")
    writer = csv.DictWriter(target, COLUMNS, delimiter=delimiter)
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
