"""Strict scores of COMPANY spans: exact boundaries, by language, and apart for names never trained on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from finextract.companies.encoder import CompanyEncoder
from finextract.training.encoder.data import Example


def evaluate(
    encoder: CompanyEncoder, examples: Sequence[Example], trained: set[str] | None = None, threshold: float = 0.0
) -> dict[str, Any]:
    """Precision, recall and F1 with support, for all languages together and each; recall of seen and unseen surfaces."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for example in examples:
        (found,) = encoder.predict([example.text], example.language)
        gold = {(s[0], s[1]) for s in example.spans if s[2] == "COMPANY"}
        mine = {(s.start, s.end) for s in found if s.label == "COMPANY" and s.score >= threshold}
        for key in ("all", example.language):
            c = counts[key]
            c["texts"] += 1
            c["hit"] += len(gold & mine)
            c["gold"] += len(gold)
            c["found"] += len(mine)
            for start, end in gold:
                kind = "seen" if trained is not None and example.text[start:end] in trained else "unseen"
                c[kind] += 1
                c[f"{kind}_hit"] += (start, end) in mine
    out = {}
    for key, c in sorted(counts.items()):
        p = c["hit"] / c["found"] if c["found"] else 0.0
        r = c["hit"] / c["gold"] if c["gold"] else 0.0
        row: dict[str, Any] = {
            "texts": c["texts"],
            "support": c["gold"],
            "precision": round(p, 4),
            "recall": round(r, 4),
            "f1": round(2 * p * r / (p + r) if p + r else 0.0, 4),
        }
        if trained is not None:
            for kind in ("seen", "unseen"):
                row[f"recall_{kind}"] = {
                    "support": c[kind],
                    "recall": round(c[f"{kind}_hit"] / c[kind], 4) if c[kind] else None,
                }
        out[key] = row
    return out


def surfaces(examples: Sequence[Example]) -> set[str]:
    """The company surfaces of the examples."""
    return {e.text[s[0] : s[1]] for e in examples for s in e.spans if s[2] == "COMPANY"}
