"""Posts on X, through recent search. Off by default: every post read is paid for, so a hard monthly budget is
needed.

Wire facts: GET
{base_url}/2/tweets/search/recent?query=…&max_results=10..100&start_time=…&end_time=…&next_token=…&tweet.fields=
created_at,lang,public_metrics,author_id,referenced_tweets,note_tweet&expansions=author_id&user.fields=username gives
{data, includes: {users}, meta: {next_token, result_count}}, newest first, of the last 7 days, up to 30 seconds ago. A
page may be empty though a next_token follows. Ids are strings that hold their time. < > & come escaped; text ends after
280 characters, note_tweet has all of a longer post. An edited post has a new id; edit_history_tweet_ids begins with its
first one, which names it here. Each post read costs (0.005 dollars in 2026, an author's name 0.010 more; the same post
again is free within a UTC day): -is:retweet is added and the overlap is short. 450 requests in 15 minutes,
x-rate-limit-reset in epoch seconds; partial errors stand in a 200's `errors`. A next_token goes with the start_time and
end_time that it was given for: they are kept with it, and a start that X no longer shows is moved up. What is deleted
there must be within 24 hours here. A compliance job says what is: POST /2/compliance/jobs {type: tweets} gives {data:
{id, upload_url, download_url, status}}; the ids are PUT there as lines of text, the status becomes complete, and the
download has one JSON object a line for each post that must go: {id, action: delete, reason: deleted, deactivated,
suspended, protected or scrub_geo}. One job at a time; it costs no post reads. Documentation:
https://docs.x.com/x-api/posts/search and https://docs.x.com/x-api/compliance/batch-compliance
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from collector.errors import BadSettings, BudgetSpent, CollectorError, PayloadChanged, SourceUnavailable, TooLarge
from collector.html import unescaped
from collector.language import language_code
from collector.mention import Item, Kind
from collector.options import need, need_address
from collector.payload import Checked, Parsed, counted, elements, moment, part, read_each, string
from collector.sources import Cursor, Page, Spend, Walk
from collector.walk import Leaf, each, newest_first, page_of

if TYPE_CHECKING:
    from collector.http import Client

KIND = "x"
LOOSE = True
OFF_BY_DEFAULT = True
AT_ONCE = 10_000
"""Ids a compliance job: it may hold millions, but what one run reads back is bounded."""
ONLY_GONE = True
LOOKS, BETWEEN_LOOKS = 30, timedelta(seconds=10)
LEAST, MOST = 10, 100
"""Posts a request."""
QUERY_LIMIT = 512
SHOWN = timedelta(days=7)
REACHES_BACK = SHOWN - timedelta(minutes=5)
LAGS = timedelta(seconds=30)
IDS_BEGIN = datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=UTC)
"""The moment of id 0; since then an id counts milliseconds, times 2^22."""
TIMED_FROM = 10**15
"""Lower ids are none of X's own of the last fifteen years."""
_RETWEET = re.compile(r"RT @\w+: ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of an X source.

    bearer_token    of an application
    monthly_budget  posts that may be read (and paid for) in a calendar month (UTC); nothing is read past it, whether by
                    the schedule, a backfill or a dry run
    queries         searches in X's syntax; empty: made of the brands' names
    names           also buy the authors' names
    """

    bearer_token: str | None = field(default=None, repr=False, metadata={"env": "GROUNDSWELL_X_BEARER_TOKEN"})
    monthly_budget: int = 0
    queries: tuple[str, ...] = ()
    names: bool = False
    overlap: timedelta = timedelta(minutes=1)
    base_url: str = "https://api.x.com"
    allow_private: bool = False

    def __post_init__(self) -> None:
        need(KIND, "bearer_token", self.bearer_token, "the bearer token of your application")
        if self.monthly_budget < LEAST:
            raise BadSettings(
                "A source of kind 'x' needs monthly_budget, the posts that may be paid for in a month, e.g. 5000."
            )
        need_address(KIND, "base_url", self.base_url)
        for query in self.queries:
            if len(query) > QUERY_LIMIT:
                raise BadSettings(f"The query {query[:40]!r}… is longer than X's {QUERY_LIMIT} characters.")


def fetch(settings: Settings, client: Client, cursor: Cursor | None, walk: Walk) -> Iterator[Page]:
    """Run every search, as far as the month's budget goes."""
    walk = replace(walk, now=walk.now - LAGS)
    queries = settings.queries or tuple(f'"{term}" -is:retweet' for term in walk.terms)
    ask = partial(_ask, settings, client, walk.spend)
    yield from each(cursor, {query: partial(_pages, settings, ask, walk, query) for query in queries})


def _granted(settings: Settings, client: Client, spend: Spend) -> tuple[str, int]:
    """The month, and how many posts of its budget the next request may bring: counted as read before it is sent.

    Raises BudgetSpent until next month where there is no room for a request.
    """
    now = client.now()
    month = f"{now:%Y-%m}"
    beyond = spend(month, MOST) - settings.monthly_budget
    granted = MOST - max(0, beyond)
    if granted >= LEAST:
        if granted < MOST:
            spend(month, granted - MOST)
        return month, granted
    client.budget_left = max(0, settings.monthly_budget - spend(month, -MOST))
    renewed = datetime(now.year + now.month // 12, now.month % 12 + 1, 1, tzinfo=UTC)
    sentence = (
        f"This month's budget of {settings.monthly_budget:,} posts on X is used up; it is renewed on {renewed:%d %B}."
    )
    raise BudgetSpent(sentence, renewed)


def _ask(settings: Settings, client: Client, spend: Spend, params: dict[str, Any]) -> Any:
    """One paid request: asked for no more than the budget holds, and counted before anything is made of it.

    An answer that came but cannot be read is taken to have brought all that was asked for, as is one that a kill kept
    us from reading; a request that was refused or not answered brought nothing.
    """
    month, granted = _granted(settings, client, spend)
    fields = {
        "max_results": granted,
        "tweet.fields": "created_at,lang,public_metrics,author_id,referenced_tweets,note_tweet",
        "expansions": "author_id" if settings.names else None,
        "user.fields": "username" if settings.names else None,
    }
    url = f"{settings.base_url.rstrip('/')}/2/tweets/search/recent"
    auth = {"authorization": f"Bearer {settings.bearer_token}"}
    try:
        payload = client.json(url, {**params, **fields}, auth=auth).data
    except CollectorError as error:
        if not isinstance(error, (PayloadChanged, TooLarge)):
            spend(month, -granted)
        raise
    posts = (payload.get("data") or []) if isinstance(payload, dict) else None
    read = len(posts) if isinstance(posts, list) else granted
    client.budget_left = max(0, settings.monthly_budget - spend(month, read - granted))
    return payload


def _pages(
    settings: Settings, ask: Callable[[dict[str, Any]], Any], walk: Walk, query: str, cursor: Cursor | None
) -> Iterator[Page]:
    within_reach = walk.now - REACHES_BACK

    def read(token: dict[str, str] | None, floor: datetime) -> Leaf:
        window = token or {"start_time": _second(max(floor, within_reach)), "end_time": _second(walk.now)}
        if window["start_time"] < _second(walk.now + LAGS - SHOWN):
            window = {**window, "start_time": _second(within_reach)}
        payload = ask({"query": query, **window})
        parsed = parse(payload, settings)
        deeper = (payload.get("meta") or {}).get("next_token")
        forgets = floor < within_reach
        return page_of(parsed, {**window, "next_token": deeper} if deeper else None, forgets=forgets)

    return newest_first(cursor, walk, read, first_look=REACHES_BACK)


def _second(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def check(settings: Settings, client: Client, ids: Sequence[str]) -> Checked:
    """Ask by a compliance job which posts must go; it says nothing of changes, for an edited post has another id."""
    jobs = f"{settings.base_url.rstrip('/')}/2/compliance/jobs"
    auth = {"authorization": f"Bearer {settings.bearer_token}"}
    job = part(client.post(jobs, b'{"type": "tweets", "name": "groundswell"}', auth=auth).data, "data")
    client.put(string(job, "upload_url"), "\n".join(ids).encode(), "text/plain")
    for _look in range(LOOKS):
        found = part(client.json(f"{jobs}/{quote(string(job, 'id'))}", auth=auth, gap=BETWEEN_LOOKS).data, "data")
        if found.get("status") == "complete":
            return Checked(gone=gone(client.get(string(job, "download_url")).body, ids))
        if found.get("status") in {"failed", "expired"}:
            raise PayloadChanged(f"X's compliance job ended as {found['status']!r}; the next run begins another.")
    raise SourceUnavailable("X's compliance job is still under way; the next run begins another.")


def gone(results: bytes, ids: Sequence[str]) -> list[str]:
    """Which of these posts must go, by the lines of a compliance job's results."""
    asked, found = set(ids), []
    for line in results.splitlines():
        try:
            result = json.loads(line)
        except ValueError as error:
            raise PayloadChanged("A line of X's compliance results is no JSON.") from error
        if isinstance(result, dict) and result.get("action") == "delete" and result.get("reason") != "scrub_geo":
            found += [str(result.get("id"))] if str(result.get("id")) in asked else []
    return found


def parse(payload: Any, settings: Settings) -> Parsed:
    """The posts of one answer; one without data found none."""
    if not isinstance(payload, dict) or not {"data", "meta"} & set(payload):
        raise PayloadChanged("X's answer holds neither data nor meta.")
    listed = elements(part(payload, "includes"), "users")
    users = {str(user.get("id")): user for user in listed if isinstance(user, dict)}
    posts = payload.get("data") or []
    posts = [posts] if isinstance(posts, dict) else posts
    return read_each(posts, partial(_item, users=users), name="id", what="X's answer")


def _item(post: Any, *, users: dict[str, Any]) -> Item | None:
    relations = {one.get("type"): one.get("id") for one in post.get("referenced_tweets") or ()}
    said = (post.get("note_tweet") or {}).get("text") or post["text"]
    if "retweeted" in relations or ("referenced_tweets" not in post and _RETWEET.match(said)):
        return None
    external_id, metrics = string(post, "id"), post.get("public_metrics") or {}
    first = next((str(one) for one in elements(post, "edit_history_tweet_ids")), external_id)
    dated = post.get("created_at") or not external_id.isdecimal() or int(external_id) < TIMED_FROM
    created = moment(post["created_at"]) if dated else _created(external_id)
    name = users.get(str(post.get("author_id")), {}).get("username")
    counts = ("like_count", "reply_count", "retweet_count", "quote_count")
    return Item(
        external_id=first,
        kind=Kind.COMMENT if "replied_to" in relations else Kind.POST,
        text=unescaped(said),
        created_at=min(created, _created(first)) if first != external_id else created,
        edited_at=created if first != external_id else None,
        author=post.get("author_id"),
        author_name=name,
        language=language_code(post.get("lang")),
        url=f"https://x.com/{name or 'i/web'}/status/{external_id}",
        parent_id=relations.get("replied_to"),
        reach=counted(*(metrics.get(count) for count in counts)),
    )


def _created(external_id: str) -> datetime:
    """When a post was made, by its id."""
    return IDS_BEGIN + timedelta(milliseconds=int(external_id) >> 22)
