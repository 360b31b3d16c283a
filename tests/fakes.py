"""Records made up for tests, and the one fake at each seam."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from collector.mention import Kind, Mention
from sentiment.reading import AspectReading, Intent, Loyalty, Reading, Sentiment, Stage

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def a_mention(external_id: str = "1", **changes: Any) -> Mention:
    """A mention with everything that a test does not care about filled in."""
    values: dict[str, Any] = {
        "source": "reviews",
        "brand": "Northwind Ferries",
        "external_id": external_id,
        "kind": Kind.REVIEW,
        "text": f"The crossing number {external_id} left two hours late and nobody told us why",
        "created_at": NOW,
        "fetched_at": NOW,
    }
    return Mention(**(values | changes))


def a_reading(
    sentiment: Sentiment = Sentiment.NEGATIVE, aspects: dict[str, Sentiment] | None = None, **changes: Any
) -> Reading:
    """A reading with the given sentiment and aspects."""
    values: dict[str, Any] = {
        "model": "fake-1",
        "sentiment": sentiment,
        "probabilities": (0.8, 0.15, 0.05),
        "satisfaction": {"negative": 1.5, "neutral": 3.0, "positive": 4.5}[sentiment],
        "aspects": tuple(
            AspectReading(aspect=name, polarity=polarity, confidence=0.9, start=0, end=5)
            for name, polarity in (aspects or {}).items()
        ),
        "stage": Stage.DURING,
        "intent": Intent.COMPLAINT,
        "loyalty": Loyalty.UNKNOWN,
        "language": "en",
        "validated": True,
        "abstained": False,
    }
    return Reading(**(values | changes))


class FakeReader:
    """Reads by keyword: "late" is negative timeliness, "lovely" positive courtesy; a text with "poison" breaks it."""

    name = "fake-1"

    def __init__(self) -> None:
        self.batches: list[int] = []

    def read(self, texts: Sequence[str], languages: Sequence[str | None] | None = None) -> list[Reading]:
        """One reading a text."""
        self.batches.append(len(texts))
        if any("poison" in text for text in texts):
            raise RuntimeError("the model choked")
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> Reading:
        aspects = {}
        if "late" in text:
            aspects["timeliness"] = Sentiment.NEGATIVE
        if "lovely" in text:
            aspects["courtesy"] = Sentiment.POSITIVE
        sentiment = Sentiment.NEGATIVE if "late" in text else Sentiment.POSITIVE if aspects else Sentiment.NEUTRAL
        return a_reading(sentiment, aspects, model=self.name)
