"""What others send us: a source that is pushed instead of read (see collector.webhook for the address it is sent
to).

Wire facts, of our own making: a JSON object, a list of them, or {"items": [...]}; the fields are those of a mention:
id, text and created_at (ISO 8601 with zone) are needed; title, rating (1 to 5), author, author_name, language, url,
parent_id, reach, place, segment, brand, edited_at and kind may be there. An id that was sent before is the same
utterance: an edit, or nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from collector.errors import BadSettings
from collector.html import plain, titled
from collector.mention import Item, Kind
from collector.options import need
from collector.payload import Parsed, moment, read_each, string
from collector.sources import Cursor, Page, Walk

if TYPE_CHECKING:
    from collector.http import Client

KIND = "webhook"
PUSHED = True
"""Nothing is fetched: the items come by themselves."""
TEXTS = ("author", "author_name", "language", "url", "parent_id", "place", "segment", "brand")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of an inbound webhook.

    secret     what sender and receiver share; at least 16 characters
    tolerance  how far a request's timestamp may be from our clock
    size       bytes that a request may have at most
    item_kind  what an item is that does not say so
    """

    secret: str | None = field(default=None, repr=False, metadata={"env": "GROUNDSWELL_WEBHOOK_SECRET"})
    tolerance: timedelta = timedelta(minutes=5)
    size: int = 1_000_000
    item_kind: Kind = Kind.REVIEW

    def __post_init__(self) -> None:
        need(KIND, "secret", self.secret, "32 random characters")
        if len(self.secret or "") < 16:
            raise BadSettings("The secret of a source of kind 'webhook' is shorter than 16 characters.")


def fetch(settings: Settings, client: Client, cursor: Cursor | None, walk: Walk) -> Iterator[Page]:
    """Nothing: this source is pushed."""
    yield from ()


def parse(payload: Any, settings: Settings) -> Parsed:
    """The items of one request."""
    if isinstance(payload, dict):
        payload = payload.get("items", [payload])
    return read_each(payload, partial(_item, settings=settings), name="id", what="the request")


def _item(sent: Any, *, settings: Settings) -> Item:
    edited, rating, reach = sent.get("edited_at"), sent.get("rating"), sent.get("reach")
    created = string(sent, "created_at")
    at = moment(created)
    if not _has_zone(created):
        raise ValueError(f"created_at {created!r} has no zone; write it like 2026-11-18T09:30:00Z")
    return Item(
        external_id=string(sent, "id"),
        kind=Kind(sent["kind"]) if sent.get("kind") else settings.item_kind,
        text=titled(plain(sent.get("title")), plain(string(sent, "text"))),
        created_at=at,
        edited_at=moment(edited) if edited else None,
        rating=float(rating) if rating is not None else None,
        reach=int(reach) if reach is not None else None,
        **{name: string(sent, name) if sent.get(name) else None for name in TEXTS},
    )


def _has_zone(written: str) -> bool:
    time = written.strip().upper().partition("T")[2]
    return time.endswith("Z") or "+" in time or "-" in time
