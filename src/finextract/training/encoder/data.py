"""Corpora and gold as examples, and examples as arrays.

An example's target is, for each character, the *set* of tags that its annotation allows (one bit a tag): a corpus
that knows no products allows "outside or product" where it says nothing. The loss is the probability of that set.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from finextract.companies.encoder import CLASSES, Window, held, tag, window_characters, window_held, windows
from finextract.companies.join import known_names

LANGUAGES = ("ja", "de", "ko", "zh")
FORGET, FORGET_ALL = 0.15, 0.15
"""Share of the known names, and of the texts, of which a network in training is not told."""
Span = tuple[int, int, str, float]  # start, end, class (or ORG_ANY, OTHER), weight


class DataError(ValueError):
    """A line of a corpus or gold file that cannot be used; the message names file and line."""


@dataclass(frozen=True)
class Example:
    """A text, its names, and how much to trust them."""

    text: str
    spans: tuple[Span, ...]
    language: str
    source: str
    absent: tuple[str, ...] = ()
    weight: float = 1.0
    outside: float = 1.0
    id: str = ""


def read_toml(name: str) -> dict[str, Any]:
    """A data file of this package."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    content: dict[str, Any] = tomllib.loads(resources.files(__package__).joinpath(name).read_text(encoding="utf-8"))
    return content


def settings() -> dict[str, dict[str, Any]]:
    """The settings of the corpora, ``LANG/NAME`` to settings with the defaults filled in."""
    raw = read_toml("corpora.toml")
    default = raw.pop("default")
    return {name: {**default, **values} for name, values in raw.items()}


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    yield number, json.loads(line)
                except json.JSONDecodeError as error:
                    raise DataError(f"{path}:{number}:{error.colno}: not JSON ({error.msg})") from None


def read_corpus(path: Path, language: str, name: str, s: dict[str, Any]) -> list[Example]:
    """One file of the open corpora."""
    out = []
    for number, row in _lines(path):
        text = row["text"]
        spans = []
        for span in row["spans"]:
            if not 0 <= span["start"] < span["end"] <= len(text):
                raise DataError(f"{path}:{number}: spans: [{span['start']}, {span['end']}) lies outside the text")
            weight = s["by_name"] if span.get("by") == "name" else 1.0
            spans.append((span["start"], span["end"], span["label"], weight))
        example = Example(
            text,
            tuple(sorted(spans)),
            language,
            name,
            tuple(s["absent"]),
            s["weight"],
            s["outside"],
            f"{name}:{number}",
        )
        out.append(restore_case(example) if s["case"] == "restore" else example)
    return out


def restore_case(example: Example) -> Example:
    """Latin words inside names get a capital first letter, as they had before the corpus was lower-cased."""
    chars = list(example.text)
    for start, end, _, _ in example.spans:
        for k in range(start, end):
            if chars[k].isascii() and chars[k].isalpha() and (k == start or not chars[k - 1].isalnum()):
                chars[k] = chars[k].upper()
    return replace(example, text="".join(chars))


def read_corpora(folder: Path) -> dict[str, list[Example]]:
    """All corpora with settings that lie in ``folder/LANG/NAME.jsonl.gz``."""
    out = {}
    for name, s in settings().items():
        path = folder / f"{name}.jsonl.gz"
        if path.is_file():
            out[name] = read_corpus(path, name[:2], name, s)
    if not out:
        raise DataError(f"{folder}: none of the corpora {', '.join(settings())} is there")
    return out


def split_of(identifier: str, manifest: dict[str, str] | None = None) -> str:
    """``train``, ``dev``, ``test`` or ``seeds``: from the manifest; where there is none, by a hash of the passage's id.

    What the manifest does not know is ``test``, so that it is never trained on.
    """
    if manifest is not None:
        return manifest.get(identifier, "test")
    k = int(hashlib.sha256(identifier.encode()).hexdigest(), 16) % 10
    return "test" if k < 2 else "dev" if k == 2 else "train"


def read_manifest(path: Path) -> dict[str, str]:
    """The split of every passage from ``splits.json`` (language, split, passage id)."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    try:
        return {i: split for splits in raw.values() for split, ids in splits.items() for i in ids}
    except AttributeError:
        raise DataError(f"{path}: languages, then splits, then passages are expected") from None


def read_gold(paths: Sequence[Path], manifest: Path | None = None) -> dict[str, list[Example]]:
    """Gold files (JSON lines) by split. Only companies are annotated there."""
    splits = read_manifest(manifest) if manifest is not None and manifest.is_file() else None
    out: dict[str, list[Example]] = {"train": [], "dev": [], "test": [], "seeds": []}
    for path in paths:
        for _, row in _lines(path):
            spans = tuple((s["start"], s["end"], "COMPANY", 1.0) for s in row["spans"] if s["label"] == "COMPANY")
            example = Example(row["text"], spans, row["lang"], "gold", CLASSES[1:], 1.0, 1.0, row["id"])
            out[split_of(row["id"], splits)].append(example)
    return out


def _bits(label: int) -> int:
    return 0b1111 << tag(label, 0)


def _sets(label: str) -> list[int]:
    """Tag sets at begin, inside, end and single for an annotated class."""
    if label == "ORG_ANY":
        return [1 << tag(0, p) | 1 << tag(1, p) for p in range(4)]
    if label == "OTHER":  # dates, works, events …: certainly no company
        return [1 | _bits(CLASSES.index("PRODUCT"))] * 4
    return [1 << tag(CLASSES.index(label), p) for p in range(4)]


def targets(example: Example) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The allowed tags of each character and the weight of each."""
    outside = 1
    for name in example.absent:
        outside |= _bits(CLASSES.index(name))
    allowed = np.full(len(example.text), outside, np.int32)
    weight = np.full(len(example.text), example.weight * example.outside, np.float32)
    for start, end, label, trust in example.spans:
        begin, inside, last, single = _sets(label)
        if end - start == 1:
            allowed[start] = single
        else:
            allowed[start], allowed[start + 1 : end - 1], allowed[end - 1] = begin, inside, last
        weight[start:end] = example.weight * trust
        if example.outside < 1.0:  # next to an annotated name the boundary is known
            weight[max(0, start - 1) : start] = np.maximum(weight[max(0, start - 1) : start], 0.5 * example.weight)
            weight[end : end + 1] = np.maximum(weight[end : end + 1], 0.5 * example.weight)
    return allowed, weight


