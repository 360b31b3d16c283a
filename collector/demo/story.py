"""What sample travellers say on one day: the ordinary, the planted, and what others pass on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from random import Random

from collector.demo.companies import COMPANIES, Channel
from collector.demo.compose import Intent, Utterance, Voice, compose, mood_of, voice_of, written
from collector.demo.planted import INCIDENTS, Incident, Shape, midnight, moments, words_of
from collector.demo.rhythm import chance, expected, lasting, moment, poisson
from collector.demo.wording import pick

_ID = re.compile(r"sample-(?P<anchor>\d{8})\.(?P<day>-?\d+)\.(?P<number>\d+)")
_PASSED_ON = {Channel.POSTS: 0.045, Channel.REVIEWS: 0.02, Channel.APP: 0.015, Channel.SURVEY: 0.0}
"""Share of mentions that others repeat, by channel; each is repeated one to four times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What determines every sample of one source.

    seed    another seed, other samples
    anchor  the day on which the demo began; incidents lie before it
    """

    seed: int
    anchor: date
    company: str
    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One sample mention with what it was made to mean; only text and circumstances ever reach the pipeline.

    day, number  its place: days since the anchor (negative before it), and rank within the day
    intent       the labels that its wording was chosen for
    planted      key of the incident it belongs to
    repeats      whether it passes on what another sample says
    """

    day: int
    number: int
    created_at: datetime
    text: str
    language: str
    intent: Intent
    author: int
    reach: int | None
    rating: int | None
    place: str
    segment: str | None
    planted: str | None = None
    repeats: bool = False


def day_of_samples(story: Story, day: int) -> list[Sample]:
    """Everything said in one source on one UTC day (`day` days after the anchor), in order of time."""
    rng = chance(story.seed, story.company, story.channel, story.anchor.isoformat(), day)
    ordinary = list(_ordinary(story, rng, day))
    told = [said for incident in INCIDENTS for said in _planted(story, incident, rng, day)]
    said = [*ordinary, *told]
    said += [copy for original in ordinary for copy in _passed_on(story, rng, original)]
    said.sort(key=lambda sample: sample.created_at)
    return [replace(sample, number=number) for number, sample in enumerate(said)]


def external_id(sample: Sample, story: Story) -> str:
    """The id of a sample in its source; another anchor gives other ids."""
    return f"sample-{story.anchor:%Y%m%d}.{sample.day}.{sample.number}"


def truth(external_id: str, *, seed: int, company: str, channel: Channel) -> Sample:
    """The sample behind an id, with the labels that it was made for: for tests and measurements only.

    Raises LookupError for an id of something else.
    """
    match = _ID.fullmatch(external_id)
    if match is None:
        raise LookupError(f"{external_id!r} is no sample")
    anchor = datetime.strptime(match["anchor"], "%Y%m%d").replace(tzinfo=UTC).date()
    story = Story(seed=seed, anchor=anchor, company=company, channel=channel)
    return _remembered(story, int(match["day"]))[int(match["number"])]


@lru_cache(maxsize=64)
def _remembered(story: Story, day: int) -> list[Sample]:
    return day_of_samples(story, day)


def _ordinary(story: Story, rng: Random, day: int) -> Iterator[Sample]:
    company = COMPANIES[story.company]
    start = midnight(story.anchor) + timedelta(days=day)
    names = (story.seed, story.company, story.channel)
    mean = expected(company.daily[story.channel], start.weekday(), day, names)
    shift = 0.13 * lasting((*names, "blame"), day)
    for _ in range(poisson(rng, mean)):
        voice = voice_of(rng, company, story.channel, company.languages)
        yield _sample(voice, day, start + moment(rng), compose(voice, mood_of(voice, shift)))


def _planted(story: Story, incident: Incident, rng: Random, day: int) -> Iterator[Sample]:
    if incident.company != story.company or story.channel not in incident.extra:
        return
    begins = midnight(story.anchor) - incident.start
    start = midnight(story.anchor) + timedelta(days=day)
    for after in moments(incident, story.channel, story.seed):
        at = begins + after
        if start <= at < start + timedelta(days=1):
            yield replace(_told(story, incident, rng, at), planted=incident.key)


def _told(story: Story, incident: Incident, rng: Random, at: datetime) -> Sample:
    company, day = COMPANIES[story.company], (at.date() - story.anchor).days
    words = words_of(incident)
    spoken = {language: share for language, share in company.languages.items() if language in words}
    voice = voice_of(rng, company, story.channel, spoken)
    known = words[voice.book.language]
    if incident.shape is Shape.COPIES:
        said = known[0]
        handle = f"RT @sample_traveller_{1 + int(rng.random() * 9000)}: "
        text = "".join(said.parts)
        utterance = Utterance(
            text=text if rng.random() < 0.1 else handle + text,
            language=voice.book.language,
            intent=Intent(sentiment=-1, satisfaction=1, aspects=dict(said.aspects), stage="during"),
        )
        return replace(_sample(voice, day, at, utterance), repeats=True)
    chosen = [pick(rng, known)]
    if rng.random() < 0.5:
        more = pick(rng, known)
        if more is chosen[0] or (incident.mood == "neg" and rng.random() < 0.35):
            more = pick(rng, voice.book.general[incident.mood])
        chosen.append(more)
    return _sample(voice, day, at, written(voice, chosen, incident.mood))


def _passed_on(story: Story, rng: Random, original: Sample) -> Iterator[Sample]:
    """The same words from others, later the same day: as "RT" among posts, as they stand elsewhere."""
    if rng.random() >= _PASSED_ON[story.channel] or len(original.text.split()) < 6:
        return
    left = midnight(original.created_at.date()) + timedelta(days=1, seconds=-1) - original.created_at
    handle = f"RT @sample_traveller_{original.author}: " if story.channel is Channel.POSTS else ""
    for _ in range(1 + int(rng.random() * rng.random() * 4)):
        yield replace(
            original,
            created_at=original.created_at + timedelta(seconds=int(left.total_seconds() * rng.random() ** 2)),
            text=handle + original.text,
            author=_author(rng),
            reach=None if original.reach is None else 0,
            repeats=True,
        )


def _sample(voice: Voice, day: int, at: datetime, said: Utterance) -> Sample:
    rng, channel = voice.rng, voice.channel
    return Sample(
        day=day,
        number=0,
        created_at=at,
        text=said.text,
        language=said.language,
        intent=said.intent,
        author=_author(rng),
        reach=_reach(rng) if channel is Channel.POSTS else None,
        rating=None if channel is Channel.POSTS else _rating(rng, said.intent),
        place=voice.port,
        segment=_segment(rng) if channel is Channel.SURVEY else None,
    )


def _author(rng: Random) -> int:
    """Few say much, many say little."""
    return 1 + int(9000 * rng.random() ** 1.5)


def _reach(rng: Random) -> int:
    """A long tail: mostly a handful, now and then thousands."""
    return min(20_000, int(0.6 / (1.0001 - rng.random()) ** 1.1))


def _rating(rng: Random, intent: Intent) -> int:
    """Stars as given: what was meant, one off for every eighth, the wrong end for one in a hundred."""
    slip = rng.random()
    if slip < 0.01:
        return 6 - intent.satisfaction
    if slip < 0.135:
        return max(1, min(5, intent.satisfaction + (1 if rng.random() < 0.5 else -1)))
    return intent.satisfaction


def _segment(rng: Random) -> str:
    return pick(
        rng, ("Foot passenger", "Foot passenger", "With car", "With car", "With car", "Cabin", "Cabin", "Coach")
    )
