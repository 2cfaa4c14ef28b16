"""Sentences of the open corpora, annotated again by our guidelines: sheets to review, and what came of them.

    python scripts/review_sheets.py make --data DATA --lang ko --out SHEETS --take ner/ko/klue_ner_dev=230 --take raw/ntrex128:kor=90
    python scripts/review_sheets.py read --data DATA --lang ko --sheets SHEETS … --out reviews

``make`` draws sentences (most of them where corpus and extractor disagree on companies), writes them pre-labelled,
one a line, as ``@N [[surface|C]] …``, 60 a sheet (``ko.01.txt`` …), and ``ko.ref.jsonl`` with where each stands.
Reviewers write ``ko.01.out.txt``: the corrected lines (a line left out was right as it stood), then ``@done``;
``@N ?`` drops a sentence. Of ``--sheets`` a fourth is for dev, of ``--train-sheets`` nothing. ``read`` writes ``reviews/ko.jsonl``: corpus, row, a hash of the text, the spans. The
sentences themselves stay in the corpora, whose licences bind the reviews as well.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
from finextract.gold.jsonl import replace_file  # noqa: E402
from finextract.gold.markup import SHORT, parse_value  # noqa: E402
from finextract.training.encoder.reviews import corpus_rows, fingerprint  # noqa: E402

PER_SHEET = 60
DEV_SHARE = 4  # every fourth sentence of ``--sheets``, by its hash, is for dev; none of ``--train-sheets``


def escape(text: str) -> str:
    """A text as it stands in a sheet: one line, brackets escaped."""
    return re.sub(r"([\\\[\]])", r"\\\1", text).replace("\n", "\\n")


def parse_line(line: str) -> tuple[str, list[tuple[int, int, str, str]]]:
    """A line of a sheet to its text and spans ``(start, end, short label, value)``."""
    text, spans, at = "", [], 0

    def character() -> str:
        nonlocal at
        if line[at] == "\\" and at + 1 < len(line):
            at += 2
            return "\n" if line[at - 1] == "n" else line[at - 1]
        at += 1
        return line[at - 1]

    while at < len(line):
        if line.startswith("[[", at):
            at += 2
            start = len(text)
            while at < len(line) and line[at] != "|":
                text += character()
            close = line.find("]]", at)
            if close < 0:
                raise ValueError("[[ without ]]")
            label, _, value = line[at + 1 : close].partition("|")
            if label not in SHORT:
                raise ValueError(f"label {label!r} is none of {', '.join(SHORT)}")
            spans.append((start, len(text), label, value))
            at = close + 2
        else:
            text += character()
    return text, spans


def make(args: argparse.Namespace) -> None:
    """Draw and pre-label."""
    import finextract

    rng = random.Random(args.seed)
    done = set()
    for file in args.skip:
        done |= {json.loads(line)["sha256"] for line in file.read_text(encoding="utf-8").splitlines()}
    drawn: list[tuple[str, int, str, Any]] = []
    for wish in args.take:
        corpus, _, number = wish.rpartition("=")
        want = int(number)
        pool = [r for r in corpus_rows(args.data, corpus) if 25 <= len(r[1]) <= 420 and "\r" not in r[1]]
        pool = [r for r in pool if fingerprint(r[1]) not in done]
        rng.shuffle(pool)
        pool = pool[: args.pool * want]
        kinds: list[list[tuple[str, int, str, Any]]] = [[], [], [], []]
        found = finextract.extract_batch([text for _, text, _ in pool], lang=args.lang)
        for (row, text, spans), extraction in zip(pool, found, strict=True):
            theirs = {(s["start"], s["end"]) for s in spans if s["label"] == "COMPANY"}
            ours = {(e.start, e.end) for e in extraction.entities if e.label == "COMPANY"}
            unlike = theirs != ours if corpus.startswith("ner/") else bool(ours)
            kind = 0 if unlike else 1 if theirs else 2 if extraction.entities else 3
            kinds[kind].append((corpus, row, text, extraction))
        for kind, share in zip(kinds, args.shares, strict=True):
            drawn += kind[: int(want * share)]
    rng.shuffle(drawn)
    args.out.mkdir(parents=True, exist_ok=True)
    refs = []
    for first in range(0, len(drawn), PER_SHEET):
        lines = []
        for number, (corpus, row, text, extraction) in enumerate(drawn[first : first + PER_SHEET], first + 1):
            refs.append(json.dumps({"id": number, "corpus": corpus, "row": row, "text": text}, ensure_ascii=False))
            line, at = "", 0
            for e in extraction.entities:
                value = "" if e.label == "COMPANY" else "|" + json.dumps(e.value.to_dict(), ensure_ascii=False)
                line += f"{escape(text[at : e.start])}[[{escape(e.text)}|{e.label[0]}{value}]]"
                at = e.end
            lines.append(f"@{number} {line}{escape(text[at:])}\n")
        (args.out / f"{args.lang}.{first // PER_SHEET + 1:02d}.txt").write_text("".join(lines), encoding="utf-8")
    (args.out / f"{args.lang}.ref.jsonl").write_text("\n".join(refs) + "\n", encoding="utf-8")
    print(f"{args.lang}: {len(drawn)} sentences in {args.out}")


def sheet_lines(path: Path) -> Iterator[tuple[int, int, str]]:
    """Line number, sentence number and markup of a sheet."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if m := re.match(r"@(\d+)(?: (.*))?$", line):
            yield number, int(m[1]), m[2] or ""


