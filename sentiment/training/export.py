"""How a trained network becomes the shipped file: embeddings in bytes, ONNX, int8 weights, calibration."""

import logging
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from sentiment.training.network import ReaderNetwork
from sentiment.training.schemes import READ_TASKS

OUTPUTS = (*(task.value for task in READ_TASKS), "presence", "signs", "weights")


class ByteEmbedding(nn.Module):
    """Word vectors as signed bytes with one scale a piece: a quarter of the size, error under 0.4 % of a maximum."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        scale = weight.abs().amax(dim=1, keepdim=True).clamp(min=1e-8) / 127
        self.register_buffer("bytes", (weight / scale).round().to(torch.int8))
        self.register_buffer("scale", scale)

    def forward(self, input_ids: Tensor) -> Tensor:
        """Vectors of the pieces, (…, width)."""
        rows: Tensor = self.get_buffer("bytes")[input_ids].float()
        return rows * self.get_buffer("scale")[input_ids]


def export_onnx(network: ReaderNetwork, target: Path, *, bytes_for_words: bool = True) -> None:
    """Write the network as an ONNX file with inputs input_ids and attention_mask, (batch, tokens) int64 each."""
    network.eval().float()
    words = network.encoder.embeddings.word_embeddings
    if bytes_for_words:
        network.encoder.embeddings.word_embeddings = ByteEmbedding(words.weight.detach())
    ids = torch.tensor([[0, 10, 11, 12, 2], [0, 10, 2, 1, 1]])
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
    axes = {name: {0: "batch"} for name in OUTPUTS}
    axes["weights"] = {0: "batch", 2: "tokens"}
    axes.update(input_ids={0: "batch", 1: "tokens"}, attention_mask={0: "batch", 1: "tokens"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network, (ids, mask), str(target), input_names=["input_ids", "attention_mask"],
            output_names=list(OUTPUTS), dynamic_axes=axes, opset_version=17, dynamo=False,
        )  # fmt: skip
    network.encoder.embeddings.word_embeddings = words


def quantise(source: Path, target: Path) -> None:
    """Write `target` with the encoder's matrices in 8 bits, a scale for every 128 weights; small heads stay float32.

    Each token's activations get scales of their own while it runs. Dynamic quantisation, one scale for a batch, takes
    half to two thirds of the time, but a few huge activations of this encoder then drown the others: on validation
    texts 96 % of sentiments and 87 % of aspects agreed with float32, against 99 % and 97 % here, and a reading depended
    on the other texts of its batch.
    """
    import onnx
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    # It reports every node of the graph at the level of information.
    logging.getLogger("onnxruntime.quantization.matmul_nbits_quantizer").setLevel(logging.WARNING)
    model = onnx.load(str(source))
    heads = [
        node.name for node in model.graph.node if node.op_type == "MatMul" and not node.name.startswith("/encoder")
    ]
    quantiser = MatMulNBitsQuantizer(
        model, bits=8, block_size=128, is_symmetric=True, accuracy_level=4, nodes_to_exclude=heads
    )
    quantiser.process()
    quantiser.model.save_model_to_file(str(target))
