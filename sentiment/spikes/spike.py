"""The words of spike detection: settings, verdicts, spikes, and the classes they come in."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from zoneinfo import ZoneInfo

from sentiment.spikes.grain import HOURLY, span

# Calm series of the hourly simulator reach score S once in 10^((S − 2.6) / 1.2) weeks, windows and overlaps included
# (measured between one alert in 4 and in 200 series-weeks). The small surplus is for streams more restless than that.
SCORE_AT_ONE_WEEK = 2.7
SCORE_PER_DECADE = 1.25
# Decades below the alert score at which a series still joins an open incident of its siblings.
JOIN_MARGIN = 1.5


class SpikeClass(StrEnum):
    """What kind of unusual it is; only a volume surge is shown without being mailed."""

    DISSATISFACTION = "dissatisfaction spike"
    SHARE_SHIFT = "share shift"
    VOLUME_SURGE = "volume surge"
    SLOW_RISE = "slow rise"


class Judgement(StrEnum):
    """The answer for one series at one hour; not being able to tell is an answer.

    Raised is not enough for an alert of its own, but enough to join an incident that is open beside it.
    """

    CALM = "calm"
    RAISED = "raised"
    UNUSUAL = "unusual"
    TOO_FEW = "too few to judge"
    TOO_LITTLE_HISTORY = "too little history"
    NOT_COVERED = "not covered"


class Severity(StrEnum):
    """How bad a spike is, in four steps."""

    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpikeSettings:
    """What a person chooses: at most about one false alert in `budget_weeks` weeks for everything watched.

    Where the past days of what is watched were more restless than that allows, the bar rises by itself
    (`recalibrate`, see sentiment.spikes.calibration). `recalibrated`: a score below which nothing alerts, set by hand.
    """

    budget_weeks: float = 4.0
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    recalibrated: float | None = None
    recalibrate: bool = True

    def __post_init__(self) -> None:
        if not (math.isfinite(self.budget_weeks) and self.budget_weeks > 0):
            msg = f"budget_weeks must be a positive number of weeks, not {self.budget_weeks}"
            raise ValueError(msg)

    def alert_score(self, series: int) -> float:
        """The score that about one calm moment in `budget_weeks` weeks reaches when `series` series are watched."""
        nominal = SCORE_AT_ONE_WEEK + SCORE_PER_DECADE * math.log10(max(series * self.budget_weeks, 1.0))
        return nominal if self.recalibrated is None else max(nominal, self.recalibrated)


def weeks_between(score: float, series: int) -> float:
    """By chance, `score` is reached about once in so many weeks when `series` series are watched."""
    return float(10 ** ((score - SCORE_AT_ONE_WEEK) / SCORE_PER_DECADE) / max(series, 1))


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class SeriesKey:
    """One line that is watched: negatives of one dimension (None: of everything) of one brand at one source."""

    brand: str
    source: str
    dimension: str | None = None

    def name(self) -> str:
        return " / ".join(part for part in (self.brand, self.source, self.dimension) if part is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spike:
    """Observed above the upper bound: `observed` negatives in a window of `window` steps, found at step `at`.

    `span` says where that window lies: a slow rise's ends with the day before. Times are step numbers since the epoch
    (hours, or days for daily counts). `lower` and `upper` hold 95 % of calm windows. The p values are upper tails;
    `score` is −log10 p plus what a longer window earns for being looked at less often, so that scores of all series
    and windows share one scale.
    """

    series: SeriesKey
    at: int
    window: int
    spike_class: SpikeClass
    observed: int
    expected: float
    lower: int
    upper: int
    voices: int
    share_observed: float
    share_expected: float
    p: float
    p_count: float
    p_share: float
    score: float
    severity: Severity

    @property
    def excess(self) -> float:
        """Negatives beyond what was expected."""
        return self.observed - self.expected

    def span(self, steps_per_day: int = HOURLY.steps_per_day) -> tuple[int, int]:
        """First step of its window, and the step after its last."""
        return span(self.at, self.window, steps_per_day, slow=self.spike_class is SpikeClass.SLOW_RISE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is said of one series at one step: a judgement always, a spike when it is raised or unusual.

    `restless` says that the last hours of an episode still are out of the ordinary.
    """

    series: SeriesKey
    at: int
    judgement: Judgement
    score: float
    observed: int
    expected: float
    spike: Spike | None = None
    restless: bool = False


# Bands of excess × log2(observed / expected) used until a customer has weeks of their own to compare with.
DEFAULT_BANDS = (15.0, 60.0, 240.0)


def severity(
    observed: float, expected: float, *, reach: float = 1.0, bands: tuple[float, float, float] = DEFAULT_BANDS
) -> Severity:
    """Band of excess × log2(observed / expected) × reach; an expectation under half a mention counts as half."""
    weight = (observed - expected) * math.log2(max(observed, 1.0) / max(expected, 0.5)) * reach
    return list(Severity)[sum(weight >= band for band in bands)]
