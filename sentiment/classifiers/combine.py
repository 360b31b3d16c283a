"""How the outputs of a text's windows become one reading: weighted means, the strongest aspect, its evidence."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sentiment.classifiers.engine import Logits
from sentiment.classifiers.settings import ModelSettings
from sentiment.classifiers.windows import Span, Window, clauses, sentences
from sentiment.reading import AspectReading, Intent, Loyalty, Reading, Sentiment, Stage

Floats = npt.NDArray[np.float64]
CLAUSE_SHARE = 0.6
"""A clause is shown instead of its sentence where it holds at least this share of the sentence's weight."""
SENTIMENTS = (Sentiment.NEGATIVE, Sentiment.NEUTRAL, Sentiment.POSITIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """The language a text is in, None where nobody can tell, and whether the model was measured in it."""

    code: str | None
    validated: bool


def softmax(logits: npt.NDArray[np.floating], temperature: float = 1.0) -> Floats:
    """Softmax over the last axis of logits divided by the temperature."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    shifted = np.exp(scaled - scaled.max(-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(-1, keepdims=True))


def sigmoid(logits: npt.NDArray[np.floating], temperature: float = 1.0) -> Floats:
    """Logistic function of logits divided by the temperature."""
    scaled = np.clip(np.asarray(logits, dtype=np.float64) / temperature, -40, 40)
    return np.asarray(1 / (1 + np.exp(-scaled)))


def combine(
    text: str, windows: Sequence[Window], outputs: Sequence[Logits], settings: ModelSettings, language: Language
) -> Reading:
    """One reading out of all windows of a text.

    Sentiment, satisfaction, stage and intent are means weighted by the windows' tokens; an aspect is as present as in
    the window where it is most; loyalty is taken from the window that says most about it.
    """
    size = np.array([len(window.tokens) for window in windows], dtype=np.float64)
    share = size / size.sum()
    sentiment = share @ _task(outputs, settings, "sentiment")
    ranked = np.sort(sentiment)
    loyalty = _task(outputs, settings, "loyalty")
    telling = loyalty[loyalty[:, settings.classes["loyalty"].index(Loyalty.UNKNOWN)].argmin()]
    return Reading(
        model=settings.name,
        sentiment=SENTIMENTS[int(sentiment.argmax())],
        probabilities=_three(sentiment),
        satisfaction=float(share @ _task(outputs, settings, "satisfaction") @ np.arange(1.0, 6.0)),
        aspects=_aspects(text, windows, outputs, settings),
        stage=Stage(_chosen(share @ _task(outputs, settings, "stage"), settings, "stage")),
        intent=Intent(_chosen(share @ _task(outputs, settings, "intent"), settings, "intent")),
        loyalty=Loyalty(_chosen(telling, settings, "loyalty")),
        language=language.code,
        validated=language.validated,
        abstained=bool(ranked[-1] - ranked[-2] < settings.abstain),
    )


def nothing_said(settings: ModelSettings, language: Language) -> Reading:
    """The reading of a text without any words: neutral, about nothing, and not to be relied upon."""
    return Reading(
        model=settings.name,
        sentiment=Sentiment.NEUTRAL,
        probabilities=(0.0, 1.0, 0.0),
        satisfaction=3.0,
        aspects=(),
        stage=Stage.UNCLEAR,
        intent=Intent.OTHER,
        loyalty=Loyalty.UNKNOWN,
        language=language.code,
        validated=False,
        abstained=True,
    )


def _task(outputs: Sequence[Logits], settings: ModelSettings, task: str) -> Floats:
    return softmax(np.stack([output[task] for output in outputs]), settings.temperatures[task])


def _chosen(probabilities: Floats, settings: ModelSettings, task: str) -> str:
    offsets = np.array(settings.offsets.get(task, (0.0,) * len(probabilities)))
    return settings.classes[task][int((np.log(probabilities + 1e-12) + offsets).argmax())]


def _three(probabilities: Floats) -> tuple[float, float, float]:
    negative, neutral, positive = (float(value) for value in probabilities / probabilities.sum())
    return negative, neutral, positive


def _aspects(
    text: str, windows: Sequence[Window], outputs: Sequence[Logits], settings: ModelSettings
) -> tuple[AspectReading, ...]:
    presence = sigmoid(np.stack([output["presence"] for output in outputs]), settings.temperatures["presence"])
    found = []
    for place in np.flatnonzero(presence.max(0) >= settings.thresholds):
        best = int(presence[:, place].argmax())
        signs = softmax(np.stack([output["signs"][place] for output in outputs]), settings.temperatures["signs"])
        relevant = presence[:, place] * (presence[:, place] >= settings.thresholds[place])
        start, end = evidence(text, windows[best], outputs[best]["weights"][place])
        found.append(
            AspectReading(
                aspect=settings.aspects[place],
                polarity=SENTIMENTS[int((relevant @ signs).argmax())],
                confidence=float(presence[best, place]),
                start=start,
                end=end,
            )
        )
    return tuple(sorted(found, key=lambda aspect: -aspect.confidence))


def evidence(text: str, window: Window, weights: npt.NDArray[np.floating]) -> Span:
    """The sentence of the window that the aspect's weights lie on, or its clause if nearly all of them do."""
    whole = (window.spans[0][0], window.spans[-1][1])
    sentence, weight = _heaviest(sentences(text, whole), window, weights)
    if sentence is None:
        return whole
    clause, part = _heaviest(clauses(text, sentence), window, weights)
    return clause if clause is not None and part >= CLAUSE_SHARE * weight else sentence


def _heaviest(spans: Sequence[Span], window: Window, weights: npt.NDArray[np.floating]) -> tuple[Span | None, float]:
    if not spans:
        return None, 0.0
    ends = np.array([end for _, end in spans])
    middles = np.array([(start + end) / 2 for start, end in window.spans])
    inside = (middles >= spans[0][0]) & (middles <= spans[-1][1])
    place = np.minimum(np.searchsorted(ends, middles[inside]), len(spans) - 1)
    mass = np.bincount(place, weights=np.asarray(weights, dtype=np.float64)[inside], minlength=len(spans))
    return spans[int(mass.argmax())], float(mass.max())
