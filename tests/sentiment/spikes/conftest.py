"""Streams of counts that the tests of spikes share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from sentiment.spikes.judge import SeriesHistory
from sentiment.spikes.spike import SeriesKey

START = 490_000  # an hour of late 2025, not at the start of a day

Stream = Callable[..., SeriesHistory]


@pytest.fixture
def stream() -> Stream:
    """Hourly history with a daily rhythm: `rates` voices an hour and `share` of them negative, one series a rate."""

    def make(
        *, rates: tuple[float, ...] = (10.0,), share: float = 0.1, days: int = 70, seed: int = 1, brand: str = "Aurora"
    ) -> SeriesHistory:
        rng = np.random.default_rng(seed)
        steps = np.arange(START, START + 24 * days)
        rhythm = np.exp(0.6 * np.cos(2 * np.pi * (steps % 24 - 15) / 24))
        voices = rng.poisson(np.array(rates)[:, None] * rhythm)
        negatives = rng.binomial(voices, share)
        keys = tuple(SeriesKey(brand=brand, source=f"source {n}", dimension="Reliability") for n in range(len(rates)))
        return SeriesHistory(
            keys=keys,
            first_step=START,
            negatives=negatives,
            voices=voices,
            covered=np.ones(voices.shape, dtype=np.bool_),
        )

    return make
