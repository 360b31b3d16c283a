"""How an incident stands, in words: nothing that nobody reads is called over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from collector.store import Store, from_hour, hour_of
from dashboard.views.incident_words import state
from sentiment.spikes.incident import IncidentState
from sentiment.spikes.store.incidents import incident_by_id
from tests.dashboard.conftest import plant
from tests.fakes import NOW

LAST = hour_of(NOW) - 1
UNREAD = "app reviews has not been read since Tue 10 Mar 2026, 14:00, so it is not known whether it is over"


@pytest.mark.parametrize(
    ("of", "seen", "read", "told"),
    [
        (IncidentState.OPEN, 2, None, "open"),
        (IncidentState.ONGOING, 9, 2, f"open: {UNREAD}"),
        (IncidentState.ONGOING, 9, 8, "open: too few hours were read since its last sign to tell whether it is over"),
        (IncidentState.LAPSED, 336, 2, f"closed unanswered: {UNREAD}"),
        (IncidentState.RESOLVED, 20, 20, "over since Tue 10 Mar 2026, 19:00"),
    ],
)
def test_an_incident_stands_as_far_as_its_sources_were_read(
    store: Store, of: IncidentState, seen: int, read: int | None, told: str
) -> None:
    with store.write() as conn:
        kept = incident_by_id(conn, plant(conn, NOW, source="app reviews"))
    assert kept is not None
    (member,) = kept.incident.members
    one = replace(
        kept.incident,
        state=of,
        seen=LAST + seen,
        members=(replace(member, read=None if read is None else LAST + read),),
    )
    over = from_hour(LAST + 1) + timedelta(hours=13) if of is IncidentState.RESOLVED else None
    assert state(replace(kept, incident=one, resolved_at=over), ZoneInfo("UTC")) == told
