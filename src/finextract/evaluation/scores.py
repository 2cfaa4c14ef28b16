"""Counting: strict and relaxed matches, values, seen and unseen names, and how sure a score is.

A match is strict when start, end and label agree, in code points of the text as given. Tokens play no part, so a gold
span that a tokenizer cannot represent counts as missed, as it is for the user.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from finextract.entities import LABELS, Entity, Extraction

Span = Mapping[str, Any]
Row = Mapping[str, Any]
Prediction = Extraction | Iterable[Entity | Span]

ALL = "ALL"
SEEN, UNSEEN = "COMPANY seen", "COMPANY unseen"
_NUMBERS = frozenset(("amount", "min", "max", "scale", "value"))


def spans_of(prediction: Prediction) -> list[dict[str, Any]]:
    """The spans of an :class:`~finextract.entities.Extraction`, of entities or of JSON objects, as JSON objects."""
    return [s.to_dict() if isinstance(s, Entity) else dict(s) for s in prediction]


def values_agree(label: str, gold: Mapping[str, Any], found: Mapping[str, Any] | None) -> bool:
    """Equal values. Two names are one company too where only legal form or group word differ, or the knowledge base says so."""
    if value_key(label, gold) == value_key(label, found):
        return True
    if label != "COMPANY" or not found:
        return False
    from finextract.companies.legal import bare_key
    from finextract.companies.linker import link

    mine, theirs = str(gold.get("name", "")), str(found.get("name", ""))
    if bare_key(mine) == bare_key(theirs):
        return True
    return bool(found.get("id")) and link(mine, "en").id == found["id"]


def value_key(label: str, value: Mapping[str, Any] | None) -> tuple[tuple[str, Any], ...] | None:
    """What of a value counts when two are compared; None where there is none. Of a company it is the name alone."""
    if not value:
        return None
    if label == "COMPANY":
        return (("name", _fold(str(value.get("name", "")))),)
    key: list[tuple[str, Any]] = []
    for name, part in sorted(value.items()):
        if part is None or part == "":
            continue
        if name in _NUMBERS:
            try:
                part = Decimal(str(part)).normalize()
            except InvalidOperation:
                part = str(part)
        key.append((name, part))
    return tuple(key)


def _fold(surface: str) -> str:
    return unicodedata.normalize("NFKC", surface).casefold()


def surfaces(rows: Iterable[Row], label: str = "COMPANY") -> frozenset[str]:
    """The folded surfaces of one label: given to :func:`score` as ``seen``, those of the training split."""
    return frozenset(
        _fold(row["text"][s["start"] : s["end"]]) for row in rows for s in row["spans"] if s["label"] == label
    )


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of one language and label, and what follows from them. ``low`` and ``high`` bound F1 (95 %, bootstrap over rows)."""

    tp: int = 0
    fp: int = 0
    fn: int = 0
    relaxed_tp: int = 0
    values: int = 0
    """Strict matches whose gold has a value."""
    values_right: int = 0
    low: float | None = None
    high: float | None = None

    @property
    def support(self) -> int:
        return self.tp + self.fn

    @property
    def predicted(self) -> int:
        return self.tp + self.fp

    @property
    def precision(self) -> float | None:
        return self.tp / self.predicted if self.predicted else None

    @property
    def recall(self) -> float | None:
        return self.tp / self.support if self.support else None

    @property
    def f1(self) -> float | None:
        return f_measure(self.tp, self.fp, self.fn)

    @property
    def relaxed_f1(self) -> float | None:
        return f_measure(self.relaxed_tp, self.predicted - self.relaxed_tp, self.support - self.relaxed_tp)

    @property
    def value_accuracy(self) -> float | None:
        return self.values_right / self.values if self.values else None

    @property
    def value_recall(self) -> float | None:
        """Spans found with the right value, of all gold spans: what arrives in the user's table."""
        return self.values_right / self.support if self.support else None

    def to_dict(self) -> dict[str, Any]:
        names = ("precision", "recall", "f1", "low", "high", "relaxed_f1", "value_accuracy", "value_recall")
        out: dict[str, Any] = {
            n: getattr(self, n) for n in ("support", "predicted", "tp", "fp", "fn", "values", "values_right")
        }
        for name in names:
            number = getattr(self, name)
            out[name] = None if number is None else round(number, 4)
        return out


def f_measure(tp: int, fp: int, fn: int) -> float | None:
    """F1; None where there is nothing to find and nothing was found."""
    return 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else None


@dataclass(frozen=True, slots=True)
class Report:
    """Scores by ``(language, label)``; the label may be ``ALL``, ``COMPANY seen`` or ``COMPANY unseen``."""

    scores: dict[tuple[str, str], Score]
    rows: dict[str, int]
    false_alarms: dict[str, float | None] = field(default_factory=dict)
    """By language: COMPANY spans per 1,000 characters in rows whose gold has none; None without such rows."""

    def to_dict(self) -> dict[str, Any]:
        return {
            lang: {
                "rows": self.rows[lang],
                "false_alarms_per_1000_characters": self.false_alarms.get(lang),
                "labels": {label: s.to_dict() for (of, label), s in self.scores.items() if of == lang},
            }
            for lang in self.rows
        }


