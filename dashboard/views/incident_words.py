"""An incident in sentences: what happened where, against what was usual, and why."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from dashboard.words import count, day_span, moment, percent
from sentiment.spikes.spike import SeriesKey, Spike
from sentiment.spikes.store.incidents import KeptIncident
from sentiment.taxonomy import ALL, taxonomy

VOLUME = "volume"
"""The track of mentions growing in number without being worse: shown, but nothing is wrong."""
_OPENING = {VOLUME: "many more mentions about", "slow rise": "slowly rising dissatisfaction with"}


def about(series: SeriesKey) -> str:
    """What a series is about: "Reliability", or "All mentions"."""
    return taxonomy().label(series.dimension or ALL)


def where(kept: KeptIncident) -> str:
    """The sources of its spikes, the worst first: "app reviews", "app reviews and forum"."""
    names = list(dict.fromkeys([kept.peak.series.source, *(m.series.source for m in kept.incident.members)]))
    return (
        names[0]
        if len(names) == 1
        else f"{', '.join(names[:-1])} and {names[-1]}"
        if len(names) < 4
        else (f"{names[0]} and {len(names) - 1} other sources")
    )


def headline(kept: KeptIncident, zone: ZoneInfo) -> str:
    """One clause: "dissatisfaction with Reliability of Harbor Air at reviews, since Tue 3 Mar 2026, 14:00"."""
    series, live = kept.peak.series, kept.incident.live
    what = _OPENING.get(kept.incident.track, "dissatisfaction with")
    subject = series.brand if series.dimension is None else f"{about(series)} of {series.brand}"
    when = f"since {moment(kept.began, zone)}" if live else day_span(kept.began, kept.last_seen, zone)
    return f"{what} {subject} at {where(kept)}, {when}"


def figures(spike: Spike) -> str:
    """The figures of a spike's window as a sentence."""
    told = (
        f"{count(spike.observed, 'dissatisfied voice', 'dissatisfied voices')} within "
        f"{count(spike.window, 'hour', 'hours')}, where {spike.lower} to {spike.upper} were to be expected; "
        f"{percent(spike.share_observed)} of all voices against {percent(spike.share_expected)} usually"
    )
    return told + "."


def reason(kept: KeptIncident) -> str:
    """Why it stands out: the explanation's own sentence once it is written, else the figures alone."""
    told = (kept.explanation or {}).get("sentence")
    return str(told) if told else figures(kept.peak)


def quotes(kept: KeptIncident, most: int) -> list[dict[str, object]]:
    """Voices quoted in its explanation: text, source, said_at (ISO time), url, mention_id."""
    return list((kept.explanation or {}).get("quotes", ()))[:most]
