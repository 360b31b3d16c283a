"""The daily or weekly summary for one person: its figures, when it has something to say, and how it is told."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from dashboard.alerts.message import Envelope, Message, about_words, one_line, written
from dashboard.alerts.settings import DigestEvery
from dashboard.alerts.words import Words
from sentiment.spikes.spike import Severity

CLEARLY = 2.0
"""Standard errors by which two shares must differ to be called different (about one in twenty by chance)."""
FEWEST = 5
"""Dissatisfied voices below which a dimension is not said to have moved."""
MOVES_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Voices that were read and those of them that are dissatisfied, in the span and in the longer one before it."""

    brand: str
    dimension: str | None
    voices: int
    negative: int
    voices_before: int
    negative_before: int

    @property
    def share(self) -> float | None:
        """Dissatisfaction in the span, 0 to 1; None without voices."""
        return self.negative / self.voices if self.voices else None

    @property
    def share_before(self) -> float | None:
        """Dissatisfaction before."""
        return self.negative_before / self.voices_before if self.voices_before else None

    @property
    def distance(self) -> float:
        """How many standard errors the two shares lie apart (two-proportion z, pooled); 0 where it cannot be said."""
        if not self.voices or not self.voices_before:
            return 0.0
        pooled = (self.negative + self.negative_before) / (self.voices + self.voices_before)
        error = math.sqrt(pooled * (1 - pooled) * (1 / self.voices + 1 / self.voices_before))
        return (self.negative / self.voices - self.negative_before / self.voices_before) / error if error else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentLine:
    """An incident that was open within the span."""

    id: int
    brand: str
    dimension: str | None
    severity: Severity
    started_at: datetime
    over: bool
    lapsed: bool = False
    unread_since: datetime | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """A source that could not be read at the end of the span."""

    source: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What one summary says of the span [start, end)."""

    every: DigestEvery
    start: datetime
    end: datetime
    brands: tuple[Figures, ...]
    moved: tuple[Figures, ...]
    incidents: tuple[IncidentLine, ...]
    sources: tuple[SourceLine, ...]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to say."""
        return not (self.incidents or self.sources or any(figures.voices for figures in self.brands))


def moved(figures: Iterable[Figures]) -> list[Figures]:
    """The dimensions that clearly moved, the furthest first."""
    found = [f for f in figures if abs(f.distance) >= CLEARLY and max(f.negative, f.negative_before) >= FEWEST]
    return sorted(found, key=lambda f: -abs(f.distance))[:MOVES_SHOWN]


_DIGEST = TypeAdapter(Digest)


def to_json(digest: Digest) -> dict[str, Any]:
    """A digest as JSON values; `from_json` gives the equal digest back."""
    dumped: dict[str, Any] = _DIGEST.dump_python(digest, mode="json")
    return dumped


def from_json(values: Mapping[str, Any]) -> Digest:
    """The digest that `to_json` wrote."""
    return _DIGEST.validate_python(dict(values))


def digest_subject(digest: Digest, words: Words) -> str:
    """The subject line: incidents, sources that are not read, and the dissatisfaction of the first brand."""
    said = []
    for what, count in (("incident", len(digest.incidents)), ("unread", len(digest.sources))):
        if count:
            said.append(words[f"{what}_count"] if count == 1 else words.say(f"{what}s_count", n=count))
    # What is not read is not calm.
    said = said or [words["calm"]]
    if digest.brands and digest.brands[0].share is not None:
        first = digest.brands[0]
        said.append(words.say("digest_first", brand=one_line(first.brand, 60), share=words.percent(first.share or 0)))
    return one_line(words.say(f"subject_digest_{digest.every}", summary=", ".join(said)), 200)


def write_digest(digest: Digest, words: Words, envelope: Envelope) -> Message:
    """A digest in one message, however much it holds."""
    period = words.say("digest_period", start=words.moment(digest.start), end=words.moment(digest.end))
    context = {
        "headline": words[f"headline_digest_{digest.every}"],
        "period": period,
        "brands": [(one_line(f.brand, 60), _voices(f, digest.every, words)) for f in digest.brands],
        "incidents": [_incident(line, words) for line in digest.incidents],
        "moved": [_move(f, words) for f in digest.moved],
        "sources": [
            (one_line(s.source, 60), words.say("digest_since", since=words.moment(s.since))) for s in digest.sources
        ],
        "colour": "plain",
        "link_text": words["open_dashboard"],
    }
    return written("digest", digest_subject(digest, words), context, words, envelope)


def _voices(figures: Figures, every: DigestEvery, words: Words) -> str:
    if figures.share is None:
        return words["digest_none"]
    return words.say(
        "digest_voices",
        voices=words.number(figures.voices),
        share=words.percent(figures.share),
        change=_change(figures, every, words),
    )


def _change(figures: Figures, every: DigestEvery, words: Words) -> str:
    if figures.share is None or figures.share_before is None:
        return words["digest_first_time"]
    before = words[f"digest_before_{every}"]
    points = (figures.share - figures.share_before) * 100
    if abs(figures.distance) < CLEARLY or abs(points) < 0.5:
        return words.say("digest_same", before=before)
    key = "digest_more" if points > 0 else "digest_less"
    return words.say(key, points=words.number(abs(points)), before=before)


def _move(figures: Figures, words: Words) -> tuple[str, str]:
    about = words["about_all"] if figures.dimension is None else words.name(figures.dimension)
    name = f"{one_line(figures.brand, 60)}: {one_line(about, 60)}"
    share, before = figures.share or 0.0, figures.share_before or 0.0
    return name, words.say("digest_dimension", share=words.percent(share), before=words.percent(before))


def _incident(line: IncidentLine, words: Words) -> tuple[str, str, str | None]:
    about = about_words(line.dimension, words)
    state = words["closed" if line.over else "lapsed" if line.lapsed else "still_open"]
    facts: Sequence[str] = (
        words[line.severity.value],
        words.say("digest_since", since=words.moment(line.started_at)),
        state,
        *([] if line.unread_since is None else [words.say("not_read", since=words.moment(line.unread_since))]),
    )
    return words.say("title_opened", brand=one_line(line.brand, 60), about=about), " · ".join(facts), line.link
