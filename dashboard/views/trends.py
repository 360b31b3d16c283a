"""Trends: how dissatisfaction, what was said and satisfaction moved, beside earlier days or other brands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from html import escape

import pandas as pd
import streamlit as st

from dashboard import charts
from dashboard.charts import Marked
from dashboard.queries.trends import whole_hours
from dashboard.shares import change
from dashboard.steps import Step
from dashboard.views.choices import choose
from dashboard.views.comparing import YEAR_AGO, Other, choose_others
from dashboard.views.courses import ANYTHING, Course, Question, course_of, mentions_of
from dashboard.views.download import download
from dashboard.views.filters import choose_scope, facet_names
from dashboard.views.incident_words import DISSATISFACTION, headline
from dashboard.views.incidents import incidents_of
from dashboard.views.nothing import nothing_yet
from dashboard.views.parts import address, answer, chart, empty, heading, put, reading_progress
from dashboard.views.session import work_out
from dashboard.views.tables import Column, table
from dashboard.views.today import LEFT_OUT, gaps_of
from dashboard.words import count, interval, percent, points, sentence, step_named
from sentiment.spikes.store.incidents import KeptIncident
from sentiment.taxonomy import ALL

TITLE = "Trends"
ICON = ":material/timeline:"
HOURS_AT_MOST = 31
"""Days that are still shown by the hour."""
TOLERANCE = timedelta(hours=6)
LEAST = 8
"""Voices below which a step is not called the worst."""
LED_TO, SPIKES = 3, 5
"""Worst steps and spikes that stand below the chart as links."""


def show() -> None:
    """Draw the page."""
    asked = _choose()
    reading_progress()
    own = course_of(asked, Other(name=asked.scope.brand, scope=asked.scope))
    if not own.steps["mentions"].sum():
        if nothing_yet(asked.scope.brand):
            return
        empty(
            f"Nothing was said about {asked.subject} in these days.",
            "Choose a longer period, more sources or another subject above.",
        )
        return
    others = [course_of(asked, other) for other in asked.others]
    answer(finding(asked, own, others), _against(own, others))
    gaps = gaps_of(asked.scope, TOLERANCE)
    _share(asked, own, others, gaps)
    _voices(asked, own, gaps)
    _satisfaction(asked, own, others)
    _together(asked, own, others)


def _choose() -> Question:
    scope = choose_scope()
    facets = {ALL: ANYTHING} | {facet: words for words, facet in facet_names(scope.lens).items()}
    with st.container(horizontal=True, vertical_alignment="bottom", key="trend-filters"):
        facet = choose("About", "about", facets, width=210)
        step = choose("Step", "step", {one.value: one.value for one in Step}, default=Step.DAY.value, width=160)
        others = choose_others(scope)
    chosen = Step(step)
    if chosen is Step.HOUR and scope.days > HOURS_AT_MOST:
        st.caption(f"Hours are shown for up to {HOURS_AT_MOST} days; these are {scope.days}, so here they are by day.")
        chosen = Step.DAY
    if chosen is Step.HOUR and not all(whole_hours(one) for one in (scope, *(other.scope for other in others))):
        st.caption(
            f"Hours are counted as those of UTC, and the clock of {scope.zone.key} is not whole hours off: here by day."
        )
        chosen = Step.DAY
    return Question(scope=scope, step=chosen, facet=facet, others=tuple(others))


def finding(asked: Question, own: Course, others: list[Course]) -> str:
    """The page's answer: the share, against the first thing it is compared with."""
    subject = f"dissatisfaction with {asked.subject}"
    if own.share.value is None:
        return sentence(f"{subject} is not known yet: nothing was read")
    if own.share.whole < LEAST:
        return f"Too few to tell: {count(own.share.whole, 'voice', 'voices')} of {asked.scope.brand} in these days."
    level = percent(own.share.value)
    if not others:
        return sentence(f"{subject} is {level}")
    first = next((course for course in others if course.share.value is not None), None)
    found = change(own.share, first.share) if first is not None else None
    if first is None or found is None:
        return sentence(f"{subject} is {level}; nothing was read {others[0].other.whose}")
    beside = f"{percent(first.share.value)} {first.other.whose}"
    if not found.sure:
        return sentence(f"{subject} is {level}, not clearly different from {beside}")
    if first.scope.brand == own.scope.brand:
        return sentence(f"{subject} {'rose' if found.value > 0 else 'fell'} to {level} from {beside}")
    return sentence(f"{subject} is {level}, clearly {'more' if found.value > 0 else 'less'} than {beside}")


