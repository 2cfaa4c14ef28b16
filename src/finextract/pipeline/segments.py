"""Cutting text into tokens: where a span of any language may begin or end, there is a cut.

A morphological analyser says where words are; it does not know that in 「米エヌビディア」 the country mark is no part of
the name. Its cuts are therefore joined with those that the characters give: at white space, at every punctuation mark
and hyphen, between digits and letters, and where the script changes. Tokens are the pieces between two cuts of the raw
text, so that nothing is ever lost, added or shifted, whatever an analyser normalises inside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

RULES = "1"
"""Version of these rules, part of every fingerprint."""

HAN = "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
HIRAGANA = "\u3041-\u3096\u3099\u309a\u309d-\u309f"
KATAKANA = "\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
HANGUL = "\u1100-\u11ff\u3131-\u318e\ua960-\ua97f\uac00-\ud7ff\uffa1-\uffdc"
_MARKS = "\u0300-\u036f\u200c\u200d\ufe00-\ufe0f"
_EAST = HAN + HIRAGANA + KATAKANA + HANGUL

_SEGMENT = re.compile(
    rf"""
      (?P<space>\s+)
    | (?P<number>\d{{1,3}}(?:[.,'’]\d{{3}})+(?:[.,]\d+)?(?!\d)|\d+[.]\d+|\d+)
    | (?P<east>[{HAN}]+|[{HIRAGANA}]+|[{KATAKANA}]+|[{HANGUL}]+)
    | (?P<word>(?:(?![{_EAST}])[^\W\d_][{_MARKS}]*)+)
    | (?P<mark>.[{_MARKS}\u3099\u309a\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*)
    """,
    re.X | re.S,
)
_CAMEL = re.compile(r"(?<=[a-zäöüßé])(?=[A-ZÄÖÜ])")
_BREAKS = re.compile(r".*[\n。．！？]|.*\s", re.S)


class Morpheme(NamedTuple):
    """A word that an analyser found: raw offsets and its part of speech."""

    start: int
    end: int
    tag: str


class Piece(NamedTuple):
    """A token to be: raw offsets, the tag of its morpheme and the morpheme's own offsets."""

    start: int
    end: int
    tag: str
    word: tuple[int, int]


def align(text: str, surfaces: Iterable[str], window: int = 64) -> Iterator[tuple[int, int] | None]:
    """Raw offsets of each surface in turn; None for one that the analyser changed beyond finding.

    Analysers drop white space, fold widths and swallow what they do not know. A surface that is not at the expected
    place is looked for a little further on; if it is not there, it is given up and the next one starts from the same place.
    """
    at = 0
    for surface in surfaces:
        if not surface:
            yield None
            continue
        if not text.startswith(surface, at):
            found = text.find(surface, at, at + len(surface) + window)
            if found < 0:
                yield None
                continue
            at = found
        yield at, at + len(surface)
        at += len(surface)


def chunks(text: str, limit: int) -> Iterator[tuple[int, str]]:
    """``(offset, piece)`` of at most ``limit`` characters each, broken after a sentence or at white space if there is any."""
    at = 0
    while len(text) - at > limit:
        piece = text[at : at + limit]
        match = _BREAKS.match(piece, limit // 2) or _BREAKS.match(piece)
        size = match.end() if match else limit
        yield at, piece[:size]
        at += size
    if at < len(text):
        yield at, text[at:]


def cut(
    text: str,
    morphemes: Iterable[Morpheme],
    *,
    characters: bool = False,
    more_cuts: Iterable[int] = (),
) -> Iterator[Piece]:
    """The tokens of ``text``: white space apart, and every cut of characters, morphemes and ``more_cuts`` kept.

    With ``characters`` each Han, kana and Hangul character is a token of its own.
    """
    size = len(text)
    cuts = bytearray(size + 1)
    closed: list[tuple[int, int]] = []  # numbers, in which no morpheme cuts
    for match in _SEGMENT.finditer(text):
        start, end = match.span()
        cuts[start] = 1
        kind = match.lastgroup
        if kind == "number" and end - start > 1:
            closed.append((start, end))
        elif kind == "east" and characters:
            cuts[start:end] = b"\1" * (end - start)
        elif kind == "word":
            for camel in _CAMEL.finditer(text, start, end):
                cuts[camel.start()] = 1
    words: list[Morpheme] = []
    for morpheme in morphemes:
        if 0 <= morpheme.start < morpheme.end <= size:
            cuts[morpheme.start] = cuts[morpheme.end] = 1
            words.append(morpheme)
    words.sort(key=lambda word: word.start)
    for place in more_cuts:
        cuts[place] = 1
    for start, end in closed:
        cuts[start + 1 : end] = bytes(end - start - 1)
    cuts[size] = 1
    start = at = 0
    while start < size:
        end = cuts.index(1, start + 1)
        while at < len(words) and words[at].end <= start:
            at += 1
        if at < len(words) and words[at].start <= start:
            word = words[at]
            yield Piece(start, end, _position(word, start, end), (word.start, word.end))
        else:
            yield Piece(start, end, "", (start, end))
        start = end


def _position(word: Morpheme, start: int, end: int) -> str:
    """The tag, with where in its morpheme a token stands: the whole, the beginning, inside or the end of it."""
    if start <= word.start and end >= word.end:
        return word.tag
    return f"{word.tag}|{'B' if start <= word.start else 'E' if end >= word.end else 'I'}"
