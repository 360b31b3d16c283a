"""The incidents planted among the samples: what happened, to whom, when, how many spoke of it, and in which words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache

from collector.demo.companies import COMPANIES, Channel, source_name
from collector.demo.rhythm import awake, chance
from collector.demo.wording import Sentence, phrases, sentence


class Shape(StrEnum):
    """How the extra mentions lie in time."""

    BURST = "burst"
    """Up quickly, down slowly."""
    RISE = "rise"
    """More every day."""
    COPIES = "copies"
    """One text, passed on again and again: many mentions, one voice."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Incident:
    """An incident relative to the day on which the demo begins.

    start    before midnight (UTC) of that day
    extra    mentions on top of the ordinary, by channel
    aspects  what they are about, with the sign; every one of their texts means at least the first
    alerts   whether a detector ought to raise dissatisfaction; False: it must stay silent
    """

    key: str
    company: str
    start: timedelta
    lasts: timedelta
    extra: Mapping[Channel, int]
    aspects: tuple[tuple[str, int], ...]
    dimensions: tuple[str, ...]
    story: str
    mood: str = "neg"
    shape: Shape = Shape.BURST
    alerts: bool = True


INCIDENTS: tuple[Incident, ...] = (
    Incident(
        key="outage",
        company="kelpwind",
        start=timedelta(hours=10),
        lasts=timedelta(hours=10),
        extra={Channel.POSTS: 42, Channel.APP: 34, Channel.REVIEWS: 6},
        aspects=(("digital", -1),),
        dimensions=("Tangibles",),
        story="The booking app and its boarding passes are down from early afternoon until midnight.",
    ),
    Incident(
        key="film",
        company="kelpwind",
        start=timedelta(days=5, hours=-8),
        lasts=timedelta(hours=34),
        extra={Channel.POSTS: 170},
        aspects=(),
        dimensions=(),
        story="A television crew films aboard. Everybody talks about it, nobody is angry: volume, no dissatisfaction.",
        mood="chat",
        alerts=False,
    ),
    Incident(
        key="strike",
        company="kelpwind",
        start=timedelta(days=9, hours=-5),
        lasts=timedelta(hours=38),
        extra={Channel.POSTS: 95, Channel.REVIEWS: 38, Channel.SURVEY: 20, Channel.APP: 8},
        aspects=(("timeliness", -1),),
        dimensions=("Reliability", "Responsiveness"),
        story="Deck crews walk out; sailings are cancelled or leave hours late, and nobody tells the passengers.",
    ),
    Incident(
        key="phones",
        company="tidemarrow",
        start=timedelta(days=16, hours=-7),
        lasts=timedelta(hours=48),
        extra={Channel.POSTS: 40, Channel.REVIEWS: 18, Channel.APP: 8},
        aspects=(("access", -1),),
        dimensions=("Empathy",),
        story="The call centre moves and for two days no call, chat or mail gets through.",
    ),
    Incident(
        key="fees",
        company="kelpwind",
        start=timedelta(days=23, hours=-6),
        lasts=timedelta(hours=62),
        extra={Channel.POSTS: 48, Channel.REVIEWS: 34, Channel.APP: 12, Channel.SURVEY: 12},
        aspects=(("honesty", -1), ("price", -1)),
        dimensions=("Assurance", "Value"),
        story="New fares come with a port handling fee that appears only on the last page of a booking.",
    ),
    Incident(
        key="copies",
        company="halmarra",
        start=timedelta(days=28, hours=-9),
        lasts=timedelta(hours=6),
        extra={Channel.POSTS: 80},
        aspects=(("care", -1),),
        dimensions=(),
        story="One angry post is passed on eighty times in six hours: eighty mentions, but one voice.",
        shape=Shape.COPIES,
        alerts=False,
    ),
    Incident(
        key="luggage",
        company="brisvaar",
        start=timedelta(days=36, hours=-4),
        lasts=timedelta(days=6),
        extra={Channel.POSTS: 62, Channel.REVIEWS: 40, Channel.APP: 8},
        aspects=(("accuracy", -1),),
        dimensions=("Reliability", "Responsiveness"),
        story="A new luggage hall loses and mixes up bags for almost a week.",
    ),
    Incident(
        key="hygiene",
        company="ostrelle",
        start=timedelta(days=51, hours=-8),
        lasts=timedelta(hours=52),
        extra={Channel.POSTS: 60, Channel.REVIEWS: 26},
        aspects=(("safety", -1),),
        dimensions=("Assurance",),
        story="Passengers fall ill after a buffet; pictures of the galley go round.",
    ),
    Incident(
        key="video",
        company="halmarra",
        start=timedelta(days=46, hours=-15),
        lasts=timedelta(hours=30),
        extra={Channel.POSTS: 54, Channel.REVIEWS: 12},
        aspects=(("courtesy", -1),),
        dimensions=("Assurance",),
        story="A video shows a gate agent shouting at a family; others tell what was said to them.",
    ),
    Incident(
        key="linen",
        company="kelpwind",
        start=timedelta(days=78),
        lasts=timedelta(days=26),
        extra={Channel.REVIEWS: 80, Channel.SURVEY: 56, Channel.POSTS: 48},
        aspects=(("cleanliness", -1),),
        dimensions=("Tangibles",),
        story="A cheaper cleaning contractor takes over; complaints about cabins grow until it is replaced.",
        shape=Shape.RISE,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """An incident on the calendar: comparable with what a detector finds.

    brand, sources  as the demo configuration names them
    facets          facets of the store's counts in which it shows, e.g. "rater/Reliability"; empty: in none
    extra           mentions on top of the ordinary, all sources together
    alerts          False: a detector must stay silent
    """

    key: str
    start: datetime
    end: datetime
    brand: str
    sources: tuple[str, ...]
    facets: tuple[str, ...]
    extra: int
    alerts: bool
    story: str


def planted(now: datetime) -> list[Planted]:
    """The incidents of a demo that begins at `now` (aware), newest first; each lies within the 120 days before."""
    return sorted((_dated(incident, now.astimezone(UTC).date()) for incident in INCIDENTS), key=_newest)


def _newest(found: Planted) -> float:
    return -found.start.timestamp()


def _dated(incident: Incident, anchor: date) -> Planted:
    start = midnight(anchor) - incident.start
    return Planted(
        key=incident.key,
        start=start,
        end=start + incident.lasts,
        brand=COMPANIES[incident.company].name,
        sources=tuple(source_name(incident.company, channel) for channel in incident.extra),
        facets=tuple(f"rater/{name}" for name in incident.dimensions)
        + tuple(f"aspect/{aspect}" for aspect, sign in incident.aspects if sign < 0 and incident.dimensions),
        extra=sum(incident.extra.values()),
        alerts=incident.alerts,
        story=incident.story,
    )


def midnight(day: date) -> datetime:
    """The start of a UTC day."""
    return datetime.combine(day, time(), UTC)


@cache
def moments(incident: Incident, channel: Channel, seed: int) -> tuple[timedelta, ...]:
    """When the extra mentions of one channel are made, from the incident's start; in order."""
    rng = chance(seed, "planted", incident.key, channel)
    found: list[timedelta] = []
    while len(found) < incident.extra[channel]:
        x, height = rng.random(), rng.random()
        at = timedelta(seconds=int(x * incident.lasts.total_seconds()))
        hour = int(((at - incident.start).total_seconds() // 3600) % 24)
        if height < _density(incident.shape, x) and awake(hour, rng):
            found.append(at)
    return tuple(sorted(found))


def _density(shape: Shape, x: float) -> float:
    """Share of the highest point at x (0 to 1) of the way through."""
    if shape is Shape.RISE:
        return x
    return float(x**0.4 * (1 - x) ** 1.2) / 0.46


@cache
def words_of(incident: Incident) -> Mapping[str, tuple[Sentence, ...]]:
    """The sentences of an incident by language."""
    return {
        language: tuple(sentence(entry, incident.aspects[:1]) for entry in entries)
        for language, entries in phrases("planted")[incident.key].items()
    }
