"""Making the numbers mean what they say: temperatures, thresholds, offsets, abstain band, from validation texts."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sentiment.classifiers.combine import sigmoid, softmax
from sentiment.evaluation.measures import label_micro_f1, macro_f1
from sentiment.training.data import Example
from sentiment.training.predict import Arrays, best_thresholds, own_aspects, own_signs
from sentiment.training.schemes import ASPECTS, CLASSES, READ_TASKS, Task

TEMPERATURES = np.round(np.geomspace(0.5, 3.0, 61), 3)
ABSTAIN_MOST = 0.08
"""At most this share of the validation texts may fall into the abstain band."""
ABSTAIN_RIGHT = 0.55
"""The band reaches as far as readings inside it are right less often than this."""


def calibration(raw: Arrays, examples: Sequence[Example]) -> dict[str, Any]:
    """The settings of reader.json that are learnt from validation logits: see ModelSettings for their meaning."""
    temperatures = {task.value: _task_temperature(raw, examples, task) for task in READ_TASKS}
    rows, present = own_aspects(examples)
    temperatures["presence"] = _best(lambda t: _binary_loss(present, sigmoid(raw["presence"][rows], t)))
    row, aspect, sign = own_signs(examples)
    temperatures["signs"] = _best(lambda t: _loss(sign, softmax(raw["signs"][row, aspect], t)))
    chances = sigmoid(raw["presence"][rows], temperatures["presence"])
    prior = max(np.linspace(0.2, 0.7, 26), key=lambda t: label_micro_f1(present, chances >= t))
    thresholds = best_thresholds(present, chances, prior=float(prior))
    return {
        "temperatures": temperatures,
        "thresholds": {name: round(float(value), 3) for name, value in zip(ASPECTS, thresholds, strict=True)},
        "offsets": {task.value: _offsets(raw, examples, task) for task in (Task.STAGE, Task.INTENT, Task.LOYALTY)},
        "abstain": round(_abstain(raw, examples, temperatures["sentiment"]), 3),
    }


def _known(examples: Sequence[Example], task: Task) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    rows = [row for row, example in enumerate(examples) if task in example.tasks]
    true = [CLASSES[task].index(examples[row].tasks[task]) for row in rows]
    return np.array(rows, dtype=np.int64), np.array(true, dtype=np.int64)


def _task_temperature(raw: Arrays, examples: Sequence[Example], task: Task) -> float:
    """The temperature with the least log loss (Guo et al. 2017), each source counting the same."""
    rows, true = _known(examples, task)
    sources = np.array([examples[row].source for row in rows])
    groups = [sources == source for source in sorted(set(sources))]

    def loss(temperature: float) -> float:
        chances = softmax(raw[task.value][rows], temperature)
        return float(np.mean([_loss(true[group], chances[group]) for group in groups]))

    return _best(loss)


def _best(loss: Any) -> float:
    return float(min(TEMPERATURES, key=loss))


def _loss(true: npt.NDArray[np.int64], chances: npt.NDArray[np.float64]) -> float:
    return float(-np.log(chances[np.arange(len(true)), true] + 1e-9).mean())


def _binary_loss(true: npt.NDArray[np.bool_], chances: npt.NDArray[np.float64]) -> float:
    return float(-np.log(np.where(true, chances, 1 - chances) + 1e-9).mean())


def _offsets(raw: Arrays, examples: Sequence[Example], task: Task, strength: float = 20.0) -> list[float]:
    """Per class, what lifts macro-F1 when added to its logit, drawn towards 0 where cases are few; two sweeps."""
    rows, true = _known(examples, task)
    logits = raw[task.value][rows]
    classes = len(CLASSES[task])
    offsets = np.zeros(classes)
    for _ in range(2):
        for place in range(classes):
            tried = {float(step): _with(offsets, place, step) for step in np.linspace(-1.5, 1.5, 13)}
            gains = {
                step: macro_f1(true, (logits + o).argmax(-1), classes) - 0.002 * abs(step) for step, o in tried.items()
            }
            offsets[place] = max(gains, key=lambda step: gains[step])
    cases = np.bincount(true, minlength=classes)
    return [round(float(value), 3) for value in offsets * cases / (cases + strength)]


def _with(offsets: npt.NDArray[np.float64], place: int, value: float) -> npt.NDArray[np.float64]:
    changed = offsets.copy()
    changed[place] = value
    return changed


def _abstain(raw: Arrays, examples: Sequence[Example], temperature: float) -> float:
    rows, true = _known(examples, Task.SENTIMENT)
    chances = softmax(raw["sentiment"][rows], temperature)
    ranked = np.sort(chances, axis=-1)
    gap = ranked[:, -1] - ranked[:, -2]
    order = np.argsort(gap)
    right = (chances.argmax(-1) == true)[order]
    share_right = np.cumsum(right) / np.arange(1, len(right) + 1)
    most = int(ABSTAIN_MOST * len(right))
    inside = np.flatnonzero(share_right[:most] <= ABSTAIN_RIGHT)
    return float(gap[order][inside[-1]]) if len(inside) else 0.0
