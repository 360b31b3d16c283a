"""The ONNX network itself: token numbers in, logits out, in batches of like length and bounded memory."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sentiment.classifiers.errors import ModelMissing, ModelUnusable

BEGIN, PAD, END = 0, 1, 2
"""Numbers of <s>, <pad> and </s> in the vocabulary."""
BATCH_TOKENS = 2048
"""Tokens a batch, padding included: 16 windows of full length, more of shorter ones."""
MOST_IN_BATCH = 64

Logits = dict[str, npt.NDArray[np.float32]]
"""One window's outputs: a vector per task, `presence` (aspects,), `signs` (aspects, 3), `weights` (aspects, tokens)."""


class Engine:
    """A loaded model.onnx."""

    def __init__(self, path: Path, threads: int | None = None) -> None:
        if not path.is_file():
            raise ModelMissing(f"{path}: not there; a model's folder holds model.onnx, tokenizer.json and reader.json")
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or len(os.sched_getaffinity(0))
        options.inter_op_num_threads = 1
        # The arena keeps the largest batch ever seen; reading happens in long-lived processes beside a dashboard.
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        try:
            self.session: Any = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as problem:
            raise ModelUnusable(
                f"{path}: not a model that onnxruntime can load ({type(problem).__name__})"
            ) from problem
        self.outputs = [output.name for output in self.session.get_outputs()]

    def run(self, windows: Sequence[Sequence[int]]) -> list[Logits]:
        """The outputs of each window, in order; windows are token numbers without <s> and </s>."""
        results: list[Logits] = [{}] * len(windows)
        order = sorted(range(len(windows)), key=lambda place: len(windows[place]))
        while order:
            # Eight-bit kernels take rows two by two and round a single last one otherwise: with an even width there is
            # none, and a text is read alike whatever stands beside it.
            width = len(windows[order[-1]]) + 2 + len(windows[order[-1]]) % 2
            size = max(1, min(MOST_IN_BATCH, BATCH_TOKENS // width))
            batch, order = order[-size:], order[:-size]
            for place, row in zip(batch, self._batch([windows[place] for place in batch], width), strict=True):
                results[place] = row
        return results

    def _batch(self, windows: Sequence[Sequence[int]], width: int) -> list[Logits]:
        ids = np.full((len(windows), width), PAD, dtype=np.int64)
        mask = np.zeros((len(windows), width), dtype=np.int64)
        for row, tokens in enumerate(windows):
            end = len(tokens) + 1
            ids[row, 0], ids[row, 1:end], ids[row, end] = BEGIN, tokens, END
            mask[row, : end + 1] = 1
        arrays = self.session.run(self.outputs, {"input_ids": ids, "attention_mask": mask})
        named = dict(zip(self.outputs, arrays, strict=True))
        weights = named.pop("weights")
        return [
            {name: array[row] for name, array in named.items()} | {"weights": weights[row, :, 1 : len(tokens) + 1]}
            for row, tokens in enumerate(windows)
        ]
