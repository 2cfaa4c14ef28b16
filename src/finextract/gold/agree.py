"""How far two annotations of the same texts agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from finextract.entities import LABELS


@dataclass
class Score:
    """Counts of a comparison; A is taken as the reference."""

    both: int = 0
    only_a: int = 0
    only_b: int = 0

    @property
    def precision(self) -> float | None:
        """Share of B's spans that A has; None without any."""
        return self.both / (self.both + self.only_b) if self.both + self.only_b else None

    @property
    def recall(self) -> float | None:
        """Share of A's spans that B has; None without any."""
        return self.both / (self.both + self.only_a) if self.both + self.only_a else None

    @property
    def f1(self) -> float | None:
        """F1; the same whichever of the two is the reference. None where neither has a span."""
        total = 2 * self.both + self.only_a + self.only_b
        return 2 * self.both / total if total else None


@dataclass
class Disagreement:
    """A place where the two differ: spans of A and of B that touch each other, or one with nothing opposite."""

    id: str
    kind: str
    """``missing``, ``extra``, ``boundary``, ``label`` or ``value``."""
    text: str
    a: Mapping[str, Any] | None
    b: Mapping[str, Any] | None


@dataclass
class Agreement:
    """The whole comparison."""

    rows: int = 0
    only_a: list[str] = field(default_factory=list)
    only_b: list[str] = field(default_factory=list)
    other_text: list[str] = field(default_factory=list)
    strict: dict[str, Score] = field(default_factory=dict)
    relaxed: dict[str, Score] = field(default_factory=dict)
    kappa: dict[str, float | None] = field(default_factory=dict)
    values: dict[str, tuple[int, int]] = field(default_factory=dict)
    """label -> (equal values, spans that both have)."""
    disagreements: list[Disagreement] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """As JSON, without the disagreements' texts."""

        def score(s: Score) -> dict[str, Any]:
            return {
                "both": s.both,
                "only_a": s.only_a,
                "only_b": s.only_b,
                "precision": s.precision,
                "recall": s.recall,
                "f1": s.f1,
            }

        return {
            "rows": self.rows,
            "only_a": self.only_a,
            "only_b": self.only_b,
            "other_text": self.other_text,
            "strict": {k: score(s) for k, s in self.strict.items()},
            "relaxed": {k: score(s) for k, s in self.relaxed.items()},
            "kappa": self.kappa,
            "values": {k: {"equal": e, "of": n} for k, (e, n) in self.values.items()},
            "disagreements": [{"id": d.id, "kind": d.kind, "a": d.a, "b": d.b} for d in self.disagreements],
        }


def _key(span: Mapping[str, Any]) -> tuple[int, int, str]:
    return span["start"], span["end"], span["label"]


def pair_by_overlap(
    a: Sequence[Mapping[str, Any]], b: Sequence[Mapping[str, Any]], same_label: bool = True
) -> list[tuple[int, int]]:
    """One-to-one pairs of spans that share a character, those with the larger common part first."""
    shared = []
    for i, s in enumerate(a):
        for j, t in enumerate(b):
            common = min(s["end"], t["end"]) - max(s["start"], t["start"])
            if common > 0 and (not same_label or s["label"] == t["label"]):
                shared.append((-common, s["start"] != t["start"], i, j))
    out: list[tuple[int, int]] = []
    used_a, used_b = set[int](), set[int]()
    for _, _, i, j in sorted(shared):
        if i not in used_a and j not in used_b:
            out.append((i, j))
            used_a.add(i)
            used_b.add(j)
    return out


def cohen_kappa(table: Mapping[tuple[str, str], int]) -> float | None:
    """Cohen's kappa of a table of (category by A, category by B) -> count; None where chance agreement is certain."""
    total = sum(table.values())
    if not total:
        return None
    rows: Counter[str] = Counter()
    columns: Counter[str] = Counter()
    for (x, y), n in table.items():
        rows[x] += n
        columns[y] += n
    observed = sum(n for (x, y), n in table.items() if x == y) / total
    expected = sum(rows[c] * columns[c] for c in rows) / total**2
    return None if expected == 1 else (observed - expected) / (1 - expected)


