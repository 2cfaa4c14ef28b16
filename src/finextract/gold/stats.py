"""Counts over gold files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from finextract.entities import LABELS
from finextract.gold.splits import seen_share


def stats(groups: Mapping[str, Iterable[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """One record of counts a group; a group is a file, or whatever the caller makes one."""
    out = []
    for name, rows in groups.items():
        rows = list(rows)
        spans = [s for r in rows for s in r.get("spans", ())]
        labels = Counter(s.get("label") for s in spans)
        companies = [s for s in spans if s.get("label") == "COMPANY"]
        money = [s for s in spans if s.get("label") == "MONEY" and isinstance(s.get("value"), dict)]
        lengths = sorted(len(r.get("text", "")) for r in rows)
        out.append(
            {
                "name": name,
                "rows": len(rows),
                "characters": sum(lengths),
                "median_length": lengths[len(lengths) // 2] if lengths else 0,
                "dated": sum("date" in r for r in rows),
                "without_spans": sum(not r.get("spans") for r in rows),
                "traps": sum(bool((r.get("meta") or {}).get("traps")) for r in rows),
                "spans": len(spans),
                **{str(label): labels[label] for label in LABELS},
                "company_surfaces": len({s.get("text") for s in companies}),
                "company_names": len({(s.get("value") or {}).get("name") for s in companies}),
                "currencies": len({s["value"].get("currency") for s in money}),
            }
        )
    return out


def top(rows: Iterable[Mapping[str, Any]], count: int = 10) -> dict[str, list[tuple[str, int]]]:
    """The most frequent company surfaces, currencies, and kinds of passage."""
    surfaces: Counter[str] = Counter()
    currencies: Counter[str] = Counter()
    kinds: dict[str, Counter[str]] = {}
    for row in rows:
        for span in row.get("spans", ()):
            if span.get("label") == "COMPANY":
                surfaces[span["text"]] += 1
            elif span.get("label") == "MONEY":
                currencies[str(span["value"].get("currency"))] += 1
        for key in ("genre", "style", "script"):
            value = (row.get("meta") or {}).get(key)
            if isinstance(value, str) and value:
                kinds.setdefault(key, Counter())[value] += 1
    return {
        "companies": surfaces.most_common(count),
        "currencies": currencies.most_common(),
        **{k: c.most_common() for k, c in kinds.items()},
    }


def seen_in_train(by_split: Mapping[str, Iterable[Mapping[str, Any]]]) -> tuple[int, int] | None:
    """Of the test's company mentions, how many carry a name of the training rows; None where one of the two is missing."""
    if "train" not in by_split or "test" not in by_split:
        return None
    return seen_share(by_split["train"], by_split["test"])
