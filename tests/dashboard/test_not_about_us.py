"""What a person found not to be about the brand is in no figure, no list, no file and no explanation."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from collector.store import Store, hour_of
from collector.store.mentions import save_mentions
from dashboard.queries import figures, mentions
from dashboard.queries.mentions import Only, Wanted
from dashboard.scope import Scope
from sentiment.read import read_unread
from sentiment.spikes.spike import SeriesKey, Severity, Spike, SpikeClass
from sentiment.spikes.store.said import said_in
from sentiment.store.corrections import Change, correct_together
from sentiment.store.readings import label
from tests.conftest import BERLIN
from tests.dashboard.exports.keeping import strictly, write_out
from tests.fakes import NOW, FakeReader, a_mention


def test_what_is_not_about_us_is_left_out_everywhere(store: Store, tmp_path: Path) -> None:
    with store.write() as conn:
        save_mentions(conn, store, [a_mention(str(n), text=f"late {n} again") for n in range(4)])
    read_unread(store, FakeReader(), clock=lambda: NOW)
    with store.write() as conn:
        (other, *ours) = conn.scalars(select(label.c.mention_id).order_by(label.c.mention_id)).all()
        change = Change(field="about_us", after="no")
        correct_together(conn, store, [(other, change)], what="not about us", who="Kim", now=NOW)
    day = NOW.astimezone(BERLIN).date()
    scope = Scope(brand="Northwind Ferries", first=day, last=day, zone=BERLIN, lens="rater")
    spike = Spike(
        series=SeriesKey(brand="Northwind Ferries", source="reviews", dimension="rater/Reliability"),
        at=hour_of(NOW + timedelta(hours=1)), window=6, spike_class=SpikeClass.DISSATISFACTION, observed=3, expected=1,
        lower=0, upper=2, voices=3, share_observed=1.0, share_expected=0.1, p=0.001, p_count=0.001, p_share=0.001,
        score=3.0, severity=Severity.HIGH,
    )  # fmt: skip
    with store.read() as conn:
        assert figures.by_day(conn, scope)["mentions"].sum() == 3
        assert sorted(mentions.page(conn, Wanted(scope=scope))["id"]) == ours
        assert list(mentions.page(conn, Wanted(scope=scope, only=Only.ELSEWHERE))["id"]) == [other]
        assert sorted(said.mention_id for said in said_in(conn, spike)) == ours
    write_out(store, "mentions", tmp_path / "m.csv")
    assert sorted(int(row["mention_id"]) for row in strictly((tmp_path / "m.csv").read_bytes())) == ours
