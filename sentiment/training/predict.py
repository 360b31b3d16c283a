"""What a network says of many texts, as arrays, and how good that is on examples with labels."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from sentiment.evaluation.measures import label_macro_f1, label_micro_f1, macro_f1
from sentiment.training.batches import Tokenised, by_length
from sentiment.training.data import Example
from sentiment.training.fit import has_bf16
from sentiment.training.network import ReaderNetwork
from sentiment.training.schemes import ASPECTS, CLASSES, OWN_SCHEME, READ_TASKS, SIGNS, Task

Arrays = dict[str, npt.NDArray[Any]]


@torch.no_grad()
def logits(network: ReaderNetwork, data: Tokenised, batch_size: int = 64) -> Arrays:
    """Logits of every read task, `presence` and `signs`, in the order of the examples (float32)."""
    network.eval()
    lengths = [len(ids) for ids in data.ids]
    found: dict[str, list[npt.NDArray[Any]]] = {}
    order: list[int] = []
    for rows in by_length(lengths, range(len(lengths)), batch_size, None):
        batch = data.batch(rows)
        with torch.autocast("cpu", torch.bfloat16, enabled=has_bf16()):
            *answers, presence, signs, _ = network(batch.input_ids, batch.attention_mask)
        order.extend(rows)
        for name, tensor in zip([*READ_TASKS, "presence", "signs"], [*answers, presence, signs], strict=True):
            found.setdefault(str(name), []).append(tensor.float().numpy())
    back = np.argsort(order)
    return {name: np.concatenate(parts)[back] for name, parts in found.items()}


def probabilities(raw: Arrays) -> Arrays:
    """The logits as probabilities: softmax for tasks and signs, sigmoid for presence."""
    return {name: sigmoid(array) if name == "presence" else softmax(array) for name, array in raw.items()}


def softmax(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Softmax over the last axis."""
    shifted = np.exp(array - array.max(-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(-1, keepdims=True))


def sigmoid(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Logistic function."""
    return np.asarray(1 / (1 + np.exp(-np.clip(array, -40, 40))))


def own_aspects(examples: Sequence[Example]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """(rows that carry our aspects, their presence as (rows, aspects))."""
    rows = [row for row, example in enumerate(examples) if example.scheme == OWN_SCHEME]
    presence = np.zeros((len(rows), len(ASPECTS)), dtype=bool)
    for place, row in enumerate(rows):
        for aspect in examples[row].aspects:
            presence[place, ASPECTS.index(aspect)] = True
    return np.array(rows, dtype=np.int64), presence


def own_signs(examples: Sequence[Example]) -> tuple[npt.NDArray[np.int64], ...]:
    """(row, aspect, sign) index arrays of every aspect that is present."""
    cells = [
        (row, ASPECTS.index(aspect), SIGNS.index(sign))
        for row, example in enumerate(examples)
        if example.scheme == OWN_SCHEME
        for aspect, sign in example.aspects.items()
    ]
    table = np.array(cells, dtype=np.int64).reshape(-1, 3)
    return table[:, 0], table[:, 1], table[:, 2]


def best_thresholds(
    true: npt.NDArray[np.bool_], scores: npt.NDArray[Any], *, prior: float, strength: float = 12.0
) -> npt.NDArray[np.float64]:
    """Per column, the threshold with the best F1, drawn towards `prior` where cases are few.

    A column with n cases moves by n / (n + strength) of the way from the prior to its own optimum.
    """
    steps = np.linspace(0.1, 0.9, 81)
    chosen = np.full(true.shape[1], prior)
    for column in range(true.shape[1]):
        cases = true[:, column].sum()
        if cases < 3:
            continue
        said = scores[:, column][:, None] >= steps
        hits = (said & true[:, column][:, None]).sum(0)
        f1 = 2 * hits / (said.sum(0) + cases)
        near = steps[f1 >= f1.max() - 0.005]
        chosen[column] += (float(near.mean()) - prior) * cases / (cases + strength)
    return chosen


def figures(raw: Arrays, examples: Sequence[Example]) -> dict[str, float]:
    """Macro-F1 per task and source, aspects with the best single threshold, accuracy of signs, and the mean `score`."""
    found: dict[str, float] = {}
    for task in READ_TASKS:
        for source in sorted({e.source for e in examples if task in e.tasks}):
            rows = [row for row, e in enumerate(examples) if task in e.tasks and e.source == source]
            true = np.array([CLASSES[task].index(examples[row].tasks[task]) for row in rows])
            said = raw[task.value][rows].argmax(-1)
            name = task.value if source == "own" else f"{task.value}@{source}"
            found[name] = macro_f1(true, said, len(CLASSES[task]))
    rows_, presence = own_aspects(examples)
    if len(rows_):
        chances = sigmoid(raw["presence"][rows_])
        best = max(np.linspace(0.2, 0.8, 25), key=lambda t: label_micro_f1(presence, chances >= t))
        found["aspects"] = label_micro_f1(presence, chances >= best)
        found["aspects_macro"] = label_macro_f1(presence, chances >= best)
        row, aspect, sign = own_signs(examples)
        found["signs"] = float((raw["signs"][row, aspect].argmax(-1) == sign).mean())
    tweets = [value for name, value in found.items() if name.startswith("sentiment@")]
    own = [found.get(name, 0.0) for name in ("aspects", "aspects_macro", Task.SENTIMENT.value, "stage", "intent")]
    known = [value for value in (*own, found.get("loyalty", 0.0), *tweets) if not np.isnan(value)]
    found["score"] = float(np.mean(known)) if known else 0.0
    return found
