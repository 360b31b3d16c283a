"""What a setting would have alerted over a past span, and what it would have missed: the live code, replayed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from sentiment.spikes.calibration import Calibration, bar_sentence
from sentiment.spikes.detect import Watch
from sentiment.spikes.incident import Incident, advance
from sentiment.spikes.judge import SeriesHistory, judge_span
from sentiment.spikes.replay import JudgedDay
from sentiment.spikes.spike import Judgement, SeriesKey, SpikeClass, SpikeSettings

LEAST_DAYS = 28  # daily maxima that a recalibration needs
LENGTHS = {3: 6, 12: 12, 48: 25}  # hours of a planted incident, and the least mentions it adds
AFTER = 6  # hours after its end in which a planted incident still counts as found
TELLING = frozenset({SpikeClass.DISSATISFACTION, SpikeClass.SHARE_SHIFT, SpikeClass.SLOW_RISE})

UNREAD_MOST = 0.02
"""Part of the past that may still wait to be read: half a baseline is none, live or in replay."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Without:
    """What judging found before anything was planted, what it began with, and whom to tell of each day."""

    found: frozenset[tuple[SeriesKey, int]]
    watch: Watch
    observe: Callable[[JudgedDay], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerted:
    """One incident that would have been alerted; times are hours since the epoch."""

    brand: str
    about: str
    source: str
    opened: int
    last: int
    observed: int
    expected: float
    severity: str
    spike_class: str

    @property
    def opened_at(self) -> datetime:
        """End of the hour at which it would have been found."""
        return _moment(self.opened + 1)

    @property
    def last_at(self) -> datetime:
        """End of the last hour in which it would have gone on."""
        return _moment(self.last + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """Incidents planted into the past: how many, what share was missed, and hours until the others were found."""

    ratio: float
    planted: int
    missed: float
    missed_by_hours: dict[int, float]
    delay: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestReport:
    """A replay: alerts a week against the budget, and the score that this data asks for (None: too few days).

    `recommended` is a value for SpikeSettings.recalibrated where more was alerted than the budget allows.
    `unread` is the part of the mentions, 0 to 1, that waited to be read: above UNREAD_MOST nothing is recommended.
    """

    begin: int
    end: int
    series: int
    budget_weeks: float
    alerts: tuple[Alerted, ...]
    score: float
    gumbel_score: float | None
    calibration: Calibration | None = None
    planted: Planted | None = None
    unread: float = 0.0

    @property
    def weeks(self) -> float:
        """Length of the span."""
        return (self.end - self.begin) / 168

    @property
    def per_week(self) -> float:
        """Alerts a week; real incidents among them."""
        return len(self.alerts) / self.weeks if self.weeks > 0 else 0.0

    @property
    def recommended(self) -> float | None:
        """The alert score to set, where the one in force, raised or not, alerts more often than the budget."""
        in_force = self.score if self.calibration is None else max(self.score, self.calibration.score)
        if self.unread > UNREAD_MOST or self.gumbel_score is None:
            return None
        if self.per_week <= 1 / self.budget_weeks or self.gumbel_score <= in_force:
            return None
        return round(self.gumbel_score, 2)

    def as_dict(self) -> dict[str, Any]:
        """For --json; times are ISO 8601 in UTC."""
        return {
            "weeks": round(self.weeks, 2),
            "series": self.series,
            "unread": round(self.unread, 4),
            "budget_weeks": self.budget_weeks,
            "alerts_per_week": round(self.per_week, 3),
            "budget_per_week": round(1 / self.budget_weeks, 3),
            "alert_score": round(self.score, 3),
            "recalibrated_score": None if self.calibration is None else round(self.calibration.score, 3),
            "recommended_score": self.recommended,
            "alerts": [
                asdict(one) | {"opened": _moment(one.opened + 1).isoformat(), "last": _moment(one.last + 1).isoformat()}
                for one in self.alerts
            ],
            "planted": None if self.planted is None else asdict(self.planted),
        }

    def by_week(self, zone: ZoneInfo) -> list[tuple[date, int]]:
        """Mondays of the span in the owner's zone, each with the number of its alerts."""
        first, last = (_monday(_moment(hour), zone) for hour in (self.begin, max(self.end - 1, self.begin)))
        weeks = [first + timedelta(weeks=n) for n in range((last - first).days // 7 + 1)]
        opened = Counter(_monday(one.opened_at, zone) for one in self.alerts)
        return [(monday, opened[monday]) for monday in weeks]

    def summary(self) -> list[str]:
        """For a person: how often, what the past asks for, and what would have been missed."""
        budget = f"{1 / self.budget_weeks:.2f} a week (one in {self.budget_weeks:g} weeks)"
        count = f"{len(self.alerts)} alerts in {self.weeks:.1f} weeks over {self.series} series"
        said = [f"{count}: {self.per_week:.2f} a week; the budget of false alerts is {budget}."]
        if self.unread > UNREAD_MOST:
            said.append(
                f"{self.unread:.0%} of the mentions of this span wait to be read, and the rest may look restless: "
                "look again when all are read. Until then nothing is alerted."
            )
        if self.calibration is not None:
            said.append(bar_sentence(self.calibration, self.budget_weeks))
        if self.recommended is not None:
            said.append(
                f"If these were not real, set recalibrated = {self.recommended} under [spikes]: "
                "this data is more restless than the budget assumes."
            )
        if self.planted is not None:
            said += _planted_lines(self.planted)
        return said

    def lines(self, zone: ZoneInfo) -> list[str]:
        """For a person: the alerts among the summary."""
        if self.weeks <= 0:
            return ["There are no counts in this span."]
        alerted = [
            f"{one.opened_at.astimezone(zone):%Y-%m-%d %H:%M}  {one.severity:<9} {one.brand}, {one.about} at "
            f"{one.source}: {one.observed} where {one.expected:.1f} were expected ({one.spike_class})"
            for one in self.alerts
        ]
        first, *rest = self.summary()
        return [first, *alerted, *rest]


def _monday(at: datetime, zone: ZoneInfo) -> date:
    day = at.astimezone(zone).date()
    return day - timedelta(days=day.weekday())


def _planted_lines(planted: Planted) -> list[str]:
    if not planted.planted:
        return ["Nothing could be planted: there is no series with enough history in this span."]
    by_length = ", ".join(f"{share:.0%} of those of {hours} h" for hours, share in planted.missed_by_hours.items())
    found = "" if planted.delay is None else f"; the others were found after {planted.delay:.0f} h (median)"
    what = f"Of {planted.planted} incidents of {planted.ratio:g} times the usual, planted one at a time"
    return [f"{what}, {planted.missed:.0%} would have been missed ({by_length}){found}."]


def run_backtest(
    history: SeriesHistory | None,
    begin: int,
    settings: SpikeSettings,
    *,
    plant: float | None = None,
    label: Callable[[SeriesKey], str] = SeriesKey.name,
    progress: Progress | None = None,
    watch: Watch | None = None,
) -> BacktestReport:
    """Judge every hour of the history from `begin` on as it would have been judged live."""
    if history is None or history.end_step <= begin:
        return BacktestReport(
            begin=begin,
            end=begin,
            series=0,
            budget_weeks=settings.budget_weeks,
            alerts=(),
            score=settings.alert_score(1),
            gumbel_score=None,
        )
    begin = max(begin, history.first_step)
    watch = watch or Watch.fresh(len(history.keys))
    rounds = 1 if plant is None else 2
    maxima: list[float] = []
    learnt: list[Calibration] = []
    days = (history.end_step - begin + 23) // 24

    def observe(judged: JudgedDay) -> None:
        maxima.append(float(judged.scores.score.max(initial=0.0)))
        learnt[:] = [judged.calibration]
        if progress is not None:
            progress(len(maxima), days * rounds)

    current: list[Incident] = []
    read = history.reading()
    found: set[tuple[SeriesKey, int]] = set()
    for tick in judge_span(history, begin, settings, watch.copy(), every_verdict=False, observe=observe):
        current, _ = advance(current, tick.verdicts, tick.at, read)
        found |= {(v.series, v.at) for v in tick.verdicts if v.judgement is Judgement.UNUSUAL}
    alerts = tuple(
        Alerted(
            brand=one.brand,
            about=label(one.peak.series),
            source=one.peak.series.source,
            opened=one.opened,
            last=one.last,
            observed=one.peak.observed,
            expected=one.peak.expected,
            severity=one.severity.value,
            spike_class=one.peak.spike_class.value,
        )
        for one in sorted(current, key=lambda one: one.opened)
        if one.peak.spike_class in TELLING
    )
    report = BacktestReport(
        begin=begin,
        end=history.end_step,
        series=len(history.keys),
        budget_weeks=settings.budget_weeks,
        alerts=alerts,
        score=settings.alert_score(len(history.keys)),
        gumbel_score=gumbel_score(maxima, settings.budget_weeks),
        calibration=learnt[-1] if learnt else None,
    )
    if plant is None:
        return report
    return replace(
        report,
        planted=_plant(history, begin, settings, plant, _Without(found=frozenset(found), watch=watch, observe=observe)),
    )


def gumbel_score(daily_maxima: Sequence[float], budget_weeks: float) -> float | None:
    """The score that a day's highest exceeds once in `budget_weeks` weeks, from the median and the 90 % quantile.

    Quantiles, because a fit to the tail would be ruled by past incidents. None below four weeks of days.
    """
    if len(daily_maxima) < LEAST_DAYS:
        return None
    middle, high = np.quantile(np.asarray(daily_maxima), [0.5, 0.9])
    scale = (high - middle) / (_reduced(0.9) - _reduced(0.5))
    return float(middle + scale * (_reduced(1 - 1 / (7 * budget_weeks)) - _reduced(0.5)))


def _reduced(quantile: float) -> float:
    return -math.log(-math.log(max(quantile, 1e-9)))


def _plant(history: SeriesHistory, begin: int, settings: SpikeSettings, ratio: float, without: _Without) -> Planted:
    """Add incidents of `ratio` times the usual at places spread over series and time, and judge everything again."""
    rng = np.random.default_rng(20_260_101)
    negatives = history.negatives.astype(np.int64)
    voices = None if history.voices is None else np.asarray(history.voices).astype(np.int64)
    sources = [(key.brand, key.source) for key in history.keys]
    places = []
    for slot, start in enumerate(range(begin + 24, history.end_step - 60, 24 * 10)):
        for number, pair in enumerate(sorted(set(sources))):
            rows = [row for row, other in enumerate(sources) if other == pair]
            row = rows[(slot + number) % len(rows)]
            hours = list(LENGTHS)[(slot + number) % len(LENGTHS)]
            at = start + int(rng.integers(0, 24 * 7))
            column = at - history.first_step
            past = negatives[row, max(column - 24 * 28, 0) : column]
            whole = history.covered[row, max(column - 24 * 14, 0) : column + hours]
            if at + hours + AFTER >= history.end_step or len(whole) < 24 * 14 or not whole.all():
                continue
            size = max((ratio - 1) * float(past.mean()) * hours, LENGTHS[hours])
            middle = (np.arange(hours) + 0.5) / hours
            shape = middle**0.4 * (1 - middle) ** 1.2
            extra = rng.poisson(size * shape / shape.sum())
            if voices is not None:
                for other in rows:
                    voices[other, column : column + hours] += extra
            negatives[row, column : column + hours] += extra
            places.append((row, at, hours))
    planted = replace(history, negatives=negatives, voices=voices)
    hits: dict[SeriesKey, list[int]] = {}
    for tick in judge_span(
        planted, begin, settings, without.watch.copy(), every_verdict=False, observe=without.observe
    ):
        for verdict in tick.verdicts:
            if verdict.judgement is Judgement.UNUSUAL and (verdict.series, verdict.at) not in without.found:
                hits.setdefault(verdict.series, []).append(verdict.at)
    delays = [
        next((hit - at for hit in hits.get(history.keys[row], ()) if at <= hit < at + hours + AFTER), None)
        for row, at, hours in places
    ]
    missed = [delay is None for delay in delays]
    by_hours = {
        length: float(np.mean([gone for gone, place in zip(missed, places, strict=True) if place[2] == length]))
        for length in LENGTHS
        if any(place[2] == length for place in places)
    }
    found = [delay for delay in delays if delay is not None]
    return Planted(
        ratio=ratio,
        planted=len(places),
        missed=float(np.mean(missed)) if missed else 0.0,
        missed_by_hours=by_hours,
        delay=float(np.median(found)) if found else None,
    )


def _moment(hour: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
