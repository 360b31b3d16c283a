"""What there is to collect: a set of posts, each different, that grows, is edited and shrinks."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

COMPLAINTS = (
    "lost my bag in {place} and nobody answers",
    "was three hours late to {place} again",
    "crew were lovely on the way to {place}",
    "charged me twice for a seat to {place}",
    "app crashed while I checked in for {place}",
)
SYLLABLES = ("ka", "lo", "mi", "ter", "sun", "vel", "ro", "bin", "das", "fe", "gu", "hol", "ish", "jo", "pra", "qui")
PLACES = ("Oslo", "Lyon", "Porto", "Graz", "Turku", "Ghent", "Cork", "Basel")
Query = dict[str, str]


@dataclass(slots=True)
class Post:
    """One post of the served world."""

    number: int
    text: str
    created: datetime
    edited: datetime | None = None
    deleted: bool = False
    rating: int = 3

    @property
    def seconds(self) -> int:
        return int(self.created.timestamp())


@dataclass(slots=True)
class World:
    """What there is to collect, and how the server will misbehave.

    faults   a fault a request, None for an honest answer; when they run out all answers are honest
    asked    every request, as (path, query)
    plain_links  WordPress without pretty permalinks: /wp-json redirects and ends in nothing
    uploads  ids sent to X's compliance jobs
    odd      numbers of posts that Reddit's wire sends without a date that can be read, of topics that Discourse's hides
    tokens   bearer tokens that Bluesky's wire accepts; None: anonymous search is allowed
    """

    posts: list[Post]
    faults: deque[str | None] = field(default_factory=deque)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    tokens: set[str] | None = None
    logins: int = 0
    plain_links: bool = False
    uploads: dict[str, list[str]] = field(default_factory=dict)
    odd: set[int] = field(default_factory=set)
    base: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def newest_first(self, *, deleted: bool = False) -> list[Post]:
        """What the site lists; deleted: also posts that it only marks as such."""
        with self.lock:
            return sorted((p for p in self.posts if deleted or not p.deleted), key=lambda p: (-p.seconds, -p.number))

    def place(self, number: str) -> int | None:
        """Where a post stands among the newest first."""
        return next((i for i, p in enumerate(self.newest_first()) if str(p.number) == number), None)

    def only(self, few: list[Post]) -> World:
        """A world of just these posts."""
        return World(posts=few, base=self.base, odd=self.odd)


def posts(count: int, newest: datetime, apart: timedelta = timedelta(seconds=30), *, start: int = 0) -> list[Post]:
    """`count` posts, each different, the last one at `newest`."""
    made = []
    for index in range(count):
        number = start + index
        said = COMPLAINTS[number % len(COMPLAINTS)].format(place=PLACES[number // 5 % len(PLACES)])
        text = f"Aurora Air {said}, {_names(number)}, case {number} <3"
        made.append(Post(number, text, newest - apart * (count - 1 - index), rating=1 + number % 5))
    return made


def _names(number: int) -> str:
    """Five made-up names that go with a number, so that no two posts are near-duplicates."""
    digits = number * 2_654_435_761 % 2**40
    words = [digits >> (8 * word) & 0xFF for word in range(5)]
    return " ".join(
        SYLLABLES[word >> 4] + SYLLABLES[word & 15] + str(number % (7 + at)) for at, word in enumerate(words)
    )


def who(p: Post) -> str:
    return f"a{p.number % 97}"


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
