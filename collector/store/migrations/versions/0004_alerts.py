"""Deliveries, decisions, silences and recipients."""

import sqlalchemy as sa
from alembic import op

from collector.store import Utc

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "decision",
        sa.Column("about", sa.String(length=400), nullable=False),
        sa.Column("event", sa.String(length=130), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("recipients", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("about", "event", name=op.f("pk_decision")),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("about", sa.String(length=400), nullable=False, comment="incident/12, source/forum/…, digest/day/…"),
        sa.Column("event", sa.String(length=130), nullable=False, comment="opened, worse/critical, resolved/0 …"),
        sa.Column(
            "recipient",
            sa.String(length=320),
            nullable=False,
            comment="mail address, or the name of a chat without its secrets",
        ),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=False, comment="name of the manager in the configuration"),
        sa.Column("incident_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("severity", sa.String(length=20), nullable=True),
        sa.Column(
            "message_id",
            sa.String(length=255),
            nullable=False,
            comment="stable: a message sent twice is recognised as one",
        ),
        sa.Column("subject", sa.String(length=250), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False, comment="the facts as they were known"),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True, comment="why it was suppressed"),
        sa.Column("bundle", sa.String(length=400), nullable=True, comment="deliveries that go out as one message"),
        sa.Column("due", Utc(), nullable=False),
        sa.Column("next_try", Utc(), nullable=False),
        sa.Column("claimed_until", Utc(), nullable=True),
        sa.Column(
            "claim", sa.Integer(), server_default="0", nullable=False, comment="fencing token: grows with every claim"
        ),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("sent_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("about", "event", "recipient", "channel", name="uq_delivery_once"),
    )
    op.create_index("ix_delivery_due", "delivery", ["state", "next_try"], unique=False)
    op.create_index("ix_delivery_incident", "delivery", ["incident_id"], unique=False)
    op.create_index("ix_delivery_recipient_due", "delivery", ["recipient", "channel", "due"], unique=False)
    op.create_table(
        "recipient",
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("asked_at", Utc(), nullable=True),
        sa.Column("confirmed_at", Utc(), nullable=True),
        sa.Column("unsubscribed_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_recipient")),
    )
    op.create_table(
        "silence",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("start", Utc(), nullable=False),
        sa.Column("end", Utc(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=True),
        sa.Column("brands", sa.JSON(), nullable=False),
        sa.Column("dimensions", sa.JSON(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("up_to", sa.String(length=20), nullable=True),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("lifted_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silence")),
    )
    op.create_index("ix_silence_end", "silence", ["end"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_silence_end", table_name="silence")
    op.drop_table("silence")
    op.drop_table("recipient")
    op.drop_index("ix_delivery_recipient_due", table_name="delivery")
    op.drop_index("ix_delivery_incident", table_name="delivery")
    op.drop_index("ix_delivery_due", table_name="delivery")
    op.drop_table("delivery")
    op.drop_table("decision")
