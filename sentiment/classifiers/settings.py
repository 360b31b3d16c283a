"""What a model's folder says about itself: reader.json, checked when it is loaded."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment.classifiers.errors import ModelMissing, ModelUnusable


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """How to read the model's numbers.

    temperatures   what logits are divided by before softmax, per task, "presence" and "signs"; from validation texts
    offsets        added to the logits of a task before the largest is taken, so that rare classes get their due
    thresholds     per aspect, the calibrated presence from which it counts
    abstain        smallest gap between the two likeliest sentiments at which the reading is relied upon
    languages      ISO 639-1 codes in which the model was measured
    """

    name: str
    classes: dict[str, tuple[str, ...]]
    aspects: tuple[str, ...]
    temperatures: dict[str, float]
    offsets: dict[str, tuple[float, ...]]
    thresholds: tuple[float, ...]
    abstain: float
    longest: int
    languages: frozenset[str]


def load_settings(folder: Path) -> ModelSettings:
    """Read reader.json of a model's folder.

    Raises ModelMissing or ModelUnusable with a sentence that names the file.
    """
    path = folder / "reader.json"
    if not path.is_file():
        raise ModelMissing(f"{path}: not there; a model's folder holds model.onnx, tokenizer.json and reader.json")
    try:
        return _checked(_settings(json.loads(path.read_text(encoding="utf-8"))))
    except (KeyError, TypeError, ValueError, AttributeError, OSError) as problem:
        raise ModelUnusable(f"{path}: {problem!r}; export the model again with groundswell train") from problem


def _checked(settings: ModelSettings) -> ModelSettings:
    for task in ("sentiment", "satisfaction", "stage", "intent", "loyalty", "presence", "signs"):
        if not settings.temperatures[task] > 0:
            raise ValueError(f"the temperature of {task} is not above 0")
    for task in ("sentiment", "satisfaction", "stage", "intent", "loyalty"):
        settings.classes[task]
    if settings.longest < 1:
        raise ValueError("longest is not above 0")
    return settings


def _settings(raw: dict[str, Any]) -> ModelSettings:
    aspects = tuple(raw["aspects"])
    return ModelSettings(
        name=str(raw["name"]),
        classes={task: tuple(classes) for task, classes in raw["classes"].items()},
        aspects=aspects,
        temperatures={task: float(value) for task, value in raw["temperatures"].items()},
        offsets={task: tuple(float(v) for v in values) for task, values in raw.get("offsets", {}).items()},
        thresholds=tuple(float(raw["thresholds"][aspect]) for aspect in aspects),
        abstain=float(raw["abstain"]),
        longest=int(raw["longest"]),
        languages=frozenset(raw["languages"]),
    )
