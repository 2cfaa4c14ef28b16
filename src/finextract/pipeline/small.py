"""The small spaCy pipeline as a source of company names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from finextract.entities import Entity

if TYPE_CHECKING:
    from spacy.language import Language


def small_model_entities(nlp: Language, text: str, quantities: Sequence[Entity]) -> list[Entity]:
    """What the trained NER of a small pipeline finds, given the quantities that the grammar found already."""
    from finextract.pipeline.components import mark, mark_known_names

    doc = nlp.make_doc(text)
    mark(doc, ((e.start, e.end, e.label) for e in quantities))
    mark_known_names(doc, str(nlp.lang))
    doc = nlp.get_pipe("ner")(doc)
    return [Entity(e.start_char, e.end_char, e.label_, e.text, None, "model") for e in doc.ents]  # type: ignore[arg-type]


def small_model_companies(nlp: Language, text: str, quantities: Sequence[Entity]) -> list[Entity]:
    """The companies among :func:`small_model_entities`."""
    return [entity for entity in small_model_entities(nlp, text, quantities) if entity.label == "COMPANY"]
