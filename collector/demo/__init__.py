"""The sample company: five fictional ferry lines, what their travellers say, and the incidents planted among it."""

from __future__ import annotations

from importlib.resources import files


def configuration() -> str:
    """The groundswell.toml with which the demo runs."""
    return (files(__name__) / "groundswell.toml").read_text(encoding="utf-8")
