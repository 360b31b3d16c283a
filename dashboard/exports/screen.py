"""What is on a screen as a file: its table in any format or its chart as a picture, with the facts that trace it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from importlib.metadata import version
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from dashboard.exports import picture
from dashboard.exports.frames import frame_to_csv, frame_to_parquet, frame_to_xlsx
from dashboard.exports.manifest import Manifest


class Kind(StrEnum):
    """The kinds of file; the value is the ending of the file's name.

    CSV stays free of comments, for a spreadsheet would show them as rows: its manifest travels beside it in ZIP.
    """

    XLSX = "xlsx"
    CSV = "csv"
    ZIP = "zip"
    PARQUET = "parquet"
    PNG = "png"
    SVG = "svg"

    @property
    def drawn(self) -> bool:
        """Whether it holds the chart rather than the table."""
        return self in {Kind.PNG, Kind.SVG}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A table or chart as it stood on a screen.

    name      names the file: "dissatisfaction-by-day"
    chart     its Vega-Lite specification, if it has one
    finding   the sentence above it
    filters   what selected it, by the words on the screen
    made_at   aware, when its figures were taken
    """

    name: str
    table: pd.DataFrame
    filters: Mapping[str, Any]
    made_at: datetime
    zone: ZoneInfo
    lens: str
    models: Sequence[str]
    chart: Mapping[str, Any] | None = None
    finding: str = ""
    notes: Sequence[str] = field(default=())

    def file(self, kind: Kind) -> bytes:
        """The content of a file of this kind; pictures only where there is a chart (ValueError)."""
        if kind.drawn:
            return self._picture(kind)
        if kind is Kind.XLSX:
            about = self.manifest(kind).as_lines()
            return frame_to_xlsx(self.table, zone=self.zone, name=_sheet(self.name), about=about)
        if kind is Kind.PARQUET:
            return frame_to_parquet(self.table, zone=self.zone, about=self.manifest(kind).as_json())
        content = frame_to_csv(self.table, zone=self.zone)
        return self._zipped(content) if kind is Kind.ZIP else content

    def manifest(self, kind: Kind) -> Manifest:
        """What a file of this kind holds and how it came about."""
        named = [level for level in self.table.index.names if level is not None]
        return Manifest(
            what=self.finding or self.name,
            format=Kind.CSV if kind is Kind.ZIP else kind,
            rows=len(self.table),
            columns=[str(column) for column in [*named, *self.table.columns]],
            filters=self.filters,
            made_at=self._when(),
            zone=self.zone.key,
            lens=self.lens,
            models=self.models,
            version=version("groundswell"),
            guarded=kind in {Kind.CSV, Kind.ZIP},
            notes=self.notes,
        )

    def _zipped(self, content: bytes) -> bytes:
        out = io.BytesIO()
        # Entries bear the time of the figures, not of the zip: the same screen gives the same bytes.
        at = self.made_at.astimezone(self.zone).timetuple()[:6]
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for ending, part in (("csv", content), ("manifest.json", self.manifest(Kind.ZIP).as_json().encode())):
                entry = zipfile.ZipInfo(f"groundswell-{self.name}.{ending}", at)
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, part)
        return out.getvalue()

    def _picture(self, kind: Kind) -> bytes:
        if self.chart is None:
            raise ValueError(f"{self.name} has no chart")
        facts = "; ".join(f"{name}: {_words(value)}" for name, value in self.filters.items() if value)
        under = [facts, f"Groundswell, {self._when()} ({self.zone.key})"]
        titled = picture.titled(self.chart, self.finding or self.name, [line for line in under if line])
        return picture.png(titled) if kind is Kind.PNG else picture.svg(titled)

    def _when(self) -> str:
        return self.made_at.astimezone(self.zone).isoformat(timespec="seconds")


def _words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _sheet(name: str) -> str:
    """A name that a workbook takes for a sheet: no []:*?/\\ in it, and no quote at its ends."""
    return "".join("-" if sign in "[]:*?/\\'" else sign for sign in name) or "data"
