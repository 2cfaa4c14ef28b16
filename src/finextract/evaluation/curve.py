"""A learning curve: F1 on dev against the number of gold spans, as a table and a picture (SVG, no library needed).

    python -m finextract.evaluation.curve ja --parts 0.25 0.5 0.75 1 --output curve-ja

tells annotators whether more gold would help: a curve that still rises says yes. Each part is trained for its share of
``--steps``, so that every passage is read equally often whatever the part.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from finextract.evaluation.files import write

LABELS = ("COMPANY", "COMPANY unseen", "ALL")
COLOURS = {"COMPANY": "#0a6ebd", "COMPANY unseen": "#c2410c", "ALL": "#4d7c0f"}


@dataclass(frozen=True, slots=True)
class Point:
    """One training: how many gold spans it had, and the F1 of a label with its interval."""

    spans: int
    label: str
    f1: float
    low: float
    high: float


def measure(lang: str, gold: Path, config: Path, parts: Sequence[float], steps: int, seed: int) -> list[Point]:
    """Train on each part of the train split and score on dev."""
    from finextract.training.reader import read_rows
    from finextract.training.train import Plan, train

    folder = gold / lang
    rows = read_rows(folder / "train.jsonl")
    points = []
    for part in parts:
        limit = max(1, round(part * len(rows)))
        with tempfile.TemporaryDirectory() as output:
            plan = Plan(
                lang=lang,
                config=config,
                train=folder / "train.jsonl",
                dev=folder / "dev.jsonl",
                test=None,
                output=Path(output) / "model",
                seed=seed,
                steps=max(50, round(part * steps)),
                overrides={"corpora.train.limit": limit},
            )
            report = train(plan, io.StringIO()).reports["dev"]
        spans = round(sum(len(row["spans"]) for row in rows) * limit / len(rows))
        for label in LABELS:
            score = report.scores[lang, label]
            if score.f1 is not None and score.low is not None and score.high is not None:
                points.append(Point(spans, label, score.f1, score.low, score.high))
        print(
            f"{lang}: {spans} spans, " + ", ".join(f"{p.label} {p.f1:.3f}" for p in points if p.spans == spans),
            file=sys.stderr,
        )
    return points


def picture(points: Sequence[Point], title: str) -> str:
    """The curve as SVG, one line a label, its interval as a band."""
    width, height, left, bottom, top = 640, 400, 56, 48, 36
    most = max(p.spans for p in points)
    least = min(0.5, min(p.low for p in points))

    def x(spans: float) -> float:
        return left + spans / most * (width - left - 24)

    def y(f1: float) -> float:
        return height - bottom - (f1 - least) / (1 - least) * (height - bottom - top)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
        f'<title>{escape(title)}</title><rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="{left}" y="20" font-size="14">{escape(title)}</text>',
    ]
    steps = [least + k * (1 - least) / 5 for k in range(6)]
    for f1 in steps:
        out.append(
            f'<path d="M{left} {y(f1):.1f}H{width - 24}" stroke="#ddd"/><text x="{left - 8}" y="{y(f1) + 4:.1f}" text-anchor="end">{100 * f1:.0f}</text>'
        )
    for spans in sorted({p.spans for p in points}):
        out.append(f'<text x="{x(spans):.1f}" y="{height - bottom + 18}" text-anchor="middle">{spans:,}</text>')
    out.append(f'<text x="{(left + width) / 2}" y="{height - 10}" text-anchor="middle">gold spans in training</text>')
    for k, label in enumerate(LABELS):
        line = sorted((p for p in points if p.label == label), key=lambda p: p.spans)
        if not line:
            continue
        band = [(x(p.spans), y(p.high)) for p in line] + [(x(p.spans), y(p.low)) for p in reversed(line)]
        out.append(
            f'<polygon points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in band)}" fill="{COLOURS[label]}" opacity=".12"/>'
        )
        path = " ".join(f"{x(p.spans):.1f},{y(p.f1):.1f}" for p in line)
        out.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[label]}" stroke-width="2"/>')
        out += [f'<circle cx="{x(p.spans):.1f}" cy="{y(p.f1):.1f}" r="3" fill="{COLOURS[label]}"/>' for p in line]
        out.append(
            f'<text x="{width - 150}" y="{height - bottom - 12 - 16 * k}" fill="{COLOURS[label]}">{escape(label)}</text>'
        )
    return "\n".join([*out, "</svg>", ""])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m finextract.evaluation.curve", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("lang")
    parser.add_argument("--gold", type=Path, default=Path("annotations"))
    parser.add_argument("--config", type=Path)
    parser.add_argument("--parts", type=float, nargs="+", default=[0.25, 0.5, 0.75, 1.0])
    parser.add_argument("--steps", type=int, default=900, help="of the whole; a part gets its share")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--output", type=Path, help="OUTPUT.csv and OUTPUT.svg (default: curve-LANG)")
    args = parser.parse_args(arguments)
    config = args.config or Path("configs") / f"{args.lang}.cfg"
    points = measure(args.lang, args.gold, config, args.parts, args.steps, args.seed)
    output = args.output or Path(f"curve-{args.lang}")
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["spans", "label", "f1", "low", "high"])
    writer.writerows([p.spans, p.label, f"{p.f1:.4f}", f"{p.low:.4f}", f"{p.high:.4f}"] for p in points)
    write(output.with_suffix(".csv"), table.getvalue())
    write(output.with_suffix(".svg"), picture(points, f"{args.lang}: strict F1 on dev, with 95 % intervals"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
