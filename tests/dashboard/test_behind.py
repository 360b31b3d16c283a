"""The voices of each part of an explanation are those that made its figure; none is lost, none is invented."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from collector.store.mentions import save_mentions
from dashboard.behind import voices_of
from sentiment.read import read_unread
from sentiment.spikes.drivers import NO_ASPECT, OTHERS, UNNAMED, Said, explain
from sentiment.spikes.store.incidents import incidents
from sentiment.spikes.store.said import said_in
from sentiment.store import open_store
from tests.conftest import BERLIN
from tests.dashboard.conftest import BRAND, SOURCES, Filled, a_config, fill
from tests.dashboard.test_views import opened, words_of
from tests.fakes import FakeReader, a_mention

AT = datetime(2026, 3, 3, 12, tzinfo=UTC)
PLACES = ("Calais", "Dover", "Kiel", "Oslo", "Gdynia", "Cork", "Split", "Bari", "Ystad", "Turku")


def said(number: int, *aspects: str, place: str | None = None, negative: bool = True) -> Said:
    return Said(
        mention_id=number,
        text=f"text {number}",
        source="forum",
        said_at=AT + timedelta(minutes=number),
        negative=negative,
        aspects=aspects,
        place=place,
        language="en",
    )


EVERYONE = [
    said(1, "timeliness", "care", place="Calais"),
    said(2, "timeliness"),
    said(3, place="Dover"),
    said(4, "care", negative=False, place="Calais"),
    *(said(10 + n, "price", place=place) for n, place in enumerate(PLACES)),
]


pytestmark = pytest.mark.usefixtures("forgetful")


@pytest.mark.parametrize(
    ("group", "part", "expected"),
    [
        ("aspect", "Timeliness", [2, 1]),
        ("aspect", "Care", [1]),
        ("aspect", NO_ASPECT, [3]),
        ("place", UNNAMED, [2]),
        ("place", "Calais", [10, 1]),
        ("place", "Atlantis", []),
        ("nonsense", "Calais", []),
    ],
)
def test_a_part_stands_for_the_dissatisfied_voices_that_name_it(group: str, part: str, expected: list[int]) -> None:
    assert voices_of(EVERYONE, group, part, ["Timeliness", "Care", "Calais"]) == expected


def test_the_parts_of_an_explanation_hold_every_dissatisfied_voice(filled: Filled) -> None:
    with filled.store.read() as conn:
        peak = incidents(conn)[0].peak
        voices = said_in(conn, peak)
    told = explain(peak, [*voices, *EVERYONE], [], facet_label="Reliability")
    bad = {one.mention_id for one in [*voices, *EVERYONE] if one.negative}
    for group in ("place", "language"):
        labels = [part.label for part in told.parts[group]]
        assert OTHERS in labels or group == "language"
        held = [voices_of([*voices, *EVERYONE], group, label, labels) for label in labels]
        assert {number for part in held for number in part} == bad
        assert all(part for part in held)


def test_a_row_of_the_reason_leads_to_its_voices(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    with filled.store.read() as conn:
        number = incidents(conn)[0].id
    words = words_of(opened("incident", filled.config, monkeypatch, id=str(number)))
    assert f"incident?id={number}&amp;by=aspect&amp;only=Timeliness" in words
    part = words_of(opened("incident", filled.config, monkeypatch, id=str(number), by="aspect", only="Timeliness"))
    assert "voices about Timeliness" in part
    assert "The whole incident" in part
    assert part.count("gs-text") > 0


@pytest.mark.parametrize(("by", "only"), [("aspect", "<b>x</b>"), ("place", "others"), ("nonsense", "x")])
def test_a_part_that_is_none_says_so(by: str, only: str, filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    with filled.store.read() as conn:
        number = incidents(conn)[0].id
    words = words_of(opened("incident", filled.config, monkeypatch, id=str(number), by=by, only=only))
    assert ("No dissatisfied voice" in words) is (by != "nonsense")
    assert "<b>x</b>" not in words


def test_all_voices_of_a_large_incident_are_counted_and_leave_with_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    store = open_store(str(tmp_path / "groundswell.db"), zone=BERLIN, salt=b"salt")
    fill(store, now)
    late = [
        a_mention(f"m{n}", text=f"late boat {n}", source=SOURCES[0], brand=BRAND, created_at=now - timedelta(days=3))
        for n in range(60)
    ]
    with store.write() as conn:
        save_mentions(conn, store, late)
    read_unread(store, FakeReader(), clock=lambda: now)
    store.engine.dispose()
    monkeypatch.setenv("GROUNDSWELL_CONFIG", str(a_config(tmp_path)))
    code = """
from dataclasses import replace
import streamlit as st
from dashboard.views import incident_voices
from dashboard.views.session import look
from sentiment.spikes.store.incidents import incident_by_id
kept = look(incident_by_id, 1)
(member,) = kept.incident.members
peak = replace(member.peak, window=24 * 95, series=replace(member.peak.series, dimension=None))
kept = replace(kept, incident=replace(kept.incident, members=(replace(member, peak=peak),)))
incident_voices.show_behind(kept)
found = incident_voices.all_of(incident_voices.wanted_behind(kept.peak, *kept.window))
st.session_state["found"] = len(incident_voices.table_of(found))
"""
    app = AppTest.from_string(code, default_timeout=120).run()
    assert not app.exception, app.exception[0].value
    many = app.session_state["found"]
    assert many > 200
    assert f"<h2>The {many} voices behind it</h2>" in "".join(part.proto.body for part in app.get("html"))
    assert f"The newest 10 of {many} are shown; the file holds them all." in [c.value for c in app.caption]