@dataclass(slots=True)
class _Tally:
    counts: dict[str, list[int]]  # label -> [tp, fp, fn, relaxed, values, right]


def _match_relaxed(gold: Sequence[Span], found: Sequence[Span]) -> int:
    """Pairs of overlapping spans of one label, each span used once."""
    pairs, free = 0, sorted(found, key=lambda s: int(s["start"]))
    for span in sorted(gold, key=lambda s: int(s["start"])):
        for k, other in enumerate(free):
            if other["start"] < span["end"] and span["start"] < other["end"]:
                del free[k]
                pairs += 1
                break
    return pairs


def _tally(row: Row, found: Sequence[Span], seen: frozenset[str] | None) -> _Tally:
    counts: dict[str, list[int]] = defaultdict(lambda: [0] * 6)
    text = row["text"]
    for label in LABELS:
        gold_spans = {(int(s["start"]), int(s["end"])): s for s in row["spans"] if s["label"] == label}
        found_spans = {(int(s["start"]), int(s["end"])): s for s in found if s["label"] == label}
        groups: list[tuple[str, Callable[[tuple[int, int]], bool]]] = [(label, lambda place: True)]
        if label == "COMPANY" and seen is not None:
            groups.append((SEEN, lambda place: _fold(text[place[0] : place[1]]) in seen))
            groups.append((UNSEEN, lambda place: _fold(text[place[0] : place[1]]) not in seen))
        for name, belongs in groups:
            want = {p: s for p, s in gold_spans.items() if belongs(p)}
            have = {p: s for p, s in found_spans.items() if belongs(p)}
            if not want and not have:
                continue
            both = want.keys() & have.keys()
            valued = [p for p in both if want[p].get("value")]
            right = sum(values_agree(label, want[p]["value"], have[p].get("value")) for p in valued)
            relaxed = _match_relaxed(list(want.values()), list(have.values()))
            counts[name] = [len(both), len(have) - len(both), len(want) - len(both), relaxed, len(valued), right]
    counts[ALL] = [sum(counts[label][k] for label in LABELS if label in counts) for k in range(6)]
    return _Tally(dict(counts))


def _interval(table: Any, rounds: int, seed: int) -> tuple[float | None, float | None]:
    """The middle 95 % of F1 when rows are drawn anew, with replacement."""
    import numpy as np

    if rounds <= 0 or not table.sum():
        return None, None
    random = np.random.default_rng(seed)
    weights = random.multinomial(len(table), np.full(len(table), 1 / len(table)), size=rounds)
    tp, fp, fn = (weights @ table).T.astype(float)
    whole = 2 * tp + fp + fn
    f1 = np.divide(2 * tp, whole, out=np.full(rounds, np.nan), where=whole > 0)
    if np.isnan(f1).all():
        return None, None
    low, high = np.nanpercentile(f1, [2.5, 97.5])
    return float(low), float(high)


def score(
    gold: Iterable[Row],
    predictions: Mapping[str, Prediction] | Iterable[Prediction],
    *,
    seen: Iterable[str] | None = None,
    rounds: int = 1000,
    seed: int = 0,
) -> Report:
    """Score ``predictions``, by row ``id`` or in the order of the gold, against gold rows.

    ``seen`` are the names known from training (see :func:`surfaces`); COMPANY is then also scored on seen and unseen
    names apart. ``rounds`` is how often the rows are drawn for the intervals; 0 leaves them out.
    """
    import numpy as np

    rows = list(gold)
    if isinstance(predictions, Mapping):
        missing = [row["id"] for row in rows if row["id"] not in predictions]
        if missing:
            raise ValueError(f"no prediction for {len(missing)} rows, the first is {missing[0]!r}")
        found = [spans_of(predictions[row["id"]]) for row in rows]
    else:
        found = [spans_of(p) for p in predictions]
        if len(found) != len(rows):
            raise ValueError(f"{len(found)} predictions for {len(rows)} gold rows")
    known = None if seen is None else frozenset(_fold(s) for s in seen)
    tallies: dict[str, list[_Tally]] = defaultdict(list)
    alarms: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row, spans in zip(rows, found, strict=True):
        tallies[row["lang"]].append(_tally(row, spans, known))
        if not any(s["label"] == "COMPANY" for s in row["spans"]):
            alarms[row["lang"]][0] += sum(s["label"] == "COMPANY" for s in spans)
            alarms[row["lang"]][1] += len(row["text"])
    groups = dict(tallies)
    if len(groups) > 1:
        groups["all"] = [t for of in tallies.values() for t in of]
        alarms["all"] = [sum(pair[k] for pair in alarms.values()) for k in range(2)]
    labels = [*LABELS, *((SEEN, UNSEEN) if known is not None else ()), ALL]
    scores: dict[tuple[str, str], Score] = {}
    for lang, rows_of in groups.items():
        for label in labels:
            table = np.array([t.counts.get(label, [0] * 6) for t in rows_of], dtype=np.int64)
            low, high = _interval(table[:, :3], rounds, seed)
            scores[lang, label] = replace(Score(*(int(n) for n in table.sum(axis=0))), low=low, high=high)
    per_1000 = {lang: round(1000 * n / size, 3) if size else None for lang, (n, size) in alarms.items()}
    return Report(scores, {lang: len(of) for lang, of in groups.items()}, per_1000)
