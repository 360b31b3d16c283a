"""The one polite HTTP client: pace per host, retry, waiting as asked, conditional GET, limits, and no way inside."""

from __future__ import annotations

import logging
import random
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Unpack
from urllib.parse import urlencode, urljoin

import httpx
import stamina

from collector.address import GuardedNetwork, GuardedTransport, Origin, Site, origin_of, site_of
from collector.answer import Answer, BrokenOff, describe, inflate, read_json
from collector.asking import Ask, Fresh, How, Limits, Validator
from collector.errors import (
    CollectorError,
    PayloadChanged,
    RateLimited,
    SourceRefused,
    SourceUnavailable,
    Stopped,
    TooLarge,
)
from collector.pace import Pace
from collector.proxy import ProxiedTransport, password_of, place_of
from collector.ratelimit import RateLimit, rate_limit
from collector.wording import redacted, shown, with_params

# httpx logs every address at INFO, keys in the query included; what we log ourselves is redacted.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)

TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504, 507, *range(520, 528), 529, 530})
"""Statuses that often pass: timeouts, overload, gateways (520 to 530 are the big content networks')."""
REFRESH_AFTER = timedelta(days=1)
"""A validator older than this is not sent: WordPress answers 304 though a comment was edited, so once a day we look."""
UNSAID = timedelta(minutes=15)
"""How long to stay away from a site that refuses for the rate but does not say for how long."""

_GONE = {
    401: "The key or login is missing or wrong; check this source's credentials.",
    403: "It does not permit this; check the key's permissions and the site's terms.",
    404: "Check the address, the name or the id in this source's options.",
    410: "It is gone for good; remove this source or give its new address.",
}


