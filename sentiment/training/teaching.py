"""What a large network tells a small one: its probabilities for every task and aspect of every text (distillation)."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Lesson = dict[str, npt.NDArray[np.float16]]
"""Soft labels of one text: a distribution per task, `presence` (aspects,) and `signs` (aspects, 3)."""


def key_of(text: str) -> str:
    """The name under which a text's lesson is kept."""
    return hashlib.sha1(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def save_lessons(path: Path, texts: Sequence[str], arrays: dict[str, npt.NDArray[Any]]) -> None:
    """Keep the soft labels of the texts in one npz file; the first axis of every array is the text."""
    _write(path, {"keys": np.array([key_of(text) for text in texts]), **arrays})


def join_lessons(parts: Sequence[Path], path: Path) -> None:
    """Make one file of the parts, one after the other, and delete them."""
    kept: list[dict[str, npt.NDArray[Any]]] = []
    for part in parts:
        with np.load(part) as arrays:
            kept.append(dict(arrays))
    _write(path, {name: np.concatenate([part[name] for part in kept]) for name in kept[0]})
    for part in parts:
        part.unlink()


def _write(path: Path, arrays: dict[str, npt.NDArray[Any]]) -> None:
    half = path.with_name(f"half-{path.name}")
    np.savez(half, allow_pickle=False, **arrays)
    half.replace(path)


def load_lessons(path: Path, texts: Sequence[str]) -> list[Lesson | None]:
    """The lesson of each text, or None where the teacher has not seen it."""
    with np.load(path) as kept:
        arrays = {name: kept[name].astype(np.float16) for name in kept.files if name != "keys"}
        place = {str(key): row for row, key in enumerate(kept["keys"])}
    rows = [place.get(key_of(text)) for text in texts]
    return [None if row is None else {name: array[row] for name, array in arrays.items()} for row in rows]
