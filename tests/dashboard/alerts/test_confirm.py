"""The question to confirm an address, and the links that answer it."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import repeat

import pytest

from collector.store import Store
from dashboard.alerts.channels import ServerUnreachable
from dashboard.alerts.decide import Endpoint, Telling
from dashboard.alerts.deliver import deliver
from dashboard.alerts.letter import letter
from dashboard.alerts.links import confirm, confirm_link, token_of, unsubscribe
from dashboard.alerts.message import Message
from dashboard.alerts.settings import Manager
from dashboard.alerts.summaries import ask_to_confirm
from tests.dashboard.alerts.conftest import NOW, a_manager, a_telling, deliveries

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_the_question_to_confirm_is_asked_once_and_its_link_confirms(post: Store) -> None:
    telling = a_telling(a_manager(), require_confirmation=True)
    for _ in range(2):
        with post.write() as conn:
            ask_to_confirm(conn, telling, NOW)
    [row] = deliveries(post)
    assert (row["event"], row["state"]) == ("confirm", "queued")
    link = confirm_link(telling.alerts, "ann@northwind.example")
    assert link is not None
    assert link in letter([row], telling.managers[0], telling, confirmed=False).text
    assert confirm(link.partition("token=")[2], "hush") == "ann@northwind.example"


def test_a_question_that_could_not_be_delivered_is_asked_again_the_next_day_until_it_is_answered(post: Store) -> None:
    telling = a_telling(a_manager(), require_confirmation=True, attempts=1)
    asked: list[datetime] = []

    def send(_telling: Telling, _who: Manager, _to: Endpoint, _message: Message, now: datetime) -> None:
        asked.append(now)
        if len(asked) < 3:
            raise ServerUnreachable("The mail server is away.")

    def round_(at: datetime) -> None:
        with post.write() as conn:
            ask_to_confirm(conn, telling, at)
        deliver(post, telling, repeat(at).__next__, send)

    for hours in (0, 1, 23, 24, 30, 48, 72):
        round_(NOW + hours * HOUR)
    assert asked == [NOW, NOW + DAY, NOW + 2 * DAY]


@pytest.mark.parametrize("token", ["", "abc", "é", "====", "A" * 400])
def test_a_token_that_is_not_ours_speaks_for_nobody(token: str) -> None:
    assert confirm(token, "hush") is None
    assert unsubscribe(token, "hush") is None


def test_a_token_serves_one_purpose_one_address_and_one_installation() -> None:
    token = token_of("ann@northwind.example", "unsubscribe", "hush")
    assert unsubscribe(token, "hush") == "ann@northwind.example"
    assert confirm(token, "hush") is None
    assert unsubscribe(token, "other") is None
    assert unsubscribe(token[:-2] + ("AA" if token[-2:] != "AA" else "BB"), "hush") is None
