"""Companies in a text: the candidates of model, knowledge base and document, weighed together.

Each candidate gets one probability (:mod:`finextract.companies.weigh`), the best ones that do not overlap are taken, and
each is linked. Without a model the knowledge base and the words around its names decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from finextract.companies.boundaries import boundary_rules
from finextract.companies.trim import trim
from finextract.companies.weigh import SURE, Document, Known, Span, Weights, load_weights, words
from finextract.entities import Entity
from finextract.taken import Taken

if TYPE_CHECKING:
    from finextract.companies.encoder import Names, Scored

KNOWN_ALONE = 0.5
"""What a name of the knowledge base must score where no model looked."""
SMALL = 0.8
"""What the small pipelines' names count as; they give no probability."""
_WHITE = re.compile(r"\s")
_SPECIAL = re.compile(r"(?<![A-Za-z])(?:S?\*|S)?ST$")


@dataclass(slots=True)
class Candidate:
    """A span that is taken for a company's name, its probability (without a model its score), and who found it."""

    start: int
    end: int
    score: float
    source: str


@lru_cache(maxsize=8)
def not_companies(lang: str) -> frozenset[str]:
    """Names that are never a company: indices, markets, products, regulators (``data/not_companies.txt`` and the blockers)."""
    from finextract.companies.legal import read_toml
    from finextract.companies.text import fold

    blocked = read_toml("blockers.toml")
    return frozenset(map(fold, [*words("not_companies.txt"), *blocked["any"], *blocked.get(lang, ())]))


def join_companies(
    text: str,
    lang: str,
    quantities: Sequence[Entity],
    encoded: Names | None = None,
    model: str = "encoder",
) -> list[Entity]:
    """All entities of a text in order: the quantities, and the companies that the joined evidence speaks for.

    ``model`` says who found ``encoded``: ``encoder``, ``fast`` or ``small`` (by :func:`as_names`).
    """
    from finextract.companies.document import link_all

    taken = Taken(len(text))
    for q in quantities:
        taken.take(q.start, q.end)
    chosen = choose(text, lang, encoded, model)
    names = sorted((c for c in chosen if c.start < c.end and taken.take(c.start, c.end)), key=lambda c: c.start)
    companies = link_all(text, lang, [(c.start, c.end) for c in names])
    out = [
        Entity(c.start, c.end, "COMPANY", text[c.start : c.end], company, c.source)
        for c, company in zip(names, companies, strict=True)
    ]
    return sorted([*quantities, *out], key=lambda e: e.start)


def as_names(found: Iterable[Entity], size: int) -> Names:
    """What a small pipeline found in a text of ``size`` characters, in the form of what an encoder finds."""
    from finextract.companies.encoder import Names, Scored

    names = [Scored(e.start, e.end, "COMPANY", SMALL) for e in found]
    company = [0.05] * size
    for s in names:
        company[s.start : s.end] = [SMALL] * (s.end - s.start)
    return Names(names, company)


def choose(text: str, lang: str, encoded: Names | None, model: str) -> list[Candidate]:
    """The candidates that count, best first, without overlaps among themselves."""
    if encoded is None:
        found = [Candidate(k.start, k.end, k.score, "kb") for k in known_names(text, lang) if k.score >= KNOWN_ALONE]
    else:
        weights = load_weights(model, lang)
        document = gathered(text, lang, encoded)
        scores, least = weighed(document, weights, len(text), lang)
        found = [Candidate(*span, score, _source(document, span)) for span, score in scores.items() if score >= least]
    if lang == "zh":
        for c in found:  # ST, *ST: a listed firm under special treatment
            if special := _SPECIAL.search(text, max(0, c.start - 4), c.start):
                c.start = special.start()
    found.sort(key=lambda c: (-c.score, c.start, -c.end))
    taken = Taken(len(text))
    return [c for c in found if taken.take(c.start, c.end)]


def weighed(document: Document, weights: Weights, size: int, lang: str) -> tuple[dict[Span, float], float]:
    """How likely each candidate of a text of ``size`` characters is a name, and what one must reach there."""
    scores = {span: document.probability(*span, weights) for span in document.spans()}
    return scores, weights.least(size, lang, ((p, document.features(*span)) for span, p in scores.items()))


def _source(document: Document, span: Span) -> str:
    by = [name for name, spans in (("kb", document.known), ("model", document.model)) if span in spans]
    return "+".join(by) or "document"


