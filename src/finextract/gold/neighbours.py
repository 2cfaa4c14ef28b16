"""The two other parts of the toolkit that checking asks: what the grammar reads, and where tokenizers cut.

Kept in one place, imported when asked for, so that files can be checked without loading a language model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from finextract.entities import Entity

Reader = Callable[[str, str, str | None], Sequence[Entity]]
Cutter = Callable[[str], list[tuple[int, int]]]

GRAMMAR_LANGS = ("ja", "de", "ko", "zh", "en")


def grammar() -> Reader:
    """The grammar's reading of a whole text: ``(text, lang, date) -> entities``."""
    from finextract.quantities import read

    return read


def cutter(name: str, lang: str) -> Cutter | None:
    """Token offsets by a tokenizer of the language; None where the language has none of that name."""
    from finextract.pipeline import token_offsets

    return token_offsets(name, lang)


def tokenizer_names() -> list[str]:
    """All tokenizers there are, of whatever language."""
    from finextract.pipeline import TOKENIZERS

    return list(TOKENIZERS)
