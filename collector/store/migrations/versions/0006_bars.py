"""What recalibration of spikes learns from, and the bar that came of it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "spike_high",
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False, comment="UTC day"),
        sa.Column("brand", sa.String(length=100), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("facet", sa.String(length=100), nullable=False),
        sa.Column("highest", sa.Float(), nullable=False, comment="score, before recalibration"),
        sa.Column("weight", sa.Float(), nullable=False, comment="largest excess × log2(observed / expected)"),
        sa.PrimaryKeyConstraint("day", "brand", "source", "facet", name=op.f("pk_spike_high")),
    )
    op.create_table(
        "alert_bar",
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False, comment="UTC day that was judged by it"),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("nominal", sa.Float(), nullable=False, comment="score that the budget asks for on a calm past"),
        sa.Column("score", sa.Float(), nullable=False, comment="score from which this day was alerted"),
        sa.Column("restless", sa.JSON(), nullable=False, comment="series whose scores are divided, and by what"),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_alert_bar")),
    )


def downgrade() -> None:
    op.drop_table("alert_bar")
    op.drop_table("spike_high")
