"""Files in the shapes in which tools export them, each with what becomes of it."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from tests.collector.files.writing import Outcome, run

FOLDER = Path(__file__).parents[2] / "data" / "files"
FILES = sorted(path.name for path in FOLDER.iterdir() if not path.name.endswith(".expected.json"))


def plainly(outcome: Outcome) -> dict[str, Any]:
    """Items without their empty fields, and rejects without their raw text, as JSON."""
    return {
        "items": [
            {name: _value(value) for name, value in dataclasses.asdict(item).items() if value is not None}
            for item in outcome.items
        ],
        "rejects": [{"place": reject.place, "reason": reject.reason} for reject in outcome.rejects],
    }


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


@pytest.mark.parametrize("name", FILES)
def test_a_recorded_file_gives_the_expected_items(name: str) -> None:
    expected = json.loads((FOLDER / f"{name.split('.', maxsplit=1)[0]}.expected.json").read_text())
    assert plainly(run(FOLDER / name, **expected.get("settings", {}))) == {
        "items": expected["items"],
        "rejects": expected["rejects"],
    }
