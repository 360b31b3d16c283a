"""A row becomes an Item, or says why it cannot."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collector.identity import clean_text
from collector.language import language_code
from collector.mention import TEXT_LIMIT, Item, Kind
from collector.tabular import Row, is_blank
from collector.tabular.columns import Field
from collector.tabular.dates import NotADate, read_date
from collector.tabular.ratings import STARS, NotARating, stars_of
from collector.tabular.survey import Understanding

_COUNT = re.compile(r"(?P<whole>\d{1,3}(?:[.,' ]\d{3})+|\d+)(?:[.,](?P<rest>\d+))?\s*(?P<unit>[kKmM])?$")
_GUARD = re.compile("'+[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""What an exporter for spreadsheets puts a quote before (see dashboard/exports); one quote more than there was."""


class NotAnItem(ValueError):
    """A row cannot become an item; the message is the reason that is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemReader:
    """Reads rows by an Understanding.

    kind   of rows that name none
    dated  the time of rows that have none, aware UTC; None: they are rejected
    now    aware UTC; nothing was said after it
    """

    understanding: Understanding
    kind: Kind
    dated: datetime | None
    now: datetime

    def item(self, row: Row) -> tuple[Item, str | None]:
        """The item of a row, and what of it had to be left out (an unreadable rating). Raises NotAnItem."""
        text = self._text(row)
        created_at = self._created_at(row)
        rating, complaint = self._rating(row)
        author, author_name = self._words(row, Field.AUTHOR), self._words(row, Field.AUTHOR_NAME)
        url, place = self._words(row, Field.URL), self._words(row, Field.PLACE)
        segment, parent_id = self._words(row, Field.SEGMENT), self._words(row, Field.PARENT_ID)
        item = Item(
            external_id=self._words(row, Field.EXTERNAL_ID)
            or content_id(text, created_at, author or author_name, url, place, segment, parent_id),
            kind=self._kind(row),
            text=text,
            created_at=created_at,
            edited_at=self._edited_at(row),
            rating=rating,
            author=author or author_name,
            author_name=author_name,
            language=language_code(self._cell(row, Field.LANGUAGE)),
            url=url,
            parent_id=parent_id,
            reach=whole_number(self._cell(row, Field.REACH)),
            place=place,
            segment=segment,
            brand=self._words(row, Field.BRAND),
        )
        return item, complaint

    def _cell(self, row: Row, field: Field) -> Any:
        positions = self.understanding.mapping.get(field)
        if not positions:
            return None
        if len(positions) == 1:
            cell = row.cells[positions[0]]
            return None if is_blank(cell) else self._bare(cell)
        parts = [str(self._bare(row.cells[p])).strip() for p in positions if not is_blank(row.cells[p])]
        return "\n".join(parts) or None

    def _bare(self, cell: Any) -> Any:
        if self.understanding.guarded and isinstance(cell, str) and _GUARD.match(cell):
            return cell[1:]
        return cell

    def _text(self, row: Row) -> str:
        cell = self._cell(row, Field.TEXT)
        text = _lines(cell)
        if (heading := _lines(self._cell(row, Field.TITLE))) and not text.startswith(heading.rstrip(".…")):
            text = f"{heading}\n{text}" if text else heading
        if not any(unicodedata.category(letter)[0] in "LNPS" for letter in text):
            raise NotAnItem("the text is empty")
        if len(text) > TEXT_LIMIT:
            raise NotAnItem(f"the text has {len(text):,} characters; at most {TEXT_LIMIT:,} are kept")
        return text

    def _created_at(self, row: Row) -> datetime:
        cell = self._cell(row, Field.CREATED_AT)
        if cell is None:
            if self.dated is None:
                raise NotAnItem("there is no date")
            return self.dated
        try:
            return read_date(cell, self.understanding.dates, self.now)
        except NotADate as error:
            raise NotAnItem(str(error)) from error

    def _edited_at(self, row: Row) -> datetime | None:
        cell = self._cell(row, Field.EDITED_AT)
        try:
            return None if cell is None else read_date(cell, self.understanding.dates, self.now)
        except NotADate:
            return None

    def _rating(self, row: Row) -> tuple[float | None, str | None]:
        cell = self._cell(row, Field.RATING)
        if cell is None:
            return None, None
        try:
            return stars_of(cell, self.understanding.scale or STARS, self.understanding.decimal), None
        except NotARating as error:
            return None, str(error)

    def _words(self, row: Row, field: Field) -> str | None:
        # Whatever becomes an item is brought within the store's bounds when a brand claims it.
        cell = self._cell(row, field)
        return None if cell is None else clean_text(_plain_number(cell)) or None

    def _kind(self, row: Row) -> Kind:
        cell = self._cell(row, Field.KIND)
        named = str(cell).strip().casefold()
        return Kind(named) if named in set(Kind) else self.kind


def content_id(text: str, created_at: datetime, *rest: str | None) -> str:
    """A stable id of what was said when, where and by whom; figures that grow (likes) and ratings are no part of it."""
    content = "\0".join([text, created_at.isoformat(), *(part or "" for part in rest)])
    return "row-" + hashlib.blake2b(content.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _lines(cell: Any) -> str:
    return "" if cell is None else clean_text(str(cell).replace("\r\n", "\n").replace("\r", "\n"))


def whole_number(cell: Any) -> int | None:
    """A count from 12, 12.0, "1,204", "1.204" or "1.2K"; None for anything else."""
    if isinstance(cell, bool):
        return None
    if isinstance(cell, (int, float)):
        return int(cell) if abs(cell) < 1e15 else None
    found = _COUNT.match(cell.strip()) if isinstance(cell, str) else None
    if not found or len(found["whole"]) > 18:
        return None
    whole = int(re.sub(r"\D", "", found["whole"]))
    if unit := found["unit"]:
        return round(float(f"{whole}.{found['rest'] or 0}") * {"k": 1_000, "m": 1_000_000}[unit.lower()])
    return whole


def _plain_number(cell: Any) -> str:
    """A cell as text; 12.0, as spreadsheets keep the id 12, without its point."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
