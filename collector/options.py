"""Checks that the options of several source kinds share, each ending in one sentence that says what to write."""

from __future__ import annotations

import re
from collections.abc import Iterable

from collector.address import origin_of
from collector.errors import AddressForbidden, BadSettings

_COUNTRY = re.compile(r"[a-z]{2}", re.IGNORECASE)


def need(kind: str, name: str, value: object, example: str) -> None:
    """BadSettings unless an option is given."""
    if not value:
        raise BadSettings(f"A source of kind {kind!r} needs the option {name!r}, for example {example}.")


def need_address(kind: str, name: str, value: str | None) -> None:
    """BadSettings unless an option is an http(s) address."""
    try:
        origin_of(value or "")
    except AddressForbidden:
        raise BadSettings(
            f"The option {name!r} of a source of kind {kind!r} is {value!r}; it needs an address such as https://example.org."
        ) from None


def need_countries(kind: str, name: str, values: Iterable[str]) -> None:
    """BadSettings unless every value is a country code of two letters."""
    for value in values:
        if not _COUNTRY.fullmatch(value):
            raise BadSettings(
                f"{value!r} in the option {name!r} of a source of kind {kind!r} is no country code like 'gb'."
            )


def need_together(kind: str, **options: object) -> None:
    """BadSettings where some of several options are given and others are not."""
    given = [name for name, value in options.items() if value]
    if given and len(given) < len(options):
        missing = ", ".join(repr(name) for name, value in options.items() if not value)
        raise BadSettings(f"A source of kind {kind!r} with {given[0]!r} needs {missing} too.")
