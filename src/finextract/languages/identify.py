"""Which language a text is in: by script, by what only one script's reform has, and by function words.

Han characters without kana are told apart by the character sets of the countries: what GB 2312 has and neither
JIS X 0208 nor Big5 is simplified Chinese, what JIS alone has is Japanese, and what Big5 has but neither GB 2312 nor the
first level of JIS is traditional Chinese.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from functools import lru_cache
from importlib import resources
from typing import Any

LANGUAGES = ("ja", "de", "ko", "zh", "en")

_WHOLE = 6000  # texts up to this many characters are read whole, of longer ones twelve windows
_WINDOW = 500
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa\uff66-\uff9d]")
_HANGUL = re.compile("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]")
_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile("[A-Za-z\u00aa-\u024f\u1e00-\u1eff\uff21-\uff3a\uff41-\uff5a]+")


class LanguageError(ValueError):
    """A text whose language is not handled or cannot be told; ``code`` is stable.

    ``LANG001`` no letters, ``LANG002`` a language that is not handled, ``LANG003`` too little to tell by,
    ``LANG004`` a language code that is not known.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    raw = json.loads(resources.files(__package__).joinpath("identify.json").read_text(encoding="utf-8"))
    return {
        "latin": {lang: frozenset(words.lower().split()) for lang, words in raw["latin"].items()},
        "names": raw["names"],
        "german_endings": tuple(raw["german_endings"].split()),
        "han": {lang: tuple(words.split()) for lang, words in raw["han"].items()},
    }


@lru_cache(maxsize=8192)
def _origin(char: str) -> str:
    """``ja``, ``zh`` or nothing: the only country whose everyday characters include this one."""

    def has(codec: str) -> bytes:
        try:
            return char.encode(codec)
        except UnicodeEncodeError:
            return b""

    jis, gb, big5 = has("shift_jis"), has("gb2312"), has("big5")
    if gb and not jis and not big5:
        return "zh"
    if jis and not gb and not big5:
        return "ja"
    everyday_in_japan = bool(jis) and jis[0] <= 0x98
    return "zh" if big5 and not gb and not everyday_in_japan else ""


def _sample(text: str) -> str:
    if len(text) <= _WHOLE:
        return text
    step = (len(text) - _WINDOW) / 11
    return "\n".join(text[int(k * step) : int(k * step) + _WINDOW] for k in range(12))


def identify(text: str) -> str:
    """``ja``, ``de``, ``ko``, ``zh`` or ``en``; raises :class:`LanguageError` where that would be a guess."""
    sample = _sample(text)
    kana, hangul, han = (len(pattern.findall(sample)) for pattern in (_KANA, _HANGUL, _HAN))
    east = kana + hangul + han
    words = [w for run in _WORD.findall(sample) for w in _LATIN.findall(run)]
    # Names and tickers in capitals stand in every language's text: what speaks for a Latin-script language is its small words.
    small = sum(
        len(w) * (1.0 if w[0].islower() or w.lower() in _data()["latin"]["de"] else 0.5)
        for w in words
        if not w.isupper()
    )
    others = _other_scripts(sample)
    other, foreign = others.most_common(1)[0] if others else ("", 0)
    if east == 0 and not words and not foreign:
        raise LanguageError("LANG001", "the text has no letters to tell its language by; give it as lang=")
    if foreign > max(4 * east, sum(map(len, words))):
        raise _unsupported(_data()["names"].get(other, f"a language in {other.title()} script"))
    if east * 4 >= small and east:
        return _eastern(sample, kana, hangul, han)
    return _latin(words)


def _other_scripts(sample: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for char, times in Counter(sample).items():
        if char.isalpha() and not (_HAN.match(char) or _KANA.match(char) or _HANGUL.match(char) or _LATIN.match(char)):
            script = unicodedata.name(char, "UNKNOWN").split()[0]
            if script not in (
                "KATAKANA-HIRAGANA",
                "FULLWIDTH",
                "HALFWIDTH",
                "CJK",
                "IDEOGRAPHIC",
                "MODIFIER",
                "MATHEMATICAL",
            ):
                found[script] += times
    return found


def _eastern(sample: str, kana: int, hangul: int, han: int) -> str:
    if hangul * 2 >= kana + han:
        return "ko"
    if hangul > kana and hangul * 5 >= han:
        return "ko"
    votes = Counter(_origin(char) for char in _HAN.findall(sample))
    ja, zh = float(votes["ja"]), float(votes["zh"])
    for lang, listed in _data()["han"].items():
        score = 0.7 * sum(sample.count(word) for word in listed)
        ja, zh = (ja + score, zh) if lang == "ja" else (ja, zh + score)
    if kana >= 0.25 * (kana + han):
        ja += kana
    else:  # a Japanese headline may have one particle, a Chinese text a brand in kana
        ja += 0.8 * kana
    if kana == 0 and han >= 10:  # no Japanese sentence of that length does without kana
        zh += 0.6
    if ja == zh:
        raise LanguageError("LANG003", "the characters are shared by Japanese and Chinese; give the language as lang=")
    return "ja" if ja > zh else "zh"


def _latin(words: list[str]) -> str:
    data = _data()
    lowered = Counter(w.lower() for w in words)
    votes: dict[str, float] = dict.fromkeys(data["latin"], 0.0)
    for word, times in lowered.items():  # a word that four languages share says a quarter for each
        sharing = [lang for lang, listed in data["latin"].items() if word in listed]
        for lang in sharing:
            votes[lang] += times / len(sharing)
    for word, times in lowered.items():
        if "ß" in word or (len(word) > 5 and word.endswith(data["german_endings"])):
            votes["de"] += 0.6 * times
        if any(c in "äöü" for c in word):
            votes["de"] += 0.3 * times
    ranked = sorted(votes.items(), key=lambda pair: -pair[1])
    (best, score), (second, runner_up) = ranked[0], ranked[1]
    if score == 0:
        raise LanguageError("LANG003", "too few words that belong to one language; give the language as lang=")
    if score == runner_up:
        raise LanguageError("LANG003", f"the words fit {best} and {second} alike; give the language as lang=")
    if best not in LANGUAGES:
        raise _unsupported(data["names"][best])
    return best


def _unsupported(name: str) -> LanguageError:
    return LanguageError("LANG002", f"the text seems to be {name}; handled are {', '.join(LANGUAGES)}")
