"""What two columns mean, said as it is; SQLite keeps no such words."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

SAID = (
    (
        "spike",
        "hour",
        sa.Integer(),
        "last hour of the window, since 1970, UTC",
        "at which it was judged, since 1970, UTC: last of its window; a slow rise's ends the day before",
    ),
    ("delivery", "sent_at", sa.BigInteger(), None, "when it was taken; of one that waits: when it may have been"),
)


def upgrade() -> None:
    for table, column, kind, before, now in SAID:
        _say(table, column, kind, before, now)


def downgrade() -> None:
    for table, column, kind, before, now in SAID:
        _say(table, column, kind, now, before)


def _say(table: str, column: str, kind: sa.types.TypeEngine[int], before: str | None, now: str | None) -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column(table, column, existing_type=kind, existing_comment=before, comment=now)
