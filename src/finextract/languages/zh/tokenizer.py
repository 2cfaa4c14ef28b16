"""Chinese: jieba's words, or characters alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from spacy.language import Language
from spacy.vocab import Vocab

from finextract.pipeline.segments import Morpheme
from finextract.pipeline.tokenizing import MorphemeTokenizer, version


@lru_cache(maxsize=1)
def _jieba() -> tuple[Any, dict[str, str]]:
    """jieba with its dictionary, and the parts of speech in it.

    jieba itself would keep a marshalled cache in the system's folder for temporary files, which anyone may write to;
    the dictionary is read directly instead.
    """
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jieba
    segmenter = jieba.Tokenizer()
    frequency: dict[str, int] = {}
    tags: dict[str, str] = {}
    total = 0
    with segmenter.get_dict_file() as lines:
        for raw in lines:
            word, times, tag = raw.decode("utf-8").split()
            frequency[word] = int(times)
            tags[word] = tag
            total += int(times)
            for end in range(1, len(word)):
                frequency.setdefault(word[:end], 0)
    segmenter.FREQ, segmenter.total, segmenter.initialized = frequency, total, True
    return segmenter, tags


class JiebaTokenizer(MorphemeTokenizer):
    """jieba. By default each Han character is a token that carries its word and tag, so that every boundary can be learnt."""

    registered = "finextract.JiebaTokenizer.v1"

    def __init__(self, vocab: Vocab, *, characters: bool = True) -> None:
        super().__init__(vocab, characters=characters)

    def versions(self) -> dict[str, str]:
        return {"jieba": version("jieba")}

    def morphemes(self, text: str) -> Iterator[Morpheme]:
        segmenter, tags = _jieba()
        at = 0
        for word in segmenter.cut(text):
            yield Morpheme(at, at + len(word), tags.get(word, "x"))
            at += len(word)


class CharTokenizer(MorphemeTokenizer):
    """Every Han, kana and Hangul character a token, without an analyser; works for all languages."""

    registered = "finextract.CharTokenizer.v1"

    def __init__(self, vocab: Vocab, *, characters: bool = True) -> None:
        super().__init__(vocab, characters=characters)

    def versions(self) -> dict[str, str]:
        return {}

    def morphemes(self, text: str) -> Iterator[Morpheme]:
        return iter(())


def jieba_tokenizer(characters: bool = True) -> Callable[[Language], JiebaTokenizer]:
    """``finextract.JiebaTokenizer.v1``"""
    return lambda nlp: JiebaTokenizer(nlp.vocab, characters=characters)


def char_tokenizer(characters: bool = True) -> Callable[[Language], CharTokenizer]:
    """``finextract.CharTokenizer.v1``"""
    return lambda nlp: CharTokenizer(nlp.vocab, characters=characters)
