"""Floors below which no score may fall: ``tests/score_floors.csv``, one line for each language, label and metric."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finextract.evaluation.scores import UNSEEN, Report, Score

FIELDS = ("language", "label", "split", "metric", "floor", "support")
METRICS = ("f1", "precision", "recall", "relaxed_f1", "value_accuracy", "value_recall")


class FloorError(ValueError):
    """A line of the floors' file that cannot be used; the message begins with file and line."""


@dataclass(frozen=True, slots=True)
class Floor:
    lang: str
    label: str
    split: str
    metric: str
    floor: float
    support: int
    """Gold spans when the floor was set: with fewer, the score would not be the same score."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A floor and what was measured."""

    lang: str
    label: str
    split: str
    metric: str
    floor: float
    score: float | None
    support: int
    wanted_support: int

    @property
    def passed(self) -> bool:
        return self.score is not None and self.score >= self.floor and self.support >= self.wanted_support

    @property
    def why(self) -> str:
        """What failed, in words."""
        if self.support < self.wanted_support:
            return f"only {self.support} gold spans, {self.wanted_support} when the floor was set"
        return f"{self.metric} is {'undefined' if self.score is None else f'{self.score:.4f}'}, the floor is {self.floor:.4f}"

    def to_dict(self) -> dict[str, Any]:
        keys = ("lang", "label", "split", "metric", "floor", "score", "support", "passed")
        return {key: getattr(self, key) for key in keys}


def read_floors(path: Path) -> list[Floor]:
    """The floors of a file."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != FIELDS:
            raise FloorError(f"{path}:1: the columns must be {','.join(FIELDS)}")
        out = []
        for number, line in enumerate(reader, 2):
            try:
                floor = Floor(
                    line["language"],
                    line["label"],
                    line["split"],
                    line["metric"],
                    float(line["floor"]),
                    int(line["support"]),
                )
            except (TypeError, ValueError) as error:
                raise FloorError(f"{path}:{number}: {error}") from None
            if floor.metric not in METRICS or not 0 <= floor.floor <= 1:
                raise FloorError(
                    f"{path}:{number}: a metric of {', '.join(METRICS)} and a floor from 0 to 1 are expected"
                )
            out.append(floor)
    return out


def check_floors(floors: Sequence[Floor], report: Report, split: str) -> list[Gate]:
    """The floors of this split for the languages that were scored, each with its score."""
    out = []
    for floor in floors:
        if floor.split == split and floor.lang in report.rows:
            score = report.scores.get((floor.lang, floor.label), Score())
            measured = getattr(score, floor.metric)
            out.append(
                Gate(floor.lang, floor.label, split, floor.metric, floor.floor, measured, score.support, floor.support)
            )
    return out


GATED = {
    "MONEY": ("f1", "value_accuracy"),
    "PERCENT": ("f1", "value_accuracy"),
    "COMPANY": ("f1",),
    "QUARTER": ("f1", "value_accuracy"),
    UNSEEN: ("f1",),
}
MARGIN = 0.01


def raised(floors: Sequence[Floor], report: Report, split: str) -> list[Floor]:
    """The floors with those of this split raised to just below the scores; none is lowered while its gold is the same."""
    kept = {(f.lang, f.label, f.split, f.metric): f for f in floors}
    for (lang, label), score in report.scores.items():
        for metric in GATED.get(label, ()) if lang != "all" else ():
            measured = getattr(score, metric)
            if measured is None:
                continue
            new = Floor(lang, label, split, metric, max(0, math.floor((measured - MARGIN) * 100)) / 100, score.support)
            old = kept.get((lang, label, split, metric))
            if old is None or old.support != new.support or old.floor < new.floor:
                kept[lang, label, split, metric] = new
    return sorted(
        kept.values(), key=lambda f: (f.lang, f.split, list(GATED).index(f.label) if f.label in GATED else 9, f.metric)
    )


def to_csv(floors: Sequence[Floor]) -> str:
    """The file's text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(FIELDS)
    writer.writerows((f.lang, f.label, f.split, f.metric, f"{f.floor:.2f}", f.support) for f in floors)
    return out.getvalue()
