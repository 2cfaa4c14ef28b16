"""What went wrong where: every disagreement between gold and prediction, with the text around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from finextract.evaluation.scores import Row, Span, value_key

KINDS = ("missed", "spurious", "boundary", "label", "value")
_AROUND = 24


@dataclass(frozen=True, slots=True)
class Error:
    """One disagreement: a gold span, a predicted one, or a pair that overlaps."""

    kind: str
    lang: str
    id: str
    before: str
    surface: str
    after: str
    gold: Mapping[str, Any] | None
    found: Mapping[str, Any] | None

    @property
    def label(self) -> str:
        return str((self.gold or self.found or {})["label"])


def _overlap(a: Span, b: Span) -> int:
    return int(min(a["end"], b["end"]) - max(a["start"], b["start"]))


def find_errors(row: Row, found: Sequence[Span]) -> Iterator[Error]:
    """The errors of one row, in order of position. A pair that overlaps is one error, not two."""
    text, gold = str(row["text"]), list(row["spans"])
    rest = list(found)
    out: list[tuple[int, str, Span | None, Span | None]] = []
    open_gold: list[Span] = []
    for span in gold:  # exact places first, so that a neighbour never takes the partner of another span
        exact = [f for f in rest if f["start"] == span["start"] and f["end"] == span["end"]]
        match = next((f for f in exact if f["label"] == span["label"]), exact[0] if exact else None)
        if match is None:
            open_gold.append(span)
            continue
        rest.remove(match)
        if match["label"] != span["label"]:
            out.append((span["start"], "label", span, match))
        elif span.get("value") and value_key(span["label"], span["value"]) != value_key(
            span["label"], match.get("value")
        ):
            out.append((span["start"], "value", span, match))
    for span in open_gold:
        near = max(rest, key=lambda f: _overlap(span, f), default=None)
        if near is None or _overlap(span, near) <= 0:
            out.append((span["start"], "missed", span, None))
            continue
        rest.remove(near)
        out.append((span["start"], "boundary" if near["label"] == span["label"] else "label", span, near))
    out += [(f["start"], "spurious", None, f) for f in rest]
    for _, kind, wanted, had in sorted(out, key=lambda e: e[0]):
        spans = [s for s in (wanted, had) if s is not None]
        start, end = min(int(s["start"]) for s in spans), max(int(s["end"]) for s in spans)
        before, after = text[max(0, start - _AROUND) : start], text[end : end + _AROUND]
        yield Error(kind, str(row["lang"]), str(row.get("id", "")), before, text[start:end], after, wanted, had)
