"""Japanese: SudachiPy with its core dictionary, or fugashi (MeCab) with unidic-lite."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from spacy.language import Language
from spacy.vocab import Vocab

from finextract.pipeline.segments import HAN, HIRAGANA, Morpheme, align
from finextract.pipeline.tokenizing import MorphemeTokenizer, version

# Marks that stand at a name without belonging to it, and that dictionaries join with what follows or precedes.
_MARKS = re.compile(
    rf"(?<![{HAN}])(?=[米英独仏中韓日露印豪伊加台瑞蘭]["
    rf"{HAN}]{{2}})(?:.()(?=.))"
    rf"|()(?:社|氏|系|製|側|株|発|初|版|間|期|産|等|各)(?![{HAN}])"
    rf"|()(?=[はがをにでともへのやか](?![{HIRAGANA}]))(?<=[{HIRAGANA}])"
)


class _Japanese(MorphemeTokenizer):
    def more_cuts(self, text: str) -> Iterable[int]:
        return (match.start(match.lastindex) for match in _MARKS.finditer(text) if match.lastindex)


@lru_cache(maxsize=2)
def _sudachi(dictionary: str) -> Any:
    from sudachipy import Dictionary

    return Dictionary(dict=dictionary)


class SudachiTokenizer(_Japanese):
    """SudachiPy; ``mode`` A cuts short units, B middle ones, C named entities and other long ones."""

    registered = "finextract.SudachiTokenizer.v1"

    def __init__(self, vocab: Vocab, *, mode: str = "A", dictionary: str = "core", characters: bool = False) -> None:
        if mode not in ("A", "B", "C"):
            raise ValueError(f"mode: {mode!r} is none of A, B, C")
        super().__init__(vocab, characters=characters)
        self.mode = mode
        self.dictionary = dictionary

    def settings(self) -> dict[str, Any]:
        return {"mode": self.mode, "dictionary": self.dictionary, "characters": self.characters}

    def versions(self) -> dict[str, str]:
        dictionary = f"SudachiDict-{self.dictionary}"
        return {"SudachiPy": version("SudachiPy"), dictionary: version(dictionary)}

    def _tokenizer(self) -> Any:
        if not hasattr(self._local, "analyser"):
            from sudachipy import SplitMode

            shared = _sudachi(self.dictionary)
            make = getattr(shared, "tokenizer", None) or shared.create
            self._local.analyser = make(mode=getattr(SplitMode, self.mode))
        return self._local.analyser

    def morphemes(self, text: str) -> Iterator[Morpheme]:
        for found in self._tokenizer().tokenize(text):
            pos = found.part_of_speech()
            yield Morpheme(found.begin(), found.end(), f"{pos[0]}-{pos[1]}-{pos[2]}")


class FugashiTokenizer(_Japanese):
    """fugashi, the binding of MeCab, with the dictionary unidic-lite."""

    registered = "finextract.FugashiTokenizer.v1"

    def versions(self) -> dict[str, str]:
        return {"fugashi": version("fugashi"), "unidic-lite": version("unidic-lite")}

    def _tagger(self) -> Any:
        if not hasattr(self._local, "analyser"):
            import fugashi
            import unidic_lite

            self._local.analyser = fugashi.Tagger(f'-d "{unidic_lite.DICDIR}"')
        return self._local.analyser

    def morphemes(self, text: str) -> Iterator[Morpheme]:
        found = [
            (node.surface, f"{node.feature.pos1}-{node.feature.pos2}-{node.feature.pos3}")
            for node in self._tagger()(text)
        ]
        for place, (_, tag) in zip(align(text, (surface for surface, _ in found)), found, strict=True):
            if place:
                yield Morpheme(*place, tag)


def sudachi_tokenizer(
    mode: str = "A", dictionary: str = "core", characters: bool = False
) -> Callable[[Language], SudachiTokenizer]:
    """``finextract.SudachiTokenizer.v1``"""
    return lambda nlp: SudachiTokenizer(nlp.vocab, mode=mode, dictionary=dictionary, characters=characters)


def fugashi_tokenizer(characters: bool = False) -> Callable[[Language], FugashiTokenizer]:
    """``finextract.FugashiTokenizer.v1``"""
    return lambda nlp: FugashiTokenizer(nlp.vocab, characters=characters)
