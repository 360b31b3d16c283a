"""Whether a brand claims an item, and whether the item can be kept: pure rules between what came and what is saved."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from collector.brand import Brand
from collector.identity import author_key, clean_text, is_blank
from collector.language import language_code
from collector.mention import TEXT_LIMIT, Item, Mention
from collector.sources import Reject, SourceConfig

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Nothing public that customers wrote is older; such a date is a clock or a parser gone wrong."""
AHEAD = timedelta(days=1)
"""How far in the future a date may lie: clocks and zones are off by hours, not by days."""
ID_LIMIT, NAME_LIMIT, URL_LIMIT = 500, 200, 2_000
RAW_LIMIT = 2_000
REACH_LIMIT = 2**53

_HTTP = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of an item: the mentions it makes, or why it makes none.

    Neither mentions nor reject: no brand claims it.
    """

    item: Item
    mentions: Sequence[Mention] = ()
    reject: Reject | None = None

    @property
    def reason(self) -> str:
        """One phrase for a person: why it is kept, or why not."""
        if self.reject is not None:
            return self.reject.reason
        return "; ".join(f"{m.brand}: {m.matched}" for m in self.mentions) or "no brand is named"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Who claims the items of one source.

    recheck  the source's own search is loose, so even a source of one brand is checked against that brand's words
    """

    config: SourceConfig
    brands: Sequence[Brand]
    recheck: bool = False

    @property
    def names(self) -> list[str]:
        """The brands that may hold what this source gave."""
        names = [brand.name for brand in self.brands]
        return names if self.config.brand in {None, *names} else [*names, str(self.config.brand)]

    def judge(
        self,
        item: Item,
        now: datetime,
        *,
        salt: bytes,
        keep_authors: bool,
        held: Mapping[str, str | None] = MappingProxyType({}),
    ) -> Verdict:
        """What becomes of an item that came at `now`.

        held  brands that hold it already, and why: an edit reaches them though it no longer names them
        """
        fitted = fit(item, now)
        if isinstance(fitted, Reject):
            return Verdict(item=item, reject=fitted)
        claims = self._claims(fitted)
        if isinstance(claims, Reject):
            return Verdict(item=item, reject=claims)
        source = self.config.name
        mentions = [
            _mention(fitted, source, brand, matched, now=now, salt=salt, keep_authors=keep_authors)
            for brand, matched in (dict(held) | dict(claims)).items()
        ]
        return Verdict(item=item, mentions=mentions)

    def _claims(self, item: Item) -> list[tuple[str, str]] | Reject:
        if item.brand is not None:
            named = self._named(item.brand)
            return (
                [(named, "source")] if named else _set_aside(item, f"the brand {item.brand[:60]!r} is not configured")
            )
        if self.config.brand is not None and not self.recheck:
            return [(self.config.brand, "source")]
        asked = [b for b in self.brands if self.config.brand is None or b.name == self.config.brand]
        found = ((brand.name, brand.match(item.text, item.language)) for brand in asked)
        return [(name, why) for name, why in found if why is not None]

    def _named(self, name: str) -> str | None:
        wanted = name.strip().casefold()
        for brand in self.brands:
            if wanted in {word.strip().casefold() for word in (brand.name, *brand.aliases)}:
                return brand.name
        return self.config.brand if self.config.brand and wanted == self.config.brand.casefold() else None


def fit(item: Item, now: datetime) -> Item | Reject:
    """The item with every field clean and within its bounds, or why it cannot be kept."""
    if len(item.text) > TEXT_LIMIT:
        return _set_aside(item, f"its text of {len(item.text):,} characters is longer than {TEXT_LIMIT:,}")
    text = clean_text(item.text)
    if is_blank(text):
        return _set_aside(
            item, "it has no text" if item.rating is None else f"a rating of {item.rating:g} without words"
        )
    if not item.external_id.strip():
        return _set_aside(item, "it has no id")
    if item.created_at.tzinfo is None:
        return _set_aside(item, f"its date {item.created_at} has no zone")
    if not EARLIEST <= item.created_at <= now + AHEAD:
        return _set_aside(item, f"its date {item.created_at:%Y-%m-%d} cannot be right")
    return replace(
        item,
        external_id=short_id(item.external_id),
        text=text,
        created_at=item.created_at.astimezone(UTC),
        edited_at=_edited(item, now),
        rating=item.rating
        if item.rating is not None and math.isfinite(item.rating) and 1 <= item.rating <= 5
        else None,
        author_name=_line(item.author_name, NAME_LIMIT),
        language=language_code(item.language),
        url=_url(item.url),
        parent_id=short_id(item.parent_id) if item.parent_id else None,
        reach=min(item.reach, REACH_LIMIT) if item.reach is not None and item.reach >= 0 else None,
        place=_line(item.place, NAME_LIMIT),
        segment=_line(item.segment, NAME_LIMIT),
    )


def _mention(
    item: Item, source: str, brand: str, matched: str | None, *, now: datetime, salt: bytes, keep_authors: bool
) -> Mention:
    return Mention(
        source=source,
        brand=brand,
        matched=matched,
        external_id=item.external_id,
        kind=item.kind,
        text=item.text,
        created_at=item.created_at,
        edited_at=item.edited_at,
        fetched_at=now,
        rating=item.rating,
        author_key=author_key(item.author or item.author_name, source, salt),
        author_name=item.author_name if keep_authors else None,
        language=item.language,
        url=item.url,
        parent_id=item.parent_id,
        reach=item.reach,
        place=item.place,
        segment=item.segment,
    )


def _set_aside(item: Item, reason: str) -> Reject:
    return Reject(
        place=f"id {_line(item.external_id, 150) or '(none)'}", reason=reason, raw=clean_text(item.text[:RAW_LIMIT])
    )


def short_id(external_id: str) -> str:
    """An id within the store's bounds; a longer one keeps its start and is told apart by a digest."""
    clean = clean_text(external_id)
    if len(clean) <= ID_LIMIT:
        return clean
    return f"{clean[:400]}#{hashlib.sha256(clean.encode()).hexdigest()[:40]}"


def _edited(item: Item, now: datetime) -> datetime | None:
    moment = item.edited_at
    if moment is None or moment.tzinfo is None or not item.created_at <= moment <= now + AHEAD:
        return None
    return moment.astimezone(UTC)


def _line(text: str | None, limit: int) -> str | None:
    return " ".join(clean_text(text[: limit * 4]).split())[:limit] or None if text else None


def _url(url: str | None) -> str | None:
    """An http(s) address, or nothing: any other scheme behind a link on a screen is an attack."""
    clean = clean_text(url) if url and len(url) <= URL_LIMIT else ""
    return clean if _HTTP.fullmatch(clean) else None


def rejects_of(verdicts: Iterable[Verdict]) -> list[Reject]:
    """What was set aside."""
    return [verdict.reject for verdict in verdicts if verdict.reject is not None]
