"""Collect the real firms that the train part of our own gold names, with their usual English names, for the knowledge base.

    python scripts/composed_names.py annotations knowledge/composed.tsv

Only ``train`` rows are read: what is scored must not teach the knowledge base. A surface without an English name of its own is an
invented or obscure firm and is left out; so is one that two firms share, or that also stands in the gold without being a firm.
"""

import json
import re
import sys
from collections import defaultdict
from pathlib import Path

HEADER = "# Firms that the train part of our composed gold names. Made by scripts/composed_names.py from annotations/*/train.jsonl.\n"


NATIVE = re.compile(r"[぀-鿿가-힣]")


def main(gold: Path, out: Path) -> None:
    found: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    firms: dict[str, set[str]] = defaultdict(set)
    rest: dict[str, str] = {}  # of each language what stands outside of companies
    for path in sorted(gold.glob("*/train.jsonl")):
        outside = []
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            at = 0
            for span in row["spans"]:
                if span["label"] != "COMPANY":
                    continue
                outside.append(row["text"][at : span["start"]])
                at = span["end"]
                name = span["value"].get("name", "")
                surface = re.sub(r"\s+", " ", span["text"])
                if name in ("", surface) or not re.match(r"[A-Za-zÀ-ž0-9]", name):
                    continue
                if len(surface) < (2 if NATIVE.search(surface) else 4) or re.search(r"[|\t]", surface):
                    continue
                found[name][path.parent.name][surface] += 1
                firms[surface].add(name)
            outside.append(row["text"][at:])
        rest[path.parent.name] = "\n".join(outside)

    def free(surface: str, lang: str) -> bool:
        """Whether the surface names one firm, and nothing else in the language's gold."""
        if len(firms[surface]) > 1:
            return False
        if NATIVE.search(surface):
            return surface not in rest[lang]
        return not re.search(rf"(?<!\w){re.escape(surface)}(?!\w)", rest[lang])

    lines = []
    for name in sorted(found):
        langs = {lang: {s: n for s, n in counts.items() if free(s, lang)} for lang, counts in found[name].items()}
        cells = ["", "", name]
        aliases: list[str] = []
        for lang in ("ja", "ko", "zh"):
            surfaces = [s for s in sorted(langs.get(lang, {}), key=lambda s: (-langs[lang][s], s))]
            native = [s for s in surfaces if NATIVE.search(s)]
            cells.append(native[0] if native else "")
            aliases += [s for s in surfaces if s != cells[-1]]
        aliases += [s for s in langs.get("de", {}) if not s.endswith(("s", "’", "'"))]
        cells.append("|".join(dict.fromkeys(a for a in aliases if a != name)))
        if any(cells[3:]):
            lines.append("\t".join(cells).rstrip("\t"))
    out.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    print(len(lines), "firms")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
