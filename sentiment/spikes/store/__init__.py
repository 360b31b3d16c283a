"""The tables of spikes, incidents, their history, and how far judging got."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from collector.store import Utc, metadata

_ID = BigInteger().with_variant(Integer, "sqlite")

incident = Table(
    "incident",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("brand", String(100), nullable=False),
    Column("track", String(20), nullable=False),
    Column("number", Integer, nullable=False, comment="hour at which it was found, since 1970"),
    Column("state", String(20), nullable=False),
    Column("severity", String(20), nullable=False),
    Column("began", Utc, nullable=False),
    Column("opened_at", Utc, nullable=False, comment="end of the hour at which it was found"),
    Column("last_seen", Utc, nullable=False, comment="end of its last restless hour"),
    Column("seen_hour", Integer, nullable=False, comment="last hour that was judged for it"),
    Column("resolved_at", Utc),
    Column("reopenings", Integer, nullable=False),
    Column("acknowledged_at", Utc),
    Column("acknowledged_by", String(200)),
    Column("assigned_to", String(200)),
    Column("members", JSON, nullable=False, comment="each series with its worst spike, as it was known"),
    Column("explanation", JSON, comment="as it was known; never rewritten by later labels"),
    Column("found_at", Utc, nullable=False, comment="when it was written: later than opened_at if it came late"),
    UniqueConstraint("brand", "track", "number"),
    Index("ix_incident_brand_last", "brand", "last_seen"),
    sqlite_autoincrement=True,
)
"""Spikes that belong together."""

incident_event = Table(
    "incident_event",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("incident_id", _ID, ForeignKey("incident.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("at", Utc, nullable=False),
    Column("subject", String(310), nullable=False, comment="the series it is about, or empty"),
    Column("by", String(200)),
    Column("note", Text),
    Column("written_at", Utc, nullable=False),
    UniqueConstraint("incident_id", "kind", "at", "subject", name="uq_incident_event_once"),
)
"""What happened to an incident, by the machine and by people."""

spike = Table(
    "spike",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("brand", String(100), nullable=False),
    Column("source", String(100), nullable=False),
    Column("facet", String(100), nullable=False),
    Column(
        "hour",
        Integer,
        nullable=False,
        comment="at which it was judged, since 1970, UTC: last of its window; a slow rise's ends the day before",
    ),
    Column("window", Integer, nullable=False, comment="hours"),
    Column("spike_class", String(30), nullable=False),
    Column("observed", Integer, nullable=False),
    Column("expected", Float, nullable=False),
    Column("lower", Integer, nullable=False),
    Column("upper", Integer, nullable=False),
    Column("voices", Integer, nullable=False),
    Column("share_observed", Float, nullable=False),
    Column("share_expected", Float, nullable=False),
    Column("p", Float, nullable=False),
    Column("p_count", Float, nullable=False),
    Column("p_share", Float, nullable=False),
    Column("score", Float, nullable=False),
    Column("severity", String(20), nullable=False),
    Column("incident_id", _ID, ForeignKey("incident.id", ondelete="CASCADE")),
    Column("found_at", Utc, nullable=False),
    UniqueConstraint("brand", "source", "facet", "hour", name="uq_spike_once"),
    Index("ix_spike_incident", "incident_id"),
)
"""Observed above the upper bound: one row a series and hour that was unusual."""

judged_hour = Table(
    "judged_hour",
    metadata,
    Column("hour", Integer, primary_key=True, autoincrement=False, comment="hours since 1970, UTC"),
    Column("checksum", BigInteger, nullable=False, comment="of the counts it was judged by"),
)
"""How far judging got, and by which counts: an hour whose counts have changed since is judged again."""

spike_watch = Table(
    "spike_watch",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False, comment="UTC day at whose start it stood so"),
    Column("brand", String(100), primary_key=True),
    Column("source", String(100), primary_key=True),
    Column("facet", String(100), primary_key=True),
    Column("open", Boolean, nullable=False),
    Column("last", Integer, nullable=False),
    Column("floor", Integer, nullable=False),
)
"""The detector's memory of each series at the start of each day, where there is anything to remember."""

spike_high = Table(
    "spike_high",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False, comment="UTC day"),
    Column("brand", String(100), primary_key=True),
    Column("source", String(100), primary_key=True),
    Column("facet", String(100), primary_key=True),
    Column("highest", Float, nullable=False, comment="score, before recalibration"),
    Column("weight", Float, nullable=False, comment="largest excess × log2(observed / expected)"),
)
"""The highest score and weight of each series and day: what recalibration and severity learn from."""

alert_bar = Table(
    "alert_bar",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False, comment="UTC day that was judged by it"),
    Column("series", Integer, nullable=False),
    Column("nominal", Float, nullable=False, comment="score that the budget asks for on a calm past"),
    Column("score", Float, nullable=False, comment="score from which this day was alerted"),
    Column("restless", JSON, nullable=False, comment="series whose scores are divided, and by what"),
)
"""The bar of each day, and what the past has raised."""
