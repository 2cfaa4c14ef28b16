"""The small spaCy pipeline as a source of company names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from finextract.entities import Entity

if TYPE_CHECKING:
    from spacy.language import Language


def small_model_companies(nlp: Language, text: str, quantities: Sequence[Entity]) -> list[Entity]:
    """Companies that the trained NER of a small pipeline finds (without our other components)."""
    doc = nlp(text)
    return [
        Entity(e.start_char, e.end_char, "COMPANY", e.text, None, "model") for e in doc.ents if e.label_ == "COMPANY"
    ]
