"""How examples become batches: a weighted mixture of sources, texts of like length together."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sentiment.training.data import Example
from sentiment.training.schemes import CLASSES, SCHEMES, SIGNS, Task
from sentiment.training.teaching import Lesson

UNKNOWN = -100
"""The class index that torch's cross entropy passes over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Tensors of one step; `schemes` maps a scheme to (row numbers, presence 0/1, sign index or UNKNOWN)."""

    input_ids: Tensor
    attention_mask: Tensor
    tasks: dict[Task, Tensor]
    schemes: dict[str, tuple[Tensor, Tensor, Tensor]]
    lesson: tuple[Tensor, dict[str, Tensor]] | None


class Tokenised:
    """Examples with their token ids, ready to be batched."""

    def __init__(
        self, examples: Sequence[Example], tokenizer: Any, longest: int, lessons: Sequence[Lesson | None] = ()
    ):
        self.examples = examples
        self.lessons = lessons or [None] * len(examples)
        self.pad = tokenizer.pad_token_id
        self.ids: list[list[int]] = []
        for start in range(0, len(examples), 1024):
            texts = [example.text for example in examples[start : start + 1024]]
            self.ids.extend(tokenizer(texts, truncation=True, max_length=longest)["input_ids"])

    def batch(self, rows: Sequence[int]) -> Batch:
        """The batch made of the given rows."""
        width = max(len(self.ids[row]) for row in rows)
        ids = np.full((len(rows), width), self.pad, dtype=np.int64)
        mask = np.zeros((len(rows), width), dtype=np.int64)
        for place, row in enumerate(rows):
            ids[place, : len(self.ids[row])] = self.ids[row]
            mask[place, : len(self.ids[row])] = 1
        examples = [self.examples[row] for row in rows]
        return Batch(
            input_ids=torch.from_numpy(ids),
            attention_mask=torch.from_numpy(mask),
            tasks=_task_targets(examples),
            schemes=_scheme_targets(examples),
            lesson=_lesson_targets([self.lessons[row] for row in rows]),
        )


def _task_targets(examples: Sequence[Example]) -> dict[Task, Tensor]:
    targets: dict[Task, Tensor] = {}
    for task in Task:
        known = [CLASSES[task].index(e.tasks[task]) if task in e.tasks else UNKNOWN for e in examples]
        if any(index != UNKNOWN for index in known):
            targets[task] = torch.tensor(known)
    return targets


def _scheme_targets(examples: Sequence[Example]) -> dict[str, tuple[Tensor, Tensor, Tensor]]:
    targets: dict[str, tuple[Tensor, Tensor, Tensor]] = {}
    for name, scheme in SCHEMES.items():
        rows = [row for row, example in enumerate(examples) if example.scheme == name]
        if not rows:
            continue
        presence = torch.zeros(len(rows), len(scheme.aspects))
        signs = torch.full((len(rows), len(scheme.aspects)), UNKNOWN)
        for place, row in enumerate(rows):
            for aspect, sign in examples[row].aspects.items():
                column = scheme.aspects.index(aspect)
                presence[place, column] = 1.0
                signs[place, column] = SIGNS.index(sign)
        targets[name] = (torch.tensor(rows), presence, signs)
    return targets


def _lesson_targets(lessons: Sequence[Lesson | None]) -> tuple[Tensor, dict[str, Tensor]] | None:
    rows = [row for row, lesson in enumerate(lessons) if lesson is not None]
    known = [lesson for lesson in lessons if lesson is not None]
    if not known:
        return None
    names = known[0].keys()
    return torch.tensor(rows), {n: torch.from_numpy(np.stack([k[n] for k in known]).astype(np.float32)) for n in names}


def by_length(lengths: Sequence[int], rows: Sequence[int], size: int, rng: random.Random | None) -> list[list[int]]:
    """Row numbers in batches of like length; with a generator, shuffled so that every pass differs."""
    noisy = sorted(rows, key=lambda row: lengths[row] * (rng.uniform(0.85, 1.15) if rng else 1.0))
    batches = [noisy[start : start + size] for start in range(0, len(noisy), size)]
    if rng:
        rng.shuffle(batches)
    return batches


def mixture(data: Tokenised, weights: dict[str, float], size: int, seed: int) -> Iterator[Batch]:
    """An endless stream of batches; each step draws one source by weight and takes that source's next batch."""
    rng = random.Random(seed)  # noqa: S311 - an order of rows, not a secret
    lengths = [len(ids) for ids in data.ids]
    rows: dict[str, list[int]] = {}
    for row, example in enumerate(data.examples):
        rows.setdefault(example.source, []).append(row)
    sources = [source for source in rows if weights.get(source, 0.0) > 0]
    queues: dict[str, list[list[int]]] = {source: [] for source in sources}
    while True:
        source = rng.choices(sources, [weights[source] for source in sources])[0]
        if not queues[source]:
            queues[source] = by_length(lengths, rows[source], size, rng)
        yield data.batch(queues[source].pop())
