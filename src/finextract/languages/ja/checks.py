"""What only looks like an amount in Japanese."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from finextract.quantities.amounts import Atom

_MAY_STAND_BEFORE = "約各毎計僅同株月日年額価料金"


def counts(text: str, group: list[Atom], holder: Atom) -> bool:
    """A lone kanji numeral before 元 may end a word: the given name 紘一 in 紘一元幹事長, 一世一元."""
    number = group[0].number
    if group[0].before or not holder.after or holder.after.word != "元" or not number.lone(text):
        return True
    left = text[number.start - 1 : number.start]
    return not "一" <= left <= "鿿" or left in _MAY_STAND_BEFORE
