"""A store as a company has it after ninety days, with a planted rise, a gap, a failing source and hostile texts."""

from __future__ import annotations

import random
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import streamlit as st
from sqlalchemy import Connection

from collector.identity import clean_text
from collector.mention import Kind, Mention
from collector.sources import Reject, Span
from collector.store import Store, from_hour, hour_of
from collector.store.mentions import save_mentions
from collector.store.runs import cover, end_run, save_rejects, set_state, start_run
from sentiment.reading import AspectReading, Intent, Loyalty, Reading, Sentiment, Stage
from sentiment.spikes.incident import EventKind, Incident, IncidentEvent, IncidentState, Member
from sentiment.spikes.spike import SeriesKey, Severity, Spike, SpikeClass
from sentiment.spikes.store.incidents import save, save_explanation
from sentiment.store import open_store
from sentiment.store.readings import claim, save_readings

BRAND, OTHER = "Northwind Ferries", "Calder Coaches"
SOURCES = ("app reviews", "forum", "news feed")
DAYS = 90
HOSTILE = (
    "<script>window.hacked = true</script>The crossing was late <img src=x onerror='window.hacked=true'>",
    "[click me](javascript:window.hacked=true) and **bold** _it_ # not a heading, the app is fine",
    "costs $\\frac{1}{0}$ dollars and :material/home: <svg/onload=window.hacked=true> were late again",
    "\u202bالعبارة تأخرت ساعتين ولم يخبرنا أحد\u202c and then English late words",
    "\u05d4\u05de\u05e2\u05d1\u05d5\u05e8\u05ea \u05d0\u05d9\u05d7\u05e8\u05d4 \u200f late again",
    '=HYPERLINK("http://evil.example/","refund") late refund',
    "nul\x00 byte and bell\x07 in a late text about the crew",
    "a very long complaint about waiting, late as ever. " * 20_000,
)
_LATE = (
    "The {n} crossing left {m} minutes late and nobody told us why",
    "Late again: {m} minutes at the pier for sailing {n}, no announcement at all",
    "Sailing {n} was cancelled {m} minutes before departure",
)
_RUDE = (
    "The steward on boat {n} snapped at my mother over {m} cents",
    "Rude crew on {n}, would not even say hello, row {m}",
)
_APP = ("The app lost booking {n} and charged me {m} twice", "Cannot log in since update {n}, error {m}")
_GOOD = (
    "Smooth trip on {n}, on time to the minute and friendly crew at desk {m}",
    "Lovely staff on sailing {n}, they found my bag within {m} minutes",
    "Clean lounge, quiet cabin {n}, good coffee for {m} crowns",
)
_PLAIN = ("Does sailing {n} take bicycles, about {m} of them?", "Timetable {n} says {m} minutes to the islands")
_WORDS = {
    "late": (_LATE, "timeliness", Sentiment.NEGATIVE),
    "rude": (_RUDE, "courtesy", Sentiment.NEGATIVE),
    "app": (_APP, "digital", Sentiment.NEGATIVE),
    "good": (_GOOD, "courtesy", Sentiment.POSITIVE),
    "plain": (_PLAIN, "information", Sentiment.NEUTRAL),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """The store, its configuration file, and the moment it was filled for."""

    store: Store
    config: Path
    now: datetime


def a_config(folder: Path) -> Path:
    """A configuration with two brands and three sources, its store beside it."""
    file = folder / "groundswell.toml"
    sources = "".join(
        f'[[source]]\nname = "{name}"\nkind = "rss"\nfeeds = ["http://127.0.0.1:9/{number}"]\n'
        f'brand = "{BRAND}"\nevery = "15m"\n'
        for number, name in enumerate(SOURCES)
    )
    file.write_text(
        '[groundswell]\ntimezone = "Europe/Berlin"\n'
        '[mail]\nhost = "127.0.0.1"\nsender = "groundswell@example.org"\n'
        '[[manager]]\nname = "<b>Ada</b>"\nemail = "ada@example.org"\ndimensions = ["Reliability"]\n'
        f'[[brand]]\nname = "{BRAND}"\nown = true\n[[brand]]\nname = "{OTHER}"\n{sources}',
        encoding="utf-8",
    )
    return file


def mentions_of(now: datetime, dice: random.Random) -> Iterator[tuple[Mention, str]]:
    """Ninety days of mentions with the kind of thing each says; three days before `now` lateness triples."""
    for day in range(DAYS):
        at = now - timedelta(days=DAYS - 1 - day)
        for brand, source, volume in ((BRAND, s, v) for s, v in zip(SOURCES, (8, 5, 4), strict=True)):
            late = 0.45 if day >= DAYS - 4 and source == SOURCES[0] else 0.14
            for number in range(dice.randint(volume - 3, volume + 3)):
                kind = dice.choices(list(_WORDS), [late, 0.07, 0.08, 0.4, 0.31])[0]
                yield _mention(brand, source, f"{day}-{number}", _said(kind, dice), at, dice=dice), kind
        for number in range(6):
            kind = dice.choice(["good", "plain", "late"])
            yield _mention(OTHER, SOURCES[1], f"o{day}-{number}", _said(kind, dice), at, dice=dice), kind
    for number, text in enumerate(HOSTILE):
        m = _mention(BRAND, SOURCES[1], f"hostile-{number}", text, now, dice=dice)
        yield m, "late"


def _said(kind: str, dice: random.Random) -> str:
    return dice.choice(_WORDS[kind][0]).format(n=dice.randint(100, 9999), m=dice.randint(10, 999))


def _mention(brand: str, source: str, external_id: str, text: str, day: datetime, *, dice: random.Random) -> Mention:
    at = day - timedelta(minutes=dice.randint(1, 1300))
    return Mention(
        source=source,
        brand=brand,
        external_id=external_id,
        kind=Kind.REVIEW if source == SOURCES[0] else Kind.POST,
        text=clean_text(text),
        created_at=at,
        fetched_at=at,
        rating=float(dice.randint(1, 5)) if source == SOURCES[0] else None,
        language="en",
        url=dice.choice([f"https://reviews.example/{external_id}", "javascript:alert(1)", None]),
        reach=dice.choice([None, 3, 1200]),
        place=dice.choice([None, "North pier", "<b>South</b> pier"]),
    )


def reading_for(text: str, kind: str) -> Reading:
    """What a classifier would say of such a text."""
    _, aspect, sentiment = _WORDS[kind]
    start = max(0, text.casefold().find("late")) if kind == "late" else 0
    return Reading(
        model="fixture-1",
        sentiment=sentiment,
        probabilities={-1: (0.8, 0.15, 0.05), 0: (0.1, 0.8, 0.1), 1: (0.03, 0.07, 0.9)}[sentiment.sign],
        satisfaction={-1: 1.6, 0: 3.0, 1: 4.5}[sentiment.sign],
        aspects=(
            AspectReading(
                aspect=aspect, polarity=sentiment, confidence=0.9, start=start, end=min(len(text), start + 22)
            ),
        ),
        stage=Stage.DURING,
        intent=Intent.COMPLAINT if sentiment is Sentiment.NEGATIVE else Intent.OTHER,
        loyalty=Loyalty.UNKNOWN,
        language="en",
        validated=True,
        abstained=False,
    )


def fill(store: Store, now: datetime, *, unread: int = 0) -> None:
    """Save and read everything but the newest `unread` mentions; with coverage, a gap, an error and rejected rows."""
    made = list(mentions_of(now, random.Random(7)))
    kinds = {(m.source, m.brand, m.text): kind for m, kind in made}
    said = {m.text: kinds[m.source, m.brand, m.text] for m, _ in made}
    with store.write() as conn:
        save_mentions(conn, store, [m for m, _ in made])
        for name in SOURCES:
            run = start_run(conn, name, "rss", now - timedelta(minutes=6))
            cover(conn, name, Span(start=now - timedelta(days=DAYS), end=now - timedelta(days=12)))
            cover(conn, name, Span(start=now - timedelta(days=10 if name == SOURCES[1] else 12), end=now))
            set_state(conn, name, "rss", last_success=now - timedelta(minutes=5), budget_left=240)
            end_run(conn, run, now - timedelta(minutes=5), error_kind=None, error=None)
        set_state(
            conn,
            SOURCES[2],
            "rss",
            last_success=now - timedelta(hours=9),
            last_error="The site answered 503 <b>Service Unavailable</b> three times; the next run tries again.",
            last_error_kind="SourceUnavailable",
            last_error_at=now - timedelta(minutes=20),
        )
        plant(conn, now)
        bad = Reject(place="entry 4", reason="The date “31 Febtember” cannot be understood.", raw="<item>=1+1</item>")
        save_rejects(conn, SOURCES[2], None, [bad], now)
    left = len(made) - unread
    while left > 0:
        with store.write() as conn:
            claimed = claim(conn, "fixture", now, timedelta(minutes=5), min(500, left))
            if not claimed:
                break
            save_readings(conn, store, [(u, reading_for(u.text, said[u.text])) for u in claimed], now)
        left -= len(claimed)


def plant(conn: Connection, now: datetime, *, brand: str = BRAND, source: str = SOURCES[0]) -> int:
    """An open incident about lateness in the app reviews, with its explanation; returns its id."""
    key = SeriesKey(brand=brand, source=source, dimension="rater/Reliability")
    at = hour_of(now) - 1
    peak = Spike(
        series=key,
        at=at,
        window=72,
        spike_class=SpikeClass.DISSATISFACTION,
        observed=11,
        expected=3.5,
        lower=0,
        upper=8,
        voices=24,
        share_observed=0.46,
        share_expected=0.14,
        p=1e-6,
        p_count=1e-5,
        p_share=1e-6,
        score=5.2,
        severity=Severity.HIGH,
    )
    one = Incident(
        brand=brand,
        track="dissatisfaction",
        number=at,
        state=IncidentState.OPEN,
        began=at - 71,
        opened=at,
        last=at,
        seen=at,
        members=(Member(series=key, since=at, last=at, peak=peak),),
    )
    opened = IncidentEvent(brand=brand, track="dissatisfaction", number=at, kind=EventKind.OPENED, at=at, spike=peak)
    (number,) = save(conn, [one], [opened], now).values()
    hostile = {"mention_id": 1, "text": HOSTILE[0], "source": source, "url": "javascript:alert(1)"}
    told = {
        "sentence": "11 in 72 h, 0 to 8 expected; mostly Timeliness: <i>late</i>",
        "excess": 7.5,
        "weeks": 40.0,
        "causes": {"volume": 2.0, "mix": 0.5, "negativity": 5.0},
        "parts": {
            "aspect": [
                {"label": "Timeliness", "observed": 9.0, "expected": 3.0, "excess": 6.0},
                {"label": "others", "observed": 2.0, "expected": 0.5, "excess": 1.5},
            ]
        },
        "phrases": [{"words": "<u>late</u> again", "voices": 5, "before": 1, "z": 3.0}],
        "quotes": [hostile | {"said_at": now.isoformat()}],
        "unchanged": ["Courtesy"],
        "points": [
            {
                "at": from_hour(at - n).isoformat(),
                "observed": None if n == 5 else n % 4,
                "expected": 0.5,
                "lower": 0,
                "upper": 2,
            }
            for n in range(72)
        ],
    }
    save_explanation(conn, number, told)
    return number


@contextmanager
def filled_at(folder: Path, now: datetime) -> Iterator[Filled]:
    """A store in a folder, filled as of a moment, and its configuration."""
    store = open_store(str(folder / "groundswell.db"), zone=ZoneInfo("Europe/Berlin"), salt=b"salt")
    fill(store, now)
    yield Filled(store=store, config=a_config(folder), now=now)
    store.engine.dispose()


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """Ninety days, all read. Tests that change it take `changing`."""
    with filled_at(tmp_path_factory.mktemp("filled"), datetime.now(UTC)) as made:
        yield made


@pytest.fixture(scope="session")
def as_filled(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """The same, closed again: a copy of it is there at once."""
    with filled_at(tmp_path_factory.mktemp("copied"), datetime.now(UTC)) as made:
        return made


@pytest.fixture
def changing(tmp_path: Path, as_filled: Filled) -> Iterator[Filled]:
    """A filled store that a test may change."""
    shutil.copytree(as_filled.config.parent, tmp_path, dirs_exist_ok=True)
    store = open_store(str(tmp_path / "groundswell.db"), zone=as_filled.store.zone, salt=as_filled.store.salt)
    yield Filled(store=store, config=tmp_path / as_filled.config.name, now=as_filled.now)
    store.engine.dispose()


@pytest.fixture
def forgetful() -> Iterator[None]:
    """Let the answers that pages remember be forgotten after the test."""
    yield
    st.cache_resource.clear()


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """Put back `__main__`, which Streamlit's AppTest leaves replaced: processes that other tests start would run it."""
    kept = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = kept
