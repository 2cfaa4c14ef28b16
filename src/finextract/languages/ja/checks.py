"""What only looks like an amount in Japanese."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from finextract.quantities.amounts import Atom

_MAY_STAND_BEFORE = "約各毎計僅同株月日年額価料金"


def counts(text: str, group: list[Atom], holder: Atom) -> bool:
    """A lone kanji numeral is often a piece of a word: ドル一辺倒, ユーロ三極, the given name 紘一 before 元."""
    number = group[0].number
    if number.end - number.start > 1 or text[number.start] not in "一二三四五六七八九":
        return True
    if group[0].before:
        return holder.after is not None
    left = text[number.start - 1 : number.start]
    inside = "一" <= left <= "鿿" and left not in _MAY_STAND_BEFORE
    return not (inside and holder.after and holder.after.word == "元")
