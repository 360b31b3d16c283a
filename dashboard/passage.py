"""A text as a screen shows it: escaped, bounded, with the evidence of each aspect marked. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit

SHOWN = 700
"""Characters of a text in a list; the reader opens the whole."""
ALLOWED = ("http", "https")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Characters [start, end) of a text that carry an aspect; polarity is negative, neutral or positive."""

    start: int
    end: int
    polarity: str
    label: str


def marked(text: str, evidence: Iterable[Evidence], *, length: int | None = None, shown: int = SHOWN) -> str:
    """HTML of up to `shown` characters of a text, escaped, with its evidence marked.

    Overlapping spans are shown as the first of them; a cut is told with the whole `length` in characters.
    """
    whole = len(text) if length is None else length
    kept = text[:shown]
    parts, at = [], 0
    for span in sorted(evidence, key=lambda e: (e.start, -e.end)):
        start, end = max(0, span.start), min(span.end, len(kept))
        if start < at or end <= start:
            continue
        parts.append(escape(kept[at:start]))
        title = escape(f"{span.label}: {span.polarity}", quote=True)
        parts.append(
            f'<mark class="{escape(span.polarity, quote=True)}" title="{title}">{escape(kept[start:end])}</mark>'
        )
        at = end
    parts.append(escape(kept[at:]))
    if whole > len(kept):
        parts.append(f' <span class="gs-small">… (first {len(kept):,} of {whole:,} characters)</span>')
    return "".join(parts)


def link(url: str | None, words: str) -> str:
    """A link to the original as HTML, or nothing where the address is not one of the web's."""
    if not url:
        return ""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    if parts.scheme.lower() not in ALLOWED or not parts.netloc:
        return ""
    return (
        f'<a href="{escape(url.strip(), quote=True)}" target="_blank" rel="noopener noreferrer nofollow">'
        f"{escape(words)}</a>"
    )
