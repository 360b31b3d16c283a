"""How a trained network becomes the shipped file: embeddings in bytes, ONNX, int8 weights, calibration."""

import tempfile
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from sentiment.training.network import ReaderNetwork
from sentiment.training.schemes import READ_TASKS

OUTPUTS = (*(task.value for task in READ_TASKS), "presence", "signs", "weights")


class ByteEmbedding(nn.Module):
    """Word embeddings kept as signed bytes with one scale a piece: a quarter of the size, error under 0.4 % of a row's maximum."""

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
    """Write `target` with the encoder's matrix products in int8, per channel; the small heads stay in float32."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory() as scratch:
        ready = Path(scratch) / "ready.onnx"
        quant_pre_process(str(source), str(ready), skip_symbolic_shape=True)
        graph = onnx.load(str(ready)).graph
        products = [n.name for n in graph.node if n.op_type in {"MatMul", "Gemm"} and n.name.startswith("/encoder")]
        quantize_dynamic(
            str(ready), str(target), per_channel=True, weight_type=QuantType.QInt8, nodes_to_quantize=products
        )
