"""Reviews of one's own apps on Google Play, through the Android Publisher API.

Wire facts: GET {base_url}/androidpublisher/v3/applications/{package}/reviews?maxResults=100&token=… gives {reviews,
tokenPagination: {nextPageToken}}: only reviews with words, written or changed in the last seven days, newest change
first. comments holds userComment {text "title<tab>body", lastModified {seconds, nanos}, starRating, reviewerLanguage
(the device's), thumbsUpCount, originalText (only where text is a translation)} and developerComment. There is no date
of writing: the first sight stands for it. 200 requests an hour and app; ask at least daily, or reviews are lost.
Documentation: https://developers.google.com/android-publisher/reply-to-reviews
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from collector.errors import PayloadChanged
from collector.html import titled
from collector.mention import Item, Kind
from collector.options import need, need_address
from collector.payload import Parsed, counted, epoch, read_each, string
from collector.sources import Cursor, Page, Walk
from collector.tokens import service_account_token
from collector.walk import Leaf, each, newest_first, page_of

if TYPE_CHECKING:
    from collector.answer import Answer
    from collector.http import Client

    Ask = Callable[..., Answer]

KIND = "google_play"
SCOPE = "https://www.googleapis.com/auth/androidpublisher"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of a Google Play source.

    packages         application ids of one's own apps, e.g. org.example.app
    service_account  the JSON of a service account's key file; the account needs "Reply to reviews" in the Play Console
    """

    packages: tuple[str, ...] = ()
    service_account: str | None = field(
        default=None, repr=False, metadata={"env": "GROUNDSWELL_GOOGLE_SERVICE_ACCOUNT"}
    )
    base_url: str = "https://androidpublisher.googleapis.com"
    token_url: str = "https://oauth2.googleapis.com/token"  # noqa: S105 (an address)
    allow_private: bool = False

    def __post_init__(self) -> None:
        need(KIND, "packages", self.packages, '["org.example.app"]')
        need(KIND, "service_account", self.service_account, "the content of the key file")
        need_address(KIND, "base_url", self.base_url)
        need_address(KIND, "token_url", self.token_url)


def fetch(settings: Settings, client: Client, cursor: Cursor | None, walk: Walk) -> Iterator[Page]:
    """Read the recent reviews of every app."""
    token = service_account_token(client, settings.service_account or "", SCOPE, settings.token_url)
    ask = partial(client.json, auth={"authorization": f"Bearer {token}"})
    yield from each(cursor, {app: partial(_pages, settings, ask, walk, app) for app in settings.packages})


def _pages(settings: Settings, ask: Ask, walk: Walk, app: str, cursor: Cursor | None) -> Iterator[Page]:
    url = f"{settings.base_url.rstrip('/')}/androidpublisher/v3/applications/{app}/reviews"

    def read(token: str | None, _floor: datetime) -> Leaf:
        payload = ask(url, {"maxResults": 100, "token": token}).data
        parsed = parse(payload, settings)
        return page_of(parsed, (payload.get("tokenPagination") or {}).get("nextPageToken"), forgets=True)

    return newest_first(cursor, walk, read)


def parse(payload: Any, settings: Settings) -> Parsed:
    """The reviews of one answer."""
    if not isinstance(payload, dict):
        raise PayloadChanged("Google Play's answer is no object with reviews.")
    return read_each(payload.get("reviews", []), _item, name="reviewId", what="Google Play's reviews")


def _item(review: Any) -> Item | None:
    comment = next((one["userComment"] for one in review["comments"] if "userComment" in one), None)
    if comment is None:
        return None
    title, tab, body = (comment.get("originalText") or comment.get("text") or "").partition("\t")
    changed = comment["lastModified"]
    return Item(
        external_id=string(review, "reviewId"),
        kind=Kind.REVIEW,
        text=titled(title, body) if tab else title.strip(),
        created_at=epoch(int(changed["seconds"]) + int(changed.get("nanos", 0)) / 1e9),
        rating=float(comment["starRating"]),
        author=review.get("authorName"),
        author_name=review.get("authorName"),
        language=comment.get("reviewerLanguage"),
        reach=counted(comment.get("thumbsUpCount")),
    )
