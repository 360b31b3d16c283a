"""The tables of what was said: mentions, their former wordings, tombstones, and the index of voices."""

from __future__ import annotations

from sqlalchemy import (
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
    false,
    text,
)

from collector.store import Utc, metadata

_ID = BigInteger().with_variant(Integer, "sqlite")
CHUNK = 500
"""Rows a statement; under SQLite's limit of bound variables whatever the number of columns."""
mention = Table(
    "mention",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("source", String(100), nullable=False),
    Column("brand", String(100), nullable=False),
    Column("external_id", String(500), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("edited_at", Utc),
    Column("fetched_at", Utc, nullable=False),
    Column("rating", Float),
    Column("author_key", String(32)),
    Column("author_name", String(200)),
    Column("language", String(20)),
    Column("url", Text),
    Column("parent_id", String(500)),
    Column("reach", BigInteger),
    Column("place", String(200)),
    Column("segment", String(200)),
    Column("matched", String(200)),
    Column("hour", Integer, nullable=False, comment="hours since 1970, UTC"),
    Column("day", Integer, nullable=False, comment="calendar day in the owner's zone, days since 1970"),
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("voice_id", BigInteger, comment="the mention that stands for this near-duplicate group"),
    Column("head", Boolean, nullable=False, comment="whether this mention is the one that stands for its voice"),
    Column("suspicion", String(20), comment="copied, flood or links"),
    Column("suspicion_reason", String(200)),
    Column("suspicion_due", Boolean, nullable=False, server_default=false(), comment="still to be looked at"),
    UniqueConstraint("source", "brand", "external_id"),
    Index("ix_mention_brand_created", "brand", "created_at"),
    Index("ix_mention_created", "created_at"),
    Index(
        "ix_mention_reach",
        "brand",
        "reach",
        "id",
        "created_at",
        sqlite_where=text("reach > 0"),
        postgresql_where=text("reach > 0"),
    ),
    Index("ix_mention_voice", "voice_id"),
    Index("ix_mention_author", "author_key"),
    Index("ix_mention_suspicion_due", "id", sqlite_where=text("suspicion_due"), postgresql_where=text("suspicion_due")),
    Index(
        "ix_mention_suspicion",
        "id",
        sqlite_where=text("suspicion IS NOT NULL"),
        postgresql_where=text("suspicion IS NOT NULL"),
    ),
    Index(
        "ix_mention_suspicion_brand_created",
        "brand",
        "created_at",
        sqlite_where=text("suspicion IS NOT NULL"),
        postgresql_where=text("suspicion IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
)
"""One row a mention and brand."""

revision = Table(
    "revision",
    metadata,
    Column("mention_id", _ID, ForeignKey("mention.id", ondelete="CASCADE"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    Column("rating", Float),
    Column("seen_at", Utc, nullable=False, comment="when this wording was replaced"),
)
"""What an edited mention said before."""

tombstone = Table(
    "tombstone",
    metadata,
    Column("source", String(100), primary_key=True),
    Column("brand", String(100), primary_key=True),
    Column("external_id", String(500), primary_key=True),
    Column("reason", String(50), nullable=False),
    Column("at", Utc, nullable=False),
)
"""Mentions that were deleted or erased and must not come back with the next overlap window."""

voice_key = Table(
    "voice_key",
    metadata,
    Column("brand", String(100), primary_key=True),
    Column("key", BigInteger, primary_key=True),
    Column("mention_id", _ID, ForeignKey("mention.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_voice_key_mention", "mention_id"),
)
"""The near-duplicate index: signature keys of recent voices' heads."""
