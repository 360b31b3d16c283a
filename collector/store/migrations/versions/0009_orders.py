"""Mentions by reach and by satisfaction, met in that order; which models' labels there are; no index by sentiment.

A third of all labels has any one sentiment, so that no query was ever quicker by that index.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    reached = sa.text("reach > 0")
    op.create_index(
        "ix_mention_reach",
        "mention",
        ["brand", "reach", "id", "created_at"],
        sqlite_where=reached,
        postgresql_where=reached,
    )
    op.drop_index("ix_label_sentiment", table_name="label")
    op.create_index("ix_label_satisfaction", "label", ["satisfaction", sa.text("mention_id DESC")])
    op.create_index("ix_label_model", "label", ["model"])


def downgrade() -> None:
    op.drop_index("ix_label_model", table_name="label")
    op.drop_index("ix_label_satisfaction", table_name="label")
    op.create_index("ix_label_sentiment", "label", ["sentiment"])
    op.drop_index("ix_mention_reach", table_name="mention")
