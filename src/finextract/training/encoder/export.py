"""From the trained network to int8 ONNX: characters by row, matrix products by column, activations dynamically.

What networks share lies beside them in files of its own: the embeddings of pieces, in the four bits that they came in, which all
read, and the lowest layers of the encoder, which stay as they are (``--frozen``) where a language gets one of its own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from finextract.companies.encoder import N_HELD
from finextract.training.encoder.model import Network, Shape, Tagger, network

EMBEDDINGS = "embeddings.bin"
LAYERS = "layers.bin"
SHARED = 4
"""How many layers of the encoder, from below, lie in :data:`LAYERS`."""
SHAPE = "shape"  # where the exported file tells it
INPUTS = ("ids", "piece", "place", "char", "kind")
TOLD = ("known", "known_pieces")
"""Further inputs of an encoder that is told where the knowledge base has a name."""
BLOCK = 32
"""How many columns of an embedding share a scale."""


class Int4Embedding(nn.Module):
    """An embedding table in four bits with one scale for each :data:`BLOCK` columns, as ggml's Q4_0 rounds (and so exact for what came from it).

    A byte holds a column of the left half and, in its higher bits, that of the right half.
    """

    def __init__(self, table: Tensor) -> None:
        super().__init__()
        blocks = table.reshape(len(table), -1, BLOCK)
        most = blocks.gather(2, blocks.abs().argmax(2, keepdim=True))
        scale = (most / -8).half()
        steps = blocks / torch.where(scale == 0, 1.0, scale.float())
        low, high = (torch.round(steps) + 8).clamp(0, 15).to(torch.uint8).reshape(table.shape).chunk(2, 1)
        self.register_buffer("values", low + 16 * high)
        self.register_buffer("scale", scale.squeeze(2))

    def forward(self, ids: Tensor) -> Tensor:
        pairs: Tensor = self.values[ids].float()  # type: ignore[index]
        scale: Tensor = self.scale[ids].float()  # type: ignore[index]
        high = torch.floor(pairs / 16)
        steps = torch.cat([pairs - 16 * high, high], -1) - 8
        return (steps.unflatten(-1, (scale.shape[-1], BLOCK)) * scale.unsqueeze(-1)).flatten(-2)


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

    def forward(self, ids: Tensor, piece: Tensor, place: Tensor, char: Tensor, kind: Tensor, *told: Tensor) -> Tensor:
        return self.model(ids, torch.ones_like(ids), piece, place, char, kind, *told)  # type: ignore[no-any-return]


def export(model: Network, path: Path) -> None:
    """Write ``path`` (``model.onnx``) and the embeddings beside it. The model's embeddings are replaced by their rounded forms.

    Raises ValueError where other embeddings lie there already and another network reads them.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model = model.eval()
    table = model.words.weight.detach()
    words = Int4Embedding(table)
    model.words = words  # type: ignore[assignment]
    model.char = Int8Embedding(model.char.weight.detach())  # type: ignore[assignment]
    p, c = 7, 11
    ids = torch.randint(4, 50, (1, p))
    chars = [torch.randint(0, high, (1, c)) for high in (p, 8, 99, 9)]
    inputs = (*INPUTS, *TOLD) if model.shape.told else INPUTS
    told = [torch.randint(0, N_HELD, (1, n)) for n in (c, p)] if model.shape.told else []
    axes = {"tags": {1: "c"}} | {name: {1: "p" if name in ("ids", "known_pieces") else "c"} for name in inputs}
    raw = path.with_suffix(".float.onnx")
    torch.onnx.export(
        Reader(model),
        (ids, *chars, *told),
        str(raw),
        input_names=list(inputs),
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
    quantize_before_joining(small.graph)
    onnx.helper.set_model_props(small, {SHAPE: json.dumps(asdict(model.shape))})
    folder = path.parent
    others = [p for p in folder.glob("*.onnx") if p not in (path, raw, temporary)]
    shared = {EMBEDDINGS: _embeddings(small.graph, words)}
    if isinstance(model, Tagger):
        shared[LAYERS] = _layers(small.graph)
    for name, tensors in shared.items():
        content = _take_out(tensors, name)
        readers = [p.name for p in others if name == EMBEDDINGS or p.name.startswith("model")]
        if readers and (folder / name).is_file() and (folder / name).read_bytes() != content:
            raise ValueError(f"{folder / name}: {', '.join(readers)} reads another")
        part = folder / f"{name}.tmp"
        part.write_bytes(content)
        os.replace(part, folder / name)
    onnx.save(small, str(temporary))
    os.replace(temporary, path)
    raw.unlink()


def quantize_before_joining(graph: Any) -> None:
    """Where neighbours are put side by side and then made int8 (:class:`~finextract.training.encoder.model.Mixer`), do it the other way round.

    The numbers are the same, since a row and its shifted copies share one range; a third or a fifth as many are converted, and a quarter
    as many bytes copied.
    """
    import numpy as np
    from onnx import helper, numpy_helper

    made = {name: node for node in graph.node for name in node.output}
    for node in [n for n in graph.node if n.op_type == "DynamicQuantizeLinear"]:
        near = made.get(node.input[0])
        if near is None or near.op_type != "Concat":
            continue
        (wide,) = {made[made[name].input[0]].output[0] for name in near.input if made[name].op_type == "Slice"}
        joined = made[wide]
        edge, plain, other = joined.input
        value = numpy_helper.to_array(made[edge].attribute[0].t)
        if edge != other or value.any():
            raise ValueError(f"{joined.name}: not a row between two edges of zeros")
        quantized, _, zero = node.output
        row, size, edges = (f"{quantized}_{part}" for part in ("row", "size", "edges"))
        shape = numpy_helper.from_array(np.array(value.shape, np.int64))
        graph.node.append(helper.make_node("Constant", [], [size], value=shape))
        graph.node.append(helper.make_node("Expand", [zero, size], [edges]))
        node.input[0], node.output[0] = plain, row
        joined.input[:] = [edges, row, edges]
        near.input[:] = [row if name == plain else name for name in near.input]
        near.output[0] = quantized
    del graph.value_info[:]  # some were of other types
    _sort(graph)


def _sort(graph: Any) -> None:
    """Put the nodes of a graph in an order in which each comes after what it reads."""
    have = {"", *(t.name for t in graph.initializer), *(i.name for i in graph.input)}
    left, done = list(graph.node), []
    while left:
        ready = [n for n in left if have.issuperset(n.input)]
        if not ready:
            raise ValueError("the graph has a circle")
        done += ready
        have.update(name for n in ready for name in n.output)
        left = [n for n in left if n not in ready]
    del graph.node[:]
    graph.node.extend(done)


def _embeddings(graph: Any, words: Int4Embedding) -> list[Any]:
    """The embedding tables of the graph."""
    out = []
    for table in (words.values, words.scale):
        (tensor,) = [t for t in graph.initializer if list(t.dims) == list(table.shape)]  # type: ignore[union-attr]
        if bytes(tensor.raw_data) != table.contiguous().numpy().tobytes():  # type: ignore[operator, union-attr]
            raise ValueError("the graph's embeddings are not the model's")
        out.append(tensor)
    return out


def _layers(graph: Any) -> list[Any]:
    """The embeddings of positions and the int8 matrices of the lowest layers."""
    tensors = {t.name: t for t in graph.initializer}
    lowest = tuple(f"/model/layers.{k}/" for k in range(SHARED))
    matrices = [n.input[1] for n in graph.node if n.op_type == "MatMulInteger" and n.name.startswith(lowest)]
    return [tensors[name] for name in ("model.positions.weight", *matrices)]


def _take_out(tensors: Sequence[Any], file: str) -> bytes:
    """Make tensors of a graph refer to a file; its bytes."""
    content = b""
    for tensor in tensors:
        part = bytes(tensor.raw_data)
        tensor.ClearField("raw_data")
        tensor.data_location = 1  # TensorProto.EXTERNAL
        for key, value in (("location", file), ("offset", str(len(content))), ("length", str(len(part)))):
            entry = tensor.external_data.add()
            entry.key, entry.value = key, value
        content += part
    return content


def restore(path: Path) -> Network:
    """The network that :func:`export` wrote to ``path``, to train it further: its weights as int8 rounded them.

    Exported again, it is the same to a rounding of its scales, and its embeddings are the same to the byte.
    """
    import onnx
    from onnx import numpy_helper

    whole = onnx.load(str(path))
    graph = whole.graph
    shape = next((p.value for p in whole.metadata_props if p.key == SHAPE), None)
    if shape is None:
        raise ValueError(f"{path}: does not say the shape of its network")
    told = {t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in graph.initializer}
    state: dict[str, Tensor] = {}
    split: dict[str, list[Tensor]] = {}  # what model.parts took apart
    for name, tensor in told.items():
        if name.startswith("model.") and not name.endswith((".values", ".scale")):
            state[name.removeprefix("model.")] = tensor
        elif name.endswith(".values"):
            scale = told[name.replace(".values", ".scale")].float()
            if tensor.dtype == torch.uint8:  # two to a byte
                halves = torch.cat([tensor % 16, tensor // 16], 1).float() - 8
                rows = (halves.unflatten(1, (scale.shape[1], BLOCK)) * scale.unsqueeze(-1)).flatten(1)
            else:
                rows = tensor.float() * scale
            state[name.removeprefix("model.").replace(".values", ".weight")] = rows
    for node in graph.node:
        module, _, operation = node.name.removeprefix("/model/").replace("/", ".").rpartition(".")
        if operation.startswith("MatMul") and node.op_type in ("MatMulInteger", "MatMul"):
            weight = told[node.input[1]].float()
            if node.op_type == "MatMulInteger":
                weight *= told[node.input[1].replace("_quantized", "_scale")]
            if f"{module}.bias" in state:
                state[f"{module}.weight"] = weight.T
            else:
                split.setdefault(f"{module}.qkv.weight", []).append(weight.T)
        elif node.op_type == "Add" and node.input[0].startswith("onnx::") and node.input[0] in told:
            split.setdefault(f"{module}.qkv.bias", []).append(told[node.input[0]])
    state |= {name: torch.cat(three) for name, three in split.items()}
    model = network(Shape(**json.loads(shape)))
    model.load_state_dict(state)
    return model
