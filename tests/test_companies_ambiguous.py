"""Names that are also words: sixty pairs a language, the name as a company and not as one (``data/companies/ambiguous_LANG.tsv``)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from finextract.companies import THRESHOLD, CompanyIndex, evidence, hit_score

FOLDER = Path(__file__).parent / "data" / "companies"


def rows() -> list[pytest.param]:
    out = []
    for lang in ("ja", "de", "ko", "zh"):
        for number, line in enumerate((FOLDER / f"ambiguous_{lang}.tsv").read_text("utf-8").splitlines(), 1):
            if line.startswith("#"):
                continue
            name, company, other, *note = line.split("\t")
            for sign, text in (("+", company), ("-", other)):
                known = [n for n in note if n.startswith(sign)]
                marks = [pytest.mark.xfail(strict=True, reason=known[0])] if known else []
                out.append(pytest.param(lang, name, text, sign == "+", id=f"{lang}{number}{sign}{name}", marks=marks))
    return out


@pytest.mark.parametrize(("lang", "name", "text", "company"), rows())
def test_pair(lang: str, name: str, text: str, company: bool) -> None:
    places = [m.span() for m in re.finditer(re.escape(name), text)]
    assert places, "the sentence does not hold the name"
    hits = [h for h in CompanyIndex.load().find(text, lang) if hit_score(text, h, lang) >= THRESHOLD]
    if company:
        assert any(h.start <= a and b <= h.end for h in hits for a, b in places)
    else:
        assert not [text[h.start : h.end] for h in hits for a, b in places if h.start < b and a < h.end]


@pytest.mark.parametrize("lang", ["ja", "de", "ko", "zh"])
def test_there_are_sixty_pairs(lang: str) -> None:
    lines = [x for x in (FOLDER / f"ambiguous_{lang}.tsv").read_text("utf-8").splitlines() if not x.startswith("#")]
    assert len(lines) >= 60


def test_evidence_adds_up_to_the_score() -> None:
    text = "Die Facebook-Mutter Meta streicht 3000 Stellen."
    hit = next(h for h in CompanyIndex.load().find(text, "de") if h.alias == "Meta")
    reasons = evidence(text, hit, "de")
    assert reasons[0].kind == "prior"
    assert {"word before", "business words"} <= {r.kind for r in reasons}
    assert hit_score(text, hit, "de") == min(1.0, round(sum(r.weight for r in reasons), 3))
