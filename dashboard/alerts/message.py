"""From the facts of an alert to what a person reads: subject, text, HTML and chart, with public text made harmless."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import floor
from typing import Any

import css_inline
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from collector.identity import clean_text
from dashboard.alerts.alert import Alert, Event, Point, Quote, Sibling
from dashboard.alerts.chart import by_day, png, specification
from dashboard.alerts.words import Words
from sentiment.spikes.drivers import NO_ASPECT, OTHERS
from sentiment.spikes.spike import SpikeClass

QUOTE_SHOWN = 280
"""Characters of a voice that a mail repeats."""
QUOTES_SHOWN, PHRASES_SHOWN, DRIVERS_SHOWN, SIBLINGS_SHOWN = 5, 8, 8, 6
GATHERED_SHOWN = 30
"""Incidents that a gathered message tells of: some mail programs hide what is beyond 100 kB."""
HOURS_DRAWN = 48
"""Of what lasts longer, days are drawn: its hours are too few voices each to see anything."""
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs"})
_NOUGHT = {"0.0", "-0.0"}
JOINER = "\u200d"
"""Holds emoji such as families together: the one format character that is kept."""
_LINK = re.compile(r"(?:https?|ftp)://\S+|\bwww\.\S+|\b[\w-]+(?:\.[\w-]+)+/\S+", re.IGNORECASE)
_CODE = re.compile(r"[a-z]{2,3}(?:-\w+)?")
"""A language by its code, which is no word to a reader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a channel sends.

    message_id   stable for one delivery, in angle brackets
    thread       message_id of the incident's first message
    chart        PNG, shown where the HTML says cid:chart_id
    link         where the dashboard tells more
    unsubscribe  address that stops these messages
    """

    subject: str
    text: str
    html: str
    message_id: str
    thread: str | None = None
    chart: bytes | None = None
    chart_id: str | None = None
    link: str | None = None
    unsubscribe: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What surrounds every message to one person: its identity, links and why they are told."""

    message_id: str
    why: str
    thread: str | None = None
    link: str | None = None
    confirm: str | None = None
    unsubscribe: str | None = None


# ------------------------------------------------------------------ public text made harmless


def one_line(text: str, limit: int) -> str:
    """A text fit for a header or a heading: one line, no control or format characters, at most `limit` characters."""
    kept = (
        c if unicodedata.category(c) not in _UNSEEN or c == JOINER else " " if c.isspace() else ""
        for c in clean_text(text[: limit * 20])
    )
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def quoted(text: str) -> str:
    """A voice as a mail repeats it: bounded, on one line, and without links that somebody could follow from here."""
    return one_line(_LINK.sub("[link]", text[: QUOTE_SHOWN * 4]), QUOTE_SHOWN)


# ------------------------------------------------------------------ incidents


def write_incident(alert: Alert, words: Words, envelope: Envelope) -> Message:
    """One incident in one message."""
    chart = _chart(alert, words)
    chart_id = f"chart.{envelope.message_id.strip('<>')}"
    context = {
        **_told(alert, words),
        "colour": "calm" if alert.event is Event.RESOLVED else alert.severity.value,
        "chart_id": chart_id if chart is not None else None,
        "chart_alt": _chart_alt(alert, words) if chart is not None else None,
        "also": _also(alert, words),
        "drivers": _drivers(alert, words),
        "drivers_title": words.say("drivers", excess=words.number(alert.observed - alert.expected, 1)),
        "phrases": " · ".join(one_line(phrase, 40) for phrase in alert.phrases[:PHRASES_SHOWN]),
        "quotes": [(quoted(quote.text), _said(quote, words)) for quote in alert.quotes[:QUOTES_SHOWN]],
        "unchanged": words.both([one_line(words.name(name), 80) for name in _unchanged(alert)]),
        "link_text": words["open"],
    }
    subject = subject_of(alert, words)
    return written("incident", subject, context, words, envelope, chart=chart, chart_id=chart_id)


def write_gathered(
    alerts: Sequence[Alert], links: Sequence[str | None], intro: str, words: Words, envelope: Envelope
) -> Message:
    """Several incidents in one message, the worst first as they are given."""
    brands = words.both(sorted({one_line(alert.brand, 40) for alert in alerts})[:4])
    items = []
    for alert, link in list(zip(alerts, links, strict=True))[:GATHERED_SHOWN]:
        told = _told(alert, words)
        facts = " · ".join(f"{name}: {value}" for name, value in told["facts"])
        items.append({"title": told["title"], "lines": told["lines"], "facts": facts, "link": link})
    context = {
        "headline": words.say("headline_gathered", count=len(alerts)),
        "intro": intro,
        "items": items,
        "rest": words.say("more", n=len(alerts) - GATHERED_SHOWN) if len(alerts) > GATHERED_SHOWN else None,
        "colour": alerts[0].severity.value,
        "link_text": words["open_dashboard"],
    }
    subject = words.say("subject_gathered", count=len(alerts), brands=brands)
    return written("gathered", subject, context, words, envelope)


