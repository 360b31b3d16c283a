"""The suspects of a brand's days, found without going through all that was said on them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    suspect = sa.text("suspicion IS NOT NULL")
    op.create_index(
        "ix_mention_suspicion_brand_created",
        "mention",
        ["brand", "created_at"],
        sqlite_where=suspect,
        postgresql_where=suspect,
    )


def downgrade() -> None:
    op.drop_index("ix_mention_suspicion_brand_created", table_name="mention")