def known_names(text: str, lang: str) -> list[Known]:
    """The names of the knowledge base in a text, with what the words around them say."""
    from finextract.companies.cues import hit_score
    from finextract.companies.index import CompanyIndex
    from finextract.companies.text import fold

    never = not_companies(lang)
    hits = CompanyIndex.load().find(text, lang)
    return [
        Known(h.start, h.end, h, hit_score(text, h, lang)) for h in hits if fold(text[h.start : h.end]) not in never
    ]


def witnesses(text: str, lang: str, names: Names, known: Iterable[Known]) -> Document:
    """All candidates of a text with what is known of them."""
    model = _of_model(text, lang, names)
    return Document(text, lang, names, model, known, _again(text, lang, model))


def gathered(text: str, lang: str, names: Names) -> Document:
    """The evidence that came with ``names``, or where none did, what :func:`witnesses` finds."""
    return names.document or witnesses(text, lang, names, known_names(text, lang))


def _of_model(text: str, lang: str, names: Names) -> dict[Span, Scored]:
    """The model's companies within the bounds that the guidelines give them."""
    from finextract.companies.encoder import Scored
    from finextract.companies.text import fold

    never = not_companies(lang)
    found: dict[Span, Scored] = {}
    trimmed = []
    for s in names:
        if s.label == "COMPANY":
            start, end = trim(text, s.start, s.end, lang)
            trimmed.append(Scored(start, end, s.label, s.score))
    for s in _with_forms(text, trimmed):
        if s.start < s.end and fold(text[s.start : s.end]) not in never:
            old = found.get((s.start, s.end))
            if old is None or old.score < s.score:
                found[s.start, s.end] = s
    return found


@cache
def _legal_forms() -> frozenset[str]:
    from finextract.companies.legal import legal_forms

    tables = legal_forms().values()
    return frozenset(form for table in tables for place in ("before", "after") for form in table.get(place, ()))


def _with_forms(text: str, model: list[Scored]) -> list[Scored]:
    """A legal form that the model found apart from its name goes to the name (주식회사 바로하우징)."""
    forms = _legal_forms()
    out: list[Scored] = []
    for c in sorted(model, key=lambda c: c.start):
        if out and 0 <= c.start - out[-1].end <= 1 and text[out[-1].end : c.start].strip() == "":
            pair = (text[out[-1].start : out[-1].end], text[c.start : c.end])
            if pair[0] in forms or pair[1] in forms:
                out[-1] = replace(out[-1], end=c.end, score=max(out[-1].score, c.score))
                continue
        out.append(c)
    return out


def _again(text: str, lang: str, model: Mapping[Span, Scored]) -> dict[Span, float]:
    """Where the names of which the model is sure stand, also without their legal form, and how sure it is of each."""
    from finextract.companies.legal import strip_legal
    from finextract.companies.text import fold

    never = not_companies(lang)
    names: dict[str, float] = {}
    for (start, end), s in model.items():
        if s.score >= SURE:
            surface = text[start:end]
            for name in (surface, strip_legal(surface)):
                shortest = 2 if re.search("[぀-鿿가-힣]", name) else 3
                if len(name) >= shortest and (len(name) > 2 or name == surface) and fold(name) not in never:
                    name = " ".join(name.split())
                    names[name] = max(names.get(name, 0.0), s.score)
    found: dict[Span, float] = {}
    for start, end, name in _places(text, names):
        span = boundary_rules(lang).span(text, start, end, False)
        if span:
            found[span[0], span[1]] = names[name]
    return found


def _places(text: str, names: Iterable[str]) -> Iterator[tuple[int, int, str]]:
    """Where these names stand, from left to right, the longest first, without overlaps; inner blanks are any white space,
    each one character or each two.

    For the few names of a document this is many times faster than to compile an expression; the time grows with the
    length of the text and the number of different lengths, not with the number of names.
    """
    written = {name: name for name in names}
    if any(" " in name for name in written):
        text = _WHITE.sub(" ", text)
        written |= {name.replace(" ", "  "): name for name in written if " " in name}
    sizes: dict[str, set[int]] = {}
    for name in written:
        sizes.setdefault(name[:2], set()).add(len(name))
    done = 0
    for start in [i for i in range(len(text) - 1) if text[i : i + 2] in sizes] if written else ():
        if start < done:
            continue
        for size in sorted(sizes[text[start : start + 2]], reverse=True):
            word = text[start : start + size]  # shorter at the end of the text
            if found := written.get(word):
                done = start + len(word)
                yield start, done, found
                break
