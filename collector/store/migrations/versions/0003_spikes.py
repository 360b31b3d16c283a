"""Spikes, incidents, their history, and how far judging got."""

import sqlalchemy as sa
from alembic import op

from collector.store import Utc

revision = "0003"
down_revision = "0002"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "incident",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("brand", sa.String(length=100), nullable=False),
        sa.Column("track", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="hour at which it was found, since 1970"),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("severity", sa.String(length=20), nullable=False),
        sa.Column("began", Utc(), nullable=False),
        sa.Column("opened_at", Utc(), nullable=False, comment="end of the hour at which it was found"),
        sa.Column("last_seen", Utc(), nullable=False, comment="end of its last restless hour"),
        sa.Column("seen_hour", sa.Integer(), nullable=False, comment="last hour that was judged for it"),
        sa.Column("resolved_at", Utc(), nullable=True),
        sa.Column("reopenings", sa.Integer(), nullable=False),
        sa.Column("acknowledged_at", Utc(), nullable=True),
        sa.Column("acknowledged_by", sa.String(length=200), nullable=True),
        sa.Column("assigned_to", sa.String(length=200), nullable=True),
        sa.Column("members", sa.JSON(), nullable=False, comment="each series with its worst spike, as it was known"),
        sa.Column("explanation", sa.JSON(), nullable=True, comment="as it was known; never rewritten by later labels"),
        sa.Column(
            "found_at", Utc(), nullable=False, comment="when it was written: later than opened_at if it came late"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
        sa.UniqueConstraint("brand", "track", "number", name=op.f("uq_incident_brand_track_number")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_incident_brand_last", "incident", ["brand", "last_seen"], unique=False)
    op.create_table(
        "incident_event",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("incident_id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("subject", sa.String(length=310), nullable=False, comment="the series it is about, or empty"),
        sa.Column("by", sa.String(length=200), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("written_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_incident_event_incident_id_incident"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_event")),
        sa.UniqueConstraint("incident_id", "kind", "at", "subject", name="uq_incident_event_once"),
    )
    op.create_table(
        "spike",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("brand", sa.String(length=100), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("facet", sa.String(length=100), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False, comment="last hour of the window, since 1970, UTC"),
        sa.Column("window", sa.Integer(), nullable=False, comment="hours"),
        sa.Column("spike_class", sa.String(length=30), nullable=False),
        sa.Column("observed", sa.Integer(), nullable=False),
        sa.Column("expected", sa.Float(), nullable=False),
        sa.Column("lower", sa.Integer(), nullable=False),
        sa.Column("upper", sa.Integer(), nullable=False),
        sa.Column("voices", sa.Integer(), nullable=False),
        sa.Column("share_observed", sa.Float(), nullable=False),
        sa.Column("share_expected", sa.Float(), nullable=False),
        sa.Column("p", sa.Float(), nullable=False),
        sa.Column("p_count", sa.Float(), nullable=False),
        sa.Column("p_share", sa.Float(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("severity", sa.String(length=20), nullable=False),
        sa.Column("incident_id", _ID, nullable=True),
        sa.Column("found_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_spike_incident_id_incident"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spike")),
        sa.UniqueConstraint("brand", "source", "facet", "hour", name="uq_spike_once"),
    )
    op.create_index("ix_spike_incident", "spike", ["incident_id"], unique=False)
    op.create_table(
        "judged_hour",
        sa.Column("hour", sa.Integer(), autoincrement=False, nullable=False, comment="hours since 1970, UTC"),
        sa.Column("checksum", sa.BigInteger(), nullable=False, comment="of the counts it was judged by"),
        sa.PrimaryKeyConstraint("hour", name=op.f("pk_judged_hour")),
    )
    op.create_table(
        "spike_watch",
        sa.Column(
            "day", sa.Integer(), autoincrement=False, nullable=False, comment="UTC day at whose start it stood so"
        ),
        sa.Column("brand", sa.String(length=100), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("facet", sa.String(length=100), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("floor", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "brand", "source", "facet", name=op.f("pk_spike_watch")),
    )


def downgrade() -> None:
    op.drop_table("spike_watch")
    op.drop_table("judged_hour")
    op.drop_index("ix_spike_incident", table_name="spike")
    op.drop_table("spike")
    op.drop_table("incident_event")
    op.drop_index("ix_incident_brand_last", table_name="incident")
    op.drop_table("incident")