def write_note(
    subject: str,
    headline: str,
    lines: Sequence[str],
    words: Words,
    envelope: Envelope,
    *,
    link_text: str,
    colour: str = "plain",
) -> Message:
    """A short message without an incident: about a source, an address, or a test."""
    context = {"headline": headline, "lines": lines, "link_text": link_text, "colour": colour}
    return written("note", subject, context, words, envelope)


# ------------------------------------------------------------------ parts


def usual(unusual: Alert | Sibling, words: Words) -> str:
    """The usual range of a window in words: "2 to 12", or "at most 12"."""
    lower, upper = int(unusual.lower), int(unusual.upper)
    if 0 < lower < upper:
        return words.say("usual_range", lower=words.number(lower), upper=words.number(upper))
    return words.say("usual_most", upper=words.number(upper))


def about_words(dimension: str | None, words: Words) -> str:
    """What is said about it: "about Reliability", or "overall"."""
    return (
        words["about_all"] if dimension is None else words.say("about", dimension=one_line(words.name(dimension), 60))
    )


def _figures(alert: Alert, words: Words) -> dict[str, str]:
    return {
        "brand": one_line(alert.brand, 60),
        "about": about_words(alert.dimension, words),
        "observed": words.number(alert.observed),
        "usual": usual(alert, words),
        "span": words.span(alert.hours),
        "started": words.moment(alert.started_at),
        "over": words.moment(alert.calm_since or alert.last_seen),
    }


def subject_of(alert: Alert, words: Words) -> str:
    """The subject line: a sentence that says what happened."""
    over = alert.calm_since is not None and alert.event is not Event.RESOLVED
    key = "subject_past" if over else f"subject_{alert.event}"
    return one_line(words.say(key, **_figures(alert, words)), 200)


def _title(alert: Alert, words: Words) -> str:
    key = "title_opened"
    if alert.calm_since is not None:
        key = "title_over" if alert.event is Event.RESOLVED else "title_past"
    elif alert.event is Event.LAPSED:
        key = "title_lapsed"
    return one_line(words.say(key, **_figures(alert, words)), 200)


def _told(alert: Alert, words: Words) -> dict[str, Any]:
    figures = _figures(alert, words)
    over = alert.calm_since is not None
    lines = [words.say("fact_over" if over else "fact", **figures)]
    if alert.event is Event.UNACKNOWLEDGED:
        lines.insert(0, words.say("fact_unacknowledged", **figures))
    if alert.share is not None and alert.usual_share is not None:
        shares = {"share": words.percent(alert.share), "usual_share": words.percent(alert.usual_share)}
        lines.append(words.say("fact_share", **shares))
    if alert.unread is not None:
        since = words.moment(alert.unread.since)
        lines.append(words.say("fact_unread", source=one_line(alert.unread.source, 60), since=since))
    if alert.weeks is not None and not over:
        lines.append(words.say("fact_chance", weeks=words.rarity(alert.weeks)))
    if alert.note:
        lines.append(one_line(alert.note, 400))
    return {
        "headline": words[_headline(alert)],
        "title": _title(alert, words),
        "lines": lines,
        "facts": [
            (words["since"], figures["started"]),
            (words["source"], one_line(alert.source, 60)),
            (words["severity"], words[alert.severity.value]),
        ],
    }


def _headline(alert: Alert) -> str:
    if alert.calm_since is not None:
        return f"headline_{Event.RESOLVED}"
    if alert.event is Event.OPENED and alert.spike_class is SpikeClass.SHARE_SHIFT:
        return "headline_share"
    if alert.event is Event.OPENED and alert.spike_class is SpikeClass.SLOW_RISE:
        return "headline_slow"
    return f"headline_{alert.event}"


def _also(alert: Alert, words: Words) -> list[tuple[str, str]]:
    return [
        (
            words.say("also_name", about=about_words(sibling.dimension, words), source=one_line(sibling.source, 60)),
            words.say(
                "also_figures",
                observed=words.number(sibling.observed),
                span=words.span(sibling.hours),
                usual=usual(sibling, words),
            ),
        )
        for sibling in alert.also[:SIBLINGS_SHOWN]
    ]