class Client:
    """A client for the runs of sources; `bound` makes the one that a single run uses.

    now, sleep  the clock and the waiting, injected (aware UTC; seconds)
    gap         pause between two requests to one public host; private hosts of the owner's own are not paced
    contact     an address or a page for site owners, said in the user agent
    transport   replaces the network altogether, for a test's MockTransport
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], object] = time.sleep,
        gap: timedelta = timedelta(seconds=0.5),
        limits: Limits | None = None,
        version: str = "0",
        contact: str | None = None,
        allow_private: bool = False,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.now = now
        self.limits = limits or Limits()
        self.user_agent = f"Groundswell/{version}" + (f" (+{contact})" if contact else "")
        self.budget_left: int | None = None
        self.wait_until: datetime | None = None
        self._sleep = sleep
        self._gap = gap
        self._allow_private = allow_private
        self._transport = transport
        self._pace = Pace()
        self._stop: Callable[[], bool] = lambda: False
        self._validators: Mapping[str, Validator] = {}
        self._fresh: list[Fresh] = []
        self._home: frozenset[Site] = frozenset()
        self._trusted: frozenset[Origin] = frozenset()
        self._proxy: str | None = None
        self._secrets: tuple[str, ...] = ()
        self._waited = timedelta()
        self._network: GuardedNetwork | None = None
        self._http: httpx.Client | None = None

    @contextmanager
    def bound(
        self,
        *,
        home: Iterable[str] = (),
        trusted: frozenset[Origin] = frozenset(),
        allow_private: bool = False,
        proxy: str | None = None,
        gap: timedelta | None = None,
        secrets: Iterable[str] = (),
        validators: Mapping[str, Validator] | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[Client]:
        """A client for one run, with connections of its own and this client's pace.

        home      addresses that the owner wrote: `auth` headers go to their origins only, and never from https to http
        trusted   origins that may be private
        proxy     address of an HTTP proxy for everything but those
        secrets   values that must never appear in an error or a log
        """
        run = Client(
            now=self.now,
            sleep=self._sleep,
            gap=self._gap if gap is None else gap,
            limits=self.limits,
            allow_private=self._allow_private or allow_private,
            transport=self._transport,
        )
        run.user_agent, run._pace, run._stop = self.user_agent, self._pace, stop
        run._validators = validators or {}
        run._home = frozenset(site_of(url) for url in home)
        run._trusted = trusted
        run._proxy = proxy
        hidden = [*secrets, *password_of(proxy)]
        run._secrets = tuple(sorted((s for s in hidden if len(s) >= 4), key=len, reverse=True))
        try:
            yield run
        finally:
            if run._http is not None:
                run._http.close()

    # -------------------------------------------------------------- asking

    def get(self, url: str, params: Mapping[str, Any] | None = None, **how: Unpack[How]) -> Answer:
        """GET an address; every status but 2xx, 304 and those in `accept` is raised as a CollectorError."""
        return self._send(Ask(method="GET", url=with_params(url, params), **how))

    def json(self, url: str, params: Mapping[str, Any] | None = None, **how: Unpack[How]) -> Answer:
        """GET an address that answers in JSON, parsed into `data`; anything else there is PayloadChanged."""
        return self._send(Ask(method="GET", url=with_params(url, params), json=True, **how))

    def post(self, url: str, body: bytes | Mapping[str, str], **how: Unpack[How]) -> Answer:
        """POST JSON (bytes) or a form (names and values) to an address that answers in JSON.

        Only for requests that may be repeated: they are, after a failure.
        """
        kind = "application/json" if isinstance(body, bytes) else "application/x-www-form-urlencoded"
        content = body if isinstance(body, bytes) else urlencode(body).encode()
        how["headers"] = ({"content-type": kind} if content else {}) | {**how.get("headers", {})}
        return self._send(Ask(method="POST", url=url, content=content, json=True, **how))

    def put(self, url: str, body: bytes, kind: str) -> Answer:
        """PUT bytes of a kind (a MIME type) where a site said that it wants them."""
        return self._send(Ask(method="PUT", url=url, content=body, headers={"content-type": kind}))

    def hold(self, url: str, wait: timedelta) -> None:
        """Ask this host nothing for a while, because its answer said so in a way that only the source knows."""
        self._pace.hold(origin_of(url), self.now() + wait)

    def take_fresh(self) -> list[Fresh]:
        """The validators of the answers since the last call: to be saved with the page made of them."""
        fresh, self._fresh = self._fresh, []
        return fresh

    # -------------------------------------------------------------- one request, with patience

    def _send(self, ask: Ask) -> Answer:
        origin_of(ask.url)
        attempts = stamina.retry_context(
            on=self._worth_another(ask), attempts=self.limits.attempts, timeout=None, wait_max=0, wait_jitter=0
        )
        try:
            for attempt in attempts:
                with attempt:
                    return self._once(ask)
        except BrokenOff as error:
            raise PayloadChanged(f"{error} It did so {self.limits.attempts} times.") from error
        raise AssertionError("stamina returns or raises")

    def _worth_another(self, ask: Ask) -> Callable[[Exception], bool]:
        """Whether a failure is waited out: the wait is put on the host's pace, where the next attempt meets it."""
        host = origin_of(ask.url)
        began = self.now()
        tries = 0

        def decide(error: Exception) -> bool:
            nonlocal tries
            tries += 1
            if not isinstance(error, SourceUnavailable):
                return False
            now = self.now()
            until = now + timedelta(seconds=min(2.0**tries, 30) * random.uniform(0.5, 1))  # noqa: S311 (jitter)
            if isinstance(error, RateLimited) and error.told:
                until = max(error.until, until)
            self._waited += until - now
            if until - began > self.limits.patience or self._waited > self.limits.run_patience:
                return False
            self._pace.hold(host, until)
            return True

        return decide

    def _wait_turn(self, url: str, gap: timedelta | None) -> None:
        origin = origin_of(url)
        if gap is None:
            gap = timedelta() if origin in self._trusted else self._gap
        now = self.now()
        turn = self._pace.reserve(origin, gap, now)
        if turn - now > self.limits.patience:
            self._pace.give_back(origin, turn)
            raise RateLimited(f"{origin[0]} asked us not to come back before {turn:%Y-%m-%d %H:%M} UTC.", turn)
        if turn > now:
            self._sleep((turn - now).total_seconds())
        if self._stop():
            raise Stopped("Stopped while waiting; the next run goes on from here.")

    def _once(self, ask: Ask) -> Answer:
        url, permanent = ask.url, True
        for _hop in range(self.limits.redirects + 1):
            self._wait_turn(url, ask.gap)
            response = self._exchange(ask, url)
            location = response.headers.get("location")
            if response.status not in {301, 302, 303, 307, 308} or not location:
                moved = url if permanent and url != ask.url else None
                return self._judged(ask, replace(response.answer(url), moved_to=moved))
            if ask.method != "GET":
                raise SourceRefused(f"{self.shown(url)} redirects a {ask.method}; give the new address as base_url.")
            permanent = permanent and response.status in {301, 308}
            url = urljoin(url, location)
            origin_of(url)
        raise SourceRefused(
            f"{self.shown(ask.url)} redirects more than {self.limits.redirects} times, last to {self.shown(url)}. "
            "Check the address in this source's options."
        )

    def _exchange(self, ask: Ask, url: str) -> _Response:
        http = self._connected()
        if self._network is not None:
            self._network.deadline = time.monotonic() + self.limits.whole.total_seconds()
        try:
            with http.stream(ask.method, url, headers=self._headers(ask, url), content=ask.content) as response:
                body = inflate(response.iter_raw(), response.headers.get("content-encoding", ""), self.limits.size)
                return _Response(response.status_code, response.headers, body, _links(response, url))
        except httpx.InvalidURL as error:
            raise SourceRefused(f"The address {self.shown(url)} is malformed ({error}).") from error
        except httpx.ProxyError as error:
            raise SourceUnavailable(
                f"The proxy {place_of(self._proxy or url)} did not let {self.shown(url)} through "
                f"({self._redacted(str(error)) or 'it gave no reason'})."
            ) from error
        except httpx.TransportError as error:
            if self._network is not None and time.monotonic() >= self._network.deadline:
                raise TooLarge(
                    f"{self.shown(url)} took longer than {self.limits.whole.total_seconds():.0f} s to answer."
                ) from error
            through = f" through the proxy {place_of(self._proxy)}" if self._proxy else ""
            raise SourceUnavailable(
                f"{self.shown(url)} did not answer{through} ({self._redacted(str(error)) or type(error).__name__})."
            ) from error
        except BrokenOff as error:
            raise BrokenOff(f"{self.shown(url)}: {error}") from error
        except (TooLarge, PayloadChanged) as error:
            raise type(error)(f"{self.shown(url)}: {error}") from error

    def _judged(self, ask: Ask, answer: Answer) -> Answer:
        limit = rate_limit(answer.headers, answer.body, self.now())
        self._note_budget(answer.url, limit)
        if answer.status == 304 and ask.conditional:
            return replace(answer, unchanged=True)
        if not 200 <= answer.status < 300 and answer.status not in ask.accept:
            raise self.refusal(answer)
        if ask.json:
            where = self.shown(answer.url)
            answer = replace(answer, data=read_json(answer.body, answer.headers.get("content-type", ""), where))
        if ask.conditional and answer.status == 200:
            self._remember(ask.url, answer)
        return answer

    def refusal(self, answer: Answer) -> CollectorError:
        """The error that an answer amounts to: for a status that was accepted but turned out to be one."""
        limit = rate_limit(answer.headers, answer.body, self.now())
        said = self._redacted(describe(answer.body, answer.headers.get("content-type", "")))
        sentence = f"{self.shown(answer.url)} answered {answer.status}" + (f": {said}." if said else ".")
        # A refused request with nothing left of the allowance is a rate limit, whatever the status says.
        spent = answer.status in {400, 403} and (limit.retry_at is not None or limit.remaining == 0)
        if answer.status == 429 or spent or (answer.status == 503 and limit.retry_at is not None):
            until = limit.until
            told = until is not None
            return RateLimited(f"{sentence} It asks us to wait.", until or self.now() + UNSAID, told=told)
        if answer.status in TRANSIENT or answer.status >= 500:
            return SourceUnavailable(f"{sentence} The site has trouble; the next run tries again.")
        return SourceRefused(f"{sentence} {_GONE.get(answer.status, 'Check the options of this source.')}")

    def _note_budget(self, url: str, limit: RateLimit) -> None:
        if limit.remaining is not None:
            self.budget_left = limit.remaining
        if limit.remaining == 0 and limit.resets_at is not None and limit.retry_at is None:
            self._pace.hold(origin_of(url), limit.resets_at)

    def _remember(self, url: str, answer: Answer) -> None:
        etag, modified = answer.headers.get("etag"), answer.headers.get("last-modified")
        if etag or modified:
            self._fresh.append(Fresh(url=url, etag=etag, last_modified=modified, fetched_at=self.now()))

    # -------------------------------------------------------------- what is sent, what is shown

    def _headers(self, ask: Ask, url: str) -> dict[str, str]:
        headers = {
            "user-agent": self.user_agent,
            "accept": "application/json" if ask.json else "*/*",
            "accept-encoding": "gzip, deflate",
        }
        headers |= {name.lower(): value for name, value in ask.headers.items()}
        asked, at = site_of(ask.url), site_of(url)
        if at in self._home and (asked.scheme, at.scheme) != ("https", "http"):
            headers |= {name.lower(): value for name, value in ask.auth.items()}
        known = self._validators.get(ask.url[:2000])
        if ask.conditional and known is not None and self.now() - known.fetched_at < REFRESH_AFTER:
            if known.etag:
                headers["if-none-match"] = known.etag
            if known.last_modified:
                headers["if-modified-since"] = known.last_modified
        return headers

    def _connected(self) -> httpx.Client:
        if self._http is None:
            silence = self.limits.silence.total_seconds()
            transport = self._transport or self._guarded()
            self._http = httpx.Client(transport=transport, timeout=silence, follow_redirects=False, trust_env=False)
        return self._http

    def _guarded(self) -> httpx.BaseTransport:
        proxy, reachable = self._proxy, self._trusted | ({origin_of(self._proxy)} if self._proxy else frozenset())
        self._network = GuardedNetwork(allow_private=self._allow_private, trusted_origins=reachable)
        authorities = _authorities(ssl.get_default_verify_paths())
        if proxy is None:
            return GuardedTransport(self._network, ssl_context=authorities)
        return ProxiedTransport(
            proxy,
            self._network,
            ssl_context=authorities,
            trusted=self._trusted,
            allow_private=self._allow_private,
        )

    def shown(self, url: str) -> str:
        """An address fit for errors and logs: no login, no keys, at most 300 characters."""
        return self._redacted(shown(url))

    def _redacted(self, text: str) -> str:
        return redacted(text, self._secrets)


@dataclass(frozen=True, slots=True)
class _Response:
    """A raw exchange, before it is judged."""

    status: int
    headers: httpx.Headers
    body: bytes = field(repr=False)
    links: Mapping[str, str]

    def answer(self, url: str) -> Answer:
        """The answer as a source sees it."""
        named = {name.lower(): value for name, value in self.headers.items()}
        return Answer(url=url, status=self.status, headers=named, body=self.body, links=self.links)


@cache
def _authorities(_where: ssl.DefaultVerifyPaths) -> ssl.SSLContext:
    """Those that the machine trusts; reading them takes longer than most answers."""
    return ssl.create_default_context()


def _links(response: httpx.Response, url: str) -> dict[str, str]:
    """The Link header, by relation."""
    try:
        return {rel: urljoin(url, link["url"]) for rel, link in response.links.items() if rel and link.get("url")}
    except (ValueError, KeyError):
        return {}
