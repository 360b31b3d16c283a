"""Comments under videos, through the YouTube Data API.

Wire facts: GET
{base_url}/youtube/v3/commentThreads?part=snippet,replies&allThreadsRelatedToChannelId=…|videoId=…&order=time
&maxResults=100&textFormat=plainText&pageToken=…&key=… gives {items, nextPageToken}. A thread's replies are a subset:
where totalReplyCount is larger, comments?parentId=… has them all. Threads go by the time of their first comment: a
reply is only seen while its thread is read. textDisplay is HTML where plain text is not heeded. updatedAt after
publishedAt means edited. A call costs 1 of 10,000 units a day, reset at midnight Pacific; 403 with the reason
commentsDisabled concerns that video only, quotaExceeded everything until the reset, rateLimitExceeded and
userRateLimitExceeded everything for a while (for how long is not said). comments?id=… takes neither maxResults nor
pageToken. The key travels in the query. YouTube's terms want stored data refreshed or deleted within 30 days.
Documentation: https://developers.google.com/youtube/v3/docs/commentThreads/list and
https://developers.google.com/youtube/v3/docs/comments/list
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from collector.errors import BudgetSpent, PayloadChanged, RateLimited
from collector.html import plain
from collector.http import UNSAID
from collector.mention import Item, Kind
from collector.options import need, need_address
from collector.payload import Checked, Parsed, counted, elements, moment, part, read_each, string
from collector.sources import Cursor, Page, Reject, Walk
from collector.walk import Leaf, depth, each, newest_first

if TYPE_CHECKING:
    from collector.answer import Answer
    from collector.http import Client

KIND = "youtube"
AT_ONCE = 50
MOST_REPLY_PAGES = 200
"""Pages of replies under one comment: 20,000 of them, which no comment has."""
PACIFIC = ZoneInfo("America/Los_Angeles")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of a YouTube source.

    channels  ids of channels whose comments are read, under all their videos
    videos    ids of single videos
    api_key   of a Google Cloud project with the YouTube Data API
    overlap   how far behind the last run comments are read again, for replies come to comments that were read before
    """

    channels: tuple[str, ...] = ()
    videos: tuple[str, ...] = ()
    api_key: str | None = field(default=None, repr=False, metadata={"env": "GROUNDSWELL_YOUTUBE_API_KEY"})
    overlap: timedelta = timedelta(hours=6)
    base_url: str = "https://www.googleapis.com"
    allow_private: bool = False

    def __post_init__(self) -> None:
        need(KIND, "channels", (*self.channels, *self.videos), '["UC_x5XG1OV2P6uZZ5FSM9Ttw"] (or videos)')
        need(KIND, "api_key", self.api_key, "the key of your Google Cloud project")
        need_address(KIND, "base_url", self.base_url)


def fetch(settings: Settings, client: Client, cursor: Cursor | None, walk: Walk) -> Iterator[Page]:
    """Read the comments of every channel and video."""
    asked = [("allThreadsRelatedToChannelId", one) for one in settings.channels]
    asked += [("videoId", one) for one in settings.videos]
    yield from each(cursor, {one: partial(_pages, settings, client, walk, (name, one)) for name, one in asked})


def _pages(
    settings: Settings, client: Client, walk: Walk, where: tuple[str, str], cursor: Cursor | None
) -> Iterator[Page]:
    def read(token: str | None, _floor: datetime) -> Leaf:
        params = {"part": "snippet,replies", where[0]: where[1], "order": "time", "pageToken": token}
        answer = _ask(settings, client, "commentThreads", params)
        if answer is None:
            return Leaf(note=f"Comments are switched off for {where[1]}.")
        parsed = parse(answer.data, settings)
        begun = [item.created_at for item in parsed.items if item.parent_id is None]
        others = _other_replies(settings, client, answer.data)
        return Leaf(
            items=[*parsed.items, *others.items],
            rejects=[*parsed.rejects, *others.rejects],
            next=answer.data.get("nextPageToken"),
            oldest=depth(begun),
        )

    return newest_first(cursor, walk, read)


