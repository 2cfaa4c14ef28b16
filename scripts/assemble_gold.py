"""Put drafts and seeds together into the corpus: ``annotations/LANG/{train,dev,test,seeds}.jsonl`` and ``splits.json``.

    python scripts/assemble_gold.py --out annotations --seeds MARKUP_FOLDER DRAFT.jsonl ...
    python scripts/assemble_gold.py --out annotations --refresh

Drafts are rows as scripts/draft_gold.py writes them. Passages that the manifest knows keep their split (``--reassign``
deals all anew); new ones are assigned by a hash of their id and then exchanged until at most half of a test's company mentions carry
a name of its train. ``--split`` puts all new ones into one. ``--seeds`` is a folder of the seed articles in inline markup, one file an article and named like it.
``--refresh`` makes the manifest anew for the files as they lie, after a text was corrected.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))
from finextract.gold import splits  # noqa: E402
from finextract.gold.check import check_row  # noqa: E402
from finextract.gold.codes import CODES  # noqa: E402
from finextract.gold.convert.common import native_line  # noqa: E402
from finextract.gold.jsonl import read_file, replace_file  # noqa: E402
from finextract.gold.markup import MarkupError, parse  # noqa: E402

SPLITS = ("train", "dev", "test", "seeds")
SEED_LANGS = {"000": "ja", "001": "ja", "002": "ja", "003": "de", "004": "ko"}


def read_drafts(paths: list[Path]) -> list[dict[str, Any]]:
    """All rows; those that are not sound end the program with their place."""
    rows, bad, ids, texts = [], 0, {}, {}
    for path in paths:
        file = read_file(path)
        for line in file.lines:
            where = f"{path}:{line.number}"
            for p in line.problems:
                bad += 1
                print(f"{where}:{p.start + 1}: {p.code}: {p.message}")
            if line.row is None:
                continue
            issues = [i for i in check_row(line.row) if CODES[i.code].severity == "error"]
            for key, seen in (("id", ids), ("text", texts)):
                other = seen.setdefault(line.row.get(key), where)
                if other != where:
                    bad += 1
                    print(f"{where}: the {key} stands already at {other}")
            for issue in issues:
                bad += 1
                print(
                    f"{where}: {line.row.get('id')}: {issue.code}: {issue.message}"
                    + (f" (meant: {issue.meant})" if issue.meant else "")
                )
            rows.append(line.row)
    if bad:
        raise SystemExit(f"{bad} errors; nothing was written")
    return rows


def visible_characters(text: str) -> tuple[str, list[int]]:
    """The text without carriage returns and final line feeds, and where each character stood."""
    kept = [k for k, char in enumerate(text) if char != "\r"]
    while kept and text[kept[-1]] == "\n":
        kept.pop()
    return "".join(text[k] for k in kept), kept


def read_seed(markup_file: Path, article: Path) -> dict[str, Any]:
    """One annotated article. Its text is the article's, character by character; the markup may differ in line ends only."""
    markup = markup_file.read_bytes().decode("utf-8")
    meta: dict[str, str] = {}
    if markup.startswith("### "):
        header, _, markup = markup.partition("\n")
        meta = {k: v for k, _, v in (p.partition("=") for p in header[4:].split()) if v}
    text = article.read_bytes().decode("utf-8")
    try:
        marked, spans = parse(markup)
    except MarkupError as error:
        raise SystemExit(f"{markup_file}:{markup[: error.offset].count(chr(10)) + 1}: {error}") from None
    (plain, back), (other, marked_at) = visible_characters(text), visible_characters(marked)
    lead = len(other) - len(other.lstrip("\n")) - (len(plain) - len(plain.lstrip("\n")))
    if lead > 0:
        other, marked_at = other[lead:], marked_at[lead:]
    if plain != other:
        at = next(
            (k for k, (x, y) in enumerate(zip(plain, other, strict=False)) if x != y), min(len(plain), len(other))
        )
        line = plain[:at].count("\n") + 1
        raise SystemExit(
            f"{markup_file}: the text is not that of {article.name}, line {line}: {other[at : at + 30]!r} for {plain[at : at + 30]!r}"
        )
    place = {at: back[k] for k, at in enumerate(marked_at)}
    for span in spans:
        span["start"], span["end"] = place[span["start"]], place[span["end"] - 1] + 1
        span["text"] = text[span["start"] : span["end"]]
    number = article.stem.partition("_")[0]
    lang = meta.get("lang") or SEED_LANGS[number]
    row = {
        "id": f"{lang}-seed-{number}",
        "lang": lang,
        "source": f"seeds/{article.name}",
        "text": text,
        "spans": spans,
        "meta": {"genre": "article", "style": "mt"},
    }
    date = meta.get("date") or (m[1] if (m := re.search(r"^(\d{4}-\d\d-\d\d)\r?$", text, re.MULTILINE)) else None)
    if date:
        row["date"] = date
    return row


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("drafts", nargs="*", type=Path)
    parser.add_argument("--out", type=Path, default=ROOT / "annotations")
    parser.add_argument("--seeds", type=Path)
    parser.add_argument("--reassign", action="store_true")
    parser.add_argument("--refresh", action="store_true")
    parser.add_argument("--split", choices=SPLITS[:3])
    args = parser.parse_args()
    path = args.out / splits.MANIFEST
    old = splits.load(path) if path.exists() and not args.reassign else {}
    corpus: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(dict)
    for split in SPLITS:  # what is there and not given anew stays
        for file in sorted(args.out.glob(f"*/{split}.jsonl")):
            corpus[file.parent.name][split] = read_drafts([file])
    if not args.refresh:
        by_lang: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in read_drafts(args.drafts):
            by_lang[row["lang"]].append(row)
        for lang, rows in by_lang.items():
            confirmed = {
                r["id"]: r for s in SPLITS[:3] for r in corpus[lang].get(s, ()) if r.get("meta", {}).get("reviewed")
            }
            for row in rows:  # what a person has confirmed in the corpus is not lost when a draft is given again
                before = confirmed.get(row["id"])
                if before is not None and before["text"] == row["text"]:
                    row.setdefault("meta", {}).setdefault("reviewed", before["meta"]["reviewed"])
            new = {r["id"] for r in rows}
            rows += [r for s in SPLITS[:3] for r in corpus[lang].get(s, ()) if r["id"] not in new]
            fixed = {i: s for s, ids in old.get(lang, {}).items() for i in ids if s != "seeds"}
            if args.split:
                fixed |= {i: args.split for i in new - fixed.keys()}
            assigned = splits.assign(rows, fixed=fixed)
            for split in SPLITS[:3]:
                corpus[lang][split] = sorted((r for r in rows if assigned[r["id"]] == split), key=lambda r: r["id"])
        if args.seeds:
            seeds: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
            for markup in sorted(args.seeds.glob("*.txt")):
                row = read_seed(markup, ROOT / "seeds" / markup.name)
                issues = [i for i in check_row(row) if CODES[i.code].severity == "error"]
                for issue in issues:
                    print(f"{markup}: {issue.code}: {issue.message}")
                if issues:
                    return 1
                seeds[row["lang"]].append(row)
            for lang, rows in seeds.items():
                corpus[lang]["seeds"] = rows
    manifest = {
        lang: {s: {r["id"]: splits.digest(r["text"]) for r in corpus[lang][s]} for s in SPLITS if s in corpus[lang]}
        for lang in sorted(corpus)
    }
    for lang in manifest:
        for split, rows in corpus[lang].items():
            file = args.out / lang / f"{split}.jsonl"
            file.parent.mkdir(parents=True, exist_ok=True)
            if not args.refresh:
                replace_file(file, "".join(map(native_line, rows)).encode())
        counts = {s: (len(r), sum(len(x["spans"]) for x in r)) for s, r in corpus[lang].items()}
        labels = Counter(s["label"] for rows in corpus[lang].values() for r in rows for s in r["spans"])
        print(lang, "rows, spans:", counts, dict(labels))
        if "train" in corpus[lang] and "test" in corpus[lang]:
            print(
                "  company mentions in test seen in train: {} of {}".format(
                    *splits.seen_share(corpus[lang]["train"], corpus[lang]["test"])
                )
            )
    replace_file(path, splits.dump(manifest))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
