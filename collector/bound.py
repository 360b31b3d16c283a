"""What the client of one run must know of its source: its addresses, its proxy, and what must never be shown."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from collector.address import trusted
from collector.asking import Validator
from collector.proxy import DIRECT
from collector.sources import SourceConfig

if TYPE_CHECKING:
    from collector.http import Client


def bound_to(
    client: Client, config: SourceConfig, validators: Mapping[str, Validator], stop: Callable[[], bool]
) -> Any:
    """The client of one run: what may be private, where keys may go, and what must not be shown, from the settings."""
    settings = config.settings
    urls = list(addresses_of(settings))
    return client.bound(
        home=urls,
        trusted=trusted(urls),
        allow_private=bool(getattr(settings, "allow_private", False)),
        proxy=None if config.proxy == DIRECT else config.proxy,
        gap=getattr(settings, "gap", None),
        secrets=secrets_of(settings),
        validators=validators,
        stop=stop,
    )


def addresses_of(settings: Any) -> Iterator[str]:
    """Every http(s) address that the owner wrote into a source's options."""
    for name in _fields(settings):
        value = getattr(settings, name)
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if isinstance(one, str) and one.lower().startswith(("http://", "https://")):
                yield one


def secrets_of(settings: Any) -> Iterator[str]:
    """The values of those options that a repr hides; of a table (headers), each of its values."""
    for found in dataclasses.fields(settings):
        value = getattr(settings, found.name)
        for one in value.values() if isinstance(value, Mapping) else [value]:
            if not found.repr and isinstance(one, str) and one:
                yield one


def _fields(settings: Any) -> list[str]:
    return [found.name for found in dataclasses.fields(settings)]