def _ask(settings: Settings, client: Client, method: str, params: dict[str, Any]) -> Answer | None:
    """An answer of the API; None where comments are switched off."""
    url = f"{settings.base_url.rstrip('/')}/youtube/v3/{method}"
    most = None if "id" in params else 100
    params = {**params, "maxResults": most, "textFormat": "plainText", "key": settings.api_key}
    answer = client.json(url, params, accept=frozenset({403}))
    if answer.status != 403:
        return answer
    reasons = {one.get("reason") for one in (answer.data.get("error") or {}).get("errors") or ()}
    if "commentsDisabled" in reasons:
        return None
    if reasons & {"quotaExceeded", "dailyLimitExceeded"}:
        reset = midnight_pacific(client.now())
        raise BudgetSpent(f"YouTube's daily quota is used up; it is renewed at {reset:%Y-%m-%d %H:%M} UTC.", reset)
    refusal = client.refusal(answer)
    if reasons & {"rateLimitExceeded", "userRateLimitExceeded"} and not isinstance(refusal, RateLimited):
        sentence = "YouTube says that it is asked too often; the run after the wait goes on."
        raise RateLimited(sentence, client.now() + UNSAID, told=False)
    raise refusal


def midnight_pacific(now: datetime) -> datetime:
    """The next midnight of America/Los_Angeles, when quotas are renewed; in the zone of `now`."""
    tomorrow = (now.astimezone(PACIFIC) + timedelta(days=1)).date()
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=PACIFIC).astimezone(now.tzinfo)


def _other_replies(settings: Settings, client: Client, payload: Any) -> Parsed:
    """The replies of those threads that did not bring them all."""
    items: list[Item] = []
    rejects: list[Reject] = []
    for thread in payload["items"]:
        known = {reply.get("id") for reply in elements(part(thread, "replies"), "comments")}
        if part(thread, "snippet").get("totalReplyCount", 0) <= len(known):
            continue
        token, barren = None, 0
        for _page in range(MOST_REPLY_PAGES):
            params = {"part": "snippet", "parentId": thread["id"], "pageToken": token}
            answer = _ask(settings, client, "comments", params)
            if answer is None:
                break
            told = read_each(answer.data.get("items"), _comment, name="id", what="YouTube's replies")
            fresh = [item for item in told.items if item.external_id not in known]
            items += fresh
            rejects += told.rejects
            known |= {item.external_id for item in fresh}
            token = answer.data.get("nextPageToken")
            # A page of nothing but what is known may be the subset that came with the thread; two are a circle.
            barren = 0 if fresh else barren + 1
            if token is None or barren > 1:
                break
    return Parsed(items=items, rejects=rejects)


def check(settings: Settings, client: Client, ids: Sequence[str]) -> Checked:
    """Read comments back; those that were deleted are not in the answer."""
    answer = _ask(settings, client, "comments", {"part": "snippet", "id": ",".join(ids)})
    if answer is None:
        return Checked()
    payload = answer.data.get("items")
    items = read_each(payload, _comment, name="id", what="YouTube's comments").items
    known = {comment.get("id") for comment in payload if isinstance(comment, dict)}
    return Checked(items=items, gone=[one for one in ids if one not in known])


def parse(payload: Any, settings: Settings) -> Parsed:
    """The comments of one answer, the threads' first ones before their replies."""
    if not isinstance(payload, dict) or "items" not in payload:
        raise PayloadChanged("YouTube's answer holds no items.")
    threads = read_each(payload["items"], _thread, name="id", what="YouTube's comments")
    if not isinstance(payload["items"], list):
        raise PayloadChanged("YouTube's answer holds no list of items.")
    replies = [reply for thread in payload["items"] for reply in elements(part(thread, "replies"), "comments")]
    told = read_each(replies, _comment, name="id", what="YouTube's replies")
    return Parsed(items=[*threads.items, *told.items], rejects=[*threads.rejects, *told.rejects])


def _thread(thread: Any) -> Item:
    """The first comment of a thread; a single comment (of comments.list) stands for itself."""
    if "textDisplay" in thread["snippet"]:
        return _comment(thread)
    return _comment(thread["snippet"]["topLevelComment"])


def _comment(comment: Any) -> Item:
    said = comment["snippet"]
    external_id, video = string(comment, "id"), said.get("videoId")
    created, updated = moment(said["publishedAt"]), moment(said.get("updatedAt") or said["publishedAt"])
    return Item(
        external_id=external_id,
        kind=Kind.COMMENT,
        text=said.get("textOriginal") or plain(said["textDisplay"]),
        created_at=created,
        edited_at=updated if updated > created else None,
        author=(said.get("authorChannelId") or {}).get("value"),
        author_name=said.get("authorDisplayName"),
        url=f"https://www.youtube.com/watch?v={video}&lc={external_id}" if video else None,
        parent_id=said.get("parentId"),
        reach=counted(said.get("likeCount")),
    )
