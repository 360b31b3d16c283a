"""Sample mentions of five fictional ferry lines, made here without any network: what `groundswell up --demo` shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from collector.demo.companies import COMPANIES, Channel
from collector.demo.planted import midnight
from collector.demo.story import Sample, Story, day_of_samples, external_id
from collector.errors import BadSettings, PayloadChanged
from collector.mention import Item, Kind
from collector.sources import Cursor, Page, Span, Walk

if TYPE_CHECKING:
    from collector.http import Client

KIND = "demo"

_KINDS = {
    Channel.REVIEWS: Kind.REVIEW,
    Channel.POSTS: Kind.POST,
    Channel.APP: Kind.REVIEW,
    Channel.SURVEY: Kind.SURVEY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Which samples this source gives.

    company    kelpwind, brisvaar, ostrelle, tidemarrow or halmarra
    channel    reviews, posts, app or survey (only kelpwind asks its passengers)
    seed       another number, other samples
    days       length of the history that the first run gives
    page_size  samples a page
    anchor     the day (UTC) that the planted incidents count back from; None: the day of the first run
    """

    company: str
    channel: Channel
    seed: int = 1
    days: int = 120
    page_size: int = 500
    anchor: date | None = None

    def __post_init__(self) -> None:
        """Raise BadSettings, naming what can stand there, if there are no such samples."""
        if self.company not in COMPANIES:
            raise BadSettings(f"company = {self.company!r}: the demo knows {', '.join(COMPANIES)}")
        known = COMPANIES[self.company].daily
        if self.channel not in known:
            raise BadSettings(f"channel = {self.channel!r}: {self.company} has {', '.join(known)}")
        if self.days < 0 or self.page_size < 1:
            raise BadSettings("days must be 0 or more and page_size 1 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """How far samples were given: everything before `until`, which is the first `number` of the day that follows
    the anchor by `day` days, and all earlier ones."""

    anchor: date
    day: int
    number: int
    until: datetime

    def cursor(self) -> Cursor:
        return {
            "anchor": self.anchor.isoformat(),
            "day": self.day,
            "number": self.number,
            "until": self.until.isoformat(),
        }


def fetch(settings: Settings, client: Client, cursor: Cursor | None, walk: Walk) -> Iterator[Page]:
    """Yield what was "said" since the cursor and until `walk.now`, oldest first; at first, the whole history.

    The day of the first run becomes the anchor of the story, unless one is set: the same seed and anchor give the
    same samples under the same ids. `walk.since` reads again from the start of its day. The client is not used.
    """
    place = _start(settings, cursor, walk)
    story = story_of(settings, place.anchor)
    page: list[Sample] = []
    pages = 0
    for sample in _said(story, place, walk.now):
        page.append(sample)
        if len(page) == settings.page_size:
            pages += 1
            reached = _after(sample, place, until=sample.created_at)
            cut = pages == walk.max_pages
            yield _page(
                story, page, place, reached, "cut short after so many pages; the next run goes on" if cut else None
            )
            if cut:
                return
            place, page = reached, []
    last = max(walk.now.astimezone(UTC), place.until)
    yield _page(story, page, place, _after(page[-1] if page else None, place, until=last), None)


def parse(payload: Iterable[Sample], story: Story) -> list[Item]:
    """Samples as Items: labelled as samples in id, author, address and place, and without what they mean."""
    return [_item(sample, story) for sample in payload]


def samples(settings: Settings, now: datetime) -> Iterator[Sample]:
    """What a first run at `now` gives, with the labels it was made for: for tests and measurements only."""
    place = _start(settings, None, Walk(now=now))
    return _said(story_of(settings, place.anchor), place, now)


def story_of(settings: Settings, anchor: date) -> Story:
    """The story that these settings tell when the demo begins on `anchor` (UTC)."""
    return Story(seed=settings.seed, anchor=anchor, company=settings.company, channel=Channel(settings.channel))


def _start(settings: Settings, cursor: Cursor | None, walk: Walk) -> _Place:
    if cursor is None:
        place = _beginning(settings.anchor or walk.now.astimezone(UTC).date(), -settings.days)
    else:
        try:
            place = _Place(
                anchor=date.fromisoformat(cursor["anchor"]),
                day=int(cursor["day"]),
                number=int(cursor["number"]),
                until=datetime.fromisoformat(cursor["until"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise PayloadChanged(f"the demo does not know the cursor it was given: {error!r}") from error
    if walk.since is None:
        return place
    since = (walk.since.astimezone(UTC).date() - place.anchor).days
    return _beginning(place.anchor, max(since, -settings.days))


def _beginning(anchor: date, day: int) -> _Place:
    return _Place(anchor=anchor, day=day, number=0, until=midnight(anchor) + timedelta(days=day))


def _said(story: Story, place: _Place, now: datetime) -> Iterator[Sample]:
    last = (now.astimezone(UTC).date() - story.anchor).days
    for day in range(place.day, last + 1):
        for sample in day_of_samples(story, day)[place.number if day == place.day else 0 :]:
            if sample.created_at > now:
                return
            yield sample


def _after(sample: Sample | None, place: _Place, *, until: datetime) -> _Place:
    if sample is None:
        return replace(place, until=until)
    return replace(place, day=sample.day, number=sample.number + 1, until=until)


def _page(story: Story, page: Sequence[Sample], before: _Place, after: _Place, note: str | None) -> Page:
    covered = Span(start=before.until, end=after.until) if after.until > before.until else None
    return Page(items=parse(page, story), cursor=after.cursor(), covered=covered, note=note)


def _item(sample: Sample, story: Story) -> Item:
    name = external_id(sample, story)
    return Item(
        external_id=name,
        kind=_KINDS[story.channel],
        text=sample.text,
        created_at=sample.created_at,
        rating=None if sample.rating is None else float(sample.rating),
        author=f"sample-traveller-{sample.author}",
        author_name=f"Sample traveller {sample.author}",
        language=sample.language,
        url=f"https://sample-{story.channel}.example/{story.company}/{name}",
        reach=sample.reach,
        place=f"{sample.place} (sample)",
        segment=sample.segment,
    )
