"""Sources: whether each is read as promised, what it brought, and what was set aside and why."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime, timedelta
from html import escape
from typing import Any

import pandas as pd
import streamlit as st

from collector.sources import SourceConfig, Why
from dashboard import charts
from dashboard.queries import health
from dashboard.queries.health import Suspects
from dashboard.scope import midnight
from dashboard.standing import State, promise_of, standing
from dashboard.views.download import download
from dashboard.views.filters import of_brand
from dashboard.views.parts import address, answer, chart, empty, heading, put, reading_progress
from dashboard.views.session import ask, brands, look, now, session, today
from dashboard.views.tables import Column, small, table
from dashboard.views.try_now import try_now
from dashboard.words import ago, count, day_span, moment, percent, sentence, span

TITLE = "Sources"
ICON = ":material/rss_feed:"
CALENDAR_DAYS = 60
VOLUME_DAYS = 7
LEAST_GAP = timedelta(minutes=1)
MOST_GAPS = 20
WHOLE = 0.999
"""Of a day, what counts as all of it."""


def show() -> None:
    """Draw the page."""
    reading_progress()
    suspects = _suspects()
    found = _health(suspects)
    if found.empty:
        empty(
            "No source is configured, and no file was imported.",
            "Add a [[source]] to groundswell.toml (“groundswell sources kinds” lists what there is), "
            "or bring a file in with “groundswell import FILE”.",
        )
        return
    bad = found[found["state"].isin(["failing", "stale"])]
    new = int((found["state"] == "new").sum())
    answer(sentence(finding(list(bad["source"]), new, len(found))))
    put(_table(found, suspects))
    if (found["state"] == State.FAILING).any():
        st.caption(
            "A source that fails is asked again by itself while “groundswell up” runs. If the reason names an address, "
            "a key or a permission, put it right in groundswell.toml, then press “Try now”."
        )
    download("source-health", found, {})
    try_now()
    _calendar()
    _missing()
    _rejects()


def finding(bad: Sequence[str], new: int, whole: int) -> str:
    """Which of all sources are not read as promised: two by name, the others by their number. new: not read yet."""
    if not bad and new:
        return f"{count(new)} of {count(whole, 'source', 'sources')} {'was' if new == 1 else 'were'} not read yet"
    if not bad:
        return "the source is read as promised" if whole == 1 else f"all {whole} sources are read as promised"
    if len(bad) == 1:
        return f"{bad[0]} is not read as promised"
    if len(bad) == whole:
        return f"none of the {whole} sources is read as promised"
    rest = len(bad) - 2
    named = f"{bad[0]}, {bad[1]} and {count(rest, 'other', 'others')}" if rest else f"{bad[0]} and {bad[1]}"
    return f"{named} are not read as promised"


def _health(suspects: Mapping[str, Sequence[Suspects]]) -> pd.DataFrame:
    """One row a source, configured or met in the store, with its state in a word and the reason in a sentence."""
    config, at = session().config, now()
    kept: Mapping[str, Mapping[Any, Any]] = look(health.states)
    volumes = ask(health.volumes, tuple(brands()), today() - timedelta(days=VOLUME_DAYS - 1), today())
    by_source = {row["source"]: row for row in volumes.to_dict("records")}
    set_aside = look(health.rejected_since, at - timedelta(days=VOLUME_DAYS))
    rows = []
    for name in [s.name for s in config.sources] + sorted(
        (set(kept) | set(by_source)) - {s.name for s in config.sources}
    ):
        source = next((s for s in config.sources if s.name == name), None)
        state = kept.get(name, {})
        stands = standing(source, state, at, session().zone)
        mentions = int(by_source.get(name, {}).get("mentions", 0))
        rows.append(
            {
                "source": name,
                "kind": source.kind if source else state.get("kind") or "file",
                "brand": (source.brand if source else None) or "every brand",
                "state": stands.state.value,
                "told": stands.sentence,
                "next": _next(source, state, at),
                "last success": state.get("last_success"),
                "promised": span(promise_of(source)) if source else "",
                "requests left": state.get("budget_left"),
                "mentions a day": round(mentions / VOLUME_DAYS, 1),
                "rejected, 7 days": set_aside.get(name, 0),
                "suspect, 7 days": sum(one.mentions for one in suspects.get(name, ())),
                "suspected of": "; ".join(f"{one.brand}: {one.mentions} {one.why}" for one in suspects.get(name, ())),
            }
        )
    return pd.DataFrame(rows)


def _suspects() -> dict[str, list[Suspects]]:
    """By source, the suspects among what was said on the last seven days: those that the Mentions page then shows."""
    zone = session().zone
    start, end = midnight(today() - timedelta(days=VOLUME_DAYS - 1), zone), midnight(today() + timedelta(days=1), zone)
    found: dict[str, list[Suspects]] = {}
    for one in look(health.suspects, brands(), start, end):
        found.setdefault(one.source, []).append(one)
    return found


def _next(source: SourceConfig | None, state: Mapping[Any, Any], at: datetime) -> str:
    """When the schedule reads a source next and why; nothing where the schedule is not running."""
    planned = state.get("next_run")
    if source is None or not source.enabled or planned is None or planned < at:
        return ""
    return f"Next {ago(planned, at)}: {state.get('pace')}." if planned - at >= timedelta(minutes=1) else "Next soon."


_COLUMNS = (
    Column(words="Source"),
    Column(words="State"),
    Column(words="mentions a day", number=True),
    Column(words="requests left", number=True, roomy=True),
    Column(words="rejected, 7 days", number=True, roomy=True),
    Column(words="suspect, 7 days", number=True, roomy=True),
)
_SIGNS = {"failing": "▼", "stale": "▼", "waiting": "●", "new": "●", "off": "○", "imported": "○", "fresh": "▲"}


def _table(found: pd.DataFrame, suspects: Mapping[str, Sequence[Suspects]]) -> str:
    rows = [
        (
            f"{escape(str(row['source']))}{small(_kind(row))}",
            f'<span class="gs-sign">{_SIGNS[row["state"]]} {row["state"]}</span>{small(_told(row))}',
            f"{row['mentions a day']:,.1f}",
            "–" if pd.isna(row["requests left"]) else count(float(row["requests left"])),
            count(row["rejected, 7 days"]),
            _suspect(str(row["source"]), suspects.get(str(row["source"]), ())),
        )
        for row in found.to_dict("records")
    ]
    return table(_COLUMNS, rows)


def _suspect(source: str, found: Sequence[Suspects]) -> str:
    """How many of a source's mentions are suspect; and of each brand how many, and of what, leading to them."""
    by_brand: dict[str, list[Suspects]] = {}
    for one in found:
        by_brand.setdefault(one.brand, []).append(one)
    cell = count(sum(one.mentions for one in found))
    for brand, ones in by_brand.items():
        link = address("mentions", {"only": "suspect", "source": source, "period": "7d", **of_brand(brand)})
        told = escape(f"{brand}: {', '.join(f'{count(one.mentions)} {one.why}' for one in ones)}")
        cell += f'<br><a class="gs-small" href="{link}" target="_self">{told}</a>'
    return cell


