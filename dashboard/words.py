"""Figures, times and findings in words, as screens say them: signed changes, intervals, "3 hours ago", sentences."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dashboard.shares import Change, Share
from dashboard.steps import Step

THIN = "\u202f"
LANGUAGES = {
    "ar": "Arabic", "bg": "Bulgarian", "bn": "Bengali", "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German",
    "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian", "fa": "Persian", "fi": "Finnish", "fr": "French",
    "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "it": "Italian",
    "ja": "Japanese", "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian", "ms": "Malay", "nb": "Norwegian",
    "nl": "Dutch", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak",
    "sl": "Slovenian", "sr": "Serbian", "sv": "Swedish", "sw": "Swahili", "ta": "Tamil", "th": "Thai", "tl": "Tagalog",
    "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
"""The languages that reading tells apart; a source may declare others."""


def percent(value: float | None, digits: int = 0) -> str:
    """A share of 1 as "31 %"; an en dash where it is unknown."""
    return "–" if value is None else f"{100 * value:.{digits}f}{THIN}%"


def points(value: float) -> str:
    """A difference of shares as "+4.2 points"; a real minus sign."""
    rounded = f"{abs(100 * value):.1f}"
    sign = "±" if rounded == "0.0" else "+" if value > 0 else "−"
    return f"{sign}{rounded} points"


def count(value: float, one: str = "", many: str = "") -> str:
    """A whole number with separators, and its noun: "1 mention", "12,300 mentions"."""
    noun = one if round(value) == 1 else many
    return f"{value:,.0f} {noun}".strip()


def shorten(words: str, length: int) -> str:
    """Words of at most so many characters; a cut is told by an ellipsis."""
    return words if len(words) <= length else f"{words[: length - 1].rstrip()}…"


def language_named(code: str) -> str:
    """A language by its name: "French"; what is no code of those that are known stays as it is."""
    return LANGUAGES.get(code, code)


def interval(change: Change) -> str:
    """The 95 % interval of a change: "−1.0 to +6.2 points"."""
    low, high = (
        f"{'+' if 100 * v >= 0.05 else '−' if 100 * v <= -0.05 else ''}{abs(100 * v):.1f}" for v in _ends(change)
    )
    return f"{low} to {high} points"


def _ends(change: Change) -> tuple[float, float]:
    return change.low, change.high


def ago(moment: datetime, now: datetime) -> str:
    """How long ago, in the largest fitting unit: "just now", "3 hours ago", "in 5 minutes"."""
    passed = now - moment
    told = span(abs(passed))
    if abs(passed) < timedelta(minutes=1):
        return "just now"
    return f"{told} ago" if passed > timedelta(0) else f"in {told}"


def span(length: timedelta) -> str:
    """A length of time in its largest fitting unit: "45 minutes", "1 hour", "3 days"."""
    for unit, size in (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1))):
        if length >= 2 * size or (unit != "day" and length >= size):
            whole = round(length / size)
            return f"{whole} {unit}{'' if whole == 1 else 's'}"
    return "under a minute"


def moment(at: datetime, zone: ZoneInfo) -> str:
    """A moment in the reader's zone: "Tue 3 Mar 2026, 14:05"."""
    local = at.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"


def times_in(zone: ZoneInfo, readers: str | None, now: datetime) -> str:
    """By which clock days and times are told; and that the reader’s own (a name of a zone) shows another."""
    told = f"All days and times are those of {zone.key}"
    try:
        theirs = None if readers is None else now.astimezone(ZoneInfo(readers)).utcoffset()
    except (ZoneInfoNotFoundError, ValueError):
        theirs = None
    if theirs is None or theirs == now.astimezone(zone).utcoffset():
        return f"{told}."
    return f"{told}; your own clock is that of {readers}."


def day_span(first: datetime, last: datetime, zone: ZoneInfo) -> str:
    """A span within days or over them: "Tue 3 Mar 2026, 14:00–20:00" or from one moment to another."""
    start, end = first.astimezone(zone), last.astimezone(zone)
    if start.date() == end.date():
        return f"{moment(first, zone)}–{end:%H:%M}"
    return f"{moment(first, zone)} to {moment(last, zone)}"


def days_named(first: date, last: date) -> str:
    """A run of whole days: "27 Oct to 25 Nov 2026", "Wed 25 Nov 2026"."""
    if first == last:
        return f"{last:%a} {last.day} {last:%b %Y}"
    year = "" if first.year == last.year else f" {first.year}"
    return f"{first.day} {first:%b}{year} to {last.day} {last:%b %Y}"


def step_named(start: datetime, end: datetime, step: Step) -> str:
    """When a step of wall-clock time was: "on Mon 16 Nov", "on Mon 16 Nov, 14:00–15:00", "from 16 to 22 Nov"."""
    last = end - timedelta(seconds=1)
    if step is Step.HOUR:
        return f"on {start:%a} {start.day} {start:%b}, {start:%H:%M}–{end:%H:%M}"
    if start.date() == last.date():
        return f"on {start:%a} {start.day} {start:%b}"
    if step is Step.MONTH and start.day == 1 and end.day == 1:
        return f"in {start:%B %Y}"
    first = f"{start.day}" if start.month == last.month else f"{start.day} {start:%b}"
    return f"from {first} to {last.day} {last:%b}"


def direction(now: Share, before: Share, change: Change | None) -> str:
    """The finding of a share against the period before, in one clause."""
    if now.value is None:
        return "nothing has been read in this period yet"
    if change is None or before.value is None:
        return f"dissatisfaction is {percent(now.value)}; there is no earlier period to compare with"
    if not change.sure:
        return f"dissatisfaction is {percent(now.value)}, not clearly different from {percent(before.value)} before"
    verb = "rose" if change.value > 0 else "fell"
    return f"dissatisfaction {verb} to {percent(now.value)} from {percent(before.value)}"


def sentence(clause: str) -> str:
    """A clause with a capital and a full stop."""
    text = clause.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
