"""Tables as HTML for any screen: they scroll rather than break, and drop their `wide` columns on a phone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: its words, whether it holds numbers, and what can do without it: a phone, or any narrow place."""

    words: str
    number: bool = False
    wide: bool = False
    roomy: bool = False

    @property
    def classes(self) -> str:
        """Its classes as an HTML attribute, with a space before it; empty if it has none."""
        names = [name for name, holds in (("number", self.number), ("wide", self.wide), ("roomy", self.roomy)) if holds]
        return f' class="{" ".join(names)}"' if names else ""


def table(columns: Sequence[Column], rows: Iterable[Sequence[str]], *, named: bool = True) -> str:
    """HTML of a table; cells are HTML already. named: the first cell of a row is its heading."""
    heads = "".join(
        f'<th scope="col"{column.classes}>{escape(column.words)}</th>' if column.words else f"<td{column.classes}></td>"
        for column in columns
    )
    body = "".join(f"<tr>{_cells(columns, row, named)}</tr>" for row in rows)
    label = escape(columns[0].words, quote=True)
    scroll = f'<div class="gs-scroll" tabindex="0" role="region" aria-label="Table: {label}">'
    return f"{scroll}<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"


def _cells(columns: Sequence[Column], row: Sequence[str], named: bool) -> str:
    parts = []
    for place, (column, cell) in enumerate(zip(columns, row, strict=True)):
        if named and place == 0:
            parts.append(f'<th scope="row"{column.classes}>{cell}</th>')
        else:
            parts.append(f"<td{column.classes}>{cell}</td>")
    return "".join(parts)


def bar(part: float, whole: float, mark: float | None = None) -> str:
    """A bar of `part` in `whole` as HTML, with a line at `mark`."""
    line = "" if mark is None else f'<i style="left:{100 * mark / whole:.1f}%"></i>'
    return f'<div class="gs-bar"><span style="width:{100 * max(0.0, part) / whole:.1f}%"></span>{line}</div>'


def small(words: str) -> str:
    """Words from anywhere as a small line of their own; addresses break before their sign, if they must."""
    return f'<br><span class="gs-small"><bdi>{escape(words).replace("@", "<wbr>@")}</bdi></span>' if words else ""
