"""May a name begin and end here? The rules of each script and language; the words they need are data (``cues_LANG.toml``)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache

from finextract.companies.legal import extensions, read_toml
from finextract.companies.text import is_han, is_hangul, is_hiragana, is_katakana, is_word


def any_of(words: Iterable[str]) -> str:
    """An alternation, longest first, that matches nothing where there are no words."""
    found = sorted(set(words), key=lambda w: (-len(w), w))
    return "|".join(map(re.escape, found)) if found else r"(?!)"


@lru_cache(maxsize=8)
def cues(lang: str) -> dict[str, list[str]]:
    """The lists of ``data/cues_LANG.toml``."""
    table: dict[str, list[str]] = read_toml(f"cues_{lang}.toml")
    return table


def has_final(char: str) -> bool:
    """Does a Hangul syllable end in a consonant?"""
    return "\uac00" <= char <= "\ud7a3" and (ord(char) - 0xAC00) % 28 != 0


# particle -> must the syllable before it end in a consonant
_ALLOMORPHS = {"은": True, "는": False, "이": True, "가": False, "을": True, "를": False, "과": True, "와": False}


class Boundaries:
    """``span(text, start, end, ambiguous)``: the span to report for a name at these offsets, or None."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        table = cues(lang)
        self._after, self._before = extensions(lang)
        self._joined = re.compile(f"(?:{any_of(table.get('joined_after', ()))})")
        self._never = re.compile(f"(?:{any_of(table.get('never_after', ()))})")
        self._lead = re.compile(f"(?:{any_of(table.get('joined_before', ()))})$")
        if lang == "ko":
            particles = any_of(table["particles"])
            self._tail = re.compile(f"(?:{any_of(table['joined_after'])})?(?:{particles}){{0,3}}")

    def whole_word(self, text: str, start: int, end: int) -> bool:
        """For blocking words: not inside a longer Latin or katakana word."""
        first, last = text[start], text[end - 1]
        before = text[start - 1] if start else " "
        after = text[end] if end < len(text) else " "
        if is_word(first) and is_word(before) or is_katakana(first) and is_katakana(before):
            return False
        if is_word(last) and is_word(after):
            return self.lang == "de" and after == "s"
        return not (is_katakana(last) and is_katakana(after)) and not (is_hangul(first) and is_hangul(before))

    def span(self, text: str, start: int, end: int, ambiguous: bool) -> tuple[int, int] | None:
        if not self._may_begin(text, start, end, ambiguous):
            return None
        stop = end
        if self.lang in ("de", "en") and is_word(text[end - 1]):
            stop = self._genitive(text, end)
        if stop == end and (found := self._after.match(text, end)):
            stop = found.end()
            if not self._may_end(text, start, stop, ambiguous, extended=True):
                stop = end
        if stop == end and not self._may_end(text, start, end, ambiguous, extended=False):
            return None
        if (
            self._before is not None
            and (lead := self._before.search(text, max(0, start - 8), start))
            and lead.end() == start
        ):
            start = lead.start()
        return start, stop

    @staticmethod
    def _genitive(text: str, end: int) -> int:
        """German -s, English 's: the same word, inside the span."""
        for suffix in ("'s", "s"):
            stop = end + len(suffix)
            if text.startswith(suffix, end) and (stop >= len(text) or not is_word(text[stop])):
                return stop
        return end

    def _may_begin(self, text: str, start: int, end: int, ambiguous: bool) -> bool:
        if start == 0:
            return True
        first, before = text[start], text[start - 1]
        if is_word(first):
            if self.lang == "ko" and is_hangul(before) and is_hangul(text[end - 1]):
                return False
            return (
                not is_word(before)
                and before not in "@#_"
                and not (before == "." and start > 1 and is_word(text[start - 2]))
            )
        if is_katakana(first):
            if before == "・" and start > 1 and is_katakana(text[start - 2]):
                return not ambiguous and end - start >= 4
            return not is_katakana(before)
        if is_hangul(first):
            if not is_hangul(before):
                return not is_word(before) or before.isdigit() is False and end - start >= 3
            return (
                not ambiguous
                and self._lead.search(text, max(0, start - 3), start) is not None
                and (start < 2 or not is_hangul(text[start - 2]))
            )
        if is_han(first):
            if self.lang == "ja" and is_han(before):
                return self._lead.search(text, max(0, start - 6), start) is not None
            return True
        if is_hiragana(first) and is_hiragana(before):
            return before in "のはがをにでともや"
        return True

    def _may_end(self, text: str, start: int, end: int, ambiguous: bool, *, extended: bool) -> bool:
        if end >= len(text):
            return True
        last, after = text[end - 1], text[end]
        if self._never.match(text, end):
            return False
        if self.lang == "ko" and is_hangul(after):
            return self._particles_follow(text, end)
        if is_word(last):
            if is_word(after):
                return False
            if after == "." and re.match(r"\.(?:com|net|org|de|cn|jp|kr|io|co)\b", text[end : end + 5], re.ASCII):
                return False
            return not is_katakana(after) or self._joined.match(text, end) is not None
        if is_katakana(last):
            if after == "・" and end + 1 < len(text) and is_katakana(text[end + 1]):
                return not ambiguous and end - start >= 4
            return not is_katakana(after)
        if is_han(last) and self.lang == "ja" and (is_han(after) or is_katakana(after)):
            if self._joined.match(text, end) is not None or extended and not is_katakana(after):
                return True
            return end - start >= 4 and not is_katakana(after) and not ambiguous
        return True

    def _particles_follow(self, text: str, end: int) -> bool:
        """In Korean what is written on to a name must be particles, after at most one known noun (측, 주가 …)."""
        stop = end
        while stop < len(text) and is_hangul(text[stop]):
            stop += 1
        rest = text[end:stop]
        if not self._tail.fullmatch(rest):
            return False
        wants = _ALLOMORPHS.get(rest)
        last = text[end - 1]
        return wants is None or not is_hangul(last) or has_final(last) == wants


@cache
def boundary_rules(lang: str) -> Boundaries:
    """The rules of a language, compiled once."""
    return Boundaries(lang)
