"""Folding and character classes: everything here keeps one code point for one code point, so offsets never shift."""

from __future__ import annotations

import re
import unicodedata

_FOLD: dict[int, int] = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_FOLD.update({0x3000: 0x20, 0xA0: 0x20, 0x202F: 0x20, 0x2009: 0x20})
_FOLD.update({0x2019: 0x27, 0x2018: 0x27, 0xB4: 0x27, 0x2010: 0x2D, 0x2011: 0x2D, 0x2013: 0x2D})
_FOLD.update({0xFF65: 0x30FB, 0xB7: 0x30FB, 0x2022: 0x30FB, 0x2027: 0x30FB})

_FOLD_CHARS = {chr(old): chr(new) for old, new in _FOLD.items()}
_FOLDED = re.compile("[" + "".join(map(re.escape, _FOLD_CHARS)) + "]")
_SQUEEZE = re.compile(r"[\s・\-.,'&()/_]+")
_SQUEEZE_ASCII = {c: None for c in range(128) if _SQUEEZE.match(chr(c))}


def _fold_one(match: re.Match[str]) -> str:
    return _FOLD_CHARS[match[0]]


def fold(text: str) -> str:
    """Full-width ASCII to ASCII, odd spaces, apostrophes, hyphens and middle dots to one form; the length stays."""
    return text if text.isascii() else _FOLDED.sub(_fold_one, text)  # str.translate takes five times as long


def squeeze(text: str) -> str:
    """The key under which the linker compares names: NFKC, no case, no spaces, dots, hyphens or ampersands."""
    if text.isascii():
        return text.translate(_SQUEEZE_ASCII).lower()
    return _SQUEEZE.sub("", fold(unicodedata.normalize("NFKC", text))).casefold()


def is_latin(char: str) -> bool:
    """A letter of the Latin, Greek or Cyrillic alphabets."""
    return char.isalpha() and char < "\u1100"


def is_word(char: str) -> bool:
    """A letter as above or an ASCII digit: what continues a Latin word."""
    return "0" <= char <= "9" or (char < "\u1100" and char.isalpha())


def is_katakana(char: str) -> bool:
    """Katakana or the long-vowel mark, half-width forms too; the middle dot is none."""
    return "\u30a1" <= char <= "\u30fa" or "\u30fc" <= char <= "\u30ff" or "\uff66" <= char <= "\uff9f"


def is_hiragana(char: str) -> bool:
    return "\u3041" <= char <= "\u309f"


def is_han(char: str) -> bool:
    return (
        "\u4e00" <= char <= "\u9fff" or "\u3400" <= char <= "\u4dbf" or char in "々〇" or "\uf900" <= char <= "\ufaff"
    )


def is_hangul(char: str) -> bool:
    return "\uac00" <= char <= "\ud7a3" or "\u1100" <= char <= "\u11ff" or "\u3131" <= char <= "\u318e"


_HANGUL = re.compile("[\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e]")
_KANA = re.compile("[\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\uff66-\uff9f]")
_HAN = re.compile("[\u4e00-\u9fff\u3400-\u4dbf々〇\uf900-\ufaff]")


def script_of(name: str) -> str:
    """``hangul``, ``kana``, ``han`` or ``latin``: the first of these that the name holds."""
    if name.isascii():
        return "latin"
    if _HANGUL.search(name):
        return "hangul"
    if _KANA.search(name):
        return "kana"
    return "han" if _HAN.search(name) else "latin"


_HEADLINE = re.compile(r"[A-ZÄÖÜ]{4,}[\s-]+(?:[^\s]{1,3}\s)?[A-ZÄÖÜ]{4,}")
_CJK = re.compile("[぀-ヿ一-鿿가-힣]")
_LINE = re.compile(r"[^\n.;*!?]+")
_LONG_WORD = re.compile(r"[^\W\d_]{4,}")


def without_capitals(text: str) -> str:
    """Headlines set in capitals (NESTE PRÜFT RAFFINERIE) with capitals at the beginning of their words alone; as long as before.

    Words of up to three letters stay: AG, EUR, MRD. A text in Chinese, Japanese or Korean stays as it is.
    """
    if not _HEADLINE.search(text) or _CJK.search(text):
        return text
    return _LINE.sub(_lowered, text)


def _lowered(line: re.Match[str]) -> str:
    letters = [c for c in line[0] if c.isalpha()]
    if len(letters) < 12 or sum(c.isupper() for c in letters) < 0.85 * len(letters):
        return line[0]
    return _LONG_WORD.sub(_capitalised, line[0])


def _capitalised(word: re.Match[str]) -> str:
    lower = word[0][0] + word[0][1:].lower()
    return lower if word[0].isupper() and len(lower) == len(word[0]) else word[0]
