"""Our spaCy components: thin wrappers around quantities, companies and the encoder, and the one that joins their results.

Each writes what it found into ``doc.user_data``; only ``finextract_resolver`` sets ``doc.ents``. The document's date,
for years and relative quarters, is ``doc._.date``; the value of a span is ``span._.value``; ``doc._.entities`` is the
tuple of :class:`~finextract.entities.Entity` that an extraction would hold.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from finextract.entities import Entity, Value

KEY = "finextract"


def _store(doc: Doc) -> dict[str, Any]:
    store: dict[str, Any] = doc.user_data.setdefault(KEY, {})
    return store


def entities_of(doc: Doc) -> tuple[Entity, ...]:
    """What the resolver found, with values."""
    return tuple(Entity.from_dict(data) for data in _store(doc).get("entities", ()))


def value_of(span: Span) -> Value | None:
    """The value of an entity that the resolver set."""
    for data in _store(span.doc).get("entities", ()):
        if (data["start"], data["end"], data["label"]) == (span.start_char, span.end_char, span.label_):
            return Entity.from_dict(data).value
    return None


def _register() -> None:
    if not Doc.has_extension("entities"):
        Doc.set_extension("entities", getter=entities_of)
    if not Span.has_extension("value"):
        Span.set_extension("value", getter=value_of)
    if not Doc.has_extension("date"):
        Doc.set_extension("date", default=None)


_register()


class Component:
    """A component that only adds to ``doc.user_data``; it has no state to save."""

    part = ""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def found(self, doc: Doc) -> list[Entity]:
        raise NotImplementedError

    def __call__(self, doc: Doc) -> Doc:
        found = self.found(doc)
        _store(doc)[self.part] = [entity.to_dict() for entity in found]
        mark(doc, ((e.start, e.end, e.label) for e in found))
        return doc


def mark(doc: Doc, spans: Iterable[tuple[int, int, str]]) -> None:
    """Tell the trained model what was found: each token gets ``Found=LABEL-B`` or ``-I`` as its morphology (the first part's word counts)."""
    for start, end, label in spans:
        span = doc.char_span(start, end, alignment_mode="expand")
        if span is not None:
            for k, token in enumerate(span):
                if not token.morph:
                    token.set_morph(f"Found={label}-{'I' if k else 'B'}")  # type: ignore[attr-defined]


class Quantities(Component):
    """MONEY, PERCENT and QUARTER by the grammar."""

    part = "quantities"

    def found(self, doc: Doc) -> list[Entity]:
        from finextract.quantities import read

        return read(doc.text, self.lang, doc._.date)


def mark_known_names(doc: Doc, lang: str) -> None:
    """Mark the knowledge base's names. Those that are words as well count for nothing by themselves, but are a hint."""
    from finextract.companies import CompanyIndex

    hits = CompanyIndex.load().find(doc.text, lang)
    mark(doc, ((hit.start, hit.end, "AMBIGUOUS" if hit.ambiguous else "NAME") for hit in hits))


class Companies(Component):
    """Known names by the knowledge base."""

    part = "companies"

    def found(self, doc: Doc) -> list[Entity]:
        from finextract.pipeline.resolve import known_companies

        return known_companies(doc.text, self.lang)

    def __call__(self, doc: Doc) -> Doc:
        _store(doc)[self.part] = [entity.to_dict() for entity in self.found(doc)]
        mark_known_names(doc, self.lang)
        return doc


class Encoder:
    """Companies, and what they could be taken for, by the encoder (or by the networks of the ``fast`` tier)."""

    def __init__(self, network: str, lang: str) -> None:
        self.network, self.lang = network, lang

    def __call__(self, doc: Doc) -> Doc:
        from finextract.companies.reread import names_by

        (found,) = names_by(self.network, [doc.text], [self.lang])
        _store(doc).update(encoder=[asdict(scored) for scored in found], company=found.company, network=self.network)
        return doc


class Resolver:
    """Joins the grammar's, the encoder's or the trained model's, and the knowledge base's spans, and sets ``doc.ents``."""

    def __init__(self, lang: str, trained: bool) -> None:
        """``trained``: whether a named entity recogniser of spaCy comes before, whose entities count."""
        self.lang = lang
        self.trained = trained

    def __call__(self, doc: Doc) -> Doc:
        from finextract.companies.encoder import Names, Scored
        from finextract.companies.join import as_names, join_companies

        store = _store(doc)
        quantities = [Entity.from_dict(data) for data in store.get("quantities", ())]
        encoded, who = None, store.get("network", "none")
        if self.trained:
            found = [e for e in doc.ents if e.label_ == "COMPANY"]
            small = [Entity(e.start_char, e.end_char, "COMPANY", e.text, None, "model") for e in found]
            encoded, who = as_names(small, len(doc.text)), "small"
        elif "encoder" in store:
            encoded = Names([Scored(**data) for data in store["encoder"]], store["company"])
        entities = join_companies(doc.text, self.lang, quantities, encoded, who)
        store["entities"] = [entity.to_dict() for entity in entities]
        spans = (doc.char_span(e.start, e.end, label=e.label, alignment_mode="expand") for e in entities)
        doc.set_ents(filter_spans([span for span in spans if span is not None]))
        return doc


@Language.factory("finextract_quantities")
def make_quantities(nlp: Language, name: str) -> Quantities:
    """``finextract_quantities``"""
    return Quantities(str(nlp.lang))


@Language.factory("finextract_companies")
def make_companies(nlp: Language, name: str) -> Companies:
    """``finextract_companies``"""
    return Companies(str(nlp.lang))


@Language.factory("finextract_encoder", default_config={"network": "encoder"})
def make_encoder(nlp: Language, name: str, network: str) -> Encoder:
    """``finextract_encoder``"""
    return Encoder(network, str(nlp.lang))


@Language.factory("finextract_resolver")
def make_resolver(nlp: Language, name: str) -> Resolver:
    """``finextract_resolver``"""
    return Resolver(str(nlp.lang), "ner" in nlp.pipe_names)
