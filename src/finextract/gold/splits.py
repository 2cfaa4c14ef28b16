"""The manifest of splits, ``splits.json``: language -> split -> id -> SHA-256 of the text, in file order.

It fixes which passage belongs to which split, and makes a deleted line, an altered text and a row in the wrong file
visible.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

MANIFEST = "splits.json"
Manifest = dict[str, dict[str, dict[str, str]]]


def digest(text: str) -> str:
    """What the manifest keeps of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def find(file: Path) -> Path | None:
    """The manifest that governs a gold file: beside it, or one folder up."""
    for folder in (file.resolve().parent, file.resolve().parent.parent):
        if (folder / MANIFEST).is_file():
            return folder / MANIFEST
    return None


def load(path: Path) -> Manifest:
    """Read a manifest; :class:`ValueError` says what is wrong with it."""
    try:
        data = json.loads(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"no JSON: {error}") from None
    if not isinstance(data, dict):
        raise ValueError("an object of languages is expected")
    for lang, splits in data.items():
        if not isinstance(splits, dict) or not all(
            isinstance(rows, dict) and all(isinstance(v, str) for v in rows.values()) for rows in splits.values()
        ):
            raise ValueError(f"{lang}: split -> id -> SHA-256 is expected")
    return data


def dump(manifest: Manifest) -> bytes:
    """A manifest as bytes, one id a line."""
    return (json.dumps(manifest, ensure_ascii=False, indent=1) + "\n").encode()


def names(row: Mapping[str, Any]) -> list[frozenset[str]]:
    """For each company mention of a row its surface and its usual name, by either of which it may be known."""
    return [
        frozenset({s["text"].casefold(), str(s["value"].get("name", s["text"])).casefold()})
        for s in row["spans"]
        if s["label"] == "COMPANY"
    ]


def seen_share(train: Iterable[Mapping[str, Any]], test: Iterable[Mapping[str, Any]]) -> tuple[int, int]:
    """How many company mentions of the test rows carry a name that occurs in the training rows, and how many there are."""
    known = {name for row in train for mention in names(row) for name in mention}
    mentions = [mention for row in test for mention in names(row)]
    return sum(bool(mention & known) for mention in mentions), len(mentions)


def split_of(row_id: str) -> str:
    """The split of a passage by its id alone: of ten, seven train, one dev, two test."""
    k = int(hashlib.sha256(row_id.encode()).hexdigest(), 16) % 10
    return "test" if k < 2 else "dev" if k == 2 else "train"


def assign(
    rows: Sequence[Mapping[str, Any]],
    most_seen: float = 0.5,
    fixed: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """id -> split: by a hash of the id, then passages change places until enough of the test's names are unseen.

    The hash does not depend on the other rows; the exchange is greedy and deterministic. Of the test
    passages the one with most mentions seen in training goes to train, and the training passage with most names of
    its own comes to test, until at most ``most_seen`` of the test's mentions are seen. Rows in ``fixed`` keep their split.
    """
    fixed = fixed or {}
    order = sorted(rows, key=lambda r: hashlib.sha256(str(r["id"]).encode()).hexdigest())
    split = {row["id"]: fixed.get(row["id"], split_of(row["id"])) for row in order}
    mentions = {r["id"]: names(r) for r in rows}
    in_train: Counter[str] = Counter(
        n for i, s in split.items() if s == "train" for n in {n for m in mentions[i] for n in m}
    )

    def seen(row_id: str, minus: frozenset[str] = frozenset()) -> int:
        return sum(any(in_train[n] > (n in minus) for n in m) for m in mentions[row_id])

    def own(row_id: str) -> frozenset[str]:
        return frozenset(n for m in mentions[row_id] for n in m)

    for _ in range(2 * len(order)):
        test = [r["id"] for r in order if split[r["id"]] == "test"]
        train = [r["id"] for r in order if split[r["id"]] == "train"]
        total = sum(len(mentions[i]) for i in test)
        if not train or not total or sum(seen(i) for i in test) <= most_seen * total:
            return split
        test, train = [i for i in test if i not in fixed], [i for i in train if i not in fixed]
        if not test or not train:
            break
        leaves = max(test, key=lambda i: 2 * seen(i) - len(mentions[i]))
        comes = max(train, key=lambda i: len(mentions[i]) - 2 * seen(i, own(i)))
        split[leaves], split[comes] = "train", "test"
        in_train.update(own(leaves))
        in_train.subtract(own(comes))
    raise ValueError("no exchange of passages leaves enough unseen names in test")
