"""A chart as a picture: black on white, with its finding above it and what selected it below that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

WIDTH = 960
"""Points; PNG has twice as many dots, so that it is sharp in a slide."""
LINE = 105
"""Characters that fit above a chart of that width at the sizes below."""
FONT = "DejaVu Sans, Helvetica, Arial, sans-serif"


def titled(spec: Mapping[str, Any], finding: str, under: Sequence[str]) -> dict[str, Any]:
    """The specification with a title, at a width of its own, on white."""
    config = {**spec.get("config", {}), "font": FONT, "background": "white", "padding": 16}
    title = {
        "text": wrap(finding, LINE * 4 // 5) or [""],
        "subtitle": [part for line in under for part in wrap(line, LINE + 15)],
        "anchor": "start",
        "frame": "group",
        "fontSize": 17,
        "subtitleFontSize": 12,
        "subtitleColor": "#565b61",
        "offset": 14,
    }
    return {**spec, "width": WIDTH if spec.get("width") == "container" else spec.get("width", WIDTH)} | {
        "title": title,
        "config": config,
    }


def png(spec: Mapping[str, Any]) -> bytes:
    """The specification drawn; nothing outside it is read. Raises ValueError where it cannot be drawn."""
    import vl_convert

    drawn: bytes = vl_convert.vegalite_to_png(dict(spec), scale=2, allowed_base_urls=[], show_warnings=False)
    return drawn


def svg(spec: Mapping[str, Any]) -> bytes:
    """The specification as SVG (UTF-8); nothing outside it is read. Raises ValueError where it cannot be drawn."""
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(dict(spec), allowed_base_urls=[], show_warnings=False)
    return drawn.encode()
