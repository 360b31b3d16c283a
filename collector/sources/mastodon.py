"""Mastodon hashtag timelines (and servers that speak the same, such as snac, Pleroma or GoToSocial).

Wire facts: GET {base_url}/api/v1/timelines/tag/{tag}?limit=40&max_id=…, newest first, public unless the server closed
it (then 401 {"error": …} until a token is given). Ids are opaque strings (snac's are hex and unsorted); pages are
short where posts were filtered and snac sends no Link header, so the last id is the token of the page below and only
an empty page is the end. Posts that federate late are filed under the day they were written: the overlap reads behind
the mark for them. `content` is HTML; `edited_at` moves on edits; counts are this server's. Limit: 300 requests in 5
minutes per address, X-RateLimit-Reset in ISO 8601. Documentation:
https://docs.joinmastodon.org/methods/timelines/#tag

snac (2.75): an id is ten digits of a file's time, which an edit moves, and then the MD5 of the post's uri; it looks at
the latter only. Who has boosted a post last stands in for its author, the post under "reblog" with the same id. Every
`language` is "en". Refusals are HTML; single posts are for members, many at once for nobody. Addresses are not
percent-decoded, so that hashtags beyond ASCII find nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from hashlib import md5
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from collector.answer import read_json
from collector.errors import PayloadChanged, SourceRefused
from collector.html import text_of, titled
from collector.mention import Item, Kind
from collector.options import need_address
from collector.payload import Checked, Parsed, counted, moment, read_each, string
from collector.sources import Cursor, Page, Walk
from collector.walk import Leaf, depth, each, newest_first

if TYPE_CHECKING:
    from collector.answer import Answer
    from collector.http import Client

KIND = "mastodon"
LOOSE = True
PAGE = 40
AT_ONCE = 20
"""Entries a page: the most that Mastodon gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of a Mastodon source.

    base_url  the server, e.g. https://mastodon.social
    tags      hashtags with or without "#"; empty: made of the brands' names and aliases
    token     access token, where the server shows its timelines to members only
    local     only posts written on this server
    bots      also posts of accounts that say they are bots
    """

    base_url: str = "https://mastodon.social"
    tags: tuple[str, ...] = ()
    token: str | None = field(default=None, repr=False, metadata={"env": "GROUNDSWELL_MASTODON_TOKEN"})
    local: bool = False
    bots: bool = True
    allow_private: bool = False

    def __post_init__(self) -> None:
        need_address(KIND, "base_url", self.base_url)


def fetch(settings: Settings, client: Client, cursor: Cursor | None, walk: Walk) -> Iterator[Page]:
    """Read the timeline of every tag."""
    tags = dict.fromkeys(_tag(word) for word in settings.tags or walk.terms)
    yield from each(cursor, {tag: partial(_pages, settings, client, walk, tag) for tag in tags if tag})


def _tag(word: str) -> str:
    """The hashtag of a name: "Aurora Air" is listened for under #auroraair."""
    return re.sub(r"\W+", "", word.strip().lstrip("#@").split("@")[0]).lower()


def _pages(settings: Settings, client: Client, walk: Walk, tag: str, cursor: Cursor | None) -> Iterator[Page]:
    url = f"{settings.base_url.rstrip('/')}/api/v1/timelines/tag/{quote(tag)}"
    auth = {"authorization": f"Bearer {settings.token}"} if settings.token else {}

    def read(token: str | None, _floor: datetime) -> Leaf:
        params = {"limit": PAGE, "max_id": token, "local": settings.local or None}
        answer = client.json(url, params, auth=auth, accept=frozenset({404}))
        if answer.status == 404:
            return Leaf()
        parsed = parse(answer.data, settings)
        if not answer.data and not tag.isascii() and _is_snac(answer):
            raise SourceRefused(
                f"snac shows nothing under #{tag}, whether or not something was said: it does not understand hashtags "
                "with letters beyond ASCII. Give other tags."
            )
        last = answer.data[-1].get("id") if answer.data and isinstance(answer.data[-1], dict) else None
        return Leaf(
            items=parsed.items,
            rejects=parsed.rejects,
            next=str(last) if last is not None else None,
            oldest=depth(_moments(answer.data)),
        )

    return newest_first(cursor, walk, read)


