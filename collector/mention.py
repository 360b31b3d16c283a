"""The records of what was said: an Item as a source gave it, and the Mention it becomes once a brand claims it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

TEXT_LIMIT = 1_000_000
"""Longest text kept, in characters; a longer one is set aside with its reason, never cut in silence."""


class Kind(StrEnum):
    """What sort of utterance a mention is."""

    REVIEW = "review"
    POST = "post"
    COMMENT = "comment"
    SURVEY = "survey"
    ARTICLE = "article"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing said, as its source gave it, before any brand is matched.

    external_id   opaque, unique within the source; never ordered by comparison
    text          plain text, NFC, no markup
    created_at    aware UTC; when it was said, never when it arrived
    edited_at     aware UTC of the last edit that the source reports
    rating        stars on a scale of 1 to 5
    author        stable key of the author at the source (an id rather than a name where there is one)
    author_name   as displayed; stored only if the owner configured so
    language      ISO 639-1 code as declared by source or author
    reach         likes + shares + replies, as far as the source counts them
    place         branch, city, store or country, as the source names it
    segment       a grouping of the owner's own (cabin, product, plan)
    """

    external_id: str
    kind: Kind
    text: str
    created_at: datetime
    edited_at: datetime | None = None
    rating: float | None = None
    author: str | None = None
    author_name: str | None = None
    language: str | None = None
    url: str | None = None
    parent_id: str | None = None
    reach: int | None = None
    place: str | None = None
    segment: str | None = None
    brand: str | None = None
    """Set only where the source itself knows the brand (a file with a brand column)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One thing said about one brand: the record that every room speaks.

    Unique by (source, brand, external_id). `author_key` is a salted hash of the author; `matched` says
    why the brand claims it (the term found, or "source" where the whole source belongs to the brand).
    """

    source: str
    brand: str
    external_id: str
    kind: Kind
    text: str
    created_at: datetime
    fetched_at: datetime
    edited_at: datetime | None = None
    rating: float | None = None
    author_key: str | None = None
    author_name: str | None = None
    language: str | None = None
    url: str | None = None
    parent_id: str | None = None
    reach: int | None = None
    place: str | None = None
    segment: str | None = None
    matched: str | None = None