def _characters(text: str, spans: Iterable[Mapping[str, Any]]) -> list[str]:
    out = ["O"] * len(text)
    for span in spans:
        out[span["start"] : span["end"]] = [span["label"]] * (span["end"] - span["start"])
    return out


def agree(a: Iterable[Mapping[str, Any]], b: Iterable[Mapping[str, Any]]) -> Agreement:
    """Compare row by row, matched by id. Rows whose text differs are named and left out."""
    rows_a, rows_b = {r["id"]: r for r in a}, {r["id"]: r for r in b}
    out = Agreement(only_a=[i for i in rows_a if i not in rows_b], only_b=[i for i in rows_b if i not in rows_a])
    names = ("all", *LABELS)
    out.strict = {n: Score() for n in names}
    out.relaxed = {n: Score() for n in names}
    equal: Counter[str] = Counter()
    common: Counter[str] = Counter()
    table: Counter[tuple[str, str]] = Counter()
    for row_id, row in rows_a.items():
        other = rows_b.get(row_id)
        if other is None:
            continue
        if row["text"] != other["text"]:
            out.other_text.append(row_id)
            continue
        out.rows += 1
        _compare(row, other, out)
        table.update(zip(_characters(row["text"], row["spans"]), _characters(row["text"], other["spans"]), strict=True))
        by_key = {_key(s): s for s in other["spans"]}
        for span in row["spans"]:
            if _key(span) in by_key:
                for name in ("all", span["label"]):
                    common[name] += 1
                    equal[name] += span.get("value") == by_key[_key(span)].get("value")
        out.disagreements += _differences(row, other)
    out.values = {n: (equal[n], common[n]) for n in names}
    out.kappa["all"] = cohen_kappa(table)
    for label in LABELS:
        two: Counter[tuple[str, str]] = Counter()
        for (x, y), n in table.items():
            two[str(x == label), str(y == label)] += n
        out.kappa[label] = cohen_kappa(two)
    return out


def _compare(row: Mapping[str, Any], other: Mapping[str, Any], out: Agreement) -> None:
    keys_a, keys_b = {_key(s) for s in row["spans"]}, {_key(s) for s in other["spans"]}
    pairs = pair_by_overlap(row["spans"], other["spans"])
    met_a = Counter(row["spans"][i]["label"] for i, _ in pairs)
    for name in out.strict:
        mine = {k for k in keys_a if name in ("all", k[2])}
        theirs = {k for k in keys_b if name in ("all", k[2])}
        strict, relaxed = out.strict[name], out.relaxed[name]
        strict.both += len(mine & theirs)
        strict.only_a += len(mine - theirs)
        strict.only_b += len(theirs - mine)
        met = sum(met_a.values()) if name == "all" else met_a[name]
        relaxed.both += met
        relaxed.only_a += len(mine) - met
        relaxed.only_b += len(theirs) - met


def _differences(row: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[Disagreement]:
    a, b, text = row["spans"], other["spans"], row["text"]
    pairs = pair_by_overlap(a, b, same_label=False)
    found = []
    for i, j in pairs:
        s, t = a[i], b[j]
        if (s["start"], s["end"]) != (t["start"], t["end"]):
            found.append((s["start"], Disagreement(row["id"], "boundary", text, s, t)))
        elif s["label"] != t["label"]:
            found.append((s["start"], Disagreement(row["id"], "label", text, s, t)))
        elif s.get("value") != t.get("value"):
            found.append((s["start"], Disagreement(row["id"], "value", text, s, t)))
    paired_a, paired_b = {i for i, _ in pairs}, {j for _, j in pairs}
    found += [
        (s["start"], Disagreement(row["id"], "missing", text, s, None)) for i, s in enumerate(a) if i not in paired_a
    ]
    found += [
        (t["start"], Disagreement(row["id"], "extra", text, None, t)) for j, t in enumerate(b) if j not in paired_b
    ]
    yield from (d for _, d in sorted(found, key=lambda f: f[0]))
