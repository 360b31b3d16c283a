"""How the REST API of a WordPress site is reached: under /wp-json, or by ?rest_route= where links are plain.

Seen on WordPress 6.1: with plain permalinks /wp-json answers 404, or (where the web server gives every unknown path to
WordPress) redirects and ends in an HTML page or an empty one with status 200; only ?rest_route= is the API then.
https://developer.wordpress.org/rest-api/key-concepts/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from collector.answer import BrokenOff, read_json

if TYPE_CHECKING:
    from collector.answer import Answer
    from collector.http import Client

_MAY_BE_ELSEWHERE = frozenset({404})


class RestRoute:
    """The REST API of one site, for one run: it remembers which way led there."""

    def __init__(self, client: Client, base_url: str, auth: Mapping[str, str] | None = None) -> None:
        self._client = client
        self._base = base_url.rstrip("/")
        self._auth = dict(auth or {})
        self._plain = False

    def json(self, route: str, params: Mapping[str, Any]) -> Any:
        """The answer of a route such as "/wp/v2/comments". Raises CollectorError."""
        if self._plain:
            return self._by_parameter(route, params).data
        pretty = f"{self._base}/wp-json{route}"
        answer = self._client.get(pretty, params, auth=self._auth, accept=_MAY_BE_ELSEWHERE)
        kind = answer.headers.get("content-type", "")
        if answer.status != 404 and ("json" in kind or answer.body.lstrip()[:1] in {b"[", b"{"}):
            try:
                return read_json(answer.body, kind, self._client.shown(answer.url))
            except BrokenOff:
                return self._client.json(pretty, params, auth=self._auth).data
        plain = self._by_parameter(route, params, accept=_MAY_BE_ELSEWHERE)
        if plain.status == 404:
            if answer.status == 404:
                raise self._client.refusal(answer)
            return read_json(answer.body, kind, self._client.shown(answer.url))
        self._plain = True
        return plain.data

    def _by_parameter(self, route: str, params: Mapping[str, Any], accept: frozenset[int] = frozenset()) -> Answer:
        asked = {"rest_route": route, **params}
        return self._client.json(f"{self._base}/", asked, auth=self._auth, accept=accept)
