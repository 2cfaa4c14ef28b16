"""Putting a pipeline together."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from spacy.language import Language

_LONGEST = 1 << 30

TOKENIZERS: dict[str, dict[str, Any]] = {
    "ja": {"@tokenizers": "finextract.SudachiTokenizer.v1", "mode": "A", "characters": True},
    "de": {"@tokenizers": "finextract.GermanTokenizer.v1"},
    "ko": {"@tokenizers": "finextract.KiwiTokenizer.v1", "characters": True},
    "zh": {"@tokenizers": "finextract.JiebaTokenizer.v1"},
    "en": {"@tokenizers": "finextract.GermanTokenizer.v1"},
}
"""The tokenizer of each language, chosen by measurement (docs/tokenizers.md)."""


def long_texts() -> Callable[[Language], Language]:
    """``finextract.LongTexts.v1``, for ``nlp.after_creation``: lift spaCy's limit of a million characters a text."""

    def lift(nlp: Language) -> Language:
        nlp.max_length = _LONGEST
        return nlp

    return lift


def assemble(lang: str, *, network: str = "none") -> Language:
    """Tokenizer, quantities, companies and their resolution, and with ``network`` ``encoder`` or ``fast`` that one too."""
    import spacy

    if lang not in TOKENIZERS:
        raise ValueError(f"lang: {lang!r} is none of {', '.join(TOKENIZERS)}")
    nlp = spacy.blank(
        lang,
        config={"nlp": {"tokenizer": TOKENIZERS[lang], "after_creation": {"@callbacks": "finextract.LongTexts.v1"}}},
    )
    nlp.add_pipe("finextract_quantities")
    nlp.add_pipe("finextract_companies")
    if network != "none":
        nlp.add_pipe("finextract_encoder", config={"network": network})
    nlp.add_pipe("finextract_resolver")
    return nlp


@lru_cache(maxsize=8)
def trained(lang: str) -> Language:
    """The trained pipeline ``LANG_fin_news_sm`` that comes with the package (or lies in ``models/``)."""
    import spacy

    from finextract.companies.paths import find_model

    return spacy.load(find_model(f"{lang}_fin_news_sm"))
