"""Cross-validation over long articles: cut by blocks of paragraphs, so that no sentence is learnt and scored at once.

python -m finextract.evaluation.folds ja annotations/ja/seeds.jsonl --steps 600
"""

from __future__ import annotations

import argparse
import io
import json
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

_GAP = re.compile(r"\n\s*\n")


def paragraphs(row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A row cut at blank lines, the spans with their places in the pieces. A gap inside a span is no cut."""
    text, spans = str(row["text"]), sorted(row["spans"], key=lambda s: int(s["start"]))
    cuts = [
        m.end() for m in _GAP.finditer(text) if not any(s["start"] < m.end() and m.start() < s["end"] for s in spans)
    ]
    for number, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(text)], strict=True)):
        if not text[start:end].strip():
            continue
        inside = [
            {**s, "start": s["start"] - start, "end": s["end"] - start}
            for s in spans
            if start <= s["start"] and s["end"] <= end
        ]
        yield {**row, "id": f"{row.get('id', 'row')}#{number}", "text": text[start:end], "spans": inside}


def folds(rows: Sequence[Mapping[str, Any]], count: int = 5) -> list[list[dict[str, Any]]]:
    """``count`` folds of nearly equal length, each a run of neighbouring paragraphs from each row."""
    out: list[list[dict[str, Any]]] = [[] for _ in range(count)]
    for row in rows:
        size, done = len(row["text"]), 0
        for piece in paragraphs(row):
            out[min(count - 1, done * count // size)].append(piece)
            done += len(piece["text"])
    return out


def _lines(rows: Sequence[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def main(arguments: Sequence[str] | None = None) -> int:
    from finextract.evaluation import score, spans_of, surfaces
    from finextract.evaluation.files import write
    from finextract.evaluation.report import print_table
    from finextract.training.reader import read_rows
    from finextract.training.train import Plan, entities, train

    parser = argparse.ArgumentParser(
        prog="python -m finextract.evaluation.folds", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("lang")
    parser.add_argument("articles", type=Path)
    parser.add_argument("--gold", type=Path, default=Path("annotations"))
    parser.add_argument("--config", type=Path)
    parser.add_argument("--count", type=int, default=5)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args(arguments)
    import spacy

    parts = folds([r for r in read_rows(args.articles) if r.get("lang", args.lang) == args.lang], args.count)
    base = read_rows(args.gold / args.lang / "train.jsonl")
    held: list[dict[str, Any]] = []
    found = []
    known: frozenset[str] = frozenset()
    for k, part in enumerate(parts):
        others = [row for j, other in enumerate(parts) if j != k for row in other]
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder) / "train.jsonl", _lines([*base, *others]))
            plan = Plan(
                lang=args.lang,
                config=args.config or Path("configs") / f"{args.lang}.cfg",
                train=Path(folder) / "train.jsonl",
                dev=args.gold / args.lang / "dev.jsonl",
                test=None,
                output=Path(folder) / "model",
                seed=args.seed,
                steps=args.steps,
            )
            train(plan, io.StringIO())
            nlp = spacy.load(plan.output)
            found += [spans_of(entities(nlp, row)) for row in part]
        held += part
        known |= surfaces(base)
        print(f"fold {k + 1} of {args.count}: {len(part)} paragraphs", file=sys.stderr)
    print_table({f"{args.lang}, {args.count} folds of {args.articles.name}": score(held, found, seen=known)})
    return 0


if __name__ == "__main__":
    sys.exit(main())
