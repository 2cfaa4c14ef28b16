"""Why a span was found, by which rule, name or model, and why a near miss was none."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from finextract.entities import Entity

if TYPE_CHECKING:
    from finextract.companies.encoder import Names, Scored
    from finextract.companies.index import Hit


@dataclass(frozen=True, slots=True)
class Reason:
    """A stretch of text that became a span (``entity``) or nearly did, and what spoke for and against it."""

    start: int
    end: int
    text: str
    entity: Entity | None
    because: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        out: dict[str, Any] = {"start": self.start, "end": self.end, "text": self.text}
        if self.entity is not None:
            out["label"] = self.entity.label
            if self.entity.value is not None:
                out["value"] = self.entity.value.to_dict()
            out["source"] = self.entity.source
        out["because"] = list(self.because)
        return out


@dataclass(frozen=True, slots=True)
class Explanation:
    """What was found in a text and what was not, in order of position."""

    text: str
    lang: str
    model: str
    found: tuple[Reason, ...] = field(default_factory=tuple)
    missed: tuple[Reason, ...] = field(default_factory=tuple)

    def to_dict(self) -> dict[str, Any]:
        out: dict[str, Any] = {"text": self.text, "lang": self.lang, "model": self.model}
        return {**out, "spans": [r.to_dict() for r in self.found], "near_misses": [r.to_dict() for r in self.missed]}


def explain(
    text: str, *, lang: str | None = None, date: str | datetime.date | None = None, model: str = "auto"
) -> Explanation:
    """:func:`finextract.extract` with its reasons; raises what that raises."""
    from finextract.companies.cues import THRESHOLD, hit_score
    from finextract.companies.index import CompanyIndex
    from finextract.companies.join import not_companies
    from finextract.companies.text import fold
    from finextract.extractor import extract, resolve_model
    from finextract.quantities import readings

    extraction = extract(text, lang=lang, date=date, model=model)
    code = extraction.lang
    tier = resolve_model(model, code)
    misses: list[tuple[int, int, str]] = []
    rules = {
        (r.start, r.end): r.rule
        for r in readings(text, code, date, lambda start, end, why: misses.append((start, end, why)))
    }
    hits = CompanyIndex.load().find(text, code)
    scored = _scored(text, code, tier)
    weigh = _weigher(text, code, tier, scored)
    found = []
    for e in extraction.entities:
        if e.label != "COMPANY":
            because = [f"grammar: rule {rules.get((e.start, e.end), '?')}"]
        else:
            because = [_hit(text, h, code) for h in hits if h.start < e.end and e.start < h.end]
            because += [_model(s) for s in scored or () if s.start < e.end and e.start < s.end]
            if "model" in e.source and tier == "small":
                because.append(f"model: {code}_fin_news_sm marks a company here")
            if e.source == "document":
                because.append("document: the name is sure at another place of this text")
            because += weigh(e.start, e.end)
            by = getattr(e.value, "linked_by", None)
            because.append(f"linked: by {by}" if by else "linked: the knowledge base has no such company")
        found.append(Reason(e.start, e.end, e.text, e, tuple(because)))

    def covered(start: int, end: int) -> bool:
        return any(e.start < end and start < e.end for e in extraction.entities)

    never = not_companies(code)
    missed = [
        Reason(start, end, text[start:end], None, (f"grammar: {why}",))
        for start, end, why in misses
        if not covered(start, end)
    ]
    for h in hits:
        if covered(h.start, h.end):
            continue
        score = hit_score(text, h, code)
        because = [_hit(text, h, code)]
        if score < THRESHOLD:
            because.append(f"names: {score:.2f} is below {THRESHOLD}")
        because += weigh(h.start, h.end)
        because += [_model(s) for s in scored or () if s.start < h.end and h.start < s.end]
        missed.append(Reason(h.start, h.end, text[h.start : h.end], None, tuple(because)))
    for s in scored or ():
        if covered(s.start, s.end) or any(h.start < s.end and s.start < h.end for h in hits):
            continue
        because = [_model(s)]
        if fold(text[s.start : s.end]) in never:
            because.append("names: on the list of what is never a company")
        because += weigh(s.start, s.end)
        missed.append(Reason(s.start, s.end, text[s.start : s.end], None, tuple(because)))
    return Explanation(text, code, tier, tuple(found), tuple(sorted(missed, key=lambda r: (r.start, r.end))))


def _scored(text: str, lang: str, tier: str) -> Names | None:
    if tier not in ("encoder", "fast"):
        return None
    from finextract.companies.reread import names_by

    return names_by(tier, [text], [lang])[0]


def _weigher(text: str, lang: str, tier: str, names: Names | None) -> Callable[[int, int], list[str]]:
    """What tells how a candidate was weighed; nothing where none was."""
    from finextract.companies.join import gathered, weighed
    from finextract.companies.weigh import load_weights

    if names is None:
        return lambda start, end: []
    document = gathered(text, lang, names)
    weights = load_weights(tier, lang)
    scores, least = weighed(document, weights, len(text), lang)
    why = "" if least == weights.threshold else ", since this long text has no surer name"

    def told(start: int, end: int) -> list[str]:
        if (start, end) not in scores:
            return []
        parts = ", ".join(f"{name} {w:+.2f}" for name, w in weights.reasons(document.features(start, end)))
        return [f"joined: {scores[start, end]:.2f}, from {least:.2f} on it counts{why} ({parts})"]

    return told


def _model(scored: Scored) -> str:
    return f"model: takes {scored.start}–{scored.end} for {scored.label}, {scored.score:.2f}"


def _hit(text: str, hit: Hit, lang: str) -> str:
    from finextract.companies.cues import evidence, hit_score

    reasons = ", ".join(f"{e.kind} {e.found!r} {e.weight:+.2f}" for e in evidence(text, hit, lang))
    return f"names: {hit.alias!r} is {' or '.join(hit.ids[:3])}, {hit_score(text, hit, lang):.2f} ({reasons})"
