"""What the train part of the gold calls firms that the knowledge base has under other names: ``python scripts/heard_names.py``.

Writes ``knowledge/heard.tsv`` (firm, English name, surfaces), which ``build_kb.py`` puts to the forms of
``translated.tsv``: for linking alone, and only where all of the gold means one firm by the surface. Run it on a freshly built
knowledge base, then build that again; forms that stand in the file stay.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from pathlib import Path

from finextract.companies import link
from finextract.companies.text import script_of, squeeze
from finextract.evaluation.files import write
from finextract.evaluation.linking import measure
from finextract.training.encoder.data import LANGUAGES
from finextract.training.reader import read_rows

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "knowledge" / "heard.tsv"
HEAD = """# What the train part of our composed gold calls firms that the knowledge base has under other names; for linking only. Made by scripts/heard_names.py.
# firm (id), English name, forms (|)
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gold", type=Path, default=ROOT / "annotations")
    options = parser.parse_args()
    firms: dict[str, set[tuple[str, str]]] = defaultdict(set)
    surfaces: dict[str, str] = {}
    for lang in LANGUAGES:
        for surface, name in measure(read_rows(options.gold / lang / "train.jsonl"), lang).missed:
            found = link(name, "en")
            key = squeeze(surface)
            if (
                found.id
                and found.linked_by in ("exact", "alias", "stripped")
                and len(key) > (script_of(key) == "latin") + 1
            ):
                firms[key].add((found.id, found.name))
                surfaces.setdefault(key, " ".join(surface.split()))
    forms: dict[tuple[str, str], list[str]] = defaultdict(list)
    for line in TARGET.read_text("utf-8").splitlines() if TARGET.is_file() else ():
        if not line.startswith("#"):  # linked by now, by this very file
            firm, name, known = line.split("\t")
            forms[firm, name] += [form for form in known.split("|") if squeeze(form) not in firms]
    for key, meant in firms.items():
        if len(meant) == 1 and "|" not in key:
            forms[next(iter(meant))].append(surfaces[key])
    lines = ["\t".join((*firm, "|".join(sorted(names)))) for firm, names in sorted(forms.items()) if names]
    write(TARGET, HEAD + "\n".join(lines) + "\n")
    print(f"{len(lines)} firms, {sum(map(len, forms.values()))} forms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
