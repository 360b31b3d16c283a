"""Reaching sites through a proxy: what it sees, what goes past it, and what it is never asked for."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from collector.collect import RunReport, collect
from collector.errors import AddressForbidden, BadSettings
from collector.http import Client
from collector.sources import SourceConfig, kinds
from collector.store import Store
from dashboard.config import load_config
from tests.collector.clock import Clock
from tests.collector.proxying import proxying
from tests.collector.server import Handler, serving
from tests.collector.test_collect import BRANDS
from tests.collector.world import World, posts

CLOSED = "http://127.0.0.1:9"


@contextmanager
def world(count: int = 30) -> Iterator[tuple[World, Clock]]:
    clock = Clock()
    served = World(posts=posts(count, clock.moment - timedelta(minutes=1)))
    with serving(served):
        yield served, clock


def source(base: str, proxy: str | None) -> SourceConfig:
    settings = kinds()["mastodon"].Settings(tags=("auroraair",), base_url=base)
    return SourceConfig(name="talk", kind="mastodon", settings=settings, proxy=proxy)


def run(store: Store, config: SourceConfig, clock: Clock) -> RunReport:
    return collect(store, config, BRANDS, Client(now=clock.now, sleep=clock.sleep), now=clock.now, force=True)


def test_a_public_site_is_reached_through_the_proxy_with_its_login(store: Store) -> None:
    with world() as (served, clock), proxying(served.base, login="me:open%sesame") as proxy:
        base = proxy.base.replace("http://", "http://me:open%25sesame@")
        report = run(store, source("http://social.example", base), clock)
        assert (report.error, report.new) == (None, 30)
        assert proxy.asked[0].startswith("GET http://social.example/api/v1/timelines/tag/auroraair")


def test_a_login_that_the_proxy_refuses_is_told_without_the_password(store: Store) -> None:
    with world() as (served, clock), proxying(served.base, login="me:other") as proxy:
        base = proxy.base.replace("http://", "http://me:sesame@")
        for site in ("http://social.example", "https://social.example"):
            report = run(store, source(site, base), clock)
            assert report.error is not None
            assert "sesame" not in report.error
            assert "407" in report.error


def test_a_tunnel_that_the_proxy_refuses_names_the_proxy(store: Store) -> None:
    with world() as (served, clock), proxying(served.base, refuses=True) as proxy:
        report = run(store, source("https://social.example", proxy.base), clock)
        assert report.error_kind == "SourceUnavailable"
        assert f"The proxy {proxy.base.removeprefix('http://')} did not let https://social.example" in str(report.error)


def test_a_proxy_that_is_not_there_is_named(store: Store) -> None:
    with world() as (_served, clock):
        report = run(store, source("http://social.example", CLOSED), clock)
        assert "did not answer through the proxy 127.0.0.1:9" in str(report.error)


def test_one_s_own_private_server_is_asked_past_the_proxy(store: Store) -> None:
    with world() as (served, clock), proxying(served.base) as proxy:
        assert run(store, source(served.base, proxy.base), clock).new == 30
        assert proxy.asked == []


@pytest.mark.parametrize("url", ["http://169.254.169.254/meta", "http://intranet/", "http://printer.local/"])
def test_the_proxy_is_never_asked_for_what_is_private(url: str) -> None:
    with world() as (served, clock), proxying(served.base) as proxy:
        client = Client(now=clock.now, sleep=clock.sleep)
        with client.bound(home=["http://social.example"], proxy=proxy.base) as bound:
            with pytest.raises(AddressForbidden):
                bound.get(url)
            with pytest.raises(AddressForbidden):
                bound.get(f"{proxy.base}/status")
        assert proxy.asked == []


def test_a_tunnel_carries_tls_to_the_site_itself(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    clock = Clock()
    served = World(posts=posts(30, clock.moment - timedelta(minutes=1)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("social.example").configure_cert(context)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("BoundHandler", (Handler,), {"world": served}))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        with proxying(f"http://127.0.0.1:{server.server_address[1]}") as proxy:
            assert run(store, source("https://social.example", proxy.base), clock).new == 30
            assert set(proxy.asked) == {"CONNECT social.example:443"}
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_one_proxy_for_all_and_another_or_none_for_one(tmp_path: Path) -> None:
    file = tmp_path / "groundswell.toml"
    file.write_text(
        '[groundswell]\nproxy = "http://all.example:3128"\n'
        + "".join(
            f'[[source]]\nname = "{name}"\nkind = "rss"\nfeeds = ["https://a.example/f"]\n{more}\n'
            for name, more in (("one", ""), ("two", 'proxy = "direct"'), ("three", 'proxy = "http://b.example:8080"'))
        ),
        encoding="utf-8",
    )
    found = [one.proxy for one in load_config(file, {"GROUNDSWELL_SALT": "s"}).sources]
    assert found == ["http://all.example:3128", "direct", "http://b.example:8080"]


@pytest.mark.parametrize("proxy", ["socks5://a.example:1080", "a.example:3128", ""])
def test_what_is_no_http_proxy_is_refused(proxy: str) -> None:
    with pytest.raises(BadSettings, match="proxy needs an address"):
        replace(source("http://social.example", None), proxy=proxy)
