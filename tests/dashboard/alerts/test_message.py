"""What people read: sentences, figures in their own language and zone, and public text that can do no harm."""

from __future__ import annotations

import string
import struct
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.alerts.alert import Driver, Event, Point, Quote, Sibling, from_json, to_json
from dashboard.alerts.chart import by_day, png, specification
from dashboard.alerts.message import (
    Envelope,
    Message,
    added_up,
    one_line,
    quoted,
    subject_of,
    write_gathered,
    write_incident,
)
from dashboard.alerts.words import _all, languages, words
from sentiment.spikes.drivers import NO_ASPECT, OTHERS
from sentiment.spikes.spike import Severity, SpikeClass
from sentiment.taxonomy import taxonomy
from tests.dashboard.alerts.conftest import NOW, an_alert

UTC_WORDS = words("en", ZoneInfo("UTC"))
ENVELOPE = Envelope(message_id="<a@groundswell.example>", why="You get this because Ann is told of everything.")
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><a href="https://evil.example">win</a>',
    "{{ 7 * 7 }}{% include 'x' %}",
    "nul\0byte",
    "lone \ud83d surrogate",
    "turned \u202etxet\u202c around",
    "a\r\nBcc: eve@evil.example",
    "\x1b]0;title\x07",
    "x" * 100_000,
]


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def tags(html: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Tags()
    parser.feed(html)
    return parser.found


def write(**changes: Any) -> Message:
    return write_incident(an_alert(**({"points": ()} | changes)), UTC_WORDS, ENVELOPE)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_text_and_nothing_else(text: str) -> None:
    calm = write()
    hostile = write(
        brand=text,
        dimension=text,
        source=text,
        phrases=(text,),
        drivers=(Driver(label=text, excess=1),),
        quotes=(Quote(text=text, source=text, said_at=NOW, url="javascript:alert(1)"),),
        also=(Sibling(dimension=text, source=text, hours=6, observed=9, lower=0, upper=3),),
        unchanged=(text,),
        note=text,
    )
    kinds = {tag for tag, _ in tags(calm.html)} | {"h2", "td", "tr", "span", "br", "table", "blockquote", "strong"}
    assert {tag for tag, _ in tags(hostile.html)} <= kinds
    assert not any(name.startswith("on") for _, attributes in tags(hostile.html) for name in attributes)
    assert "evil.example" not in "".join(a.get("href") or "" for _, a in tags(hostile.html))
    assert all(ord(c) >= 32 for c in hostile.subject)
    assert "\n" not in hostile.subject
    assert not any(c in hostile.text + hostile.html for c in "\0\x1b\u202e\ud83d")
    assert len(hostile.html) < 60_000
    assert len(hostile.subject) <= 200


def test_a_link_in_a_voice_cannot_be_followed_from_the_mail() -> None:
    assert quoted("see http://evil.example/a?b and www.evil.example now") == "see [link] and [link] now"
    assert quoted("pay at evil.example/pay now. late.Never 24/7 and/or") == "pay at [link] now. late.Never 24/7 and/or"


@given(st.text(max_size=400), st.integers(1, 300))
def test_one_line_is_one_short_line_whatever_it_is_given(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert line == " ".join(line.split())
    assert all(ord(c) >= 32 and not 0xD800 <= ord(c) <= 0xDFFF for c in line)


def test_what_is_kept_of_an_alert_gives_the_same_alert_back() -> None:
    alert = an_alert(calm_since=NOW, quotes=(Quote(text="ü😀", source="s", said_at=NOW, url="https://a.example"),))
    assert from_json(to_json(alert)) == alert


@pytest.mark.parametrize(
    ("changes", "rest"),
    [
        ({}, "about Reliability in 6 hours, 2 to 12 expected"),
        ({"lower": 0}, "about Reliability in 6 hours, at most 12 expected"),
        ({"dimension": None, "hours": 72}, "overall in 3 days, 2 to 12 expected"),
        ({"hours": 1}, "about Reliability in 1 hour, 2 to 12 expected"),
        ({"hours": 24}, "about Reliability in 1 day, 2 to 12 expected"),
        ({"hours": 168}, "about Reliability in 1 week, 2 to 12 expected"),
        ({"calm_since": NOW}, "about Reliability in 6 hours, 2 to 12 expected – it is over"),
    ],
)
def test_subjects_are_sentences(changes: dict[str, Any], rest: str) -> None:
    assert subject_of(an_alert(**changes), UTC_WORDS) == f"Northwind Ferries: 31 dissatisfied voices {rest}"


def test_the_subject_of_an_end_says_so_first() -> None:
    subject = subject_of(an_alert(event=Event.RESOLVED, calm_since=NOW), UTC_WORDS)
    assert subject == "It is over – Northwind Ferries: dissatisfaction about Reliability is back to normal"


def test_the_text_says_all_that_the_html_says() -> None:
    message = write()
    for said in (
        "2 to 12 would be usual",
        "24% of all voices",
        "+15.7",
        "Delays",
        "no refund",
        "Nobody told us anything.",
    ):
        assert said in message.text
        assert said in message.html


def test_the_drivers_shown_add_up_to_the_excess_shown() -> None:
    drivers = tuple(Driver(label=f"part {n}", excess=2.2) for n in range(11))
    message = write(drivers=drivers, observed=31, expected=6.8)
    assert "Where the 24.2 more than usual come from" in message.text
    assert "+6.6  and 3 more" in message.text


@given(st.lists(st.floats(-500, 500), min_size=1, max_size=12))
def test_parts_rounded_to_one_decimal_add_up_to_the_total_rounded(parts: list[float]) -> None:
    total = float(f"{sum(parts):.1f}")
    shown = added_up(parts, total)
    assert round(sum(shown), 6) == round(total, 6)
    assert all(abs(one - part) <= 0.1 + 1e-9 for one, part in zip(shown, parts, strict=True))
    assert all(one == round(one, 1) for one in shown)


def test_what_has_no_name_stands_last_among_the_parts_in_the_readers_language() -> None:
    drivers = (
        Driver(label=NO_ASPECT, excess=20.0),
        Driver(label="Delays", excess=4.7),
        Driver(label="Fares", excess=0.004),  # nought, as it is shown: no part of the reason
        Driver(label=OTHERS, excess=-0.5),
    )
    message = write_incident(an_alert(drivers=drivers, points=()), words("de", ZoneInfo("UTC")), ENVELOPE)
    shown = [line.strip() for line in message.text.splitlines() if line.startswith(("  +", "  −"))]
    assert shown == ["+4,7  Delays", "+20,0  kein Thema genannt", "−0,5  andere"]


def test_what_did_not_change_is_nothing_of_what_the_excess_is_made_of_and_no_code() -> None:
    message = write(unchanged=("Delays", "Harbour", "de", "pt-BR"))
    assert "What did not change: Harbour\n" in message.text


def test_of_a_slow_rise_days_are_drawn_with_what_is_expected_of_the_same_hours() -> None:
    hours = [
        Point(at=NOW + timedelta(hours=hour), observed=None if hour == 30 else 1, expected=0.5, lower=0, upper=2)
        for hour in range(72)
    ]
    days = by_day(hours, ZoneInfo("Europe/Berlin"))
    assert [(day.at.isoformat(), day.observed, day.expected) for day in days] == [
        ("2026-03-10T00:00:00+01:00", 11, 5.5),
        ("2026-03-11T00:00:00+01:00", 23, 11.5),
        ("2026-03-12T00:00:00+01:00", 24, 12.0),
        ("2026-03-13T00:00:00+01:00", 13, 6.5),
    ]
    message = write(points=tuple(hours), hours=168, started_at=NOW - timedelta(days=9))
    assert "dissatisfied voices a day" in message.html
    assert "Highest 24, where about 12 would be usual" in message.html
    assert message.chart is not None


def test_a_hundred_incidents_are_one_mail_that_no_program_cuts() -> None:
    storm = [an_alert(incident_id=number, brand="B" * 60) for number in range(100)]
    links = [f"https://groundswell.example/incident?id={number}" for number in range(100)]
    message = write_gathered(storm, links, "intro", UTC_WORDS, ENVELOPE)
    assert message.subject.startswith("100 incidents")
    assert len(message.html.encode()) < 100_000
    for said in (message.text, message.html):
        assert "and 70 more" in said


def test_an_incident_that_is_over_when_it_is_told_is_not_called_new() -> None:
    assert write(calm_since=NOW).text.startswith("An incident is over")


def test_times_are_those_of_the_reader() -> None:
    alert = an_alert(points=(), started_at=datetime(2026, 7, 1, 22, 30, tzinfo=UTC))
    assert "Thu 2 Jul, 00:30" in write_incident(alert, words("en", ZoneInfo("Europe/Berlin")), ENVELOPE).text
    assert "Wed 1 Jul, 18:30" in write_incident(alert, words("en", ZoneInfo("America/New_York")), ENVELOPE).text


def test_every_language_says_everything_with_the_same_figures() -> None:
    english = _all()["en"]

    def gaps(phrase: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(phrase) if name}

    for language in languages():
        phrases = _all()[language]
        assert set(phrases) == set(english), language
        for key, phrase in phrases.items():
            assert gaps(phrase) == gaps(english[key]), (language, key)
        assert len(phrases["weekdays"].split()) == 7
        assert len(phrases["months"].split()) == 12


def test_aspects_and_dimensions_have_a_name_in_every_language() -> None:
    lens = taxonomy().lenses[taxonomy().default_lens]
    labels = {*lens.dimensions, *(aspect.label for aspect in taxonomy().aspects.values())}
    for language in set(languages()) - {"en"}:
        assert set(_all("names")[language]) == labels, language
    drivers = (Driver(label="Timeliness", excess=24.2),)
    spoken = words("de", ZoneInfo("UTC"))
    message = write_incident(an_alert(drivers=drivers, unchanged=("Price",), points=()), spoken, ENVELOPE)
    assert "zum Thema Zuverlässigkeit" in message.subject
    assert "+24,2  Pünktlichkeit" in message.text
    assert "Was gleich geblieben ist: Preis" in message.text


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("event", [Event.OPENED, Event.WORSE, Event.REOPENED, Event.UNACKNOWLEDGED, Event.RESOLVED])
@pytest.mark.parametrize("spike_class", [SpikeClass.DISSATISFACTION, SpikeClass.SHARE_SHIFT, SpikeClass.SLOW_RISE])
def test_every_message_can_be_written_in_every_language(language: str, event: Event, spike_class: SpikeClass) -> None:
    for severity in Severity:
        alert = an_alert(
            event=event,
            spike_class=spike_class,
            severity=severity,
            points=(),
            weeks=12,
            calm_since=NOW if event is Event.RESOLVED else None,
        )
        spoken = words(language, ZoneInfo("UTC"))
        assert write_incident(alert, spoken, ENVELOPE).subject
        assert write_gathered([alert, alert], [None, "https://a.example"], "intro", spoken, ENVELOPE).subject


def test_the_chart_is_a_picture_of_the_size_it_is_shown_at_and_reads_nothing_from_outside() -> None:
    alert = an_alert()
    names = {"observed": "seen", "usual": "usual", "axis": "voices"}
    spec = specification(alert.points, NOW - timedelta(hours=6), NOW, ZoneInfo("Europe/Berlin"), names)
    picture = png(spec, ["Mo"] * 7, ["Jan"] * 12)
    width, height = struct.unpack(">II", picture[16:24])
    assert width > 1000
    assert height > 400
    assert "http" not in str({key: value for key, value in spec.items() if key != "$schema"})


@settings(max_examples=10, deadline=None)
@given(st.lists(st.none() | st.integers(0, 10_000), min_size=2, max_size=30))
def test_any_history_can_be_drawn(observed: list[int | None]) -> None:
    points = tuple(
        an_alert()
        .points[0]
        .__class__(at=NOW + timedelta(hours=hour), observed=seen, expected=1.0, lower=0.0, upper=3.0)
        for hour, seen in enumerate(observed)
    )
    message = write(points=points)
    assert message.chart is not None
    assert message.chart_id is not None
    assert f"cid:{message.chart_id}" in message.html
