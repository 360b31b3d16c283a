"""Readings, labels, corrections and counts."""

import sqlalchemy as sa
from alembic import op

from collector.store import Utc

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "aspect_facet",
        sa.Column("aspect", sa.String(length=40), nullable=False),
        sa.Column("facet", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("aspect", "facet", name=op.f("pk_aspect_facet")),
    )
    op.create_table(
        "count_day",
        sa.Column("brand", sa.String(length=100), nullable=False),
        sa.Column("facet", sa.String(length=100), nullable=False, comment="all, aspect/<name> or <lens>/<dimension>"),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column(
            "day", sa.Integer(), autoincrement=False, nullable=False, comment="days since 1970 in the owner's zone"
        ),
        sa.Column("mentions", sa.BigInteger(), nullable=False),
        sa.Column("voices", sa.BigInteger(), nullable=False),
        sa.Column("negative", sa.BigInteger(), nullable=False),
        sa.Column("neutral", sa.BigInteger(), nullable=False),
        sa.Column("positive", sa.BigInteger(), nullable=False),
        sa.Column("unread", sa.BigInteger(), nullable=False),
        sa.Column("satisfaction", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("brand", "facet", "source", "day", name=op.f("pk_count_day")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "count_hour",
        sa.Column("brand", sa.String(length=100), nullable=False),
        sa.Column("facet", sa.String(length=100), nullable=False, comment="all, aspect/<name> or <lens>/<dimension>"),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("hour", sa.Integer(), autoincrement=False, nullable=False, comment="hours since 1970, UTC"),
        sa.Column("mentions", sa.BigInteger(), nullable=False),
        sa.Column("voices", sa.BigInteger(), nullable=False),
        sa.Column("negative", sa.BigInteger(), nullable=False),
        sa.Column("neutral", sa.BigInteger(), nullable=False),
        sa.Column("positive", sa.BigInteger(), nullable=False),
        sa.Column("unread", sa.BigInteger(), nullable=False),
        sa.Column("satisfaction", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("brand", "facet", "source", "hour", name=op.f("pk_count_hour")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "version",
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_version")),
    )
    op.create_table(
        "correction",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("mention_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "field",
            sa.String(length=20),
            nullable=False,
            comment="sentiment, satisfaction, stage, intent, loyalty or aspect",
        ),
        sa.Column("aspect", sa.String(length=40), nullable=True),
        sa.Column(
            "before", sa.String(length=20), nullable=True, comment="what stood there; NULL: the aspect was not there"
        ),
        sa.Column(
            "after", sa.String(length=20), nullable=True, comment="what a person said; NULL: the aspect is not there"
        ),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("undone_at", Utc(), nullable=True),
        sa.ForeignKeyConstraint(
            ["mention_id"], ["mention.id"], name=op.f("fk_correction_mention_id_mention"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
    )
    op.create_index("ix_correction_mention", "correction", ["mention_id"], unique=False)
    op.create_table(
        "label",
        sa.Column("mention_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("sentiment", sa.SmallInteger(), nullable=False),
        sa.Column("satisfaction", sa.Integer(), nullable=False, comment="1 to 5, in hundredths"),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("intent", sa.String(length=20), nullable=False),
        sa.Column("loyalty", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=True),
        sa.Column("validated", sa.Boolean(), nullable=False),
        sa.Column("abstained", sa.Boolean(), nullable=False),
        sa.Column("corrected", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mention_id"], ["mention.id"], name=op.f("fk_label_mention_id_mention"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("mention_id", name=op.f("pk_label")),
    )
    op.create_index("ix_label_sentiment", "label", ["sentiment"], unique=False)
    op.create_table(
        "label_aspect",
        sa.Column("mention_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("aspect", sa.String(length=40), nullable=False),
        sa.Column("polarity", sa.SmallInteger(), nullable=False),
        sa.Column("confidence", sa.Integer(), nullable=False, comment="thousandths; 1000 where a person said so"),
        sa.Column("start", sa.Integer(), nullable=False, comment="evidence span, characters of the mention's text"),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mention_id"], ["mention.id"], name=op.f("fk_label_aspect_mention_id_mention"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("mention_id", "aspect", name=op.f("pk_label_aspect")),
    )
    op.create_index("ix_label_aspect_aspect", "label_aspect", ["aspect", "polarity", "mention_id"], unique=False)
    op.create_table(
        "reading",
        sa.Column("mention_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False, comment="of the mention, when it was read"),
        sa.Column("sentiment", sa.SmallInteger(), nullable=False, comment="-1, 0, 1"),
        sa.Column("negative", sa.Integer(), nullable=False, comment="probability, ten-thousandths"),
        sa.Column("neutral", sa.Integer(), nullable=False),
        sa.Column("positive", sa.Integer(), nullable=False),
        sa.Column("satisfaction", sa.Integer(), nullable=False, comment="1 to 5, in hundredths"),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("intent", sa.String(length=20), nullable=False),
        sa.Column("loyalty", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=True),
        sa.Column("validated", sa.Boolean(), nullable=False),
        sa.Column("abstained", sa.Boolean(), nullable=False),
        sa.Column("aspects", sa.JSON(), nullable=False),
        sa.Column("read_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mention_id"], ["mention.id"], name=op.f("fk_reading_mention_id_mention"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("mention_id", "model", name=op.f("pk_reading")),
    )
    op.create_table(
        "unread",
        sa.Column("mention_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("claimed_until", Utc(), nullable=True),
        sa.Column("holder", sa.String(length=100), nullable=True),
        sa.ForeignKeyConstraint(
            ["mention_id"], ["mention.id"], name=op.f("fk_unread_mention_id_mention"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("mention_id", name=op.f("pk_unread")),
    )
    op.create_table(
        "unreadable",
        sa.Column("mention_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mention_id"], ["mention.id"], name=op.f("fk_unreadable_mention_id_mention"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("mention_id", name=op.f("pk_unreadable")),
    )


def downgrade() -> None:
    op.drop_table("unreadable")
    op.drop_table("unread")
    op.drop_table("reading")
    op.drop_index("ix_label_aspect_aspect", table_name="label_aspect")
    op.drop_table("label_aspect")
    op.drop_index("ix_label_sentiment", table_name="label")
    op.drop_table("label")
    op.drop_index("ix_correction_mention", table_name="correction")
    op.drop_table("correction")
    op.drop_table("version")
    op.drop_table("count_hour")
    op.drop_table("count_day")
    op.drop_table("aspect_facet")
