"""Mentions, voices, runs and coverage."""

import sqlalchemy as sa
from alembic import op

from collector.store import Utc

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "coverage",
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("start", Utc(), nullable=False),
        sa.Column("end", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("source", "start", name=op.f("pk_coverage")),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("holder", sa.String(length=100), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False, comment="fencing token: grows with every change of holder"),
        sa.Column("expires_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "mention",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("brand", sa.String(length=100), nullable=False),
        sa.Column("external_id", sa.String(length=500), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("edited_at", Utc(), nullable=True),
        sa.Column("fetched_at", Utc(), nullable=False),
        sa.Column("rating", sa.Float(), nullable=True),
        sa.Column("author_key", sa.String(length=32), nullable=True),
        sa.Column("author_name", sa.String(length=200), nullable=True),
        sa.Column("language", sa.String(length=20), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("parent_id", sa.String(length=500), nullable=True),
        sa.Column("reach", sa.BigInteger(), nullable=True),
        sa.Column("place", sa.String(length=200), nullable=True),
        sa.Column("segment", sa.String(length=200), nullable=True),
        sa.Column("matched", sa.String(length=200), nullable=True),
        sa.Column("hour", sa.Integer(), nullable=False, comment="hours since 1970, UTC"),
        sa.Column("day", sa.Integer(), nullable=False, comment="calendar day in the owner's zone, days since 1970"),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "voice_id", sa.BigInteger(), nullable=True, comment="the mention that stands for this near-duplicate group"
        ),
        sa.Column(
            "head", sa.Boolean(), nullable=False, comment="whether this mention is the one that stands for its voice"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mention")),
        sa.UniqueConstraint("source", "brand", "external_id", name=op.f("uq_mention_source_brand_external_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_mention_author", "mention", ["author_key"], unique=False)
    op.create_index("ix_mention_brand_created", "mention", ["brand", "created_at"], unique=False)
    op.create_index("ix_mention_created", "mention", ["created_at"], unique=False)
    op.create_index("ix_mention_voice", "mention", ["voice_id"], unique=False)
    op.create_table(
        "run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("started_at", Utc(), nullable=False),
        sa.Column("finished_at", Utc(), nullable=True),
        sa.Column("pages", sa.Integer(), server_default="0", nullable=False),
        sa.Column("new", sa.Integer(), server_default="0", nullable=False),
        sa.Column("edited", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unchanged", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unmatched", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rejected", sa.Integer(), server_default="0", nullable=False),
        sa.Column("deleted", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error_kind", sa.String(length=100), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    op.create_index("ix_run_source_started", "run", ["source", "started_at"], unique=False)
    op.create_table(
        "source_state",
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=50), nullable=False),
        sa.Column(
            "cursor", sa.JSON(), nullable=True, comment="opaque; saved in the transaction of the page it stands for"
        ),
        sa.Column("last_started", Utc(), nullable=True),
        sa.Column("last_success", Utc(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("last_error_kind", sa.String(length=100), nullable=True),
        sa.Column("last_error_at", Utc(), nullable=True),
        sa.Column("wait_until", Utc(), nullable=True, comment="the site asked us not to come back before"),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column(
            "budget_left", sa.Integer(), nullable=True, comment="requests the site still grants in its present window"
        ),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_source_state")),
    )
    op.create_table(
        "tombstone",
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("brand", sa.String(length=100), nullable=False),
        sa.Column("external_id", sa.String(length=500), nullable=False),
        sa.Column("reason", sa.String(length=50), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("source", "brand", "external_id", name=op.f("pk_tombstone")),
    )
    op.create_table(
        "validator",
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("fetched_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("source", "url", name=op.f("pk_validator")),
    )
    op.create_table(
        "reject",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("place", sa.String(length=200), nullable=False, comment="line, row or id"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_reject_run_id_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reject")),
    )
    op.create_index("ix_reject_source_at", "reject", ["source", "at"], unique=False)
    op.create_table(
        "revision",
        sa.Column("mention_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("rating", sa.Float(), nullable=True),
        sa.Column("seen_at", Utc(), nullable=False, comment="when this wording was replaced"),
        sa.ForeignKeyConstraint(
            ["mention_id"], ["mention.id"], name=op.f("fk_revision_mention_id_mention"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("mention_id", "revision", name=op.f("pk_revision")),
    )
    op.create_table(
        "voice_key",
        sa.Column("brand", sa.String(length=100), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("mention_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["mention_id"], ["mention.id"], name=op.f("fk_voice_key_mention_id_mention"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("brand", "key", "mention_id", name=op.f("pk_voice_key")),
    )
    op.create_index("ix_voice_key_mention", "voice_key", ["mention_id"], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE VIRTUAL TABLE mention_fts USING fts5(text, content='mention', content_rowid='id')")
    else:
        op.execute("CREATE INDEX ix_mention_text ON mention USING gin (to_tsvector('simple', text))")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE mention_fts")
    op.drop_index("ix_voice_key_mention", table_name="voice_key")
    op.drop_table("voice_key")
    op.drop_table("revision")
    op.drop_index("ix_reject_source_at", table_name="reject")
    op.drop_table("reject")
    op.drop_table("validator")
    op.drop_table("tombstone")
    op.drop_table("source_state")
    op.drop_index("ix_run_source_started", table_name="run")
    op.drop_table("run")
    op.drop_index("ix_mention_voice", table_name="mention")
    op.drop_index("ix_mention_created", table_name="mention")
    op.drop_index("ix_mention_brand_created", table_name="mention")
    op.drop_index("ix_mention_author", table_name="mention")
    op.drop_table("mention")
    op.drop_table("lease")
    op.drop_table("coverage")
