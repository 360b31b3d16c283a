"""Unsubscribing with one click, as mail programs do it."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from collector.store import Store
from dashboard.alerts import wishes
from dashboard.alerts.links import token_of
from dashboard.alerts.one_click import one_click
from tests.dashboard.alerts.conftest import NOW


@pytest.fixture
def client(store: Store) -> TestClient:
    return TestClient(Starlette(routes=[one_click(lambda: (store, "hush"), lambda: NOW)]))


def test_a_post_with_the_mails_token_unsubscribes_at_once(client: TestClient, store: Store) -> None:
    token = token_of("Ann@northwind.example", "unsubscribe", "hush")
    for _ in range(2):
        answer = client.post(f"/unsubscribe?token={token}", data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    with store.read() as conn:
        said = wishes.standing_of(conn, "ann@northwind.example")
    assert said is not None
    assert said["unsubscribed_at"] == NOW


def test_a_token_that_is_not_ours_stops_nothing(client: TestClient, store: Store) -> None:
    for token in ("", "abc", token_of("ann@northwind.example", "confirm", "hush")):
        assert client.post(f"/unsubscribe?token={token}").status_code == 400
    with store.read() as conn:
        assert wishes.standing_of(conn, "ann@northwind.example") is None


def test_a_get_stops_nothing_for_mail_scanners_follow_links(client: TestClient) -> None:
    assert client.get("/unsubscribe?token=abc").status_code == 405
