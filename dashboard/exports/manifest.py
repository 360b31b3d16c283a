"""What a file holds and how it came about: written beside it, so that a figure can be traced months later."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The facts of one export.

    made_at   ISO 8601 with the offset of `zone`; days and local times are those of `zone`
    filters   those that were set; empty: everything
    models    whose readings are in it
    guarded   whether texts carry a quote before what a spreadsheet would take for a formula
    sha256    of the file; None for what went to standard output
    notes     what a reader of the file must know (a text that was cut)
    """

    what: str
    format: str
    rows: int
    columns: Sequence[str]
    filters: Mapping[str, Any]
    made_at: str
    zone: str
    lens: str
    models: Sequence[str]
    version: str
    guarded: bool
    sha256: str | None = None
    notes: Sequence[str] = ()

    def as_dict(self) -> dict[str, Any]:
        """As JSON knows it."""
        return asdict(self)

    def as_json(self) -> str:
        """The content of the file beside an export."""
        return json.dumps(self.as_dict(), ensure_ascii=False, indent=2) + "\n"

    def as_lines(self) -> dict[str, str]:
        """The content of a workbook's sheet "About"."""
        shown = {name: value for name, value in self.as_dict().items() if name != "sha256"}
        return {name: value if isinstance(value, str) else _flat(value) for name, value in shown.items()}


def _flat(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_flat(part)}" for name, part in value.items()) or "none"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "none"
    return str(value)
