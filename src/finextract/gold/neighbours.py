"""The two other parts of the toolkit that checking asks: what the grammar reads, and where tokenizers cut.

Kept in one place, imported when asked for, so that files can be checked without loading a language model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from finextract.entities import Entity

Reader = Callable[[str, str, str | None], Sequence[Entity]]
Cutter = Callable[[str], list[tuple[int, int]]]

GRAMMAR_LANGS = ("ja", "de", "ko", "zh", "en")

# language -> name -> module, class, arguments; those on words, for comparison, are not trained on
TOKENIZERS: dict[str, dict[str, tuple[str, str, dict[str, object]]]] = {
    "ja": {
        "sudachi": ("finextract.languages.ja.tokenizer", "SudachiTokenizer", {"mode": "A", "characters": True}),
        "sudachi-a-words": ("finextract.languages.ja.tokenizer", "SudachiTokenizer", {"mode": "A"}),
        "sudachi-b-words": ("finextract.languages.ja.tokenizer", "SudachiTokenizer", {"mode": "B"}),
        "sudachi-c-words": ("finextract.languages.ja.tokenizer", "SudachiTokenizer", {"mode": "C"}),
        "fugashi": ("finextract.languages.ja.tokenizer", "FugashiTokenizer", {"characters": True}),
        "fugashi-words": ("finextract.languages.ja.tokenizer", "FugashiTokenizer", {}),
    },
    "de": {"german": ("finextract.languages.de.tokenizer", "GermanTokenizer", {})},
    "ko": {
        "kiwi": ("finextract.languages.ko.tokenizer", "KiwiTokenizer", {"characters": True}),
        "kiwi-words": ("finextract.languages.ko.tokenizer", "KiwiTokenizer", {}),
    },
    "zh": {
        "jieba": ("finextract.languages.zh.tokenizer", "JiebaTokenizer", {"characters": True}),
        "jieba-words": ("finextract.languages.zh.tokenizer", "JiebaTokenizer", {"characters": False}),
        "char": ("finextract.languages.zh.tokenizer", "CharTokenizer", {}),
    },
}


def grammar() -> Reader:
    """The grammar's reading of a whole text: ``(text, lang, date) -> entities``."""
    from finextract.quantities import read

    return read


def tokenizer_names() -> list[str]:
    """The tokenizers that pipelines are trained on, of whatever language."""
    return [name for tokenizers in TOKENIZERS.values() for name in tokenizers if not name.endswith("-words")]


def known_tokenizer(name: str) -> bool:
    """Whether some language has a tokenizer of that name."""
    return any(name in tokenizers for tokenizers in TOKENIZERS.values())


def cutter(name: str, lang: str) -> Cutter | None:
    """Token offsets by a tokenizer of the language; None where the language has none of that name."""
    entry = TOKENIZERS.get(lang, {}).get(name)
    if entry is None:
        return None
    from importlib import import_module

    from spacy.vocab import Vocab

    module, cls, arguments = entry
    tokenizer = getattr(import_module(module), cls)(Vocab(), **arguments)

    def cut(text: str) -> list[tuple[int, int]]:
        return [(piece[0], piece[1]) for piece in tokenizer.pieces(text)]

    return cut