def _drivers(alert: Alert, words: Words) -> list[tuple[str, str]]:
    together = {NO_ASPECT: words["no_aspect"], OTHERS: words["others"]}
    ranked = sorted(alert.drivers, key=lambda driver: (driver.label in together, -abs(driver.excess)))
    shown, rest = ranked[:DRIVERS_SHOWN], ranked[DRIVERS_SHOWN:]
    rows = [(together.get(driver.label) or one_line(words.name(driver.label), 80), driver.excess) for driver in shown]
    if rest:
        rows.append((words.say("more", n=len(rest)), sum(driver.excess for driver in rest)))
    total = float(f"{alert.observed - alert.expected:.1f}")
    rounded = added_up([excess for _, excess in rows], total)
    return [
        (name, _signed(excess, words))
        for (name, _), excess in zip(rows, rounded, strict=True)
        if f"{excess:.1f}" not in _NOUGHT
    ]


def added_up(parts: Sequence[float], total: float) -> list[float]:
    """Parts of a total with one decimal each, so that they add up to it: largest remainders are rounded up."""
    tenths = [floor(part * 10) for part in parts]
    missing = round(total * 10) - sum(tenths)
    if not 0 <= missing <= len(parts):
        return list(parts)
    for place in sorted(range(len(parts)), key=lambda place: tenths[place] - parts[place] * 10)[:missing]:
        tenths[place] += 1
    return [amount / 10 for amount in tenths]


def _signed(value: float, words: Words) -> str:
    return ("−" if value < 0 else "+") + words.number(abs(value), 1)


def _unchanged(alert: Alert) -> list[str]:
    """What did not change, without what stands among the parts of the excess, be it with little."""
    parts = {driver.label for driver in alert.drivers}
    return [name for name in alert.unchanged if name not in parts and not _CODE.fullmatch(name)]


def _said(quote: Quote, words: Words) -> str:
    return f"{one_line(quote.source, 60)}, {words.moment(quote.said_at)}"


def _drawn(alert: Alert, words: Words) -> tuple[Sequence[Point], bool]:
    """What the chart shows, and whether that is days rather than hours."""
    daily = alert.hours > HOURS_DRAWN
    return (by_day(alert.points, words.zone) if daily else alert.points), daily


def _chart(alert: Alert, words: Words) -> bytes | None:
    if len(alert.points) < 2:
        return None
    points, daily = _drawn(alert, words)
    names = {"observed": words["observed"], "usual": words["usual"], "axis": words["axis"]}
    if daily:
        names |= {"usual": words["usual_day"], "axis": words["axis_day"]}
    if len(points) < 2:
        return None
    spec = specification(points, alert.started_at, alert.last_seen, words.zone, names, ranges=not daily)
    try:
        return png(spec, words["weekdays"].split(), words["months"].split())
    except ValueError:
        # A picture that cannot be drawn must not keep the alert back: the figures stand in the text as well.
        return None


def _chart_alt(alert: Alert, words: Words) -> str:
    points, daily = _drawn(alert, words)
    peak = max(points, key=lambda point: point.observed or 0)
    return words.say(
        "chart_alt_day" if daily else "chart_alt",
        start=words.moment(alert.points[0].at),
        end=words.moment(alert.points[-1].at),
        peak=words.number(peak.observed or 0),
        upper=words.number(peak.expected if daily else int(peak.upper)),
    )


# ------------------------------------------------------------------ templates


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("dashboard.alerts", "templates"),
        autoescape=select_autoescape(enabled_extensions=("html",), default=False),
        undefined=StrictUndefined,
        keep_trailing_newline=False,
    )


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False)


def written(
    template: str,
    subject: str,
    context: Mapping[str, Any],
    words: Words,
    envelope: Envelope,
    *,
    chart: bytes | None = None,
    chart_id: str | None = None,
) -> Message:
    """A message from one of the templates, its text and its HTML saying the same."""
    values = {
        "w": words,
        "language": words.language,
        "subject": subject,
        "link": envelope.link,
        "confirm_link": envelope.confirm,
        "unsubscribe_link": envelope.unsubscribe,
        "foot": [one_line(envelope.why, 300), words.say("zone", zone=str(words.zone))],
        **context,
    }
    return Message(
        subject=one_line(subject, 200),
        text=_templates().get_template(f"{template}.txt").render(values).strip() + "\n",
        html=_inliner().inline(_templates().get_template(f"{template}.html").render(values)),
        message_id=envelope.message_id,
        thread=envelope.thread,
        chart=chart,
        chart_id=chart_id if chart is not None else None,
        link=envelope.link,
        unsubscribe=envelope.unsubscribe,
    )
