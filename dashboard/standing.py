"""How a source stands against what it promised: one judgement for the terminal, the screens and the alerts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from collector.errors import BudgetSpent
from collector.sources import SourceConfig, is_pushed
from dashboard.words import ago, moment, span

LEAST_PROMISE = timedelta(hours=1)
RUNS_PROMISED = 3


class State(StrEnum):
    """A source's state in a word."""

    FRESH = "fresh"
    STALE = "stale"
    FAILING = "failing"
    WAITING = "waiting"
    NEW = "new"
    OFF = "off"
    IMPORTED = "imported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A state and the sentence that explains it."""

    state: State
    sentence: str


def promise_of(source: SourceConfig) -> timedelta:
    """How old the last complete reading may get: as configured, else three of the source's pauses, at least an hour."""
    return source.fresh_within or max(RUNS_PROMISED * source.every, LEAST_PROMISE)


def read_as_of(state: Mapping[Any, Any]) -> datetime | None:
    """Up to when a source was read to the end, by its row of source_state; None: never yet."""
    known = [state.get(name) for name in ("last_success", "read_until")]
    return max((moment for moment in known if moment is not None), default=None)


def behind(source: SourceConfig, state: Mapping[Any, Any] | None, now: datetime) -> bool:
    """Whether it is on and was last read longer ago than it promised, or only ever failed: since then nothing is known.

    What others send is waited for, not read.
    """
    if not source.enabled or is_pushed(source):
        return False
    read = read_as_of(state or {})
    if read is None:
        return bool((state or {}).get("last_error"))
    return now - read > promise_of(source)


def standing(source: SourceConfig | None, state: Mapping[Any, Any] | None, now: datetime, zone: ZoneInfo) -> Standing:
    """How a source (None: not configured) stands, by its row of source_state (None: before its first run)."""
    kept = state or {}
    success, failed, error = kept.get("last_success"), kept.get("last_error_at"), kept.get("last_error")
    waits = kept.get("wait_until")
    if source is None:
        return Standing(state=State.IMPORTED, sentence="Brought in by hand or no longer configured.")
    if not source.enabled:
        return Standing(state=State.OFF, sentence="Switched off in groundswell.toml.")
    if error and kept.get("last_error_kind") == BudgetSpent.__name__:
        return Standing(state=State.FAILING, sentence=str(error)[:300])
    if waits is not None and waits > now:
        return Standing(state=State.WAITING, sentence=f"The site asked to be left alone until {moment(waits, zone)}.")
    if error and failed is not None and (success is None or failed > success):
        return Standing(state=State.FAILING, sentence=f"{ago(failed, now).capitalize()}: {str(error)[:300]}")
    if is_pushed(source):
        last = "Nothing was sent yet." if success is None else f"Last sent to {ago(success, now)}."
        return Standing(state=State.FRESH, sentence=last)
    return _freshness(source, kept, now)


def _freshness(source: SourceConfig, kept: Mapping[Any, Any], now: datetime) -> Standing:
    read, note = read_as_of(kept), kept.get("note")
    if read is None:
        told = note or "Not read yet; “groundswell up” or “groundswell collect” does."
        return Standing(state=State.NEW, sentence=told)
    if behind(source, kept, now):
        why = note or "Is “groundswell up” running?"
        told = f"Last read {ago(read, now)}; promised within {span(promise_of(source))}. {why}"
        return Standing(state=State.STALE, sentence=told)
    return Standing(state=State.FRESH, sentence=note or f"Last read {ago(read, now)}.")