def parse(payload: Any, settings: Settings) -> Parsed:
    """The posts of one timeline answer (or of a search, under "statuses")."""
    if isinstance(payload, dict) and "statuses" in payload:
        payload = payload["statuses"]
    if isinstance(payload, dict) and "error" in payload:
        raise PayloadChanged(
            f"Mastodon answered with an error where posts are expected: {str(payload['error'])[:200]}."
        )
    return read_each(payload, partial(_item, settings=settings), name="id", what="the hashtag timeline")


def check(settings: Settings, client: Client, ids: Sequence[str]) -> Checked:
    """Read posts back: all at once where the server can (4.3 and later), else one by one."""
    base = f"{settings.base_url.rstrip('/')}/api/v1/statuses"
    auth = {"authorization": f"Bearer {settings.token}"} if settings.token else {}
    try:
        answer = client.json(base, {"id[]": list(ids)}, auth=auth, accept=frozenset({401, 404, 405, 422}))
        statuses = answer.data if answer.status == 200 else None
    except PayloadChanged:  # snac says in HTML that it has no such page
        statuses = None
    if statuses is None:
        found = (_single(settings, client, f"{base}/{quote(one)}", auth) for one in ids)
        statuses = [status for status in found if status is not None]
    posts = [_own(status) for status in statuses if isinstance(status, dict)]
    known = {_lasting(str(post.get("id")), _at_snac(post)) for post in posts}
    return Checked(items=parse(statuses, settings).items, gone=[one for one in ids if one not in known])


def _single(settings: Settings, client: Client, url: str, auth: dict[str, str]) -> Any:
    """A post read by itself; None where it is gone."""
    answer = client.get(url, auth=auth, accept=frozenset({401, 404, 410}))
    if answer.status == 401 and settings.token is None:
        raise SourceRefused(
            f"{settings.base_url} shows single posts to its members only: without the token of an account there, edits "
            "and deletions are not followed."
        )
    gone = answer.status == 410 or (answer.status == 404 and (_is_snac(answer) or answer.body.lstrip()[:1] == b"{"))
    if answer.status != 200 and not gone:
        raise client.refusal(answer)
    return None if gone else read_json(answer.body, answer.headers.get("content-type", ""), client.shown(url))


def _is_snac(answer: Answer) -> bool:
    return answer.headers.get("x-creator", "").startswith("snac")


def _own(status: Any) -> Any:
    """The post itself, where snac shows it as its last boost."""
    boosted = status.get("reblog")
    return boosted if isinstance(boosted, dict) and boosted.get("id") == status.get("id") else status


def _at_snac(status: Any) -> bool:
    known, uri = status.get("id"), status.get("uri")
    return (
        isinstance(known, str)
        and isinstance(uri, str)
        and known[10:] == md5(uri.encode(errors="replace"), usedforsecurity=False).hexdigest()
    )


def _lasting(known: str, snac: bool) -> str:
    """The id that a post keeps: at snac with zeros for the digits that move, which snac takes as well."""
    return f"{'0' * 10}{known[10:]}" if snac else known


def _item(status: Any, *, settings: Settings) -> Item | None:
    status = _own(status) if isinstance(status, dict) else status
    account, snac = status["account"], _at_snac(status)
    withheld = status.get("visibility") not in {"public", "unlisted", None} or account.get("noindex")
    if withheld or status.get("reblog") or (account.get("bot") and not settings.bots):
        return None
    reply = status.get("in_reply_to_id")
    edited = status.get("edited_at")
    return Item(
        external_id=_lasting(string(status, "id"), snac),
        kind=Kind.COMMENT if reply else Kind.POST,
        text=titled(text_of(status.get("spoiler_text")), text_of(status["content"])),
        created_at=moment(status["created_at"]),
        edited_at=moment(edited) if edited else None,
        author=account.get("url") or account.get("acct"),
        author_name=account.get("display_name") or account.get("acct"),
        language=None if snac else status.get("language"),
        url=status.get("url") or status.get("uri"),
        parent_id=_lasting(str(reply), snac) if reply else None,
        reach=counted(status.get("replies_count"), status.get("reblogs_count"), status.get("favourites_count")),
    )


def _moments(statuses: Any) -> list[datetime]:
    found = []
    for status in statuses:
        try:
            found.append(moment(status["created_at"]))
        except (KeyError, TypeError, ValueError):
            continue
    return found
