"""An incident in sentences: what happened where, against what was usual, and why."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from dashboard.words import count, day_span, moment, percent, span
from sentiment.spikes import drivers
from sentiment.spikes.spike import SeriesKey, Spike
from sentiment.spikes.store.incidents import KeptIncident
from sentiment.taxonomy import ALL, taxonomy

DISSATISFACTION, VOLUME = "dissatisfaction", "volume"
"""Tracks. Volume: grow in number without being worse; it is shown, but nothing is wrong."""
QUOTED = 3
"""Phrases that a reason quotes."""
_OPENING = {VOLUME: "many more mentions about", "slow rise": "slowly rising dissatisfaction with"}


def about(series: SeriesKey) -> str:
    """What a series is about: "Reliability", or "All mentions"."""
    return taxonomy().label(series.dimension or ALL)


def state(kept: KeptIncident, zone: ZoneInfo) -> str:
    """Whether it is over, as far as its sources were read: "open", "over since …", "open: … not read since …"."""
    unread, live = kept.unread, kept.incident.live
    if kept.calm_since is not None:
        return f"over since {moment(kept.calm_since, zone)}"
    if unread is None:
        waits = live and kept.incident.unknown is not None
        return "open: too few hours were read since its last sign to tell whether it is over" if waits else "open"
    missing = f"{short(unread.source, kept.incident.brand)} has not been read since {moment(unread.since, zone)}"
    closed = "open" if live else "closed unanswered"
    return f"{closed}: {missing}, so it is not known whether it is over"


def where(kept: KeptIncident) -> str:
    """The sources of its spikes, the worst first: "app reviews", "app reviews and 2 other sources"."""
    names = list(dict.fromkeys([kept.peak.series.source, *(m.series.source for m in kept.incident.members)]))
    worst = short(names[0], kept.incident.brand)
    others = len(names) - 1
    return f"{worst} and {count(others, 'other source', 'other sources')}" if others else worst


def short(source: str, brand: str) -> str:
    """A source's name without the brand that the sentence names anyway."""
    return source.removesuffix(brand).rstrip(" :-–") or source


def mostly(kept: KeptIncident) -> str | None:
    """What its excess is about: "mostly Timeliness", "above all Performance"; None: nothing in particular."""
    told = kept.explanation or {}
    parts = told.get("parts", {}).get("aspect", ())
    return drivers.mostly([(part["label"], part["excess"]) for part in parts], told.get("excess", 0.0))


def headline(kept: KeptIncident, zone: ZoneInfo) -> str:
    """One clause: "dissatisfaction with Reliability of Harbor Air at reviews since Tue 3 Mar 2026, 14:00: mostly …"."""
    live = kept.incident.live
    when = f"since {moment(kept.began, zone)}" if live else day_span(kept.began, kept.last_seen, zone)
    why = mostly(kept)
    return f"{_what(kept)} at {where(kept)}{' ' if live else ', '}{when}{f': {why}' if why else ''}"


def _what(kept: KeptIncident) -> str:
    """What rose: "dissatisfaction with Reliability of Harbor Air"."""
    series = kept.peak.series
    subject = series.brand if series.dimension is None else f"{about(series)} of {series.brand}"
    return f"{_OPENING.get(kept.incident.track, 'dissatisfaction with')} {subject}"


def brief(kept: KeptIncident, zone: ZoneInfo) -> str:
    """The same without its sources: "dissatisfaction with Harbor Air, mostly Comfort, since Tue 3 Mar 2026, 14:00"."""
    why = mostly(kept)
    return f"{_what(kept)}{f', {why},' if why else ''} since {moment(kept.began, zone)}"


def figures(spike: Spike) -> str:
    """The figures of a spike's window in two sentences."""
    usual = f"{spike.lower} to {spike.upper}" if spike.lower else f"at most {spike.upper}"
    return (
        f"{count(spike.observed, 'dissatisfied voice', 'dissatisfied voices')} within "
        f"{span(timedelta(hours=spike.window))}, where {usual} were to be expected. They are "
        f"{percent(spike.share_observed)} of all voices, against {percent(spike.share_expected)} usually."
    )


def reason(kept: KeptIncident) -> str:
    """Why it stands out: the figures and, once the explanation is written, what is said more than usual."""
    said = (kept.explanation or {}).get("phrases", ())[:QUOTED]
    quoted = ", ".join(f"“{phrase['words']}”" for phrase in said)
    return figures(kept.peak) + (f" Said more than usual: {quoted}." if quoted else "")


def quotes(kept: KeptIncident, most: int) -> list[dict[str, object]]:
    """Voices quoted in its explanation: text, source, said_at (ISO time), url, mention_id."""
    return list((kept.explanation or {}).get("quotes", ()))[:most]
