"""Where a name ends: what the guidelines leave outside, and what belongs to it after all."""

from __future__ import annotations

import re
from functools import cache

from finextract.companies.boundaries import boundary_rules

_COUNTRY = re.compile(r"[米独仏英韓中印伊加豪露台蘭](?=[ァ-ヶA-Za-z])")
_OWN_FIRM = re.compile(r"(?:有限|股份|责任|責任|無限|无限|集团|集團|总|總)公司$")
_QUOTES = " \t\n\"'„“”‚‘’「」『』《》〈〉【】()（）[]、。,;；：:·・"


def trim(text: str, start: int, end: int, lang: str) -> tuple[int, int]:
    """Take off what the guidelines leave outside: quotation marks, country marks, 社, 公司 that is no legal form, 측."""
    while start < end and text[start] in _QUOTES:
        start += 1
    while (
        end > start
        and text[end - 1] in _QUOTES
        and not (text[end - 1] in ")）" and re.search(r"[(（]", text[start:end]))
    ):
        end -= 1
    start, end = _whole_words(text, start, end)
    surface = text[start:end]
    if lang == "ja":
        if end - start > 3 and _COUNTRY.match(surface):
            start += 1
        if re.search(r"[ァ-ヶーA-Za-z](?:社|側|氏|製)$", surface):
            end -= 1
    elif lang == "zh":
        if end - start > 3 and surface.endswith("公司") and not _OWN_FIRM.search(surface) and not _known(surface, lang):
            end -= 3 if surface[-3] in "分子" else 2
    elif lang == "ko":
        start, end = _trim_korean(text, start, end)
    return start, end


def _known(surface: str, lang: str) -> bool:
    """Whether the knowledge base has exactly this name (中金公司, where 公司 belongs to it)."""
    from finextract.companies.index import CompanyIndex

    return CompanyIndex.load().lookup(surface, lang) is not None


_KIND = re.compile(r"([ァ-ヺー])|([A-Za-zÀ-ž])")


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """A span that begins or ends inside a katakana or Latin word takes in the whole word (up to six characters)."""
    if start >= end:
        return start, end
    first, last = _KIND.match(text[start]), _KIND.match(text[end - 1])
    low = start
    while (
        first and low > 0 and start - low < 6 and (m := _KIND.match(text[low - 1])) and m.lastindex == first.lastindex
    ):
        low -= 1
    high = end
    while (
        last
        and high < len(text)
        and high - end < 6
        and (m := _KIND.match(text[high]))
        and m.lastindex == last.lastindex
    ):
        high += 1
    # camel case and glued words of machine translation are boundaries: "von" + "Intel"
    if low < start and text[start].isupper() and text[start - 1].islower():
        low = start
    return low if start - low < 6 else start, high if high - end < 6 else end


def _trim_korean(text: str, start: int, end: int) -> tuple[int, int]:
    """Particles and 社 off; a word that the model cut in two whole again; the country before a name off."""
    if text[start : start + 1] == "#":
        start += 1
    if (
        end - start > 2
        and re.search(r"(?<=[가-힣A-Za-z])(?:社|를|을|는)$", text[start:end])
        or end - start > 3
        and text[end - 1] == "측"
    ):
        end -= 1
    if (
        end - start > 2
        and text[end - 1] == "사"
        and not _known(text[start:end], "ko")
        and _known(text[start : end - 1], "ko")
    ):
        end -= 1  # 인텔사
        return start, end
    if "가" <= text[end - 1 : end] <= "힣" and "가" <= text[end : end + 1] <= "힣":
        own = boundary_rules("ko")
        run = end
        while run < len(text) and "가" <= text[run] <= "힣":
            run += 1
        if run - end <= 4 and not own._particles_follow(text, end):
            # the shortest longer end behind which particles may follow
            end = next((e for e in range(end + 1, run) if own._particles_follow(text, e)), run)
    digits = start
    while digits > 0 and text[digits - 1].isdigit():
        digits -= 1
    if digits < start and "가" <= text[start] <= "힣" and (digits == 0 or text[digits - 1].isspace()):
        start = digits
    first, blank, rest = text[start:end].partition(" ")
    if blank and rest and first in _countries("ko"):
        start += len(first) + 1
    return start, end


@cache
def _countries(lang: str) -> frozenset[str]:
    """Names of countries (CLDR, from Babel): a country before a name is no part of it."""
    from babel import Locale

    return frozenset(Locale.parse(lang).territories.values())
