"""Any Hugging Face text classifier as the reader of sentiment, and zero-shot entailment for aspects (extra hub).

What such models do not say stays unsaid: stage is unclear, intent other, loyalty unknown; without an entailment model
there are no aspects.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sentiment.classifiers.errors import ModelMissing, ModelUnusable
from sentiment.classifiers.windows import Span, Window, cut, parts, readable, sentences
from sentiment.language import language_of
from sentiment.reading import AspectReading, Intent, Loyalty, Reading, Sentiment, Stage
from sentiment.taxonomy import taxonomy

Floats = npt.NDArray[np.float64]
BATCH = 16
LONGEST = 256
"""Tokens of a window; most such models were trained on far shorter texts than their limit of 512."""
ENTAILED = 0.6
"""Probability of entailment from which a text counts as being about an aspect."""
HYPOTHESIS = "This text says something about {}."
ABSTAIN = 0.05
SENTIMENTS = (Sentiment.NEGATIVE, Sentiment.NEUTRAL, Sentiment.POSITIVE)


def class_values(labels: Sequence[str]) -> Floats:
    """A row of (negative, neutral, positive) for each class of a model, from the names of its classes.

    Understood are names that contain negative, neutral or positive (or begin like them), star ratings from 1 to 5, and
    unnamed LABEL_0 … of two or three classes in the usual order. Raises ModelUnusable for anything else.
    """
    names = [label.lower() for label in labels]
    stars = [re.match(r"^(?:label_)?(\d)\s*(?:stars?)?$", name) for name in names]
    if len(names) == 5 and all(stars):
        return np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]], dtype=np.float64)
    signs = [next((i for i, start in enumerate(("neg", "neu", "pos")) if start in name), None) for name in names]
    if all(name.startswith("label_") for name in names) and len(names) in {2, 3}:
        signs = [0, 2] if len(names) == 2 else [0, 1, 2]
    if None in signs or not {0, 2} <= set(signs):
        raise ModelUnusable(
            f"its classes are {', '.join(labels)}; "
            "a sentiment model has negative and positive (and neutral), or 1 to 5 stars"
        )
    return np.eye(3)[[sign for sign in signs if sign is not None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class HubModel:
    """A sequence classifier with its tokenizer and the names of its classes."""

    name: str
    tokenizer: Any
    network: Any
    labels: tuple[str, ...]

    @classmethod
    def load(cls, name: str) -> "HubModel":
        """From the hub's cache, the hub or a folder; raises ModelMissing or ModelUnusable with what to do."""
        try:
            import torch  # noqa: F401 - asked for here so that its absence gets the right sentence
            from transformers import AutoModelForSequenceClassification, AutoTokenizer
        except ModuleNotFoundError as problem:
            raise ModelUnusable(
                f"{name}: Hugging Face models need {problem.name}: pip install 'groundswell[hub]'"
            ) from problem
        try:
            tokenizer = AutoTokenizer.from_pretrained(name)
            network = AutoModelForSequenceClassification.from_pretrained(name).eval()
        except (OSError, ValueError) as problem:
            first = str(problem).strip().splitlines()[0]
            raise ModelMissing(
                f"{name}: neither a folder with a model nor one that can be fetched ({first})"
            ) from problem
        labels = network.config.id2label
        return cls(name=name, tokenizer=tokenizer, network=network, labels=tuple(labels[i] for i in range(len(labels))))

    def probabilities(self, texts: Sequence[str], seconds: Sequence[str] | None = None) -> Floats:
        """(texts, classes) probabilities; `seconds` makes pairs for entailment."""
        import torch

        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        found = np.zeros((len(texts), len(self.labels)))
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            pair = None if seconds is None else [seconds[row] for row in rows]
            inputs = self.tokenizer(
                [texts[row] for row in rows], pair, truncation=True, padding=True, return_tensors="pt",
                max_length=min(512, self.tokenizer.model_max_length),
            )  # fmt: skip
            with torch.no_grad():
                found[rows] = self.network(**inputs).logits.softmax(-1).double().numpy()
        return found

    def windows(self, text: str) -> list[Window]:
        """The text in windows that fit the model."""
        found = []
        for start, end in parts(text):
            encoding = self.tokenizer(text[start:end], add_special_tokens=False, return_offsets_mapping=True)
            spans = [(start + low, start + high) for low, high in encoding["offset_mapping"]]
            found.extend(cut(text, encoding["input_ids"], spans, LONGEST))
        return found


