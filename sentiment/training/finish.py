"""From a trained network to a model's folder that the product loads, with its calibration and what was measured."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sentiment.classifiers.engine import Engine
from sentiment.training.calibrate import calibration
from sentiment.training.data import Example, Split
from sentiment.training.export import export_onnx, quantise
from sentiment.training.network import ReaderNetwork
from sentiment.training.predict import Arrays, sigmoid
from sentiment.training.schemes import ASPECTS, CLASSES, READ_TASKS

LONGEST = 126
"""Tokens of a window, without <s> and </s>."""
LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "ar", "hi", "id")
"""Languages with labelled texts that are kept back from training, so that the model's scores there are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a model was made from; written into reader.json."""

    encoder: str
    licence: str
    recipe: dict[str, Any]


FEWEST_COMPARED = 100
"""Texts on which the 8-bit file is set beside its float32 twin, where the calibration needs no validation texts."""
LEARNT_FROM_VALIDATION = ("temperatures", "thresholds", "offsets", "abstain")


def finish(
    network: ReaderNetwork,
    encoder_dir: Path,
    target: Path,
    *,
    scratch: Path,
    examples: Sequence[Example],
    origin: Origin,
    calibrated: dict[str, Any] | None = None,
) -> dict[str, float]:
    """Export, quantise and calibrate; write model.onnx, tokenizer.json and reader.json into `target`.

    `calibrated` is the reader.json of a model that this one is a small step from, whose calibration is kept: a few
    corrections are too few to calibrate by.

    Returns how far the int8 file agrees with its float32 twin (kept in `scratch`) on the validation texts.
    """
    target.mkdir(parents=True, exist_ok=True)
    scratch.mkdir(parents=True, exist_ok=True)
    twin = scratch / "model.float32.onnx"
    export_onnx(network, twin)
    quantise(twin, target / "model.onnx")
    (target / "tokenizer.json").write_bytes((encoder_dir / "tokenizer.json").read_bytes())
    held_back = [example for example in examples if example.split is Split.VALIDATION]
    if calibrated is not None and len(held_back) < FEWEST_COMPARED:
        held_back = list(examples[:FEWEST_COMPARED])
    texts = [example.text for example in held_back]
    small = engine_logits(target / "model.onnx", target / "tokenizer.json", texts)
    settings = (
        calibration(small, held_back)
        if calibrated is None
        else {name: calibrated[name] for name in LEARNT_FROM_VALIDATION}
    )
    agreement = agree(small, engine_logits(twin, target / "tokenizer.json", texts), settings)
    config = json.loads((encoder_dir / "config.json").read_text(encoding="utf-8"))
    weights = origin.recipe.get("weights", {})
    fitted = Counter(e.source for e in examples if e.split is Split.TRAIN and weights.get(e.source, 0.0) > 0)
    notes = {"attention_heads": config["num_attention_heads"], "learnt_from": dict(fitted)}
    write_reader(target, settings | notes, agreement, origin)
    return agreement


def engine_logits(model: Path, tokenizer_file: Path, texts: Sequence[str]) -> Arrays:
    """Logits of an ONNX file for texts that fit into one window; what does not fit is left out."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    encodings = tokenizer.encode_batch(list(texts), add_special_tokens=False)
    rows = Engine(model).run([encoding.ids[:LONGEST] for encoding in encodings])
    return {name: np.stack([row[name] for row in rows]) for name in rows[0] if name != "weights"}


def agree(small: Arrays, large: Arrays, settings: dict[str, Any]) -> dict[str, float]:
    """Share of equal answers per task, and of equal aspect decisions among those that either file makes."""
    found = {task.value: float((small[task].argmax(-1) == large[task].argmax(-1)).mean()) for task in READ_TASKS}
    thresholds = np.array([settings["thresholds"][aspect] for aspect in ASPECTS])
    temperature = settings["temperatures"]["presence"]
    ours, theirs = (sigmoid(each["presence"] / temperature) >= thresholds for each in (small, large))
    found["aspects"] = float((ours & theirs).sum() / max(1, (ours | theirs).sum()))
    return {name: round(value, 4) for name, value in found.items()}


def write_reader(target: Path, settings: dict[str, Any], agreement: dict[str, float], origin: Origin) -> None:
    """Write reader.json; the name carries a hash of weights and calibration, so that a change of either is a new model.

    Readings of another model are read again, which history needs where the same text gives another answer.
    """
    digest = hashlib.sha256((target / "model.onnx").read_bytes()).hexdigest()
    content = {
        "name": name_of(origin.recipe.get("layers", ""), digest, settings),
        "classes": {task.value: CLASSES[task] for task in READ_TASKS},
        "aspects": ASPECTS,
        **settings,
        "longest": LONGEST,
        "languages": LANGUAGES,
        "sha256": digest,
        "int8_agreement": agreement,
        "encoder": origin.encoder,
        "licence": origin.licence,
        "recipe": origin.recipe,
    }
    (target / "reader.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def name_of(layers: int | str, digest: str, settings: dict[str, Any]) -> str:
    """The name of a model with these weights (their SHA-256) and this calibration."""
    learnt = {name: settings[name] for name in LEARNT_FROM_VALIDATION}
    mark = hashlib.sha256((digest + json.dumps(learnt, sort_keys=True)).encode()).hexdigest()
    return f"groundswell-{layers}x384-{mark[:8]}"
