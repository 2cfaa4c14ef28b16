"""What only looks like an amount in Japanese."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from finextract.quantities.amounts import Atom

_MAY_STAND_BEFORE = "約各毎計僅同株月日年額価料金"
_SCALE_ONLY = re.compile(r"[十百千万億兆]+")
_UNIT_OF = re.compile(r"(?:単位[はを]?\s?|(?:円|[%％]|銭|金額)\s+)$")
# how figures are rounded, and the head of a column
_UNIT_AFTER = re.compile(
    r"\s?未満[をはの]?(?:端数|切|四捨五入|[^。、]{0,6}切り?捨て)|単位|\s?\([^)\d]{0,8}[%％]\)|\s+(?:(?:前[期年][^\s\d]{0,4}比|構成比|増減率)\s?)?(?:[%％]|円|銭|(?:十|百|千|万|億|百万|千万|十億)円)(?!\S)"
)


def counts(text: str, group: list[Atom], holder: Atom) -> bool:
    """A lone kanji numeral before 元 may end a word (the given name 紘一 in 紘一元幹事長, 一世一元); 百万円 alone may be the unit of a table."""
    number = group[0].number
    if _SCALE_ONLY.fullmatch(text, number.start, number.end) and group[0].before is None:
        window = text[max(0, number.start - 5) : number.start]
        if _UNIT_OF.search(window) or _UNIT_AFTER.match(text, group[-1].end):
            return False
    if group[0].before or not holder.after or holder.after.word != "元" or not number.lone(text):
        return True
    left = text[number.start - 1 : number.start]
    return not "一" <= left <= "鿿" or left in _MAY_STAND_BEFORE
