"""Evidence for companies, joined: knowledge base, cues, the model's confidence, and what the document says elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from finextract.entities import Entity


def join_companies(
    text: str,
    lang: str,
    quantities: Sequence[Entity],
    encoded: Any = None,
    small: Iterable[Entity] | None = None,
) -> list[Entity]:
    """All entities of a text in order: the quantities, and the companies that the joined evidence speaks for."""
    from finextract.pipeline.resolve import known_companies, resolve

    encoder = [
        Entity(s.start, s.end, "COMPANY", text[s.start : s.end], None, "model") for s in encoded or () if s.label == "COMPANY"
    ]
    return resolve(text, lang, quantities=quantities, companies=known_companies(text, lang), encoder=encoder, model=small or ())
