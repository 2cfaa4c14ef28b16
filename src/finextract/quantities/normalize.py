"""Fold widths and look-alikes one character to one, so that offsets into the folded text are offsets into the raw one."""

from __future__ import annotations

import re
import unicodedata


def _table() -> dict[int, str]:
    table = {cp: chr(cp - 0xFEE0) for cp in range(0xFF01, 0xFF5F)}
    del table[0xFF0C]  # a full-width comma separates clauses; between full-width digits see fold()
    table.update({0xFFE0: "¢", 0xFFE1: "£", 0xFFE5: "¥", 0xFFE6: "₩", 0xFE6A: "%", 0xFE69: "$", 0x066A: "%"})
    for cp in (0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000):
        table[cp] = " "
    for char in "\u2212\u2010\u2011\ufe63\u02d7\u2796":
        table[ord(char)] = "-"
    for char in "\u2500\u2501":  # agencies set box lines between months
        table[ord(char)] = "\u2014"
    for char in "\u301c\u223c\u02dc\u2053\uff5e\u223e\u301d":
        table[ord(char)] = "~"
    for char in "\u2018\u2019\u02bc\u00b4\uff40":
        table[ord(char)] = "'"
    for char in "\u318d\u2027":  # middle dots of Korean and Taiwanese agencies
        table[ord(char)] = "\u00b7"
    for cp in range(0xF900, 0xFAFF):  # compatibility ideographs
        folded = unicodedata.normalize("NFKC", chr(cp))
        if len(folded) == 1:
            table[cp] = folded
    return table


_FOLD: dict[int, str] = {}
_FOLDED: set[str] = set()
_WIDE_COMMA = re.compile("(?<=[０-９])，(?=[０-９]{3}(?![０-９]))")
# 15，001到19，999英鎊: between plain digits only where a currency or the other end of a range follows
_MIXED_COMMA = re.compile(
    r"(?<![0-9０-９，,.])[1-9][0-9]{0,2}(?:，[0-9]{3})+(?![0-9，])"
    r"(?=(?:\.[0-9]+)?\s?[万萬亿億억만조]?\s?(?:원|달러|위안|엔|유로|[美日欧歐韩韓港加澳新台臺]?元|[英欧歐]?[镑鎊]|人民币|人民幣|[円원]|至\s?\d|到\s?\d))"
)
_ADDRESS = re.compile(r"(?:https?://|www\.)[!-~]+")


def fold(text: str) -> str:
    """The text with full-width forms, spaces, dashes and quotes made plain, and addresses of the web blanked out; same
    length, same offsets."""
    if "://" in text or "www." in text:
        text = _ADDRESS.sub(lambda m: "_" * len(m[0]), text)
    if text.isascii():
        return text
    if not _FOLD:
        _FOLD.update(_table())
        _FOLDED.update(map(chr, _FOLD))
    if "，" in text:
        text = _WIDE_COMMA.sub(",", text)
        text = _MIXED_COMMA.sub(lambda m: m[0].replace("，", ","), text)
    for char in _FOLDED.intersection(text):
        text = text.replace(char, _FOLD[ord(char)])
    return text