def _against(own: Course, others: list[Course]) -> str:
    known = next((found for c in others if (found := change(own.share, c.share)) is not None), None)
    return "" if known is None else f"Difference {points(known.value)}, 95 % sure: {interval(known)}."


def _share(asked: Question, own: Course, others: list[Course], gaps: list[Marked]) -> None:
    zone = asked.scope.zone
    found = [
        one
        for one in incidents_of(asked.scope)
        if one.incident.track == DISSATISFACTION and _is_about(one.peak.series.dimension, asked.facet)
    ]
    marks = [(one.began, one.last_seen, headline(one, zone)) for one in found]
    notes = [f"Shaded: the 95 % interval of each {asked.step}."]
    if gaps:
        notes.append("Hatched: a source was not fully read, so that its figures there are unknown.")
    if marks:
        notes.append("Bands with a triangle: spikes.")
    if any(charts.left_out(course.steps) for course in [own, *others]):
        notes.append(LEFT_OUT)
    if any(other.name == YEAR_AGO for other in asked.others):
        notes.append("A year before is 52 weeks before, so that weekdays meet weekdays.")
    chart(
        _worst(asked, own),
        work_out(
            charts.share_over_time,
            own.steps,
            zone=zone,
            step=asked.step,
            name=own.name,
            others=_lines(others),
            gaps=gaps,
            spikes=marks,
        ),
        work_out(_table, asked, own, others, ["share", "low", "high", "negative", "read"]),
        name="trend-dissatisfaction",
        note=" ".join(notes),
        manifest=asked.said,
    )
    _ways_in(asked, own, found)


def _is_about(dimension: str | None, facet: str) -> bool:
    """Whether a spike belongs to what is shown: all of them to everything, else those of the facet itself."""
    return facet in {ALL, dimension}


def _worst(asked: Question, own: Course) -> str:
    worst = work_out(worst_steps, own.steps)
    if worst.empty:
        return f"Dissatisfaction by {asked.step}: too few voices to call one the worst."
    top = worst.iloc[0]
    when = step_named(top["start"], top["end"], asked.step)
    return f"Dissatisfaction by {asked.step} stands out most {when}, at {percent(top['share'])}."


def worst_steps(steps: pd.DataFrame) -> pd.DataFrame:
    """The steps of enough voices, those whose share is most surely high first: by the lower ends of their intervals."""
    known = steps[(steps["read"] >= LEAST) & (steps["negative"] > 0)]
    return known.sort_values("low", ascending=False, kind="stable").head(LED_TO)


def _ways_in(asked: Question, own: Course, found: Sequence[KeptIncident]) -> None:
    """Links to what was said in the worst steps, and to the spikes that the chart marks."""
    said = []
    for step in work_out(worst_steps, own.steps).itertuples():
        last = (step.end - timedelta(seconds=1)).date()
        link = address("mentions", mentions_of(asked, asked.scope, step.start.date(), last))
        told = way_in(step.start, step.end, asked.step, percent(step.share))
        said.append(f'<a href="{link}" target="_self">{escape(told)}</a>')
    marked = [
        f'<a href="{address("incident", {"id": one.id})}" target="_self">'
        f"{escape(sentence(headline(one, asked.scope.zone)))}</a>"
        for one in found[:SPIKES]
    ]
    more = len(found) - len(marked)
    rest = f"<li>and {count(more, 'other', 'others')}</li>" if more > 0 else ""
    put(
        (f"<p>Read what was said {' · '.join(said)}</p>" if said else "")
        + (f"<p>Marked spikes:</p><ul>{''.join(f'<li>{one}</li>' for one in marked)}{rest}</ul>" if marked else "")
    )


def way_in(start: datetime, end: datetime, step: Step, share: str) -> str:
    """What a link to the mentions of a step says: of an hour it names the whole day, which is what it opens."""
    if step is not Step.HOUR:
        return f"{step_named(start, end, step)} ({share})"
    return f"{step_named(start, end, Step.DAY)} ({share} from {start:%H:%M} to {end:%H:%M})"


