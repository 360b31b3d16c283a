"""A store with mentions that were read, and files read back by parsers that are not ours."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from collector.mention import Mention
from collector.store import Store
from collector.store.mentions import save_mentions
from collector.store.tables import mention
from dashboard.exports import Filters, Manifest, export
from sentiment.reading import Intent, Sentiment
from sentiment.store.readings import claim, save_readings
from tests.fakes import NOW, a_mention, a_reading

BERLIN = ZoneInfo("Europe/Berlin")


def keep(store: Store, *mentions: Mention) -> None:
    with store.write() as conn:
        save_mentions(conn, store, mentions)


def read_all(store: Store) -> None:
    """Read every mention: "lovely" is positive courtesy, the rest a complaint about timeliness."""
    with store.write() as conn:
        waiting = claim(conn, "test", NOW, timedelta(minutes=5), 10_000)
        done = []
        for one in waiting:
            if "lovely" in one.text:
                reading = a_reading(Sentiment.POSITIVE, {"courtesy": Sentiment.POSITIVE}, intent=Intent.PRAISE)
            else:
                reading = a_reading(Sentiment.NEGATIVE, {"timeliness": Sentiment.NEGATIVE})
            done.append((one, reading))
        save_readings(conn, store, done, NOW)


def texts_of(store: Store) -> list[str]:
    with store.read() as conn:
        return list(conn.scalars(select(mention.c.text).order_by(mention.c.created_at, mention.c.id)))


def write_out(store: Store, what: str, out: Path, *, raw: bool = False, **filters: Any) -> Manifest:
    return export(store, what, out, None, Filters(**filters), zone=BERLIN, now=NOW, raw=raw)


def strictly(content: bytes, *, raw: bool = False) -> list[dict[str, str]]:
    """Rows of a CSV file by the standard library's parser, which raises at anything malformed."""
    text = content.decode("utf-8" if raw else "utf-8-sig")
    parsed: Sequence[dict[str, str]] = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    assert all(None not in row and None not in row.values() for row in parsed)
    return list(parsed)


def some(count: int, **changes: Any) -> list[Mention]:
    """Mentions an hour apart, the last one an hour ago, of which no two are near-duplicates."""
    return [
        a_mention(str(n), **({"text": f"{n:x} late {n * 7919:x} {n * 104729:x}", "created_at": at} | changes))
        for n in range(count)
        for at in [NOW - timedelta(hours=count - n)]
    ]
