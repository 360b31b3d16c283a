"""What a classifier says of one text: the Reading, and the closed sets it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Sentiment(StrEnum):
    """How the writer feels, or the sign of one aspect (then called its polarity)."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"

    @property
    def sign(self) -> int:
        """-1, 0 or 1, as the store keeps it."""
        return {"negative": -1, "neutral": 0, "positive": 1}[self.value]

    @classmethod
    def of_sign(cls, sign: int) -> Sentiment:
        """The member whose sign is -1, 0 or 1."""
        return (cls.NEUTRAL, cls.POSITIVE, cls.NEGATIVE)[sign]


class Stage(StrEnum):
    """Where the writer stands in the transaction."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"
    UNCLEAR = "unclear"


class Intent(StrEnum):
    """What the writer wants."""

    COMPLAINT = "complaint"
    PRAISE = "praise"
    QUESTION = "question"
    SUGGESTION = "suggestion"
    OTHER = "other"


class Loyalty(StrEnum):
    """Where the writer stands with the brand."""

    PROSPECT = "prospect"
    REPEAT = "repeat"
    ADVOCATE = "advocate"
    DETRACTOR = "detractor"
    LEAVING = "leaving"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class AspectReading:
    """An aspect that a text is about: polarity, confidence (0 to 1) and the characters [start, end) that say so."""

    aspect: str
    polarity: Sentiment
    confidence: float
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a classifier says of one text.

    probabilities  of negative, neutral, positive; calibrated; they add up to one
    satisfaction   expected value on the scale of 1 (outraged) to 5 (delighted)
    language       ISO 639-1 code the text was read in, None where nobody can tell
    validated      whether the model's scores were measured in that language
    abstained      the probabilities lie too close to each other to be relied upon; still counted, but marked
    """

    model: str
    sentiment: Sentiment
    probabilities: tuple[float, float, float]
    satisfaction: float
    aspects: tuple[AspectReading, ...]
    stage: Stage
    intent: Intent
    loyalty: Loyalty
    language: str | None
    validated: bool
    abstained: bool
