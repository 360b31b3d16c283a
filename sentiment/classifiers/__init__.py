"""Classifiers: anything that reads texts into Readings; the shipped one, or any Hugging Face model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from sentiment.classifiers.errors import ClassifierProblem, ModelMissing, ModelUnusable
from sentiment.reading import Reading

__all__ = ["Classifier", "ClassifierProblem", "ModelMissing", "ModelUnusable", "load_classifier"]


class Classifier(Protocol):
    """Reads texts; any text may come, of any length and language, and none may break it."""

    @property
    def name(self) -> str:
        """The model's name, kept with each reading."""
        ...

    def read(self, texts: Sequence[str], languages: Sequence[str | None] | None = None) -> list[Reading]:
        """One reading a text, in order; `languages` as the sources declared them."""
        ...


def load_classifier(model: str = "shipped", *, threads: int | None = None) -> Classifier:
    """The classifier of that name: "shipped", the folder of an exported one, or a Hugging Face model (extra hub).

    Raises ClassifierProblem with a sentence for the user.
    """
    from sentiment.classifiers.onnx import SHIPPED, OnnxClassifier

    if model == "shipped":
        return OnnxClassifier(SHIPPED, threads)
    if (Path(model) / "reader.json").is_file():
        return OnnxClassifier(Path(model), threads)
    from sentiment.classifiers.hub import HubClassifier

    return HubClassifier.load(model, threads=threads)
