"""Any Hugging Face text classifier as the reader of sentiment, and zero-shot entailment for aspects (extra hub).

What such models do not say stays unsaid: stage is unclear, intent other, loyalty unknown; without an entailment model
there are no aspects.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sentiment.classifiers.errors import ModelMissing, ModelUnusable, first_line
from sentiment.classifiers.windows import Span, Window, cut, parts, readable, says_something, sentences
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
LONGEST_NAME = 100
PATIENCE = 5.0
"""Seconds in which the hub must answer; after that only what was kept of a model here is used."""
SENTIMENTS = (Sentiment.NEGATIVE, Sentiment.NEUTRAL, Sentiment.POSITIVE)


def class_values(labels: Sequence[str]) -> Floats:
    """A row of (negative, neutral, positive) for each class of a model, from the names of its classes.

    Understood are names that contain negative, neutral or positive (or begin like them), star ratings from 1 to 5, and
    unnamed LABEL_0 … of two or three classes in the usual order. Raises ModelUnusable for anything else.
    """
    names = [label.lower() for label in labels]
    if stars := _stars(names):
        return np.array([np.eye(3)[0 if star < 3 else 1 if star == 3 else 2] for star in stars])
    signs = [next((i for i, start in enumerate(("neg", "neu", "pos")) if start in name), None) for name in names]
    if names in (["label_0", "label_1"], ["label_0", "label_1", "label_2"]):
        signs = [0, 2] if len(names) == 2 else [0, 1, 2]
    if None in signs or not {0, 2} <= set(signs):
        raise ModelUnusable(
            f"its classes are {', '.join(labels)[:500]}; "
            "a sentiment model has negative and positive (and neutral), or 1 to 5 stars"
        )
    return np.eye(3)[[sign for sign in signs if sign is not None]]


def class_points(labels: Sequence[str]) -> Floats:
    """What each class is worth on the scale of 1 to 5: its stars, else 1.5, 3 and 4.5 for the three sentiments."""
    stars = _stars([label.lower() for label in labels])
    return np.array(stars, dtype=np.float64) if stars else class_values(labels) @ np.array([1.5, 3.0, 4.5])


def _stars(names: Sequence[str]) -> list[int] | None:
    """The stars that the classes stand for, in their order; None where they are no stars from 1 to 5."""
    found = [re.fullmatch(r"(label_)?(\d)\s*(?:stars?)?", name) for name in names]
    digits = [int(match[2]) + (match[1] is not None) for match in found if match]
    return digits if len(names) == len(digits) and sorted(digits) == [1, 2, 3, 4, 5] else None


@dataclass(frozen=True, slots=True, kw_only=True)
class HubModel:
    """A sequence classifier with its tokenizer and the names of its classes.

    longest: tokens that it takes at once, with those that mark beginning and end
    """

    name: str
    tokenizer: Any
    network: Any
    labels: tuple[str, ...]
    longest: int

    @classmethod
    def load(cls, name: str) -> "HubModel":
        """From the hub's cache, the hub or a folder; raises ModelMissing or ModelUnusable with what to do.

        Weights are read from safetensors alone: a pickle can run anything. Code that comes with a model is not run.
        """
        if not name:
            raise ModelMissing("No model is named: give a folder, or a name of the Hugging Face hub")
        if name.startswith((".", "/", "~")) and not Path(name).is_dir():
            raise ModelMissing(f"{name}: there is no such folder")
        try:
            import torch  # noqa: F401 - asked for here so that its absence gets the right sentence
            from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer
        except ModuleNotFoundError as problem:
            here = "" if Path(name).is_dir() else "there is no such folder here, and "
            raise ModelUnusable(
                f"{name}: {here}Hugging Face models need {problem.name}: pip install 'groundswell[hub]'"
            ) from problem
        silent = None if Path(name).is_dir() else why_unreachable(name)
        where: dict[str, Any] = {
            "trust_remote_code": False,
            "local_files_only": silent is not None or Path(name).is_dir(),
        }
        try:
            config = AutoConfig.from_pretrained(name, **where)
        except (OSError, ValueError) as problem:
            if silent is not None:
                raise ModelMissing(
                    f"{name}: no folder of that name is here, no copy was kept, and it cannot be fetched ({silent}). "
                    f"Try again when the hub answers, or fetch it elsewhere (hf download {name} --local-dir FOLDER) "
                    "and name that folder"
                ) from problem
            raise ModelMissing(
                f"{name}: neither a folder with a model nor one that can be fetched ({first_line(problem)})"
            ) from problem
        try:
            tokenizer = AutoTokenizer.from_pretrained(name, **where)
            network, found = AutoModelForSequenceClassification.from_pretrained(
                name, config=config, use_safetensors=True, output_loading_info=True, **where
            )
        except Exception as problem:
            # A damaged file raises whatever its reader likes.
            raise ModelUnusable(
                f"{name}: cannot be loaded; a folder has config.json, tokenizer.json and model.safetensors, "
                f"pickled weights (.bin) are not read ({type(problem).__name__}: {first_line(problem)})"
            ) from problem
        if found["missing_keys"]:
            raise ModelUnusable(
                f"{name}: its file has no weights for {', '.join(sorted(found['missing_keys'])[:3])}: "
                "it was never trained to tell classes apart; give a text-classification model"
            )
        if not tokenizer.is_fast or tokenizer.pad_token is None:
            raise ModelUnusable(f"{name}: its tokenizer has no fast form or no padding, and both are needed")
        labels = tuple(str(config.id2label[place]) for place in sorted(config.id2label))
        longest = _longest(tokenizer, config)
        return cls(name=name, tokenizer=tokenizer, network=network.eval(), labels=labels, longest=longest)

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
                max_length=self.longest,
            )  # fmt: skip
            with torch.no_grad():
                found[rows] = self.network(**inputs).logits.softmax(-1).double().numpy()
        return found

    def windows(self, text: str) -> list[Window]:
        """The text in windows that fit the model."""
        found = []
        room = min(LONGEST, self.longest - self.tokenizer.num_special_tokens_to_add())
        for start, end in parts(text) if says_something(text) else ():
            encoding = self.tokenizer(text[start:end], add_special_tokens=False, return_offsets_mapping=True)
            spans = [(start + low, start + high) for low, high in encoding["offset_mapping"]]
            found.extend(cut(text, encoding["input_ids"], spans, room))
        return found


class HubClassifier:
    """Reads sentiment with one hub model and, if given, aspects with an entailment model."""

    def __init__(self, sentiment: HubModel, entailment: HubModel | None = None) -> None:
        self.sentiment = sentiment
        self.entailment = entailment
        try:
            self.values, self.points = class_values(sentiment.labels), class_points(sentiment.labels)
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
        """The models' names; a longer one than a store keeps is cut and told from others by a hash."""
        whole = self.sentiment.name + (f" | {self.entailment.name}" if self.entailment else "")
        return whole if len(whole) <= LONGEST_NAME else f"{whole[:80]}…{sha256(whole.encode()).hexdigest()[:12]}"

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
            three, satisfaction = classes @ self.values, float(classes @ self.points)
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


