"""How a table of the configuration file becomes a settings dataclass, and the one sentence said where it cannot."""

from __future__ import annotations

import difflib
import json
import re
import types
import typing
from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, Field, fields
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, TypeAdapter, ValidationError

from collector.errors import CollectorError

Settings = TypeVar("Settings")

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class ConfigError(Exception):
    """The configuration cannot be used; the message is one sentence with file, section, key and what to do."""


class Where(str):
    """A place in the configuration, as it is named in messages: 'groundswell.toml, [[source]] "reviews"'."""

    __slots__ = ()

    def key(self, name: str) -> Where:
        """The place of one key of this section."""
        return Where(f'{self}, key "{name}"')


def nearest(wanted: str, known: Collection[str]) -> str:
    """ " The nearest known one is …", or the list of all if nothing is near."""
    near = difflib.get_close_matches(wanted.lower(), list(known), n=1, cutoff=0.5)
    if near:
        return f'the nearest known one is "{near[0]}"'
    return "known are " + ", ".join(sorted(known)) if known else "there is none"


def secret_fields(kind: type[Any]) -> list[str]:
    """Fields that must never be shown: those a dataclass keeps out of its repr."""
    return [f.name for f in fields(kind) if not f.repr]


def bind(
    kind: type[Settings],
    raw: Mapping[str, Any],
    where: Where,
    *,
    secret: Callable[[str], str | None] = lambda name: None,
    secret_name: Callable[[str], str] = str,
    folder: Path | None = None,
) -> Settings:
    """A settings dataclass from a table of the file.

    secret(field) gives a secret from the environment or None; it wins over the file. Durations are written "15m",
    "2h", "7d"; relative paths are taken from `folder`. Raises ConfigError with one sentence.
    """
    known = {f.name: f for f in fields(kind) if f.init}  # type: ignore[arg-type]  # any dataclass
    for key in raw:
        if key not in known:
            raise ConfigError(f"{where.key(key)}: there is no such key; {nearest(key, list(known))}.")
    hints = _hints(kind)
    values = {name: _value(hints[name], value, where.key(name), folder) for name, value in raw.items()}
    for name in secret_fields(kind):
        if name in known and (given := secret(name)) is not None:
            values[name] = _secret(hints[name], given)
    for name, field in known.items():
        if name not in values and _required(field):
            hint = (
                f" Set {secret_name(name)} (or {secret_name(name)}_FILE) in the environment." if not field.repr else ""
            )
            raise ConfigError(f"{where.key(name)}: it is missing, and there is no default.{hint}")
    try:
        return kind(**values)
    except (ValueError, TypeError, CollectorError) as error:
        missing = [n for n in secret_fields(kind) if n not in values and n in str(error)]
        hint = "".join(
            f" Set {secret_name(name)} (or {secret_name(name)}_FILE) in the environment." for name in missing
        )
        raise ConfigError(f"{where}: {str(error).rstrip('.')}.{hint}") from error


def _required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _hints(kind: type[Any]) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _value(hint: Any, value: Any, where: Where, folder: Path | None) -> Any:
    kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if timedelta in kinds:
        return duration(value, where)
    if Path in kinds and isinstance(value, str):
        path = Path(value).expanduser()
        return path if path.is_absolute() or folder is None else folder / path
    if ZoneInfo in kinds:
        return zone(value, where)
    if typing.get_origin(hint) in {tuple, list} and isinstance(value, str):
        value = [value]
    if float in kinds and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if isinstance(value, datetime | date | time) and any(k in kinds for k in (datetime, date, time)):
        return value
    try:
        return _adapter(hint).validate_json(json.dumps(value, default=str), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        inside = "".join(f"[{part}]" for part in first["loc"] if not isinstance(part, str) or part in str(value))
        raise ConfigError(f"{where}{inside}: {_in_words(first, hint)}.") from error


@cache
def _adapter(hint: Any) -> TypeAdapter[Any]:
    return TypeAdapter(hint, config=None if _is_model(hint) else ConfigDict(arbitrary_types_allowed=True))


def _is_model(hint: Any) -> bool:
    return hasattr(hint, "__dataclass_fields__")


def _in_words(error: Mapping[str, Any], hint: Any) -> str:
    given = error.get("input")
    message = str(error["msg"])
    expected = re.sub(r"^Input should be (a )?(valid )?", "", message)
    shown = "nothing" if given is None else f"{given!r}"[:80]
    return f"expected {expected}, found {shown}"


def _secret(hint: Any, given: str) -> Any:
    if typing.get_origin(hint) in {tuple, list}:
        return tuple(part.strip() for part in given.split(",") if part.strip())
    return given


def duration(value: Any, where: Where) -> timedelta:
    """A timedelta from "90s", "15m", "2h", "7d", "4w" or a sum of them ("1h 30m")."""
    text = value if isinstance(value, str) else ""
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*([smhdw])", text)
    if not parts or re.sub(r"(\d+(?:\.\d+)?)\s*([smhdw])", "", text).strip():
        raise ConfigError(f'{where}: expected a length of time such as "90s", "15m", "2h" or "7d", found {value!r}.')
    return sum((timedelta(**{UNITS[unit]: float(number)}) for number, unit in parts), timedelta())


def zone(value: Any, where: Where) -> ZoneInfo:
    """A ZoneInfo from an IANA name."""
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, TypeError, OSError) as error:
        raise ConfigError(f'{where}: expected a time zone such as "Europe/Berlin", found {value!r}.') from error
