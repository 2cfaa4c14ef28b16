"""Evidence for companies, joined: knowledge base, cues, the model's confidence, and what the document says elsewhere.

Each candidate gets one number. What the model saw in context and what the knowledge base knows count as independent
witnesses; a class other than COMPANY that the model is sure of speaks against a name that merely stands in the
knowledge base, and names of products, indices and markets speak against the model. A name that is sure at one place of a
document is found at its other places too, also without its legal form. The thresholds were set on the gold's dev split.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from finextract.entities import Entity

if TYPE_CHECKING:
    from finextract.companies.encoder import Scored

MODEL_ALONE = 0.5
KNOWN_ALONE = {"model": 0.9, "none": 0.5}
"""What a name of the knowledge base must score where a model looked and saw none, and where no model looked."""
OTHER_CLASS = 0.6
SURE = 0.85
_COUNTRY = re.compile(r"[米独仏英韓中印伊加豪露台蘭](?=[ァ-ヶA-Za-z])")
_QUOTES = " \t\n\"'„“”‚‘’「」『』《》〈〉【】()（）[]、。,;；：:·・"


@dataclass(slots=True)
class Candidate:
    start: int
    end: int
    score: float
    source: str
    alias: str = ""


@lru_cache(maxsize=8)
def not_companies(lang: str) -> frozenset[str]:
    """Names that are never a company: indices, markets, products, regulators (``data/not_companies.txt`` and the blockers)."""
    from finextract.companies.legal import read_toml
    from finextract.companies.text import fold

    words = files("finextract.companies").joinpath("data", "not_companies.txt").read_text("utf-8").splitlines()
    blocked = read_toml("blockers.toml")
    return frozenset(fold(w) for w in [*words, *blocked["any"], *blocked.get(lang, ())] if w and not w.startswith("#"))


def trim(text: str, start: int, end: int, lang: str) -> tuple[int, int]:
    """Take off what the guidelines leave outside: quotation marks, country marks, 社, 公司 that is no legal form, 측."""
    while start < end and text[start] in _QUOTES:
        start += 1
    while (
        end > start
        and text[end - 1] in _QUOTES
        and not (text[end - 1] in ")）" and re.search(r"[(（]", text[start:end]))
    ):
        end -= 1
    surface = text[start:end]
    if lang == "ja":
        if end - start > 3 and _COUNTRY.match(surface):
            start += 1
        if re.search(r"[ァ-ヶーA-Za-z](?:社|側|氏|製)$", surface):
            end -= 1
    elif lang == "zh":
        if end - start > 4 and re.search(
            r"(?<!有限)(?<!股份)(?<!责任)(?<!責任)(?<!無限)(?<!集团)(?<!集團)公司$", surface
        ):
            end -= 2
    elif lang == "ko" and end - start > 3 and re.search(r"(?<=[가-힣A-Za-z])(?:측|社)$", surface):
        end -= 1
    return start, end


def join_companies(
    text: str,
    lang: str,
    quantities: Sequence[Entity],
    encoded: Sequence[Scored] | None = None,
    small: Iterable[Entity] | None = None,
) -> list[Entity]:
    """All entities of a text in order: the quantities, and the companies that the joined evidence speaks for."""
    from finextract.companies.linker import link

    taken = bytearray(len(text))
    for q in quantities:
        taken[q.start : q.end] = b"\1" * (q.end - q.start)
    out = list(quantities)
    for c in choose(text, lang, encoded, small):
        if c.start < c.end and not any(taken[c.start : c.end]):
            taken[c.start : c.end] = b"\1" * (c.end - c.start)
            surface = text[c.start : c.end]
            out.append(Entity(c.start, c.end, "COMPANY", surface, link(surface, lang), c.source))
    return sorted(out, key=lambda e: e.start)


def choose(text: str, lang: str, encoded: Sequence[Scored] | None, small: Iterable[Entity] | None) -> list[Candidate]:
    """The candidates that count, best first, without overlaps among themselves."""
    from finextract.companies.cues import hit_score
    from finextract.companies.index import CompanyIndex
    from finextract.companies.text import fold

    looked = encoded is not None or small is not None
    never = not_companies(lang)
    model = [
        Candidate(*trim(text, s.start, s.end, lang), s.score, "model") for s in encoded or () if s.label == "COMPANY"
    ]
    model += [Candidate(*trim(text, e.start, e.end, lang), 0.8, "model") for e in small or ()]
    other = [s for s in encoded or () if s.label != "COMPANY" and s.score >= OTHER_CLASS]
    known = [
        Candidate(h.start, h.end, hit_score(text, h, lang), "kb", h.alias) for h in CompanyIndex.load().find(text, lang)
    ]
    by_place = {(c.start, c.end): c for c in model}
    chosen: list[Candidate] = []
    for k in known:
        if twin := by_place.get((k.start, k.end)):
            twin.score = 1 - (1 - twin.score) * (1 - max(k.score, 0.3))
            twin.source = "kb+model"
            continue
        if looked:
            inside = [m for m in model if m.start < k.end and k.start < m.end]
            if inside:
                # the longer one has seen more of the name, unless the model is unsure
                m = max(inside, key=lambda c: c.score)
                if m.start <= k.start and k.end <= m.end and m.score >= MODEL_ALONE:
                    continue
                if k.score < 0.7:
                    continue
                k.score = max(k.score, 0.5 + m.score / 2)
                for m in inside:
                    m.score = min(m.score, k.score - 0.01)
                chosen.append(k)
                continue
            against = max((s.score for s in other if s.start < k.end and k.start < s.end), default=0.0)
            if k.score < KNOWN_ALONE["model"] or against >= OTHER_CLASS:
                continue
        elif k.score < KNOWN_ALONE["none"]:
            continue
        chosen.append(k)
    chosen += [m for m in model if m.score >= MODEL_ALONE and fold(text[m.start : m.end]) not in never]
    chosen = [c for c in chosen if c.end > c.start]
    chosen.sort(key=lambda c: (-c.score, c.start))
    kept = _without_overlaps(chosen, len(text))
    return _without_overlaps([*kept, *_again(text, lang, kept, other, never)], len(text))


def _without_overlaps(candidates: Iterable[Candidate], size: int) -> list[Candidate]:
    used = bytearray(size)
    out = []
    for c in candidates:
        if not any(used[c.start : c.end]):
            used[c.start : c.end] = b"\1" * (c.end - c.start)
            out.append(c)
    return out


def _again(
    text: str, lang: str, kept: list[Candidate], other: Sequence[Scored], never: frozenset[str]
) -> list[Candidate]:
    """The other places of names that are sure in this document, also without their legal form."""
    from finextract.companies.boundaries import Boundaries
    from finextract.companies.legal import strip_legal
    from finextract.companies.text import fold

    rules = _rules(lang)
    assert isinstance(rules, Boundaries)
    names: dict[str, float] = {}
    for c in kept:
        if c.score >= SURE and "model" in c.source:
            surface = text[c.start : c.end]
            for name in (surface, strip_legal(surface)):
                shortest = 2 if re.search("[぀-鿿가-힣]", name) else 3
                if len(name) >= shortest and (len(name) > 2 or name == surface) and fold(name) not in never:
                    names[name] = max(names.get(name, 0.0), c.score)
    found: list[Candidate] = []
    for name, score in sorted(names.items(), key=lambda n: -len(n[0])):
        at = text.find(name)
        while at >= 0:
            span = rules.span(text, at, at + len(name), False)
            if span and not any(s.start < span[1] and span[0] < s.end for s in other):
                found.append(Candidate(span[0], span[1], score - 0.1, "document"))
            at = text.find(name, at + len(name))
    return found


@lru_cache(maxsize=8)
def _rules(lang: str) -> object:
    from finextract.companies.boundaries import Boundaries

    return Boundaries(lang)


__all__ = ["Candidate", "choose", "join_companies", "not_companies", "replace", "trim"]
