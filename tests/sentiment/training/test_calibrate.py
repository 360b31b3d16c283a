"""Temperatures make confidence what it says, in each language as far as its texts allow."""

import numpy as np
import pytest

pytest.importorskip("torch")

from sentiment.classifiers.combine import softmax
from sentiment.training.calibrate import sentiment_temperatures
from sentiment.training.data import Example, Split
from sentiment.training.finish import name_of
from sentiment.training.schemes import CLASSES, Task


def texts(
    language: str, count: int, temperature: float, rng: np.random.Generator
) -> tuple[list[np.ndarray], list[Example]]:
    """Logits, and answers drawn from what they say at this temperature."""
    logits = [rng.normal(0, 2, 3) for _ in range(count)]
    examples = [
        Example(
            text="x", source=f"tweets {language}", domain="d", language=language, split=Split.VALIDATION,
            tasks={Task.SENTIMENT: CLASSES[Task.SENTIMENT][rng.choice(3, p=softmax(row, temperature))]},
        )
        for row in logits
    ]  # fmt: skip
    return logits, examples


def test_a_language_gets_its_own_temperature_as_far_as_it_has_texts() -> None:
    rng = np.random.default_rng(3)
    logits, examples = [], []
    for language, count, temperature in (("en", 3000, 1.0), ("hi", 1500, 2.5), ("de", 4, 0.5)):
        rows, made = texts(language, count, temperature, rng)
        logits += rows
        examples += made
    common, found = sentiment_temperatures({"sentiment": np.array(logits)}, examples)
    assert found["en"] == pytest.approx(1.0, abs=0.12)
    assert found["hi"] == pytest.approx(2.5, rel=0.15)
    assert found["en"] < common < found["hi"]
    assert abs(np.log(found["de"] / common)) < 4 / 24 * np.log(6) + 0.01, "four texts move it a sixth of the way"


def test_another_calibration_is_another_model() -> None:
    learnt = {"temperatures": {"sentiment": 1.2}, "abstain": 0.1, "thresholds": {}, "offsets": {}}
    name = name_of(6, "a" * 64, learnt)
    assert name == name_of(6, "a" * 64, learnt | {"attention_heads": 12})
    assert name != name_of(6, "a" * 64, learnt | {"sentiment_temperatures": {"hi": 2.0}})
    assert name != name_of(6, "b" * 64, learnt)
