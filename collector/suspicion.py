"""What makes a mention suspect: copies by new authors, one author's flood, a text of links. Pure rules over an hour."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from collector.mention import Kind

COPIES_FROM = 5
"""New authors who say the same within an hour before their words are suspect."""
SAME_WORDS_FROM = 8
"""Words; shorter texts are alike by chance: two hundred people write "the app is down again" when it is down."""
FLOOD_ABOVE = 10
"""Posts of one author about one brand within an hour before the rest of them are suspect."""
LINKS_FROM, WORDS_A_LINK = 3, 5
"""A text with so many links, and fewer words than this for each of them, is there for its links."""
NEW_WITHIN = timedelta(days=1)
"""An author is new who was first met at the source less than this before the hour."""
KNOWN_AFTER = timedelta(days=7)
"""A source must have been listened to for so long before any of its authors can be called new."""

_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_COPIED_KINDS = frozenset({Kind.REVIEW, Kind.POST, Kind.COMMENT, Kind.SURVEY})
_FLOODED_KINDS = frozenset({Kind.POST, Kind.COMMENT})


class Suspicion(StrEnum):
    """Why a mention is suspect.

    copied  several authors never met before said the same long words within an hour (review bombing, bots)
    flood   one author posted about the brand again and again within an hour
    links   the text is there for its links
    """

    COPIED = "copied"
    FLOOD = "flood"
    LINKS = "links"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """Why a mention is suspect, and the sentence for a person."""

    suspicion: Suspicion
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A mention among the others about one brand at one source within one hour.

    author  salted key; None where the source names nobody
    voice   the near-duplicates that it belongs to
    words   how many words it has (see collector.identity.normal_words)
    """

    id: int
    kind: Kind
    author: str | None
    voice: int
    created_at: datetime
    words: int
    suspect: Suspect | None = None
    """What its text alone says, or said when it was looked at before."""


def of_text(text: str) -> Suspect | None:
    """What a text says by itself."""
    links = len(_LINK.findall(text))
    words = len(_WORD.findall(_LINK.sub(" ", text)))
    if links < LINKS_FROM or words >= links * WORDS_A_LINK:
        return None
    return Suspect(suspicion=Suspicion.LINKS, reason=f"{links} links among {words} words")


def of_hour(hour: Sequence[Said], new_authors: Iterable[str]) -> dict[int, Suspect]:
    """The suspects among all that was said about one brand at one source in one hour, by id.

    new_authors  keys of those authors who were never met before (see NEW_WITHIN, KNOWN_AFTER)

    What was all said at one moment is told by its links only: it is from a source that names days, so that what looks
    like an hour may be the whole day.

    Links are told before floods, floods before copies. The first of an author's posts stands, and so does the first
    of several equal posts or comments, for somebody said it; of equal reviews by new authors none does.
    """
    return _copied(hour, frozenset(new_authors)) | _flooding(hour) | _by_text(hour)


def authors_to_know(hour: Sequence[Said]) -> set[str]:
    """The authors of whom it matters whether they are new."""
    return {one.author for group in _same_words(hour) if _authors(group) >= COPIES_FROM for one in group if one.author}


def _by_text(hour: Iterable[Said]) -> dict[int, Suspect]:
    return {one.id: one.suspect for one in hour if one.suspect is not None and one.suspect.suspicion is Suspicion.LINKS}


def _flooding(hour: Iterable[Said]) -> dict[int, Suspect]:
    found: dict[int, Suspect] = {}
    by_author: Mapping[str, list[Said]] = defaultdict(list)
    for one in hour:
        if one.author is not None and one.kind in _FLOODED_KINDS:
            by_author[one.author].append(one)
    for posts in by_author.values():
        if len(posts) > FLOOD_ABOVE and _at_several_times(posts):
            told = Suspect(suspicion=Suspicion.FLOOD, reason=f"{len(posts)} posts by one author within an hour")
            found |= {one.id: told for one in _in_order(posts)[1:]}
    return found


def _copied(hour: Sequence[Said], new_authors: frozenset[str]) -> dict[int, Suspect]:
    found: dict[int, Suspect] = {}
    for group in _same_words(hour):
        by_new = [one for one in group if one.author in new_authors]
        authors = _authors(by_new)
        if authors < COPIES_FROM or not _at_several_times(by_new):
            continue
        told = Suspect(suspicion=Suspicion.COPIED, reason=f"the same words by {authors} new authors within an hour")
        first = _in_order(group)[0].id
        found |= {one.id: told for one in by_new if one.kind is Kind.REVIEW or one.id != first}
    return found


def _same_words(hour: Iterable[Said]) -> list[list[Said]]:
    groups: Mapping[int, list[Said]] = defaultdict(list)
    for one in hour:
        if one.kind in _COPIED_KINDS and one.words >= SAME_WORDS_FROM:
            groups[one.voice].append(one)
    return [group for group in groups.values() if len(group) >= COPIES_FROM]


def _authors(group: Iterable[Said]) -> int:
    return len({one.author for one in group if one.author is not None})


def _at_several_times(group: Iterable[Said]) -> bool:
    return len({one.created_at for one in group}) > 1


def _in_order(group: Iterable[Said]) -> list[Said]:
    return sorted(group, key=lambda one: (one.created_at, one.id))
