"""The network: a BERT of a few layers over subword pieces, its states handed to characters, a tag for each of these.

Written out in plain PyTorch so that the exported graph is small (one matrix product for query, key and value, exact
LayerNormalization and Gelu operators) and training needs nothing but torch.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from finextract.companies.encoder import CHAR_CLASSES, CHAR_IDS, CHAR_POSITIONS, N_HELD, N_TAGS


@dataclass
class Shape:
    """Sizes of the network."""

    vocabulary: int
    hidden: int = 384
    layers: int = 6
    heads: int = 12
    inner: int = 1536
    positions: int = 512
    chars: int = 128
    dropout: float = 0.1
    width: int = 0  # of the fast network; 0 is a BERT
    reach: tuple[int, ...] = ()  # of each of its layers: how far the pieces lie apart that it looks at
    glance: int = 0  # how many of its layers come before the one place where every piece sees all others; 0 is none
    told: bool = False  # whether the encoder is told where the knowledge base has a name


class FusedAttention(torch.autograd.Function):
    """Stands for onnxruntime's attention operator in the exported graph; its values there do not matter.

    Without a mask: at run time windows are computed one by one, so none is padded.
    """

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
        return q + k + v

    @staticmethod
    def symbolic(g: Any, q: Any, k: Any, v: Any, heads: int) -> Any:
        return g.op("com.microsoft::MultiHeadAttention", q, k, v, num_heads_i=heads)


def parts(linear: nn.Linear, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Query, key and value, of one layer; in the exported graph each is a product of its own, which saves the copying."""
    if not torch.onnx.is_in_onnx_export():
        q, k, v = linear(x).chunk(3, -1)
    else:
        q, k, v = (F.linear(x, w, b) for w, b in zip(linear.weight.chunk(3), linear.bias.chunk(3), strict=True))
    return q, k, v


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor, heads: int) -> Tensor:
    """Attention over the places of ``[batch, place, channel]``; ``mask`` is 1 where there is a piece."""
    if torch.onnx.is_in_onnx_export():
        return FusedAttention.apply(q, k, v, heads)  # type: ignore[no-any-return]
    b, n, h = q.shape
    bias = ((mask - 1.0) * 1e4)[:, None, None, :].to(q.dtype)
    q, k, v = (t.reshape(b, n, heads, h // heads).transpose(1, 2) for t in (q, k, v))
    if q.is_cuda:
        seen = F.scaled_dot_product_attention(q, k, v, attn_mask=bias)
    else:  # backwards, plain products are several times as fast on a CPU as the fused operator
        scores = q * (h // heads) ** -0.5 @ k.transpose(2, 3) + bias
        seen = torch.softmax(scores, -1, dtype=torch.float32).to(v.dtype) @ v
    return seen.transpose(1, 2).reshape(b, n, h)


class Layer(nn.Module):
    """One layer of BERT (post-norm)."""

    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.heads = s.heads
        self.qkv = nn.Linear(s.hidden, 3 * s.hidden)
        self.out = nn.Linear(s.hidden, s.hidden)
        self.norm1 = nn.LayerNorm(s.hidden, eps=1e-12)
        self.up = nn.Linear(s.hidden, s.inner)
        self.down = nn.Linear(s.inner, s.hidden)
        self.norm2 = nn.LayerNorm(s.hidden, eps=1e-12)
        self.drop = nn.Dropout(s.dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        a = attend(*parts(self.qkv, x), mask, self.heads)
        x = self.norm1(x + self.out(a))
        return self.norm2(x + self.drop(self.down(F.gelu(self.up(x)))))  # type: ignore[no-any-return]


FIXED = ("words.weight", "positions.weight")
"""What stays as multilingual-e5-small has it."""


class Network(nn.Module):
    """Pieces and characters in, log probabilities of tags out: what the encoder and the fast network have in common."""

    def __init__(self, shape: Shape, width: int) -> None:
        """``width`` is the size of the states that go to the characters."""
        super().__init__()
        s = self.shape = shape
        self.words = nn.Embedding(s.vocabulary, s.hidden)
        self.norm = nn.LayerNorm(s.hidden, eps=1e-12)
        self.drop = nn.Dropout(s.dropout)
        self.to_char = nn.Linear(width, s.chars)
        self.char = nn.Embedding(CHAR_IDS, s.chars)
        self.kind = nn.Embedding(CHAR_CLASSES, s.chars)
        self.place = nn.Embedding(CHAR_POSITIONS, s.chars)
        for e in (self.char, self.kind, self.place):
            nn.init.normal_(e.weight, std=0.3)
        self.tags = nn.Linear(s.chars, N_TAGS)

    def spread(self, x: Tensor, piece: Tensor, place: Tensor, char: Tensor, kind: Tensor) -> Tensor:
        """The state of each piece at its characters, joined by what these are."""
        x = self.to_char(x)
        if torch.onnx.is_in_onnx_export():  # one window: whole rows are taken
            x = x[0].index_select(0, piece[0])[None]
        else:
            x = torch.gather(x, 1, piece[:, :, None].expand(-1, -1, self.shape.chars))
        return x + self.drop(self.char(char)) + self.kind(kind) + self.place(place)

    def body(self) -> list[nn.Parameter]:
        """What was trained before; the embeddings of pieces and positions stay as they are."""
        return [*self.norm.parameters()]

    def head(self) -> list[nn.Parameter]:
        """What is new."""
        fixed = [p for name, p in self.named_parameters() if name in FIXED or not p.requires_grad]
        known = {id(p) for p in (*self.body(), *fixed)}
        return [p for p in self.parameters() if id(p) not in known]


def convolve(conv: nn.Conv1d, x: Tensor) -> Tensor:
    """A convolution over the places of ``[batch, place, channel]``; in training as one matrix product, on a CPU many times faster."""
    if torch.onnx.is_in_onnx_export():
        return conv(x.transpose(1, 2)).transpose(1, 2)  # type: ignore[no-any-return]
    out, channels, size = conv.weight.shape
    wide = F.pad(x, (0, 0, size // 2, size // 2))
    near = torch.cat([wide[:, k : k + x.shape[1]] for k in range(size)], -1)
    return F.linear(near, conv.weight.permute(0, 2, 1).reshape(out, size * channels), conv.bias)


class Tagger(Network):
    """The encoder: layers of BERT, and two convolutions over the characters."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape, shape.hidden)
        s = shape
        self.frozen = 0
        self.positions = nn.Embedding(s.positions, s.hidden)
        self.layers = nn.ModuleList(Layer(s) for _ in range(s.layers))
        self.conv1 = nn.Conv1d(s.chars, s.chars, 5, padding=2)
        self.conv2 = nn.Conv1d(s.chars, s.chars, 3, padding=1)
        self.norm_c = nn.LayerNorm(s.chars)
        self.norm_d = nn.LayerNorm(s.chars)
        if s.told:  # at first it makes no difference
            self.known = nn.Embedding(N_HELD, s.chars)
            self.known_pieces = nn.Embedding(N_HELD, s.hidden)
            nn.init.zeros_(self.known.weight)
            nn.init.zeros_(self.known_pieces.weight)

    def forward(
        self, ids: Tensor, mask: Tensor, piece: Tensor, place: Tensor, char: Tensor, kind: Tensor, *told: Tensor
    ) -> Tensor:
        """``told``: known names at the characters and at the pieces, for a network that is told of them."""
        x = self.words(ids) + self.positions.weight[: ids.shape[1]]
        if self.shape.told:
            known, known_pieces = told
            x = x + self.known_pieces(known_pieces)
        x = self.drop(self.norm(x))
        for layer in self.layers:
            x = layer(x, mask)
        x = self.spread(x, piece, place, char, kind)
        if self.shape.told:
            x = x + self.known(known)
        y = self.norm_c(F.gelu(convolve(self.conv1, x)) + x)
        y = self.norm_d(F.gelu(convolve(self.conv2, y)) + y)
        return torch.log_softmax(self.tags(self.drop(y)), -1)

    def body(self) -> list[nn.Parameter]:
        layers = self.layers[self.frozen :]
        return [*(super().body() if not self.frozen else []), *layers.parameters()]

    def freeze(self, layers: int) -> None:
        """Leave the lowest layers, and what is below them, as they are."""
        if not 0 <= layers < len(self.layers):
            raise ValueError(f"frozen: {layers} of {len(self.layers)} layers")
        self.frozen = layers
        if layers:
            for p in (*self.norm.parameters(), *self.layers[:layers].parameters()):
                p.requires_grad_(False)


class Mixer(nn.Module):
    """Each place sees some neighbours; written as one matrix product, which int8 makes fast."""

    def __init__(self, width: int, places: tuple[int, ...]) -> None:
        super().__init__()
        self.places = places
        self.mix = nn.Linear(len(places) * width, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        far = max(self.places)
        rows = 1 if torch.onnx.is_in_onnx_export() else x.shape[0]  # a constant in the exported graph
        edge = torch.zeros(rows, far, self.norm.normalized_shape[0], dtype=x.dtype, device=x.device)
        wide = torch.cat([edge, x, edge], 1)
        near = torch.cat([x if p == 0 else wide[:, far + p : p - far or None] for p in self.places], -1)
        return self.norm(x + F.relu(self.mix(near)))  # type: ignore[no-any-return]


class Glance(nn.Module):
    """Every place sees all others, through few narrow heads. At first it adds nothing, so that a trained network can take it in."""

    HEADS, SIZE = 2, 32

    def __init__(self, width: int) -> None:
        super().__init__()
        inner = self.HEADS * self.SIZE
        self.qkv = nn.Linear(width, 3 * inner)
        self.out = nn.Linear(inner, width)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        return x + self.out(attend(*parts(self.qkv, x), mask, self.HEADS))  # type: ignore[no-any-return]


class FastTagger(Network):
    """The same inputs and outputs: a few layers that look at neighbouring pieces, one glance at all of them, then neighbouring characters."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape, shape.width)
        s = shape
        self.narrow = nn.Linear(s.hidden, s.width)
        self.layers = nn.ModuleList(Mixer(s.width, (-far, 0, far)) for far in s.reach)
        if s.glance:
            self.glance = Glance(s.width)
        self.near = Mixer(s.chars, (-2, -1, 0, 1, 2))
        self.next = Mixer(s.chars, (-1, 0, 1))

    def forward(
        self, ids: Tensor, mask: Tensor, piece: Tensor, place: Tensor, char: Tensor, kind: Tensor, *_: Tensor
    ) -> Tensor:
        x = self.narrow(self.drop(self.norm(self.words(ids))))
        padded = not torch.onnx.is_in_onnx_export()  # at run time windows are computed one by one
        for k, layer in enumerate(self.layers):
            if k and k == self.shape.glance:
                x = self.glance(x, mask)
            x = self.drop(layer(x * mask[:, :, None] if padded else x))
        x = self.spread(x, piece, place, char, kind)
        return torch.log_softmax(self.tags(self.drop(self.next(self.near(x)))), -1)

    def widened(self, width: int, reach: tuple[int, ...], glance: int) -> FastTagger:
        """A larger network that computes about the same: units are doubled and share what they passed on, further layers pass on.

        (Net2Net, Chen, Goodfellow and Shlens 2016.) Where units were doubled a little noise lets them grow apart.
        ``glance`` is that of the new network.
        """
        s = self.shape
        if width < s.width or reach[: len(s.reach)] != tuple(s.reach):
            raise ValueError(f"a network of width {s.width} and reach {s.reach} cannot become {width}, {reach}")
        new = FastTagger(replace(s, width=width, reach=reach, glance=glance))
        of = torch.cat([torch.arange(s.width), torch.randperm(s.width)[: width - s.width]])  # each unit's old one
        share = torch.bincount(of, minlength=s.width)[of].float()

        def noisy(weight: Tensor) -> Tensor:
            return weight + 0.05 * weight.std() * torch.randn_like(weight) if width > s.width else weight

        own = ("layers.", "narrow.", "to_char.", "glance.")
        state = {k: v for k, v in self.state_dict().items() if not k.startswith(own)}
        state |= {k: v for k, v in new.state_dict().items() if k.startswith("glance.")}
        state["narrow.weight"] = noisy(self.narrow.weight[of])
        state["narrow.bias"] = self.narrow.bias[of]
        state["to_char.weight"] = noisy(self.to_char.weight[:, of] / share)
        state["to_char.bias"] = self.to_char.bias
        for k, layer in enumerate(self.layers):
            assert isinstance(layer, Mixer)
            near = layer.mix.weight.reshape(s.width, 3, s.width)
            state[f"layers.{k}.mix.weight"] = noisy((near[of][:, :, of] / share).reshape(width, 3 * width))
            state[f"layers.{k}.mix.bias"] = layer.mix.bias[of]
            state[f"layers.{k}.norm.weight"] = layer.norm.weight[of]
            state[f"layers.{k}.norm.bias"] = layer.norm.bias[of]
        scale, shift = layer.norm.weight, layer.norm.bias
        spread = (scale.square().mean() + shift.var()).sqrt()
        for k in range(len(s.reach), len(reach)):
            state[f"layers.{k}.mix.weight"] = 0.02 * torch.randn(width, 3 * width)
            state[f"layers.{k}.mix.bias"] = torch.zeros(width)
            state[f"layers.{k}.norm.weight"] = spread.expand(width)
            state[f"layers.{k}.norm.bias"] = shift.mean().expand(width)
        with torch.no_grad():
            new.load_state_dict(state)
        return new


def network(shape: Shape) -> Network:
    """An untrained network of a shape."""
    return FastTagger(shape) if shape.width else Tagger(shape)


def told(model: Tagger) -> Tagger:
    """The same encoder, to be told where the knowledge base has a name; it makes no difference yet."""
    new = Tagger(replace(model.shape, told=True))
    new.load_state_dict({**new.state_dict(), **model.state_dict()})
    return new


def from_bert(folder: Path, shape: Shape, keep: list[int] | None = None) -> Tagger:
    """A tagger whose lower layers are those of the BERT in ``folder``; ``keep`` lists the rows of the vocabulary to take."""
    from safetensors.torch import load_file

    w = {k: v.float() for k, v in load_file(str(folder / "model.safetensors")).items()}
    model = Tagger(shape)
    words = w["embeddings.word_embeddings.weight"]
    state = {
        "words.weight": words if keep is None else words[torch.tensor(keep)],
        "positions.weight": w["embeddings.position_embeddings.weight"]
        + w["embeddings.token_type_embeddings.weight"][0],
        "norm.weight": w["embeddings.LayerNorm.weight"],
        "norm.bias": w["embeddings.LayerNorm.bias"],
    }
    for k in range(shape.layers):
        old, new = f"encoder.layer.{k}.", f"layers.{k}."
        for part in ("weight", "bias"):
            state[f"{new}qkv.{part}"] = torch.cat(
                [w[f"{old}attention.self.{name}.{part}"] for name in ("query", "key", "value")]
            )
            state[f"{new}out.{part}"] = w[f"{old}attention.output.dense.{part}"]
            state[f"{new}norm1.{part}"] = w[f"{old}attention.output.LayerNorm.{part}"]
            state[f"{new}up.{part}"] = w[f"{old}intermediate.dense.{part}"]
            state[f"{new}down.{part}"] = w[f"{old}output.dense.{part}"]
            state[f"{new}norm2.{part}"] = w[f"{old}output.LayerNorm.{part}"]
    missing, unexpected = model.load_state_dict(state, strict=False)
    if unexpected or any(name.startswith("layers") for name in missing):
        raise ValueError(f"{folder}: weights do not fit: {missing} {unexpected}")
    return model


def save(model: Network, path: Path) -> None:
    """Write the weights and the shape (safetensors; no pickle)."""
    import json
    import os

    from safetensors.torch import save_file

    temporary = path.with_suffix(".tmp")
    tensors = {k: v.contiguous() for k, v in model.state_dict().items()}
    save_file(tensors, str(temporary), metadata={"shape": json.dumps(asdict(model.shape))})
    os.replace(temporary, path)


def load(path: Path) -> Network:
    """Read what :func:`save` wrote."""
    import json

    from safetensors import safe_open

    with safe_open(str(path), framework="pt") as file:  # type: ignore[no-untyped-call]
        model = network(Shape(**json.loads(file.metadata()["shape"])))
        model.load_state_dict({k: file.get_tensor(k) for k in file.keys()})  # noqa: SIM118
    return model
