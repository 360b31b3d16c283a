"""An exported model made trainable again: its 8-bit weights as float32 in the transformers layout, and its heads."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from sentiment.classifiers.errors import ModelUnusable
from sentiment.training.encoder import SPECIAL_NAMES

WORDS = "encoder.embeddings.word_embeddings"
Weights = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """encoder: a transformers folder; weights: a state file with the heads too; settings: the model's reader.json."""

    encoder: Path
    weights: Path
    settings: dict[str, Any]


def restore(model: Path, target: Path) -> Restored:
    """Unpack a model's folder (model.onnx, tokenizer.json, reader.json) into `target`, ready to be trained further.

    What the export left out (the heads of borrowed label schemes) starts anew. Raises ModelUnusable.
    """
    from safetensors.torch import save_file

    target.mkdir(parents=True, exist_ok=True)
    found = onnx_weights(model / "model.onnx")
    state = {name: torch.from_numpy(array.copy()) for name, array in found.items()}
    words = state[f"{WORDS}.weight"]
    layers = {name.split("layer.")[1].split(".")[0] for name in state if "encoder.encoder.layer." in name}
    settings = _settings(model / "reader.json")
    config = {
        "model_type": "bert",
        "architectures": ["BertModel"],
        "vocab_size": len(words),
        "hidden_size": words.shape[1],
        "num_hidden_layers": len(layers),
        "num_attention_heads": settings["attention_heads"],
        "intermediate_size": len(state["encoder.encoder.layer.0.intermediate.dense.bias"]),
        "max_position_embeddings": len(state["encoder.embeddings.position_embeddings.weight"]),
        "type_vocab_size": len(state["encoder.embeddings.token_type_embeddings.weight"]),
        "pad_token_id": 1,
    }
    (target / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
    (target / "tokenizer.json").write_bytes((model / "tokenizer.json").read_bytes())
    tokenizer = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 512, **SPECIAL_NAMES}
    (target / "tokenizer_config.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    encoder = {name.removeprefix("encoder."): tensor for name, tensor in state.items() if name.startswith("encoder.")}
    save_file(encoder, str(target / "model.safetensors"), metadata={"format": "pt"})
    torch.save(state, target / "start.pt")
    return Restored(encoder=target, weights=target / "start.pt", settings=settings)


def _settings(file: Path) -> dict[str, Any]:
    try:
        settings: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise ModelUnusable(f"{file}: cannot be read ({problem}); it belongs to model.onnx beside it") from problem
    if "attention_heads" not in settings:
        raise ModelUnusable(f"{file}: does not say attention_heads; export the model again with groundswell train")
    return settings


def onnx_weights(path: Path) -> Weights:
    """Every parameter of an exported network by its name in ReaderNetwork, float32.

    The exporter keeps the names of what stays as it is; matrices that are multiplied are transposed and named by the
    node that uses them. MatMulNBits holds them as (out, blocks, block) bytes with 128 for zero and a scale a block
    (onnxruntime contrib operators, com.microsoft.MatMulNBits).
    """
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(path)).graph
    held: Weights = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    found = {name: array for name, array in held.items() if "::" not in name and not name.startswith(WORDS)}
    try:
        found[f"{WORDS}.weight"] = held[f"{WORDS}.bytes"].astype(np.float32) * held[f"{WORDS}.scale"]
        for node in graph.node:
            if node.op_type == "MatMulNBits":
                inside = {attribute.name: attribute.i for attribute in node.attribute}
                blocks = (held[node.input[1]].astype(np.float32) - 128) * held[node.input[2]].reshape(
                    inside["N"], -1, 1
                )
                found[_parameter(node.name)] = blocks.reshape(inside["N"], -1)[:, : inside["K"]]
            elif node.op_type == "MatMul" and node.input[1] in held:
                found[_parameter(node.name)] = held[node.input[1]].T
    except KeyError as missing:
        raise ModelUnusable(f"{path}: not a model that groundswell train exported (it has no {missing})") from missing
    return found


def _parameter(node: str) -> str:
    """encoder.encoder.layer.0.output.dense.weight from /encoder/encoder/layer.0/output/dense/MatMul_Q8."""
    return node.strip("/").rsplit("/", 1)[0].replace("/", ".") + ".weight"