def _told(row: Mapping[Hashable, Any]) -> str:
    return f"{row['told']} {row['next']}".strip()


def _kind(row: Mapping[Hashable, Any]) -> str:
    return f"{row['kind']}, {row['brand']}"


def _calendar() -> None:
    until, zone = now(), session().zone
    first = today() - timedelta(days=CALENDAR_DAYS - 1)
    spans = look(health.spans, midnight(first, zone), until)
    if spans.empty:
        return
    cells = []
    for source, part in spans.groupby("source"):
        for number in range(CALENDAR_DAYS):
            day = first + timedelta(days=number)
            begin, end = midnight(day, zone), min(midnight(day + timedelta(days=1), zone), until)
            read = _read(part, begin, end)
            cells.append({"source": source, "day": day, "covered": read / (end - begin)})
    frame = pd.DataFrame(cells)
    whole = frame[frame["day"] < today()].groupby("source")["covered"].mean()
    worst = whole.idxmin() if len(whole) else None
    told = (
        "up to yesterday, every source was read without a gap"
        if worst is None or whole.min() > WHOLE
        else f"{worst} has gaps: {percent(whole.min(), 1)} of the last {CALENDAR_DAYS} days were read"
    )
    chart(
        sentence(told),
        charts.coverage_calendar(frame, height=120 + 34 * frame["source"].nunique()),
        frame,
        name="coverage",
        note="What was not read is unknown, not zero: no spike is looked for there.",
    )


def _read(part: pd.DataFrame, begin: datetime, end: datetime) -> timedelta:
    total = timedelta(0)
    for start, stop in zip(part["start"], part["end"], strict=True):
        total += max(timedelta(0), min(stop, end) - max(start, begin))
    return total


_MISSING_COLUMNS = (Column(words="Source"), Column(words="Not read"), Column(words="Reason"))


def _missing() -> None:
    """What could not be read, newest first, with the reason; what lasted under a minute is left out."""
    until, zone = now(), session().zone
    found = look(health.missing, midnight(today() - timedelta(days=CALENDAR_DAYS - 1), zone), until)
    found = found[(found["end"] - found["start"] >= LEAST_GAP) | (found["why"] == Why.TOO_MANY.value)]
    if found.empty:
        return
    heading(f"{count(len(found), 'span', 'spans')} not read, with the reason")
    shown = found.head(MOST_GAPS)
    rows = [
        (
            escape(row.source),
            f"{escape(day_span(row.start, row.end, zone))}{small(span(row.end - row.start))}",
            f"{escape(row.why)}{small(row.reason)}",
        )
        for row in shown.itertuples()
    ]
    put(table(_MISSING_COLUMNS, rows))
    more = f"These are the latest {MOST_GAPS}; the file has all. " if len(found) > MOST_GAPS else ""
    st.caption(f"{more}What can still be read is read by the next runs, and then leaves this list.")
    download("not-read", found, {})


def _rejects() -> None:
    found = look(health.rejects, None, 200)
    if found.empty:
        return
    zone = session().zone
    found["at"] = [moment(at, zone) for at in found["at"]]
    heading(f"{count(len(found), 'row', 'rows')} set aside lately, with the reason")
    st.dataframe(found, hide_index=True, key="rejects", alt="Rows that could not become mentions, with the reason")
    download("rejected-rows", found, {})
