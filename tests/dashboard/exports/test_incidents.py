"""Spikes and incidents as they leave."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collector.errors import BadSettings
from collector.store import Store, from_hour, hour_of
from sentiment.spikes.incident import Incident, IncidentState, Member
from sentiment.spikes.spike import SeriesKey, Severity, Spike, SpikeClass
from sentiment.spikes.store.incidents import acknowledge, save, save_explanation, save_spikes
from tests.dashboard.exports.keeping import keep, strictly, write_out
from tests.fakes import NOW, a_mention

AT = hour_of(NOW) - 5


def a_spike(facet: str | None = "rater/Reliability", at: int = AT, source: str = "reviews") -> Spike:
    return Spike(
        series=SeriesKey(brand="Northwind Ferries", source=source, dimension=facet), at=at, window=6,
        spike_class=SpikeClass.DISSATISFACTION, observed=40, expected=9.5, lower=3, upper=18, voices=120,
        share_observed=1 / 3, share_expected=0.1, p=1e-9, p_count=1e-8, p_share=1e-7, score=8.5, severity=Severity.HIGH,
    )  # fmt: skip


@pytest.fixture
def spiky(store: Store) -> Store:
    """A store with one incident of two series, explained and taken on, and a lone spike two days before."""
    keep(store, a_mention("1"), a_mention("2", source="app"))
    worst, other = a_spike(), a_spike(None, source="app")
    incident = Incident(
        brand="Northwind Ferries", track="dissatisfaction", number=AT, state=IncidentState.ONGOING, began=AT - 5,
        opened=AT, last=AT + 2, seen=AT + 3,
        members=tuple(Member(series=s.series, since=AT, last=AT, peak=s) for s in (worst, other)),
    )  # fmt: skip
    with store.write() as conn:
        (number,) = save(conn, [incident], [], NOW).values()
        save_spikes(conn, [(worst, number), (other, number), (a_spike(at=AT - 48), None)], NOW)
        save_explanation(conn, number, {"sentence": "=More than usual say that they waited."})
        acknowledge(conn, number, "Kim", NOW)
    return store


def test_spikes_leave_with_their_window_and_what_was_expected(spiky: Store, tmp_path: Path) -> None:
    assert write_out(spiky, "spikes", tmp_path / "s.csv").rows == 3
    row = strictly((tmp_path / "s.csv").read_bytes())[-2]
    assert (row["label"], row["class"], row["severity"]) == ("Reliability", "dissatisfaction spike", "high")
    assert (row["observed"], row["expected"], row["upper"], row["excess"]) == ("40", "9.5", "18", "30.5")
    assert datetime.fromisoformat(row["window_end"]) == from_hour(AT + 1)
    assert datetime.fromisoformat(row["window_start"]) == from_hour(AT - 5)


def test_an_incident_leaves_with_its_series_its_worst_spike_and_its_reason(spiky: Store, tmp_path: Path) -> None:
    write_out(spiky, "incidents", tmp_path / "i.csv")
    (row,) = strictly((tmp_path / "i.csv").read_bytes())
    assert row["series"] == "All mentions at app; Reliability at reviews"
    assert (row["state"], row["severity"], row["acknowledged_by"]) == ("ongoing", "high", "Kim")
    assert row["reason"] == "'=More than usual say that they waited."
    assert datetime.fromisoformat(row["began"]).utcoffset() == timedelta(hours=1)


def test_filters_choose_spikes_and_incidents(spiky: Store, tmp_path: Path) -> None:
    def rows(what: str, **filters: object) -> int:
        return write_out(spiky, what, tmp_path / "x.csv", **filters).rows

    assert rows("spikes", since=from_hour(AT - 20)) == 2
    assert rows("spikes", until=from_hour(AT - 20)) == 1
    assert rows("spikes", source="app") == 1
    assert rows("spikes", dimension="Reliability") == 2
    assert rows("incidents", since=from_hour(AT - 20)) == rows("incidents", source="app") == 1
    assert rows("incidents", until=from_hour(AT - 20)) == rows("incidents", source="app", dimension="Reliability") == 0
    assert rows("incidents", dimension="Reliability") == rows("incidents", dimension="all", source="app") == 1
    with pytest.raises(BadSettings, match="have a sentiment"):
        rows("incidents", sentiment="negative")


def test_a_slow_rise_leaves_with_the_whole_days_that_were_judged(store: Store, tmp_path: Path) -> None:
    """Berlin puts its clock on at 2026-03-29 01:00 UTC, within the week that is judged on 4 April at 09:00 UTC."""
    keep(store, a_mention("1"))
    start, end = datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 4, 4, tzinfo=UTC)
    slow = replace(a_spike(at=hour_of(end) + 9), window=168, spike_class=SpikeClass.SLOW_RISE)
    incident = Incident(
        brand="Northwind Ferries", track="slow rise", number=slow.at, state=IncidentState.OPEN, began=hour_of(start),
        opened=slow.at, last=slow.at, seen=slow.at,
        members=(Member(series=slow.series, since=slow.at, last=slow.at, peak=slow),),
    )  # fmt: skip
    with store.write() as conn:
        (number,) = save(conn, [incident], [], NOW).values()
        save_spikes(conn, [(slow, number)], NOW)
    for what in ("spikes", "incidents"):
        write_out(store, what, tmp_path / "w.csv")
        (row,) = strictly((tmp_path / "w.csv").read_bytes())
        window = [datetime.fromisoformat(row[name]) for name in ("window_start", "window_end")]
        assert window == [start, end]
        assert [at.utcoffset() for at in window] == [timedelta(hours=1), timedelta(hours=2)]

    def rows(**filters: object) -> int:
        return write_out(store, "spikes", tmp_path / "x.csv", **filters).rows

    assert rows(since=end) == rows(until=start) == 0
    assert rows(since=end - timedelta(hours=1)) == rows(until=start + timedelta(hours=1)) == 1


@pytest.mark.parametrize("name", ["i.xlsx", "i.jsonl", "i.parquet"])
def test_incidents_leave_in_every_format(spiky: Store, tmp_path: Path, name: str) -> None:
    assert write_out(spiky, "incidents", tmp_path / name, since=datetime(2026, 1, 1, tzinfo=UTC)).rows == 1