def _voices(asked: Question, own: Course, gaps: list[Marked]) -> None:
    steps = own.steps
    most = steps.loc[steps["voices"].idxmax()]
    when = step_named(most["start"], most["end"], asked.step)
    whole, posts = int(steps["voices"].sum()), int(steps["mentions"].sum())
    told = (
        f"{count(whole, 'voice', 'voices')} in {count(posts, 'mention', 'mentions')}; most {when}: "
        f"{count(int(most['voices']))}."
    )
    chart(
        told,
        work_out(charts.voices_over_time, steps, zone=asked.scope.zone, step=asked.step, gaps=gaps),
        work_out(_table, asked, own, [], ["mentions", "voices", "negative", "neutral", "positive", "unread"]),
        name="trend-voices",
        note="Near-identical posts are one voice."
        + ("" if asked.facet == ALL else " Only voices about this subject; each by its polarity there."),
        manifest=asked.said,
    )


def _satisfaction(asked: Question, own: Course, others: list[Course]) -> None:
    mean = own.satisfaction
    if mean is None:
        return
    left_out = any(charts.left_out(course.steps, "own") for course in [own, *others])
    beside = "".join(f", {c.satisfaction:.2f} {c.other.whose}" for c in others if c.satisfaction is not None)
    chart(
        f"Satisfaction is {mean:.2f} of 5{beside}.",
        work_out(charts.satisfaction_over_time, own.steps, step=asked.step, name=own.name, others=_lines(others)),
        work_out(_table, asked, own, others, ["satisfaction", "own"]),
        name="trend-satisfaction",
        note="Mean of what each voice was read as, from 1 (outraged) to 5 (delighted). It has no interval: "
        f"only its sum is kept.{f' {LEFT_OUT}' if left_out else ''}",
        manifest=asked.said,
    )


def _lines(others: list[Course]) -> list[tuple[str, pd.DataFrame]]:
    """Those of which anything was read; a line of nothing would only stand in the legend."""
    return [(course.name, course.steps) for course in others if course.share.value is not None]


def _table(asked: Question, own: Course, others: list[Course], columns: list[str]) -> pd.DataFrame:
    """The figures of a chart, a row a step and line; times are days, or moments in the owner's zone."""
    courses = [own, *others]
    parts = []
    for course in courses:
        part = course.steps[["start", *columns]].rename(columns={"own": "voices read", "read": "voices read"})
        part["start"] = [_when(start, asked) for start in part["start"]]
        part.insert(1, "whose", course.name)
        parts.append(part)
    whole = pd.concat(parts, ignore_index=True).rename(columns={"start": f"{asked.step} from"})
    return whole if len(courses) > 1 else whole.drop(columns="whose")


def _when(start: datetime, asked: Question) -> object:
    return start.replace(tzinfo=asked.scope.zone) if asked.step is Step.HOUR else start.date()


def _together(asked: Question, own: Course, others: list[Course]) -> None:
    if not others:
        return
    heading("Side by side, over the whole period.")
    rows, plain = [], []
    for course in [own, *others]:
        found = None if course is own else change(own.share, course.share)
        voices, mean = int(course.steps["voices"].sum()), course.satisfaction
        link = address("mentions", mentions_of(asked, course.scope, course.scope.first, course.scope.last))
        rows.append(
            (
                f'<a href="{link}" target="_self">{escape(course.name)}</a>',
                percent(course.share.value, 1),
                "–" if course.share.low is None else f"{percent(course.share.low)} to {percent(course.share.high)}",
                "" if found is None else f"{points(found.value)}{'' if found.sure else ' ?'}",
                count(voices),
                "–" if mean is None else f"{mean:.2f}",
            )
        )
        plain.append(
            {
                "whose": course.name,
                "first day": course.scope.first,
                "last day": course.scope.last,
                "share": course.share.value,
                "low": course.share.low,
                "high": course.share.high,
                "difference": None if found is None else found.value,
                "difference at least": None if found is None else found.low,
                "difference at most": None if found is None else found.high,
                "voices": voices,
                "satisfaction": mean,
            }
        )
    columns = [
        Column(words="Whose"),
        Column(words="share", number=True),
        Column(words="95 % interval", number=True, roomy=True),
        Column(words="difference", number=True),
        Column(words="voices", number=True, wide=True),
        Column(words="satisfaction", number=True, roomy=True),
    ]
    put(
        table(columns, rows) + '<p class="gs-small">Difference: ours less theirs. A question mark: could be chance.</p>'
    )
    download("trend-side-by-side", pd.DataFrame(plain), asked.said)
