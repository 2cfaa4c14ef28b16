"""Collect the real firms that the train part of our own gold names, with their usual English names, for the knowledge base.

    python scripts/composed_names.py annotations src/finextract/companies/data/composed.tsv

Only ``train`` rows are read: what is scored must not teach the knowledge base. A surface without an English name of its own is an
invented or obscure firm and is left out, and firms of ``world.tsv`` have their names there.
"""

import json
import re
import sys
from collections import defaultdict
from pathlib import Path

HEADER = "# Firms that the train part of our composed gold names. Made by scripts/composed_names.py from annotations/*/train.jsonl.\n"


def main(gold: Path, out: Path) -> None:
    found: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    world = {
        line.split("\t")[2]
        for line in (out.parent / "world.tsv").read_text("utf-8").splitlines()
        if line.count("\t") > 1
    }
    for path in sorted(gold.glob("*/train.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            for span in row["spans"]:
                name = span["value"].get("name", "")
                surface = re.sub(r"\s+", " ", span["text"])
                if (
                    span["label"] != "COMPANY"
                    or name in world
                    or name in ("", surface)
                    or not re.match(r"[A-Za-zÀ-ž0-9]", name)
                ):
                    continue
                if len(surface) < (3 if re.search(r"[぀-鿿가-힣]", surface) else 4) or re.search(r"[|\t]", surface):
                    continue
                found[name][path.parent.name][surface] += 1
    lines = []
    for name in sorted(found):
        langs = found[name]
        cells = ["", "", name]
        aliases: list[str] = []
        for lang in ("ja", "ko", "zh"):
            surfaces = [s for s in sorted(langs.get(lang, {}), key=lambda s: (-langs[lang][s], s))]
            native = [s for s in surfaces if re.search(r"[぀-鿿가-힣]", s)]
            cells.append(native[0] if native else "")
            aliases += [s for s in surfaces if s != cells[-1]]
        aliases += [s for s in langs.get("de", {}) if not s.endswith(("s", "’", "'"))]
        cells.append("|".join(dict.fromkeys(a for a in aliases if a != name)))
        lines.append("\t".join(cells).rstrip("\t"))
    out.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    print(len(lines), "firms")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
