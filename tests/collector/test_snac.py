"""The Mastodon kind against what snac 2.75 answers: ids that move, refusals in HTML, single posts for members."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from collector.errors import SourceRefused
from collector.http import Client
from collector.payload import Checked
from collector.sources import Walk
from collector.sources.mastodon import Settings, check, fetch, parse
from tests.collector.clock import Clock

TIMELINE = Path(__file__).parent.parent / "data" / "mastodon" / "snac_timeline.json"
BASE = "http://127.0.0.1:1"
BOOSTED, EDITED, REPLY = json.loads(TIMELINE.read_text())[:3]


def answer(status: int, said: Any = None, server: str = "snac/2.75") -> httpx.Response:
    body = f"<h1>{status} ({server})</h1>" if said is None else json.dumps(said)
    return httpx.Response(status, headers={"x-creator": server}, stream=httpx.ByteStream(body.encode()))


@pytest.fixture
def client() -> Any:
    """Makes a client whose server answers as told, by path."""
    with ExitStack() as open_clients:

        def make(respond: Callable[[str], httpx.Response]) -> Client:
            clock = Clock()
            transport = httpx.MockTransport(lambda request: respond(request.url.path))
            made = Client(now=clock.now, sleep=clock.sleep, transport=transport, allow_private=True)
            return open_clients.enter_context(made.bound(home=(BASE,)))

        yield make


def test_an_edit_moves_the_id_at_snac_and_not_here() -> None:
    (before,) = parse([EDITED], Settings()).items
    (after,) = parse([EDITED | {"id": f"1795600000{EDITED['id'][10:]}", "content": "mended"}], Settings()).items
    assert before.external_id == after.external_id
    assert before.text != after.text


def test_an_id_that_is_no_hash_of_the_address_is_left_as_it_is() -> None:
    other = EDITED | {"uri": "https://elsewhere.example/1"}
    (item,) = parse([other], Settings()).items
    assert (item.external_id, item.language) == (other["id"], "en")


def test_a_boosted_post_is_its_author_s_and_a_boost_of_another_is_none() -> None:
    (item,) = parse([BOOSTED], Settings()).items
    assert item.url == BOOSTED["reblog"]["url"]
    assert parse([BOOSTED | {"id": "1"}], Settings()).items == []


def test_posts_are_read_back_one_by_one_where_many_at_once_are_unknown(client: Any) -> None:
    here = {status["id"][10:]: status for status in (BOOSTED, EDITED)}

    def respond(path: str) -> httpx.Response:
        found = here.get(path.rpartition("/")[2][10:])
        return answer(404) if found is None else answer(200, found)

    asked = [item.external_id for item in parse([BOOSTED, EDITED, REPLY], Settings()).items]
    checked: Checked = check(Settings(base_url=BASE, token="t"), client(respond), asked)
    assert [item.external_id for item in checked.items] == asked[:2]
    assert checked.gone == asked[2:]


def test_without_a_token_it_is_said_that_edits_are_not_followed(client: Any) -> None:
    def respond(path: str) -> httpx.Response:
        return answer(404 if path.endswith("/statuses") else 401)

    with pytest.raises(SourceRefused, match="token of an account there"):
        check(Settings(base_url=BASE), client(respond), ["1"])


def test_an_error_page_of_another_server_is_no_deletion(client: Any) -> None:
    with pytest.raises(SourceRefused, match="answered 404"):
        check(Settings(base_url=BASE), client(lambda _: answer(404, server="nginx")), ["1"])


def test_a_hashtag_that_snac_cannot_read_is_not_taken_for_calm(client: Any) -> None:
    walk = Walk(now=Clock().moment)
    settings = Settings(base_url=BASE, tags=("čokolada", "auroraair"))
    with pytest.raises(SourceRefused, match="beyond ASCII"):
        list(fetch(settings, client(lambda _: answer(200, [])), None, walk))
