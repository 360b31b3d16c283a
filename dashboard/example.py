"""The commented groundswell.toml of `groundswell init`, and the block that `groundswell sources add` appends."""

from __future__ import annotations

import dataclasses
import typing
from datetime import timedelta
from pathlib import Path
from typing import Any

from collector.sources import Source, kinds
from dashboard.binding import ConfigError, nearest

EXAMPLE = """\
# Groundswell. Every key is shown with its default or an example; lines that start with # are switched off.
# Times are written "90s", "15m", "2h", "7d". Secrets may stand here, but are better put into the environment:
# GROUNDSWELL_MAIL_PASSWORD, or GROUNDSWELL_MAIL_PASSWORD_FILE with the path of a file that holds it.

[groundswell]
timezone = "Europe/Berlin"        # days in charts, counts and exports are calendar days there
# store = "groundswell.db"        # SQLite beside this file; or postgresql://user@host/name (extra: postgres)
# lens = "rater"                  # rater, expectations, buying_needs, customer_needs, good_service or causes
# keep_author_names = false       # only a salted hash of each author is kept unless this is true
# leave_out_suspects = false      # true: what looks like bots, floods or review bombing is kept, but is no voice
# proxy = "http://proxy.example.com:3128"   # through which all sources are reached
# keep_for = "730d"               # mentions older than this are deleted; left out: kept for ever

# ---------------------------------------------------------------- what to listen for

[[brand]]
name = "Your Company"
own = true
aliases = []                      # other ways people write it
handles = []                      # accounts, e.g. ["@yourcompany"]
exclusions = []                   # phrases that mean something else, e.g. ["river delta"]

# [[brand]]
# name = "A Competitor"

# ---------------------------------------------------------------- where to listen
# groundswell sources kinds       lists every kind with its options
# groundswell sources add KIND    appends a commented block for one

# [[source]]
# name = "news"
# kind = "rss"
# feeds = ["https://example.com/feed.xml"]
# every = "30m"
# at_least = "5m"                 # read more often while much is said there, down to this pause
# max_pages = 100                 # pages a run at most; the next run goes on from there
# # brand = "Your Company"        # all of it is about this brand; left out: texts are matched against every brand

# ---------------------------------------------------------------- what stands out

[spikes]
budget_weeks = 4                  # at most about one false alert in this many weeks, over everything watched
# recalibrate = true              # the bar rises by itself where your own past was more restless than that allows

# ---------------------------------------------------------------- who is told

# [mail]
# host = "smtp.example.com"
# security = "starttls"           # starttls, tls or none
# user = "alerts@example.com"     # password: GROUNDSWELL_MAIL_PASSWORD
# sender = "Groundswell <alerts@example.com>"

# [[manager]]
# name = "Operations"
# email = "operations@example.com"
# brands = ["Your Company"]       # left out: every brand
# dimensions = ["Reliability", "Responsiveness"]   # left out: every dimension
# sources = ["news"]              # left out: every source
# min_severity = "moderate"       # low, moderate, high or critical: milder incidents are not sent
# language = "de"                 # of the messages
# timezone = "Europe/Berlin"
# quiet_hours = "22:00-07:00"     # what is milder than wake_for waits for their end
# wake_for = "critical"
# escalate_after = "2h"           # told only of what nobody acknowledged for this long
# digest = "week"                 # a summary: day or week
# digest_at = "08:00"
# operations = true               # also told when a source fails or is stale
# catch_all = true                # told of what is on nobody else's route

# [alerts]
# per_hour = 3                    # messages that one person gets one by one within an hour; more are gathered in one

# [[alerts.planned]]              # a campaign, a strike: seen, but not told
# start = 2026-05-01T08:00:00+02:00
# end = 2026-05-03T20:00:00+02:00
# reason = "Strike announced by the crews"

# ---------------------------------------------------------------- the dashboard

[dashboard]
address = "127.0.0.1"             # 0.0.0.0 to be reached from elsewhere: put a proxy with a login before it
port = 8501
# url = "https://groundswell.example.com"   # how people reach it; links in mails start with it

[classifier]
# model = "shipped"               # or a folder made by groundswell train, or a Hugging Face name (extra: hub)
"""


def add_source(file: Path, kind: str | None) -> str:
    """Append a commented block for a kind of source; returns what to do next. Raises ConfigError."""
    if kind not in kinds():
        shown = "groundswell sources add KIND: which kind?" if kind is None else f"There is no kind {kind!r};"
        raise ConfigError(f"{shown} {nearest(kind or '', list(kinds()))}.")
    with file.open("a", encoding="utf-8") as opened:
        opened.write(block(kinds()[kind]))
    return (
        f"Appended a [[source]] of kind {kind} to {file}. Fill in what it needs, "
        f"then try it without writing anything: groundswell collect {kind} --dry-run"
    )


def block(module: Source) -> str:
    """The commented [[source]] block of one kind: what it needs is switched on, the rest shown with its defaults."""
    described = (module.Settings.__doc__ or "").strip().splitlines()
    lines = ["", "[[source]]", f'name = "{module.KIND}"', f'kind = "{module.KIND}"']
    lines += [
        '# brand = "Your Company"   # all of it is about this brand; left out: texts are matched',
        '# every = "15m"',
    ]
    hints = typing.get_type_hints(module.Settings)
    for field in dataclasses.fields(module.Settings):
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if not field.repr:
            name = field.metadata.get("env") or f"GROUNDSWELL_SOURCE_{module.KIND}_{field.name}".upper()
            lines.append(f"# {field.name}: a secret; set {name} (or {name}_FILE) in the environment")
        elif required:
            lines.append(f"{field.name} = {_blank(hints[field.name])}")
        else:
            lines.append(f"# {field.name} = {_shown(field)}")
    lines += ["", *(f"# {line.strip()}" for line in described if line.strip())]
    return "\n".join(lines) + "\n"


def _blank(hint: Any) -> str:
    if typing.get_origin(hint) in {tuple, list} or "Sequence" in str(hint):
        return '[""]'
    return "0" if hint in {int, float} else '""'


def _shown(field: dataclasses.Field[Any]) -> str:
    value: Any = field.default
    if field.default_factory is not dataclasses.MISSING:
        value = field.default_factory()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, timedelta):
        return f'"{value.total_seconds():g}s"'
    if isinstance(value, int | float):
        return f"{value}"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(f'"{part}"' for part in value) + "]"
    return '""' if value is None else f'"{value}"'
