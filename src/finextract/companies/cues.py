"""How likely a hit is the company: evidence around it, by word lists a language (``data/cues_LANG.toml``).

:func:`hit_score` gives a number from 0 to 1; from :data:`THRESHOLD` on the hit should count. :func:`evidence` names what
was found, for ``finextract explain``. A resolver may add a model's confidence to the same scale.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from finextract.companies.boundaries import any_of
from finextract.companies.index import Hit
from finextract.companies.legal import read_toml
from finextract.companies.text import fold

THRESHOLD = 0.5
_CLEAR = {1: 0.95, 2: 0.92, 3: 0.88, 4: 0.8, 5: 0.7}
_UNLISTED = {1: 0.4, 2: 0.2, 3: 0.1, 4: 0.05, 5: 0.0}
_SENTENCE = re.compile(r"[。!?！？\n]|(?<=[^\d\s.][^\d\s.])\.(?=\s)")
_WINDOW = {"de": 110, "en": 110, "ko": 50, "ja": 40, "zh": 36}
_REACH = max(_WINDOW.values())


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason: its name, the words found, and what it added to the score."""

    kind: str
    found: str
    weight: float


@dataclass(frozen=True, slots=True)
class _Sense:
    prior: float
    for_: re.Pattern[str]
    against: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Cues:
    role: re.Pattern[str]
    company: re.Pattern[str]
    before: re.Pattern[str]
    verbs: re.Pattern[str]
    product: re.Pattern[str]
    sports: re.Pattern[str]
    senses: dict[str, _Sense]


def _compile(words: list[str], lang: str) -> str:
    pattern = any_of(words)
    return rf"(?<![A-Za-zÄÖÜäöüß])(?:{pattern})" if lang in ("de", "en") and words else f"(?:{pattern})"


@lru_cache(maxsize=8)
def _load(lang: str) -> _Cues:
    table: dict[str, Any] = read_toml(f"cues_{lang}.toml")
    senses: dict[str, _Sense] = {}
    for row in table.get("sense", ()):
        sense = _Sense(
            float(row["prior"]), re.compile(_compile(row["for"], lang)), re.compile(_compile(row["against"], lang))
        )
        for name in row["names"]:
            senses.setdefault(fold(name), sense)
    gap = " ?(?:의 )?" if lang == "ko" else ""
    return _Cues(
        re.compile(gap + f"(?:{any_of(table['role_after'])})"),
        re.compile(f"(?:{any_of(table['company_after'])})"),
        re.compile(f"(?:{any_of(table['before'])})[「『\"'“„(]?$"),
        re.compile(_compile(table["verbs"], lang)),
        re.compile(" ?" * (lang == "ko") + f"(?:{any_of(table['product_after'])})"),
        re.compile(_compile(table["sports"], lang)),
        senses,
    )


def _sentence(text: str, start: int, end: int, width: int) -> tuple[str, str]:
    left = text[max(0, start - width) : start]
    cuts = list(_SENTENCE.finditer(left))
    if cuts:
        left = left[cuts[-1].end() :]
    right = text[end : end + width]
    stop = _SENTENCE.search(right)
    return left, right[: stop.start()] if stop else right


def evidence(text: str, hit: Hit, lang: str) -> list[Evidence]:
    """Everything that speaks for or against this hit, the starting value first."""
    cues = _load(lang)
    low = max(0, hit.start - _REACH)  # only the surroundings, or a long text would cost its length for each hit
    folded = fold(text[low : hit.end + _REACH])
    start, name_end, end = hit.start - low, hit.name_end - low, hit.end - low
    sense = cues.senses.get(hit.alias)
    if hit.ambiguous or sense is not None:
        prior = sense.prior if sense else _UNLISTED[hit.rank]
        if not hit.ambiguous:  # a clear name that other senses may still outweigh
            prior = max(prior, 0.75)
        out = [Evidence("prior", hit.alias, prior)]
    else:
        out = [Evidence("known name", hit.alias, _CLEAR[hit.rank])]
    behind = folded[end : end + 16]
    before = folded[max(0, start - 24) : start]
    if found := cues.product.match(behind):
        out.append(Evidence("product word", found[0].strip(), -0.5))
    left, right = _sentence(folded, start, end, _WINDOW[lang])
    around = left + "\u0001" + right
    club = sorted(set(cues.sports.findall(around)))
    if len(club) > 1:
        out.append(Evidence("a club's words", " ".join(club[:4]), -0.5))
    if not hit.ambiguous and sense is None:
        return out
    if hit.end > hit.name_end and folded[name_end:end] not in ("s", "'s"):
        out.append(Evidence("legal form", folded[name_end:end].strip(), 0.45))
    if found := cues.company.match(behind):
        out.append(Evidence("company word", found[0], 0.45))
    elif found := cues.role.match(behind):
        out.append(Evidence("role word", found[0].strip(), 0.35))
    if found := cues.before.search(before):
        weight = (
            0.1
            if lang in ("de", "en") and found[0].strip(" „\"'(").islower() or found[0].strip() in ("Bei", "中", "投资")
            else 0.3
        )
        out.append(Evidence("word before", found[0].strip(), weight))
    verbs = sorted(set(cues.verbs.findall(around)))
    if verbs:
        out.append(
            Evidence("business words", " ".join(verbs[:6]), min(0.12 * len(verbs), 0.36 if hit.rank <= 2 else 0.24))
        )
    if sense is not None:
        known = sorted(set(sense.for_.findall(around)))
        if known:
            out.append(Evidence("its own words", " ".join(known), min(0.25 * len(known), 0.5)))
        other = sorted(set(sense.against.findall(around)))
        if other:
            out.append(Evidence("words of another sense", " ".join(other), -min(0.35 * len(other), 0.8)))
    return out


def hit_score(text: str, hit: Hit, lang: str) -> float:
    """From 0 (surely no company) to 1 (surely one); :data:`THRESHOLD` divides."""
    return round(min(1.0, max(0.0, sum(item.weight for item in evidence(text, hit, lang)))), 3)