def why_unreachable(name: str) -> str | None:
    """Why the hub gives no answer about a model, in one line; None if it answers, whatever it says.

    Asked once, because the libraries wait about 24 s for each of several files before they say that nobody answers.
    """
    from huggingface_hub import get_hf_file_metadata, hf_hub_url
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        get_hf_file_metadata(hf_hub_url(name, "config.json"), timeout=PATIENCE)
    except HFValidationError:
        return None
    except HfHubHTTPError as problem:
        failing = problem.response.status_code == 429 or problem.response.status_code >= 500
        return first_line(problem) if failing else None
    except Exception as problem:  # noqa: BLE001 - which class says so depends on the library beneath the library
        return first_line(problem)
    return None


def _longest(tokenizer: Any, config: Any) -> int:
    """Tokens that fit: as the tokenizer says, and at most what the network has positions for (RoBERTa's begin at 2)."""
    positions = getattr(config, "max_position_embeddings", None) or 514
    return int(min(512, tokenizer.model_max_length, positions - 2))


def _entailment_class(model: HubModel) -> int:
    found = [place for place, label in enumerate(model.labels) if label.lower().startswith("entail")]
    if not found:
        raise ModelUnusable(
            f"{model.name}: its classes are {', '.join(model.labels)[:500]}; an entailment model has entailment"
        )
    return found[0]
