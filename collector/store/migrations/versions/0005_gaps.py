"""Gaps with their reasons, how far and when next a source is read, and what makes a mention suspect."""

import sqlalchemy as sa
from alembic import op

from collector.store import Utc

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "gap",
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("start", Utc(), nullable=False),
        sa.Column("why", sa.String(length=20), nullable=False, comment="budget, wait, cut short, too many, …"),
        sa.Column("end", Utc(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("at", Utc(), nullable=False, comment="when it was last found"),
        sa.PrimaryKeyConstraint("source", "start", "why", name=op.f("pk_gap")),
    )
    op.add_column(
        "source_state", sa.Column("read_until", Utc(), comment="up to here all was read that the source shows")
    )
    op.add_column("source_state", sa.Column("next_run", Utc(), comment="when the schedule reads it next"))
    op.add_column("source_state", sa.Column("pace", sa.Text(), comment="why then, for a person"))
    op.add_column("mention", sa.Column("suspicion", sa.String(length=20), comment="copied, flood or links"))
    op.add_column("mention", sa.Column("suspicion_reason", sa.String(length=200)))
    op.add_column(
        "mention",
        sa.Column(
            "suspicion_due", sa.Boolean(), server_default=sa.false(), nullable=False, comment="still to be looked at"
        ),
    )
    due, suspect = sa.text("suspicion_due"), sa.text("suspicion IS NOT NULL")
    op.create_index("ix_mention_suspicion_due", "mention", ["id"], sqlite_where=due, postgresql_where=due)
    op.create_index("ix_mention_suspicion", "mention", ["id"], sqlite_where=suspect, postgresql_where=suspect)


def downgrade() -> None:
    op.drop_index("ix_mention_suspicion", table_name="mention")
    op.drop_index("ix_mention_suspicion_due", table_name="mention")
    for name in ("suspicion_due", "suspicion_reason", "suspicion"):
        op.drop_column("mention", name)
    for name in ("pace", "next_run", "read_until"):
        op.drop_column("source_state", name)
    op.drop_table("gap")
