"""Judging what is due: from counts in the store to spikes, incidents and their explanations in the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from collector.store import Store, from_hour, hour_of
from collector.store.runs import Lease, drop_lease, hold_lease, holds, take_lease, this_process
from sentiment.spikes.backtest import UNREAD_MOST, BacktestReport, run_backtest
from sentiment.spikes.band import BandPoint, band
from sentiment.spikes.calibration import MEMORY_DAYS as LEARNT_DAYS
from sentiment.spikes.calibration import bar_sentence
from sentiment.spikes.detect import Watch
from sentiment.spikes.drivers import Explanation, explain
from sentiment.spikes.incident import EventKind, Incident, IncidentEvent, Read, advance, track_of
from sentiment.spikes.judge import SeriesHistory, Tick, judge_span
from sentiment.spikes.replay import JudgedDay
from sentiment.spikes.spike import Judgement, SeriesKey, Spike, SpikeSettings, weeks_between
from sentiment.spikes.store import bars
from sentiment.spikes.store import history as kept
from sentiment.spikes.store.incidents import incidents, save, save_explanation, save_spikes
from sentiment.spikes.store.said import said_before, said_in
from sentiment.store.counts import counted_anew_from
from sentiment.taxonomy import ALL, taxonomy

DAY = 24
MEMORY_DAYS = 57  # what judging a day looks back on
LONGEST_DAYS = 400  # how far back a store that was never judged is judged
CHANGED_DAYS = 60  # how far back counts that have changed since are judged again
RECENT_DAYS = 16  # how long ago an incident may have ended and still bear on what is judged: the longest window
BATCH_DAYS = 14  # judged and saved together
LEASE_LENGTH = timedelta(minutes=10)
CHART_HOURS = 48
CHART_POINTS = 240
BAR_MOVED = 0.25  # a smaller move of the bar is not worth a line
LEASE = "detect"

# Told how many days are judged, out of how many.
Progress = Callable[[int, int], None]
Key = tuple[str, str, int]


@dataclass(slots=True, kw_only=True)
class DetectReport:
    """What one run of judging did; `lines` say it for a person, one for each incident that changed."""

    hours: int = 0
    opened: int = 0
    resolved: int = 0
    lines: list[str] = field(default_factory=list)


def detect(
    store: Store,
    settings: SpikeSettings,
    now: datetime,
    *,
    stop: Callable[[], bool] = lambda: False,
    progress: Progress | None = None,
) -> DetectReport:
    """Judge every complete hour that is due or whose counts have changed; safe to repeat and to kill at any moment.

    Returns an empty report while another process judges, while the past is still being read (after an import, or anew
    after a change of model), and while it is counted anew after a change of the taxonomy.
    """
    report = DetectReport()
    end = hour_of(now)
    with store.read() as conn:
        begin = _due(conn, end)
    if begin is None:
        return report
    with store.write() as conn:
        lease = take_lease(conn, LEASE, this_process(), now, LEASE_LENGTH)
    if lease is None:
        return report
    try:
        _Run(store, settings, now, lease, report).over(begin, end, stop, progress)
    finally:
        with store.write() as conn:
            drop_lease(conn, lease)
    return report


def backtest(
    store: Store,
    settings: SpikeSettings,
    *,
    since: datetime | None = None,
    until: datetime,
    plant: float | None = None,
    progress: Progress | None = None,
) -> BacktestReport:
    """What `settings` would have alerted in [since, until), judged as it would have been live; changes nothing."""
    end = hour_of(until)
    with store.read() as conn:
        first = kept.first_hour(conn)
        begin = (first or end) if since is None else hour_of(since)
        rests_on = max(begin - MEMORY_DAYS * DAY, first or end)
        history = None if first is None else kept.load_history(conn, rests_on, end)
        watch = None if history is None else kept.load_watch(conn, begin // DAY, history.keys)
        if watch is not None and history is not None:
            bars.load_learnt(conn, watch, begin // DAY, history.keys)
        unread = kept.unread_share(conn, rests_on, end)
    report = run_backtest(history, begin, settings, plant=plant, label=_label, progress=progress, watch=watch)
    return replace(report, unread=unread)


def _due(conn: Connection, end: int) -> int | None:
    """The first hour to judge; None if nothing is due, or what judging rests on waits to be read or is counted anew."""
    first, last = kept.first_hour(conn), kept.last_judged(conn)
    if first is None or first >= end or counted_anew_from(conn) is not None:
        return None
    rests_on = max(first, end - LONGEST_DAYS * DAY) if last is None else end - MEMORY_DAYS * DAY
    if kept.unread_share(conn, rests_on, end) > UNREAD_MOST:
        return None
    if last is None:
        return rests_on
    recent = max(first, end - CHANGED_DAYS * DAY)
    found, done = kept.checksums(conn, recent, end), kept.judged(conn, recent)
    changed = [hour for hour in found if hour <= last and found[hour] != done.get(hour, 0)]
    # The last hour again: it is judged as soon as it is over, and mostly read to its end only then.
    due = [*changed, *([last] if last + 1 < end else [])]
    return min(due) if due else None


class _Run:
    """One run of judging, in batches of days that are each saved in one transaction."""

    def __init__(
        self, store: Store, settings: SpikeSettings, now: datetime, lease: Lease, report: DetectReport
    ) -> None:
        self._store, self._settings, self._now, self._lease, self._report = store, settings, now, lease, report

    def over(self, begin: int, end: int, stop: Callable[[], bool], progress: Progress | None) -> None:
        first_day, last_day = begin // DAY, (end - 1) // DAY
        for day in range(first_day, last_day + 1, BATCH_DAYS):
            until = min((day + BATCH_DAYS) * DAY, end)
            if stop() or not self._batch(day, until):
                return
            if progress is not None:
                progress(min(day + BATCH_DAYS, last_day + 1) - first_day, last_day + 1 - first_day)

    def _batch(self, day: int, end: int) -> bool:
        begin = day * DAY
        with self._store.read() as conn:
            history = kept.load_history(conn, begin - MEMORY_DAYS * DAY, end)
            sums = kept.checksums(conn, begin, end)
            earlier = incidents(conn, since=from_hour(begin - RECENT_DAYS * DAY))
            watch = Watch.fresh(0) if history is None else kept.load_watch(conn, day, history.keys)
            if history is not None:
                bars.load_learnt(conn, watch, day, history.keys)
        current, events, spikes, snapshots = [one.incident for one in earlier], [], [], []
        judged: list[JudgedDay] = []
        for today in range(day, (end - 1) // DAY + 1):
            if history is None:
                break
            snapshots.append(kept.Snapshot(day=today, watch=watch.copy()))
            known = history.until(min((today + 1) * DAY, end) - 1)
            read = known.reading()
            for tick in judge_span(
                known, today * DAY, self._settings, watch, every_verdict=False, observe=judged.append
            ):
                current, news = advance(current, tick.verdicts, tick.at, read)
                events += news
                spikes += _kept_spikes(tick, current, read)
        if history is not None and end % DAY == 0:
            # The next run begins with the next day, and must know what this one knew.
            snapshots.append(kept.Snapshot(day=end // DAY, watch=watch.copy()))
        explained = {_key(one.incident): _reasoned(one.incident) for one in earlier if one.explanation is not None}
        changed = [one for one in current if explained.get(_key(one)) != _reasoned(one)]
        with self._store.write() as conn:
            if not holds(conn, self._lease):
                return False
            hold_lease(conn, self._lease, self._now, LEASE_LENGTH)
            ids = save(conn, current, events, self._now) if current else {}
            save_spikes(conn, [(one, None if key is None else ids[key]) for one, key in spikes], self._now)
            for snapshot in snapshots:
                kept.save_watch(conn, snapshot, history.keys if history else (), keep_days=CHANGED_DAYS)
            if history is not None:
                learnt = {one.first_step // DAY: one.calibration for one in judged}
                bars.save_learnt(conn, watch, list(learnt), history.keys, keep_days=LEARNT_DAYS + CHANGED_DAYS)
                for today, calibration in learnt.items():
                    bars.save_bar(conn, today, calibration, history.keys)
            kept.save_judged(conn, sums | ({end - 1: sums.get(end - 1, 0)}))
        if history is not None:
            self._explain(history, changed, ids)
            self._tell_bar(judged)
        self._tell(events, {_key(one): one for one in current})
        self._report.hours += end - begin
        return True

    def _explain(self, history: SeriesHistory, changed: Iterable[Incident], ids: Mapping[Key, int]) -> None:
        for one in changed:
            peak = one.peak
            if peak.series not in history.keys or peak.span()[0] < history.first_step:
                continue
            with self._store.read() as conn:
                told = explain(
                    peak,
                    said_in(conn, peak),
                    said_before(conn, peak),
                    facet_label=_label(peak.series),
                    aspect_label=_aspect_label,
                )
            first = max(one.began - CHART_HOURS, one.last + 1 - CHART_POINTS)
            points = band(history, peak.series, first, min(one.last, history.end_step - 1), self._settings)
            with self._store.write() as conn:
                weeks = _weeks_of(conn, peak, len(history.keys))
                save_explanation(conn, ids[_key(one)], explanation_json(told, peak, points, weeks))

    def _tell_bar(self, judged: Sequence[JudgedDay]) -> None:
        """Say that the past has moved the bar, where it has since the batch began."""
        if judged and abs(judged[-1].calibration.score - judged[0].calibration.score) > BAR_MOVED:
            self._report.lines.append(bar_sentence(judged[-1].calibration, self._settings.budget_weeks))

    def _tell(self, events: Sequence[IncidentEvent], current: Mapping[Key, Incident]) -> None:
        for event in events:
            self._report.opened += event.kind is EventKind.OPENED
            self._report.resolved += event.kind is EventKind.RESOLVED
            if event.kind in {EventKind.OPENED, EventKind.REOPENED, EventKind.RESOLVED, EventKind.LAPSED}:
                peak = current[event.brand, event.track, event.number].peak
                about = f"{event.brand}, {_label(peak.series)} at {peak.series.source}"
                figures = f"{peak.observed} in {peak.window} h, {peak.lower} to {peak.upper} expected"
                when = f"{from_hour(event.at + 1):%Y-%m-%d %H:%M} UTC"
                self._report.lines.append(f"{when}: {peak.spike_class.value} {event.kind.value}: {about}: {figures}")


def _weeks_of(conn: Connection, peak: Spike, series: int) -> float:
    """By chance once in so many weeks: a restless past that raised the bar of the day makes any score less rare."""
    day = peak.at // DAY
    raised = next((one.score - one.nominal for one in bars.bars(conn, day, day + 1)), 0.0)
    return weeks_between(peak.score - raised, series)


def _key(one: Incident) -> Key:
    return one.brand, one.track, one.number


def _reasoned(one: Incident) -> Incident:
    """What the reason of an incident rests on: not how far it was judged and read, which moves while it waits."""
    return replace(one, seen=0, members=tuple(replace(member, read=None) for member in one.members))


def _kept_spikes(tick: Tick, current: Sequence[Incident], read: Read) -> list[tuple[Spike, Key | None]]:
    """What is kept of a step, each with its incident; nothing yet of what was not read, unless it opened one."""
    found: list[tuple[Spike, Key | None]] = []
    for verdict in tick.verdicts:
        if verdict.spike is None:
            continue
        track = track_of(verdict.spike)
        home = next(
            (
                _key(one)
                for one in reversed(current)
                if (one.brand, one.track) == (verdict.series.brand, track)
                and one.opened <= tick.at <= one.last
                and verdict.series in one.series()
            ),
            None,
        )
        unusual = verdict.judgement is Judgement.UNUSUAL and read(verdict.series, tick.at - 1, tick.at)
        if home is not None or unusual:
            found.append((verdict.spike, home))
    return found


def _label(series: SeriesKey) -> str:
    return taxonomy().label(ALL if series.dimension is None else series.dimension)


def _aspect_label(name: str) -> str:
    return taxonomy().label(f"aspect/{name}")


def explanation_json(told: Explanation, peak: Spike, points: Sequence[BandPoint], weeks: float) -> dict[str, Any]:
    """An explanation as it is kept: figures of the worst spike, parts that add up to its excess, words, chart.

    `weeks`: by chance about once in so many weeks over everything watched. Times are ISO 8601 in UTC.
    """
    figures = asdict(peak)
    return {
        "sentence": told.sentence,
        "excess": told.excess,
        "weeks": min(weeks, 1e6),
        "peak": figures,
        "causes": asdict(told.causes),
        "parts": {
            name: [asdict(part) | {"excess": part.excess} for part in parts] for name, parts in told.parts.items()
        },
        "phrases": [asdict(phrase) for phrase in told.phrases],
        "quotes": [asdict(quote) | {"said_at": quote.said_at.isoformat()} for quote in told.quotes],
        "unchanged": list(told.unchanged),
        "points": [asdict(point) | {"at": from_hour(point.at).isoformat()} for point in points],
    }
