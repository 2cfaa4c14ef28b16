"""From the trained network to int8 ONNX: embeddings by row, matrix products by column, activations dynamically.

The embeddings, three quarters of all bytes, lie beside the network in a file of their own, so that networks which share them (the
encoder and the fast one cut from it) share the file.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from finextract.training.encoder.model import Network

EMBEDDINGS = "embeddings.bin"
INPUTS = ("ids", "piece", "place", "char", "kind")


class Int8Embedding(nn.Module):
    """An embedding table in int8 with one scale a row."""

    def __init__(self, table: Tensor) -> None:
        super().__init__()
        scale = table.abs().amax(1, keepdim=True).clamp(min=1e-8) / 127.0
        self.register_buffer("values", torch.round(table / scale).to(torch.int8))
        self.register_buffer("scale", scale.float())

    def forward(self, ids: Tensor) -> Tensor:
        values: Tensor = self.values[ids]  # type: ignore[index]
        scale: Tensor = self.scale[ids]  # type: ignore[index]
        return values.float() * scale


class Reader(nn.Module):
    """The network for one window, without padding."""

    def __init__(self, model: Network) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor, piece: Tensor, place: Tensor, char: Tensor, kind: Tensor) -> Tensor:
        return self.model(ids, torch.ones_like(ids), piece, place, char, kind)  # type: ignore[no-any-return]


def export(model: Network, path: Path) -> None:
    """Write ``path`` (``model.onnx``) and the embeddings beside it. The model's embeddings are replaced by their int8 form.

    Raises ValueError where other embeddings lie there already and another network reads them.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model = model.eval()
    table = model.words.weight.detach()
    model.words = Int8Embedding(table)  # type: ignore[assignment]
    model.char = Int8Embedding(model.char.weight.detach())  # type: ignore[assignment]
    p, c = 7, 11
    ids = torch.randint(4, 50, (1, p))
    chars = [torch.randint(0, high, (1, c)) for high in (p, 8, 99, 9)]
    axes = {"ids": {1: "p"}, "tags": {1: "c"}} | {name: {1: "c"} for name in INPUTS[1:]}
    raw = path.with_suffix(".float.onnx")
    torch.onnx.export(
        Reader(model),
        (ids, *chars),
        str(raw),
        input_names=list(INPUTS),
        output_names=["tags"],
        dynamic_axes=axes,
        opset_version=20,
        dynamo=False,
    )
    graph = onnx.load(str(raw))
    # The last layer is small and decides: it stays in floating point.
    keep = [n.name for n in graph.graph.node if n.op_type in ("MatMul", "Gemm") and "tags" in n.name]
    temporary = path.with_suffix(".tmp.onnx")
    quantize_dynamic(
        str(raw),
        str(temporary),
        op_types_to_quantize=["MatMul", "Gemm"],
        per_channel=True,
        weight_type=QuantType.QInt8,
        nodes_to_exclude=keep,
        extra_options={"MatMulConstBOnly": True},
    )
    small = onnx.load(str(temporary))
    folder = path.parent
    embeddings = folder / EMBEDDINGS
    content = _take_out(small, model.words.values)  # type: ignore[arg-type]
    others = [p for p in folder.glob("*.onnx") if p not in (path, raw, temporary)]
    if others and embeddings.is_file() and embeddings.read_bytes() != content:
        raise ValueError(f"{embeddings}: {', '.join(p.name for p in others)} reads other embeddings")
    part = embeddings.with_suffix(".tmp")
    part.write_bytes(content)
    os.replace(part, embeddings)
    onnx.save(small, str(temporary))
    os.replace(temporary, path)
    raw.unlink()


def _take_out(graph: Any, table: Tensor) -> bytes:
    """Make the embedding table of the graph refer to :data:`EMBEDDINGS`; its bytes."""
    content: bytes = table.contiguous().numpy().tobytes()
    (tensor,) = [t for t in graph.graph.initializer if list(t.dims) == list(table.shape)]
    if bytes(tensor.raw_data) != content:
        raise ValueError("the graph's embeddings are not the model's")
    tensor.ClearField("raw_data")
    tensor.data_location = 1  # TensorProto.EXTERNAL
    for key, value in (("location", EMBEDDINGS), ("offset", "0"), ("length", str(len(content)))):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value
    return content