def read(args: argparse.Namespace) -> None:
    """Check what the reviewers wrote and put it down without the sentences."""
    rows: dict[str, dict[str, Any]] = {}
    bad = changed = dropped = 0
    folders = [*args.sheets, *args.train_sheets]
    for out in [f for folder in folders for f in sorted(folder.glob(f"{args.lang}.[0-9][0-9].out.txt"))]:
        lines = (out.parent / f"{args.lang}.ref.jsonl").read_text(encoding="utf-8").splitlines()
        refs = {ref["id"]: ref for ref in map(json.loads, lines)}
        sheet = out.with_name(out.name.replace(".out", ""))
        before = {n: (sheet, k, s) for k, n, s in sheet_lines(sheet)}
        after = {n: (out, k, s) for k, n, s in sheet_lines(out)}
        for number in before:
            path, place, markup = after.get(number, before[number])
            changed += markup != before[number][2]
            if markup.strip() == "?":
                dropped += 1
                continue
            ref = refs[number]
            try:
                text, marked = parse_line(markup)
                if text != ref["text"]:
                    raise ValueError("the text is not the corpus's")
                spans = []
                for start, end, label, short in marked:
                    surface = text[start:end]
                    if not surface or surface != surface.strip():
                        raise ValueError(f"span {surface!r} is empty or begins or ends with a space")
                    span: dict[str, Any] = {"start": start, "end": end, "label": SHORT[label]}
                    if label != "C":
                        span["value"] = (
                            json.loads(short) if short.startswith("{") else parse_value(SHORT[label], short, surface)
                        )
                    spans.append(span)
            except ValueError as error:
                bad += 1
                print(f"{path}:{place}: @{number}: {error}")
                continue
            print_hash = fingerprint(text)
            fourth = int(hashlib.sha256(print_hash.encode()).hexdigest(), 16) % DEV_SHARE == 0
            split = "dev" if fourth and out.parent not in args.train_sheets else "train"
            place_of = {"corpus": ref["corpus"], "row": ref["row"], "sha256": print_hash}
            rows[text] = {**place_of, "split": split, "spans": spans}
    if bad:
        raise SystemExit(f"{bad} errors; nothing was written")
    ordered = sorted(rows.values(), key=lambda r: (r["corpus"], r["row"]))
    args.out.mkdir(parents=True, exist_ok=True)
    content = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in ordered)
    replace_file(args.out / f"{args.lang}.jsonl", content.encode())
    companies = sum(s["label"] == "COMPANY" for r in ordered for s in r["spans"])
    print(f"{args.lang}: {len(ordered)} sentences, {companies} companies, {changed} changed, {dropped} dropped")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for function in (make, read):
        command = commands.add_parser(function.__name__, help=function.__doc__)
        command.set_defaults(run=function)
        command.add_argument("--data", type=Path, required=True)
        command.add_argument("--lang", required=True, choices=("ja", "de", "ko", "zh"))
        command.add_argument("--out", type=Path, required=True)
        if function is make:
            command.add_argument("--take", action="append", required=True, metavar="CORPUS=NUMBER")
            command.add_argument("--seed", type=int, default=5)
            command.add_argument("--pool", type=int, default=25, help="how many sentences to draw each from")
            command.add_argument(
                "--shares",
                type=float,
                nargs=4,
                default=(0.55, 0.15, 0.2, 0.1),
                help="of sentences where corpus and extractor disagree, agree on a company, only quantities, nothing",
            )
            command.add_argument(
                "--skip", type=Path, nargs="*", default=[], help="reviews: what they hold is not drawn"
            )
        else:
            command.add_argument("--sheets", type=Path, nargs="+", required=True)
            command.add_argument("--train-sheets", type=Path, nargs="*", default=[], help="sheets all for training")
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
