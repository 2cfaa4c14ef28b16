"""Pruning of the piece vocabulary: what occurs in the texts is kept, and what its writing systems could need."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")


def used(tokenizer: Any, texts: Iterable[str]) -> Counter[int]:
    """Numbers of the pieces that occur in the texts, and how often."""
    out: Counter[int] = Counter()
    source = iter(texts)
    while chunk := list(islice(source, 2000)):
        for e in tokenizer.encode_batch(chunk, add_special_tokens=False):
            out.update(e.ids)
    return out


def needed(piece: str) -> bool:
    """Whether a piece is kept though it does not occur: Han, kana, Hangul, digits and signs, single letters, umlauts."""
    bare = piece.replace("▁", "")
    if all(_east_asian(c) or (c.isascii() and not c.isalpha()) for c in bare):
        return True
    if len(bare) == 1 and (ord(bare) < 0x3000 or ord(bare) >= 0xFF00):
        return True
    return all(ord(c) < 0x100 for c in bare) and any(c in "äöüÄÖÜß" for c in bare)


def _east_asian(c: str) -> bool:
    return "㐀" <= c <= "鿿" or c == "々" or "\u3040" <= c <= "ヿ" or "가" <= c <= "힣"


def prune(tokenizer_json: Path, target: Path, occurring: Counter[int], most: int | None = None) -> list[int]:
    """Write the pruned tokenizer to ``target``; the numbers of the kept pieces, in order, index the embeddings.

    With ``most`` only so many are kept: all single characters, then the most frequent. What is dropped is read as
    smaller pieces from then on.
    """
    raw = json.loads(tokenizer_json.read_text(encoding="utf-8"))
    vocabulary = raw["model"]["vocab"]
    keep = [k for k, (piece, _) in enumerate(vocabulary) if piece in _SPECIAL or k in occurring or needed(piece)]
    if most is not None and len(keep) > most:
        single = [k for k in keep if vocabulary[k][0] in _SPECIAL or len(vocabulary[k][0].replace("▁", "")) <= 1]
        rest = sorted(set(keep) - set(single), key=lambda k: (-occurring[k], k))
        keep = sorted([*single, *rest[: most - len(single)]])
    raw["model"]["vocab"] = [vocabulary[k] for k in keep]
    number = {old: new for new, old in enumerate(keep)}
    raw["added_tokens"] = [
        {**t, "id": number[t["id"]]} for t in raw["added_tokens"] if t["id"] in number and t["content"] in _SPECIAL
    ]
    raw["post_processor"] = None
    temporary = target.with_suffix(".tmp")
    temporary.write_text(json.dumps(raw, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    temporary.replace(target)
    return keep
