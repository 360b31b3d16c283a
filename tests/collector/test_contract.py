"""What every kind of source promises, over every kind found; and each recorded payload with its expected items."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from collector.claim import fit
from collector.errors import CollectorError
from collector.payload import Parsed
from collector.sources import kinds

DATA = Path(__file__).parent.parent / "data"
SEEN_AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
LOCAL = {"files", "demo"}
"""Kinds that talk to no site; they have their own tests beside theirs."""
NETWORKED = sorted(set(kinds()) - LOCAL)
CASES = sorted(
    (kind, path.name.removesuffix(".expected.json"))
    for kind in NETWORKED
    for path in (DATA / kind).glob("*.expected.json")
)


def parsed_case(module: Any, expected: Path) -> Parsed:
    """Parse the payload that lies beside an expectation, with the settings that it names."""
    wanted = json.loads(expected.read_text())
    payload = next(
        p for p in expected.parent.iterdir() if p.name.split(".")[0] == expected.name.split(".")[0] and p != expected
    )
    settings = TypeAdapter(module.Settings).validate_python(wanted.get("settings", {}))
    arguments = dict(wanted.get("arguments", {}))
    if "seen_at" in inspect.signature(module.parse).parameters:
        arguments["seen_at"] = SEEN_AT
    body = payload.read_bytes()
    parsed: Parsed = module.parse(json.loads(body) if payload.suffix == ".json" else body, settings, **arguments)
    return parsed


def plainly(parsed: Parsed) -> dict[str, Any]:
    """Items without their empty fields and rejects without their raw text, as JSON."""
    return {
        "items": [
            {name: _value(value) for name, value in dataclasses.asdict(item).items() if value is not None}
            for item in parsed.items
        ],
        "rejects": [{"place": reject.place, "reason": reject.reason} for reject in parsed.rejects],
    }


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


@pytest.mark.parametrize(("kind", "case"), CASES)
def test_a_recorded_payload_gives_the_expected_items(kind: str, case: str) -> None:
    expected = DATA / kind / f"{case}.expected.json"
    wanted = json.loads(expected.read_text())
    got = plainly(parsed_case(kinds()[kind], expected))
    assert got["items"] == wanted["items"]
    assert got["rejects"] == wanted["rejects"]


def _mutants(value: Any) -> Iterator[Any]:
    """The payload with, one after the other, each of its parts replaced by junk or left out."""
    yield from (None, 7, "x", [], {}, True, 1e308, [None])
    if isinstance(value, dict):
        for name, part in value.items():
            yield {key: one for key, one in value.items() if key != name}
            yield from ({**value, name: mutant} for mutant in _mutants(part))
    elif isinstance(value, list):
        for at, part in enumerate(value[:3]):
            yield from ([*value[:at], mutant, *value[at + 1 :]] for mutant in _mutants(part))


@pytest.mark.parametrize(("kind", "case"), [(k, c) for k, c in CASES if (DATA / k / f"{c}.json").exists()])
def test_a_payload_broken_anywhere_gives_items_rejects_or_a_named_error(kind: str, case: str) -> None:
    module: Any = kinds()[kind]
    wanted = json.loads((DATA / kind / f"{case}.expected.json").read_text())
    settings = TypeAdapter(module.Settings).validate_python(wanted.get("settings", {}))
    tried = 0
    for mutant in _mutants(json.loads((DATA / kind / f"{case}.json").read_text())):
        tried += 1
        try:
            parsed = module.parse(mutant, settings, **wanted.get("arguments", {}))
        except CollectorError:
            continue
        for item in parsed.items:
            fit(item, SEEN_AT)
    assert tried >= 9


@pytest.mark.parametrize("kind", NETWORKED)
def test_every_kind_has_a_recorded_payload_with_an_item(kind: str) -> None:
    expected = [json.loads((DATA / kind / f"{case}.expected.json").read_text()) for k, case in CASES if k == kind]
    assert any(one["items"] for one in expected)


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_every_kind_keeps_the_contract(kind: str) -> None:
    module: Any = kinds()[kind]
    assert module.KIND == kind == module.__name__.rpartition(".")[2]
    assert dataclasses.is_dataclass(module.Settings)
    assert module.Settings.__dataclass_params__.frozen  # type: ignore[attr-defined]  # dataclasses keep it there
    assert callable(module.fetch)
    assert module.__doc__
    assert module.Settings.__doc__


@pytest.mark.parametrize("kind", NETWORKED)
def test_every_option_is_explained_and_no_secret_shows(kind: str) -> None:
    settings: Any = kinds()[kind].Settings
    for option in dataclasses.fields(settings):
        if re.search(r"(key|token|password|secret|authorization|account)$", option.name):
            assert not option.repr, f"{option.name} would show in a log"
            assert option.metadata.get("env", "").startswith("GROUNDSWELL_"), f"{option.name} names no variable"


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_every_kind_has_a_row_in_the_documentation(kind: str) -> None:
    page = (DATA.parent.parent / "docs" / "sources.md").read_text()
    assert re.search(rf"^\| `{kind}` \|", page, re.MULTILINE)
