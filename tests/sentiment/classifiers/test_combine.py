"""How the numbers of the network become one answer."""

import numpy as np
import pytest

from sentiment.classifiers.combine import blend


def test_five_classes_of_satisfaction_have_their_say_in_three_of_sentiment() -> None:
    sentiment = np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])
    satisfaction = np.array([[0.1, 0.1, 0.6, 0.1, 0.1], [0.0, 0.0, 0.0, 0.4, 0.6]])
    assert blend(sentiment, satisfaction, 0.0) == pytest.approx(sentiment)
    assert blend(sentiment, satisfaction, 0.5) == pytest.approx(np.array([[0.35, 0.45, 0.2], [0.05, 0.05, 0.9]]))
    assert blend(sentiment, satisfaction, 0.35).sum(-1) == pytest.approx(np.ones(2))
