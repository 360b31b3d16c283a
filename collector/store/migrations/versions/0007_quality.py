"""Term rules, the samples that people check, corrections made together, and what is not about us."""

import sqlalchemy as sa
from alembic import op

from collector.store import Utc

revision = "0007"
down_revision = "0006"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "term_rule",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("term", sa.String(length=200), nullable=False, comment="as it was written"),
        sa.Column("words", sa.String(length=500), nullable=False, comment="normal words with a space between them"),
        sa.Column(
            "aspect",
            sa.String(length=40),
            nullable=True,
            comment="NULL: it is about the sentiment of the whole mention",
        ),
        sa.Column(
            "after",
            sa.String(length=20),
            nullable=True,
            comment="negative, neutral or positive; NULL: not about the aspect",
        ),
        sa.Column("language", sa.String(length=20), nullable=True, comment="NULL: every language"),
        sa.Column("brand", sa.String(length=100), nullable=True, comment="NULL: every brand"),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("off_by", sa.String(length=200), nullable=True),
        sa.Column("off_at", Utc(), nullable=True),
        sa.Column("settled_to", _ID, nullable=True, comment="mentions up to this one follow it already; NULL: all do"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_term_rule")),
    )
    op.create_table(
        "correction_batch",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("what", sa.String(length=300), nullable=False, comment="what was said, in words"),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("undone_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction_batch")),
    )
    op.add_column("correction", sa.Column("batch_id", _ID, nullable=True, comment="made together with others"))
    op.create_index("ix_correction_batch", "correction", ["batch_id"], unique=False)
    op.add_column(
        "label",
        sa.Column(
            "about_us",
            sa.Boolean(),
            server_default=sa.true(),
            nullable=False,
            comment="false: a person said it is not",
        ),
    )
    op.add_column(
        "label",
        sa.Column("rule_id", _ID, nullable=True, comment="the term rule that said something else than the reading"),
    )
    ruled = sa.text("rule_id IS NOT NULL")
    op.create_index("ix_label_rule", "label", ["rule_id"], sqlite_where=ruled, postgresql_where=ruled)
    op.create_index("ix_reading_read_at", "reading", ["read_at", "model", "mention_id"], unique=False)
    op.create_table(
        "sample",
        sa.Column("week", sa.Integer(), autoincrement=False, nullable=False, comment="its Monday, in days since 1970"),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False, comment="mentions that it was drawn from"),
        sa.Column("drawn_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("week", name=op.f("pk_sample")),
    )
    op.create_table(
        "sampled",
        sa.Column("week", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mention_id", _ID, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False, comment="when it is its turn, from 0"),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False, comment="of the mention, as it was read"),
        sa.Column("language", sa.String(length=20), nullable=True),
        sa.Column("sentiment", sa.SmallInteger(), nullable=False, comment="what the model said"),
        sa.Column("aspects", sa.JSON(), nullable=False, comment="the same: sign by aspect"),
        sa.Column(
            "verdict", sa.String(length=20), nullable=True, comment="the sentiment that is true; skip: cannot be told"
        ),
        sa.Column("wrong", sa.JSON(), nullable=False, comment="aspects that it is not about, or not with that sign"),
        sa.Column("who", sa.String(length=200), nullable=True),
        sa.Column("at", Utc(), nullable=True),
        sa.Column("batch_id", _ID, nullable=True, comment="the corrections that followed"),
        sa.PrimaryKeyConstraint("week", "mention_id", name=op.f("pk_sampled")),
    )


def downgrade() -> None:
    op.drop_table("sampled")
    op.drop_table("sample")
    op.drop_index("ix_reading_read_at", table_name="reading")
    op.drop_index("ix_label_rule", table_name="label")
    op.drop_column("label", "rule_id")
    op.drop_column("label", "about_us")
    op.drop_index("ix_correction_batch", table_name="correction")
    op.drop_column("correction", "batch_id")
    op.drop_table("correction_batch")
    op.drop_table("term_rule")