class HubClassifier:
    """Reads sentiment with one hub model and, if given, aspects with an entailment model."""

    def __init__(self, sentiment: HubModel, entailment: HubModel | None = None) -> None:
        self.sentiment = sentiment
        self.entailment = entailment
        try:
            self.values = class_values(sentiment.labels)
        except ModelUnusable as problem:
            raise ModelUnusable(f"{sentiment.name}: {problem}") from problem
        self.entails = _entailment_class(entailment) if entailment else 0

    @classmethod
    def load(cls, model: str, *, threads: int | None = None) -> "HubClassifier":
        """From "sentiment-model" or "sentiment-model | entailment-model", names or folders."""
        first, _, second = (part.strip() for part in model.partition("|"))
        loaded = cls(HubModel.load(first), HubModel.load(second) if second else None)
        if threads:
            import torch

            torch.set_num_threads(threads)
        return loaded

    @property
    def name(self) -> str:
        """The models' names."""
        return self.sentiment.name + (f" | {self.entailment.name}" if self.entailment else "")

    def read(self, texts: Sequence[str], languages: Sequence[str | None] | None = None) -> list[Reading]:
        """One reading a text, in order; long texts are read in windows and their probabilities averaged by length."""
        declared = languages if languages is not None else [None] * len(texts)
        return [self._one(readable(text), told) for text, told in zip(texts, declared, strict=True)]

    def _one(self, text: str, declared: str | None) -> Reading:
        windows = self.sentiment.windows(text)
        spans = [(window.spans[0][0], window.spans[-1][1]) for window in windows]
        share = np.array([len(window.tokens) for window in windows], dtype=np.float64)
        if windows:
            classes = (share / share.sum()) @ self.sentiment.probabilities([text[slice(*span)] for span in spans])
            three, satisfaction = classes @ self.values, _satisfaction(classes, self.values)
        else:
            three, satisfaction = np.array([0.0, 1.0, 0.0]), 3.0
        ranked = np.sort(three)
        return Reading(
            model=self.name,
            sentiment=SENTIMENTS[int(three.argmax())],
            probabilities=(float(three[0]), float(three[1]), float(three[2])),
            satisfaction=satisfaction,
            aspects=self._aspects(text, spans),
            stage=Stage.UNCLEAR,
            intent=Intent.OTHER,
            loyalty=Loyalty.UNKNOWN,
            language=language_of(text, declared),
            validated=False,
            abstained=not windows or bool(ranked[-1] - ranked[-2] < ABSTAIN),
        )

    def _aspects(self, text: str, spans: Sequence[Span]) -> tuple[AspectReading, ...]:
        if self.entailment is None:
            return ()
        known = [sentence for span in spans for sentence in sentences(text, span)]
        if not known:
            return ()
        aspects = list(taxonomy().aspects.values())
        pairs = [(text[slice(*span)], HYPOTHESIS.format(aspect.label.lower())) for span in known for aspect in aspects]
        chances = self.entailment.probabilities([first for first, _ in pairs], [second for _, second in pairs])
        table = chances[:, self.entails].reshape(len(known), len(aspects))
        signs = self.sentiment.probabilities([text[slice(*span)] for span in known]) @ self.values
        return tuple(
            AspectReading(
                aspect=aspect.name,
                polarity=SENTIMENTS[int(signs[best].argmax())],
                confidence=float(table[best, column]),
                start=known[best][0],
                end=known[best][1],
            )
            for column, aspect in enumerate(aspects)
            if table[best := int(table[:, column].argmax()), column] >= ENTAILED
        )


def _satisfaction(classes: Floats, values: Floats) -> float:
    """Expected points: the stars themselves for a model of stars, else 1.5, 3 and 4.5 for the three sentiments."""
    points = np.arange(1.0, 6.0) if len(classes) == 5 else values @ np.array([1.5, 3.0, 4.5])
    return float(classes @ points)


def _entailment_class(model: HubModel) -> int:
    found = [place for place, label in enumerate(model.labels) if label.lower().startswith("entail")]
    if not found:
        raise ModelUnusable(
            f"{model.name}: its classes are {', '.join(model.labels)}; an entailment model has entailment"
        )
    return found[0]