@dataclass(frozen=True)
class Row:
    """A window of an example, ready for a batch."""

    ids: NDArray[np.int64]
    chars: NDArray[np.int64]
    known_pieces: NDArray[np.int64]
    allowed: NDArray[np.int32]
    weight: NDArray[np.float32]


def rows(examples: Sequence[Example], tokenizer: Any, size: int, rng: np.random.Generator | None = None) -> list[Row]:
    """Cut into windows as at run time.

    With ``rng`` some of the known names are not told of, and in some texts none: the knowledge base has more of what is trained on
    than of what will be read.
    """
    out = []
    for example, e in zip(
        examples, tokenizer.encode_batch([x.text for x in examples], add_special_tokens=False), strict=True
    ):
        allowed, weight = targets(example)
        known = held(example.text, known_names(example.text, example.language))
        if rng is not None:
            known = _forget(known, rng)
        for w in windows(0, example.text, e.offsets, size):
            if w.end > w.start:
                out.append(_row(example.text, e, w, allowed, weight, known))
    return out


def _forget(known: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """What is told of known names, without some of them."""
    if rng.random() < FORGET_ALL:
        return np.zeros_like(known)
    begins = np.flatnonzero(known % 2)
    for k in begins[rng.random(len(begins)) < FORGET]:
        end = k + 1
        while end < len(known) and known[end] == known[k] + 1:
            end += 1
        known[k:end] = 0
    return known


def _row(
    text: str,
    e: Any,
    w: Window,
    allowed: NDArray[np.int32],
    weight: NDArray[np.float32],
    known: NDArray[np.int64],
) -> Row:
    weight = weight.copy()
    weight[: w.keep_start] = 0.0
    weight[w.keep_end :] = 0.0
    ids = np.array([0, *e.ids[w.first_piece : w.last_piece], 2], np.int64)
    known_chars, known_pieces = window_held(known, e.offsets, w)
    chars = np.concatenate([window_characters(text, e.offsets, w), known_chars])
    return Row(ids, chars, known_pieces[0], allowed[w.start : w.end], weight[w.start : w.end])


def batches(todo: Sequence[Row], pieces: int, rng: np.random.Generator) -> list[list[Row]]:
    """Rows of like length together, at most ``pieces`` padded pieces a batch, in random order."""
    order = sorted(range(len(todo)), key=lambda k: len(todo[k].ids) + rng.random() * 4)
    out: list[list[Row]] = []
    batch: list[Row] = []
    for k in order:
        if batch and len(todo[k].ids) * (len(batch) + 1) > pieces:
            out.append(batch)
            batch = []
        batch.append(todo[k])
    if batch:
        out.append(batch)
    rng.shuffle(out)  # type: ignore[arg-type]
    return out


def collate(
    batch: Sequence[Row], pad: int = 1
) -> tuple[dict[str, NDArray[Any]], NDArray[np.int32], NDArray[np.float32]]:
    """A batch as arrays: inputs, allowed tags, weights (0 where padded)."""
    p, c = max(len(r.ids) for r in batch), max(len(r.allowed) for r in batch)
    ids = np.full((len(batch), p), pad, np.int64)
    mask = np.zeros((len(batch), p), np.float32)
    chars = np.zeros((5, len(batch), c), np.int64)
    known_pieces = np.zeros((len(batch), p), np.int64)
    allowed = np.ones((len(batch), c), np.int32)
    weight = np.zeros((len(batch), c), np.float32)
    for k, r in enumerate(batch):
        ids[k, : len(r.ids)], mask[k, : len(r.ids)] = r.ids, 1.0
        chars[:, k, : len(r.allowed)] = r.chars
        known_pieces[k, : len(r.ids)] = r.known_pieces
        allowed[k, : len(r.allowed)], weight[k, : len(r.allowed)] = r.allowed, r.weight
    inputs = dict(zip(("piece", "place", "char", "kind", "known"), chars, strict=True))
    return {"ids": ids, "mask": mask, **inputs, "known_pieces": known_pieces}, allowed, weight
