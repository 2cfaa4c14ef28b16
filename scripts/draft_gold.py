"""Check a draft of gold passages in inline markup, and turn it into JSONL.

A draft is a text file of passages; each begins with a header line and its markup follows until the next header:

    ### date=2025-03-14 genre=earnings style=mt traps=1
    「[[高砂精機|C|]]」の売上高は約[[440億ドル|M|USD 44000000000 approx]]…

Usage: python scripts/draft_gold.py DRAFT.txt --lang ja --batch wire [--jsonl OUT.jsonl]
Prints errors with their line, counts, and what is too frequent or too rare.
"""

from __future__ import annotations

import argparse
import collections
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
from finextract.gold.markup import MarkupError, parse  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("draft", type=Path)
    parser.add_argument("--lang", required=True)
    parser.add_argument("--batch", required=True)
    parser.add_argument("--jsonl", type=Path)
    args = parser.parse_args()
    passages: list[tuple[int, dict[str, str], list[str]]] = []
    for number, line in enumerate(args.draft.read_text(encoding="utf-8").split("\n"), 1):
        if line.startswith("### "):
            passages.append((number, dict(p.partition("=")[::2] for p in line[4:].split()), []))
        elif passages:
            passages[-1][2].append(line)
    errors, rows = 0, []
    for k, (number, meta, lines) in enumerate(passages, 1):
        body = "\n".join(lines).strip("\n")
        try:
            text, spans = parse(body)
        except MarkupError as error:
            errors += 1
            print(f"{args.draft}:{number + 1 + body[: error.offset].count(chr(10))}: {error}")
            continue
        if not 60 <= len(text) <= 900:
            print(f"{args.draft}:{number}: {len(text)} characters (100 to 600 are wanted)")
        unknown = set(meta) - {"date", "genre", "style", "traps", "script"}
        if unknown or (meta.get("date") and not re.fullmatch(r"\d{4}-\d\d-\d\d", meta["date"])):
            errors += 1
            print(f"{args.draft}:{number}: header {meta}")
        for span in spans:  # the same surface unmarked elsewhere in the passage is often a slip
            if span["label"] != "COMPANY":
                continue
            for m in re.finditer(re.escape(span["text"]), text):
                if not any(s["start"] < m.end() and m.start() < s["end"] for s in spans):
                    print(
                        f"{args.draft}:{number}: note: {span['text']!r} also stands unmarked: …{text[max(0, m.start() - 8) : m.end() + 8]!r}"
                    )
        row = {
            "id": f"{args.lang}-{args.batch}-{k:04d}",
            "lang": args.lang,
            "source": "composed",
            "text": text,
            "spans": spans,
        }
        row["date"] = meta.get("date")
        row["meta"] = {
            "genre": meta.get("genre", ""),
            "style": meta.get("style", ""),
            "traps": meta.get("traps") == "1",
            "batch": args.batch,
        }
        if meta.get("script"):
            row["meta"]["script"] = meta["script"]
        order = ("id", "lang", "date", "source", "text", "spans", "meta")
        rows.append({key: row[key] for key in order if row[key] is not None})
    spans = [s for r in rows for s in r["spans"]]
    print(f"{len(rows)} passages, {errors} errors, {len(spans)} spans, {sum(len(r['text']) for r in rows)} characters,")
    print(
        "  labels", dict(collections.Counter(s["label"] for s in spans)), "no span:", sum(not r["spans"] for r in rows)
    )
    for key in ("genre", "style", "traps", "script"):
        print(f"  {key}", dict(collections.Counter(str(r["meta"].get(key)) for r in rows)))
    names = collections.Counter(s["text"] for s in spans if s["label"] == "COMPANY")
    print(f"  {len(names)} distinct company surfaces; most frequent", names.most_common(12))
    print("  currencies", dict(collections.Counter(s["value"]["currency"] for s in spans if s["label"] == "MONEY")))
    starts = collections.Counter(r["text"][:4] for r in rows)
    print("  same beginnings", [x for x in starts.most_common(5) if x[1] > 2])
    if args.jsonl and not errors:
        args.jsonl.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")
        print("wrote", args.jsonl)
    return 1 if errors else 0


if __name__ == "__main__":
    raise SystemExit(main())
