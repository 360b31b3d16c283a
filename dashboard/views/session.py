"""What a page stands on: configuration, store and clock; and answers kept while no count moves."""

from __future__ import annotations

import gc
import os
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from threading import Lock
from types import SimpleNamespace
from typing import Any, Concatenate, ParamSpec, TypeVar, cast
from zoneinfo import ZoneInfo

import streamlit as st
from streamlit.navigation.page import StreamlitPage
from streamlit.runtime.scriptrunner import script_runner

from collector.store import Store
from dashboard.config import FILE, Config, find_config, load_config
from dashboard.queries import figures
from sentiment.store import open_store
from sentiment.store.counts import data_version

P = ParamSpec("P")
T = TypeVar("T")
KEPT = 2_000
"""Answers kept; each is a few rows of figures."""
WORK_KEPT = 200
"""Results of work kept, those used last; a chart of 31 days by the hour is the largest, with half a megabyte."""


@dataclass(frozen=True, slots=True)
class Session:
    """The open store with its configuration; shared by all readers of a process."""

    config: Config
    store: Store

    @property
    def zone(self) -> ZoneInfo:
        """The owner's zone, in which days and times are told."""
        return self.config.zone


@st.cache_resource(show_spinner="Opening the store …")
def _open(path: Path, modified: float) -> Session:
    # An argument whose name begins with an underscore is no part of what Streamlit remembers an answer by.
    del modified
    config = load_config(path)
    store = open_store(
        config.store_url,
        zone=config.zone,
        salt=config.salt,
        keep_authors=config.general.keep_author_names,
    )
    _collect_by_need()
    return Session(config=config, store=store)


def _collect_by_need() -> None:
    """Leave garbage to Python, which collects it as it grows, and let that pass over what stays for good anyway.

    Streamlit collects all of it after every run of a page, also of the parts that look for news, and walks through what
    every reader of the process holds while all of them wait: half of the processor time of twenty who come at once.
    """
    gc.collect()
    gc.freeze()
    # There is no option for it; the module asks `gc` for nothing else.
    by_need = SimpleNamespace(collect=lambda _generation: 0)
    script_runner.gc = by_need  # type: ignore[attr-defined,assignment]  # an import of its own, not meant for others


@st.cache_resource
def _opened() -> dict[tuple[str, float], Session]:
    return {}


def session() -> Session:
    """The session of the configured store; opened anew when the configuration file changes."""
    # A page asks a hundred times: finding the file each time, by five looks at the disk, was a sixth of its time, and
    # Streamlit's hashing of what it is asked with a tenth.
    named, opened = os.environ.get("GROUNDSWELL_CONFIG", FILE), _opened()
    with suppress(OSError):
        if (known := opened.get((named, Path(named).stat().st_mtime))) is not None:
            return known
    path = find_config(None, os.environ)
    modified = path.stat().st_mtime
    opened[named, modified] = found = _open(path, modified)
    return found


def now() -> datetime:
    """The present moment, aware UTC."""
    return datetime.now(UTC)


def today() -> date:
    """The calendar day in the owner's zone."""
    return now().astimezone(session().zone).date()


@dataclass(slots=True, kw_only=True)
class _Answer:
    """What was found out about a question, at which version of the data. finding: held by whoever is finding it out."""

    found: tuple[int, Any] | None = None
    finding: Lock = field(default_factory=Lock)


@st.cache_resource
def _answers() -> tuple[dict[Any, _Answer], Lock]:
    return {}, Lock()


def ask(query: Callable[Concatenate[Any, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The answer of a query over counts, from memory as long as no count has changed since it was asked.

    Of several who ask the same at once, one asks the store and the others wait for what it finds. Every argument must
    be hashable; the answer is shared and must not be changed.
    """
    store = session().store
    answer = _answer((id(store), query.__module__, query.__qualname__, args, tuple(sorted(kwargs.items()))))
    before = answer.found
    with store.read() as conn:
        wanted = data_version(conn)
    if before is not None and before[0] == wanted:
        return cast("T", before[1])
    # Nobody waits with a connection in hand: there are fewer of them than readers may be.
    with answer.finding:
        found = answer.found
        # What was found meanwhile will do, though counts moved again since: else those who wait would each ask anew.
        if found is None or found is before or found[0] < wanted:
            with store.read() as conn:
                found = answer.found = data_version(conn), query(conn, *args, **kwargs)
    return cast("T", found[1])


def _answer(key: Any) -> _Answer:
    answers, lock = _answers()
    with lock:
        if len(answers) >= KEPT and key not in answers:
            answers.clear()
        return answers.setdefault(key, _Answer())


@dataclass(frozen=True, slots=True, eq=False)
class _This:
    """Something without a hash: it is the same only where it is this very one, which is held for that."""

    value: object

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _This) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


@dataclass(slots=True, kw_only=True)
class _Work:
    """Work to be done, or what came of it. doing: held by whoever does it."""

    do: Callable[[], Any]
    done: bool = False
    found: Any = None
    doing: Lock = field(default_factory=Lock)


@st.cache_resource
def _works() -> tuple[OrderedDict[Hashable, _Work], Lock]:
    return OrderedDict(), Lock()


def work_out(make: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What a pure function makes of answers, from memory when it is given the same ones again, by whichever reader.

    A frame is the same only if it is the very one, as `ask` and this give it. What is found is shared and must not be
    changed.
    """
    works, lock = _works()
    key = (make.__module__, make.__qualname__, _known_by(args), _known_by(sorted(kwargs.items())))
    with lock:
        work = works.setdefault(key, _Work(do=partial(make, *args, **kwargs)))
        works.move_to_end(key)
        if len(works) > WORK_KEPT:
            works.popitem(last=False)
    with work.doing:
        if not work.done:
            work.found, work.done = work.do(), True
    return cast("T", work.found)


def _known_by(value: object) -> Hashable:
    """What a value is known by: itself, or what it is made of, or that it is this very one."""
    if isinstance(value, list | tuple):
        return tuple(_known_by(one) for one in value)
    return value if isinstance(value, Hashable) else _This(value)


def look(query: Callable[Concatenate[Any, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The answer of a query about what moves without any count (states, incidents, deliveries): asked every time."""
    with session().store.read() as conn:
        return query(conn, *args, **kwargs)


def brands() -> list[str]:
    """The brands to choose from: configured ones first, then others that have mentions."""
    configured = [brand.name for brand in session().config.brands]
    return configured + [name for name in ask(figures.brands_present) if name not in configured]


def page(name: str) -> StreamlitPage:
    """A page by its file's name, which is also its address."""
    view = import_module(f"dashboard.views.{name}")
    return st.Page(
        view.show,
        title=view.TITLE,
        icon=view.ICON,
        url_path=name,
        default=name == "today",
        visibility="hidden" if getattr(view, "HIDDEN", False) else "visible",
    )
