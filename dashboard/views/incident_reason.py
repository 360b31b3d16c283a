"""Why an incident stands out: parts that add up, each a way to its voices; phrases, and voices in their own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

from dashboard.passage import link
from dashboard.views.incident_voices import GROUPS
from dashboard.views.incident_words import quotes
from dashboard.views.parts import address, empty, heading, put
from dashboard.views.session import session
from dashboard.views.tables import Column, bar, table
from dashboard.words import count, language_named, moment
from sentiment.spikes.store.incidents import KeptIncident

LABELS = {
    "aspect": "By aspect",
    "place": "By place",
    "segment": "By segment",
    "language": "By language",
    "source": "By source",
}


def say(kept: KeptIncident) -> None:
    """What is said more than usual, and voices in their own words."""
    phrases = (kept.explanation or {}).get("phrases", ())[:8]
    voices = quotes(kept, 3)
    if not phrases and not voices:
        return
    heading("In their own words")
    listed = escape(", ".join(map(_phrase, phrases)))
    said = f"<p><strong>Said more than usual:</strong> <bdi>{listed}</bdi></p>" if listed else ""
    put(said + "".join(_quote(voice) for voice in voices))


def explain(kept: KeptIncident) -> None:
    """What the excess is made of, in parts that add up to it."""
    told = kept.explanation
    if told is None:
        empty(
            "The reason is being worked out.",
            "It is written within a minute of the spike; open this page again then.",
            within=True,
        )
        return
    heading(f"What the {float(told['excess']):.1f} dissatisfied voices above the usual are about")
    groups = [(name, parts) for name, parts in told["parts"].items() if len(parts) > 1]
    put(f'<div class="gs-grid">{"".join(_parts(kept, name, parts) for name, parts in groups)}</div>')
    put(f'<p class="gs-small">{escape(_causes(told))} A voice about several aspects counts in part for each.</p>')


def _phrase(phrase: Mapping[str, Any]) -> str:
    return f"“{phrase['words']}” ({count(phrase['voices'], 'voice', 'voices')}, {phrase['before']} before)"


def _parts(kept: KeptIncident, group: str, parts: Sequence[Mapping[str, Any]]) -> str:
    """HTML: a row a part, its name leading to the voices that it stands for."""
    most = max((abs(part["excess"]) for part in parts), default=1.0) or 1.0
    rows = [(_way_in(kept, group, part), bar(part["excess"], most), *_figures(part)) for part in parts]
    whole = {name: sum(part[name] for part in parts) for name in ("observed", "expected", "excess")}
    numbers = [Column(words=words, number=True) for words in ("voices", "usual", "above")]
    title = LABELS.get(group, f"By {group}")
    return table(
        [Column(words=title), Column(words="", wide=True), *numbers], [*rows, ("together", "", *_figures(whole))]
    )


def _way_in(kept: KeptIncident, group: str, part: Mapping[str, Any]) -> str:
    label = str(part["label"])
    named = f"<bdi>{escape(language_named(label) if group == 'language' else label)}</bdi>"
    if group not in GROUPS or round(float(part["observed"]), 1) <= 0:
        return named
    query = {"id": kept.id, "by": group, "only": label}
    return f'<a href="{address("incident", query)}" target="_self">{named}</a>'


def _figures(part: Mapping[str, Any]) -> tuple[str, str, str]:
    return f"{part['observed']:.1f}", f"{part['expected']:.1f}", _signed(part["excess"])


def _signed(value: float) -> str:
    # Adding zero makes of −0.0, which rounding leaves, a plain one.
    return f"{round(value, 1) + 0.0:+.1f}".replace("-", "−")


def _causes(told: Mapping[str, Any]) -> str:
    causes = told["causes"]
    unchanged = ", ".join(str(name) for name in told["unchanged"][:5])
    said = (
        f"Of these, {_signed(causes['volume'])} come from more people speaking, {_signed(causes['mix'])} from others "
        f"speaking than usual, {_signed(causes['negativity'])} from people being more dissatisfied."
    )
    return said + (f" As usual: {unchanged}." if unchanged else "")


def _quote(voice: dict[str, Any]) -> str:
    at = datetime.fromisoformat(str(voice["said_at"]))
    original = link(voice.get("url"), "original")
    return (
        f'<blockquote><span dir="auto">{escape(str(voice["text"]))}</span><div class="gs-meta"><span>'
        f"{escape(str(voice['source']))}</span><span>{escape(moment(at, session().zone))}</span>"
        f"{f'<span>{original}</span>' if original else ''}</div></blockquote>"
    )
