"""The outbox as a screen lists it."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import Connection, func, select

from dashboard.alerts.outbox import delivery


def latest(conn: Connection, limit: int) -> pd.DataFrame:
    """The latest deliveries: at (sent or due) to why (it was suppressed or failed)."""
    names = ["at", "state", "person", "recipient", "channel", "subject", "why"]
    query = select(
        func.coalesce(delivery.c.sent_at, delivery.c.due, type_=delivery.c.due.type),
        delivery.c.state,
        delivery.c.person,
        delivery.c.recipient,
        delivery.c.channel,
        delivery.c.subject,
        func.coalesce(delivery.c.reason, delivery.c.last_error),
    ).order_by(delivery.c.id.desc())
    return pd.DataFrame.from_records([tuple(row) for row in conn.execute(query.limit(limit))], columns=names)
