"""How often a name in the gold is linked to the right company: ``python -m finextract.evaluation.linking --gold annotations --split test``.

The surfaces are the gold's, so that only linking is measured. A company is known where the knowledge base has the English name that the
gold gives it; a link is right where its company bears that name (of firms that share a short English name the one that bears the surface is meant). Companies that the gold names in another script than Latin,
or that the knowledge base lacks, are counted apart.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from finextract.companies import link
from finextract.companies.document import link_all
from finextract.companies.legal import bare_key, strip_legal
from finextract.companies.linker import simplify
from finextract.companies.records import CompanyRecord, KnowledgeBase
from finextract.companies.text import script_of
from finextract.entities import Company
from finextract.training.encoder.data import LANGUAGES


@dataclass(slots=True)
class Linking:
    """Counts of known companies, and the names that were linked to another company than the gold's, or to none."""

    known: int = 0
    right: int = 0
    wrong: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """``(surface, gold's name, name of the company it was linked to)``."""
    missed: Counter[tuple[str, str]] = field(default_factory=Counter)
    others: int = 0
    """Links of names whose company the gold does not name in English or the knowledge base lacks."""

    def line(self, lang: str) -> str:
        """A row of a Markdown table: known, right, wrong, not linked."""
        known = max(1, self.known)
        wrong, missed = self.wrong.total(), self.missed.total()
        shares = " | ".join(f"{100 * n / known:.1f} %" for n in (self.right, wrong, missed))
        return f"| {lang} | {self.known} | {shares} | {self.others} |"


def measure(rows: Iterable[Mapping[str, Any]], lang: str) -> Linking:
    """Link all company names of gold ``rows`` (each with ``text`` and ``spans``) in one language."""
    out = Linking()
    for row in rows:
        spans = sorted((s for s in row["spans"] if s["label"] == "COMPANY"), key=lambda s: s["start"])
        found = link_all(row["text"], lang, [(s["start"], s["end"]) for s in spans])
        for span, company in zip(spans, found, strict=True):
            surface, name = row["text"][span["start"] : span["end"]], str(span["value"]["name"])
            meant = link(name, "en") if script_of(name) == "latin" else Company(name)
            if company.id and (
                company.id == meant.id or bears(company.id, name) or shares(company.id, meant.id, name, surface)
            ):
                right = True
            elif not meant.id:
                out.others += bool(company.id)
                continue
            else:
                right = False
            out.known += 1
            out.right += right
            if company.id and not right:
                out.wrong[surface, name, company.name] += 1
            elif not right:
                out.missed[surface, name] += 1
    return out


def bears(company: str, name: str) -> bool:
    """Whether the company with this id is called ``name``, in Latin letters, but for legal form and group word."""
    record = KnowledgeBase.load().get(company)
    if record is None or script_of(name) != "latin":
        return False
    return bare_key(name) in {bare_key(n) for n in (record.en, record.de, *record.aliases) if n}


def shares(company: str, other: str | None, name: str, surface: str) -> bool:
    """Whether the gold's English ``name`` is short for ``company``, and the ``other`` firm that bears it is not called ``surface``.

    Firms share short English names: by AVC the gold means Asia Vital Components where the text says 奇鋐, for Allwin Telecom, also AVC,
    is 奥维. The name's words begin the company's English name, or the name is its initials; the company bears the surface, the other does not.
    """
    base = KnowledgeBase.load()
    record, rival = base.get(company), base.get(other) if other else None
    if record is None or rival is None or not record.en:
        return False
    words = [w for w in re.split(r"[^\w&]+", strip_legal(record.en).casefold()) if w and w != "the"]
    short = [w for w in re.split(r"[^\w&]+", strip_legal(name).casefold()) if w]
    initials = "".join(w[0] for w in words if w != "and")
    if not short or (words[: len(short)] != short and (len(name) < 3 or name.casefold() != initials)):
        return False

    def called(firm: CompanyRecord) -> bool:
        names = (firm.ja, firm.de, firm.ko, firm.zh, *firm.aliases)
        return simplify(bare_key(surface)) in {simplify(bare_key(n)) for n in names if n}

    return called(record) and not called(rival)


def main(argv: Sequence[str] | None = None) -> int:
    from finextract.training.reader import read_rows

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gold", type=Path, default=Path("annotations"))
    parser.add_argument("--split", nargs="+", default=["dev"])
    parser.add_argument("--show", type=int, default=0, help="how many wrong and missed names to list for each language")
    options = parser.parse_args(argv)
    print("| language | known | right | wrong | not linked | other links |\n|---|--:|--:|--:|--:|--:|")
    every, shown = Linking(), []
    for lang in LANGUAGES:
        rows = [row for split in options.split for row in read_rows(options.gold / lang / f"{split}.jsonl")]
        part = measure(rows, lang)
        print(part.line(lang))
        every.known += part.known
        every.right += part.right
        every.others += part.others
        every.wrong += part.wrong
        every.missed += part.missed
        for kind, names in (("wrong", part.wrong), ("missed", part.missed)):
            shown += [(lang, kind, *names_, n) for names_, n in names.most_common(options.show)]
    print(every.line("all"))
    for row in shown:
        print(*row, sep="\t")
    return 0


if __name__ == "__main__":
    sys.exit(main())
