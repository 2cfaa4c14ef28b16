"""Pinyin written in Hangul, after the rules of the Korean orthography for foreign words (Chinese table)."""

from __future__ import annotations

from collections.abc import Sequence

_INITIALS = {
    "b": 7, "p": 17, "m": 6, "f": 17, "d": 3, "t": 16, "n": 2, "l": 5, "g": 0, "k": 15, "h": 18,
    "j": 12, "q": 14, "x": 9, "zh": 13, "ch": 14, "sh": 9, "r": 5, "z": 13, "c": 14, "s": 9, "": 11,
}  # fmt: skip
# final -> syllables, each (vowel, final consonant); numbers are those of Unicode's Hangul syllable formula
_FINALS = {
    "a": [(0, 0)], "o": [(8, 0)], "e": [(18, 0), (4, 0)], "ai": [(0, 0), (20, 0)], "ei": [(5, 0), (20, 0)], "ao": [(0, 0), (8, 0)],
    "ou": [(4, 0), (13, 0)], "an": [(0, 4)], "en": [(4, 4)], "ang": [(0, 21)], "eng": [(4, 21)], "ong": [(13, 21)],
    "i": [(20, 0)], "ia": [(2, 0)], "ie": [(7, 0)], "iao": [(2, 0), (8, 0)], "iu": [(17, 0)], "ian": [(7, 4)], "in": [(20, 4)],
    "iang": [(2, 21)], "ing": [(20, 21)], "iong": [(17, 21)], "u": [(13, 0)], "ua": [(9, 0)], "uo": [(14, 0)], "uai": [(9, 0), (20, 0)],
    "ui": [(13, 0), (20, 0)], "uan": [(9, 4)], "un": [(13, 4)], "uang": [(9, 21)], "ue": [(16, 0), (7, 0)], "ve": [(16, 0), (7, 0)],
    "v": [(16, 0)], "er": [(4, 8)],
}  # fmt: skip
_ZERO = {
    "yi": "이", "ya": "야", "yao": "야오", "ye": "예", "you": "유", "yan": "옌", "yin": "인", "yang": "양", "ying": "잉", "yong": "융",
    "wu": "우", "wa": "와", "wo": "워", "wai": "와이", "wei": "웨이", "wan": "완", "wen": "원", "wang": "왕", "weng": "웡",
    "yu": "위", "yue": "웨", "yuan": "위안", "yun": "윈", "er": "얼", "e": "어",
}  # fmt: skip
_BUZZ = {"zhi": "즈", "chi": "츠", "shi": "스", "ri": "르", "zi": "쯔", "ci": "츠", "si": "쓰"}


def _syllable(initial: int, vowel: int, final: int) -> str:
    return chr(0xAC00 + (initial * 21 + vowel) * 28 + final)


def _one(pinyin: str) -> str:
    if pinyin in _ZERO:
        return _ZERO[pinyin]
    if pinyin in _BUZZ:
        return _BUZZ[pinyin]
    for length in (2, 1, 0):
        head, tail = pinyin[:length], pinyin[length:]
        if head in _INITIALS and tail in _FINALS:
            break
    else:
        return ""
    if head in ("j", "q", "x") and tail in ("u", "ue", "uan", "un"):
        parts = {"u": [(16, 0)], "ue": [(15, 0)], "uan": [(16, 0), (0, 4)], "un": [(16, 4)]}[tail]
    else:
        parts = _FINALS[tail]
        if tail == "e":
            parts = [(4, 0)]
    number = {"z": 13, "zh": 12}.get(head, _INITIALS[head])
    if head in ("j", "q", "x", "zh") and tail.startswith("ia"):  # after ㅈ, ㅊ the glide is not written
        parts = [({2: 0, 7: 5, 17: 13}.get(v, v) if head in ("j", "q", "zh") else v, f) for v, f in parts]
    out = _syllable(number, *parts[0])
    return out + "".join(_syllable(11, v, f) for v, f in parts[1:])


def pinyin_to_hangul(syllables: Sequence[str]) -> str:
    """``["ying", "wei", "da"]`` to ``잉웨이다``; empty where a syllable is no pinyin."""
    out = [_one(s) for s in syllables]
    return "".join(out) if all(out) else ""
