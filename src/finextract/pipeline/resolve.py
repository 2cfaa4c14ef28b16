"""From what each part found to one list without overlaps, with values and identities. No spaCy here.

The grammar comes first: it read the value where it found the span. Of companies, names that the encoder or the trained
model saw in context come before names that merely stand in the knowledge base; one that both found carries both sources.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from finextract.entities import Company, Entity, Value
from finextract.taken import Taken

_QUANTITIES = frozenset(("MONEY", "PERCENT", "QUARTER"))


def known_companies(text: str, lang: str) -> list[Entity]:
    """Names of the knowledge base that count where they stand."""
    from finextract.companies import THRESHOLD, CompanyIndex, hit_score

    hits = [hit for hit in CompanyIndex.load().find(text, lang) if hit_score(text, hit, lang) >= THRESHOLD]
    return [Entity(hit.start, hit.end, "COMPANY", text[hit.start : hit.end], None, "kb") for hit in hits]


def resolve(
    text: str,
    lang: str,
    *,
    quantities: Iterable[Entity] = (),
    companies: Iterable[Entity] = (),
    encoder: Iterable[Entity] = (),
    model: Iterable[Entity] = (),
    date: str | None = None,
) -> list[Entity]:
    """One list in order of position, without overlaps, every entity with the value that could be read."""
    taken = Taken(len(text))
    out: list[Entity] = [entity for entity in quantities if taken.take(entity.start, entity.end)]
    model = list(model)
    names: dict[tuple[int, int], Entity] = {}
    for group in (encoder, (m for m in model if m.label == "COMPANY"), companies):
        for entity in group:
            place = (entity.start, entity.end)
            if place in names:
                names[place] = _joined(names[place], entity)
            elif taken.take(entity.start, entity.end):
                names[place] = entity
    out += [replace(entity, value=entity.value or identity(entity.text, lang)) for entity in names.values()]
    for entity in model:
        if entity.label in _QUANTITIES and taken.take(entity.start, entity.end):
            out.append(replace(entity, value=reading(entity, lang, date)))
    return sorted(out, key=lambda entity: entity.start)


def identity(surface: str, lang: str) -> Company:
    """Which company a surface names."""
    from finextract.companies import link

    return link(surface, lang)


def reading(entity: Entity, lang: str, date: str | None) -> Value | None:
    """The value of a quantity that only the model found: what the grammar reads from its surface alone, if it covers all of it."""
    from finextract.quantities import read

    for found in read(entity.text, lang, date):
        if found.label == entity.label and (found.start, found.end) == (0, len(entity.text)):
            return found.value
    return None


def _joined(first: Entity, second: Entity) -> Entity:
    sources = dict.fromkeys([*first.source.split("+"), *second.source.split("+")])
    return replace(first, source="+".join(sources), value=first.value or second.value)
