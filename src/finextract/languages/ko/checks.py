"""What only looks like an amount in Korean."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from finextract.quantities.amounts import Atom

_WEIGHT = re.compile(r"(?:kg|㎏|킬로|킬로그램)\s?\(약?\s?$")


def counts(text: str, group: list[Atom], holder: Atom) -> bool:
    """A lone Hangul numeral or a numeral glued into a word (사원, 일원, 구원) is no amount."""
    number = group[0].number
    head = text[number.start]
    hangul = "가" <= head <= "힣"
    if holder.after and holder.after.kind == "tenths":
        return not (hangul and number.has_scale)  # 조사할: about to inspect
    before = group[0].before
    if before and before.word.strip() == "한화" and holder.after is None and not number.has_scale:
        return False  # 한화 3타수: a team at bat
    if holder.after and holder.after.word == "파운드" and _WEIGHT.search(text, max(0, number.start - 8), number.start):
        return False
    if hangul and holder.after is None and not number.has_scale and "가" <= text[number.end : number.end + 1] <= "힣":
        return False  # 한화 이글스: a team
    if number.vague and not number.has_scale and head == "수":
        return False  # 수원 is a city; 수 alone names no power of ten
    if (
        holder.after
        and holder.after.word in ("동", "숨", "솜", "킵", "레프")
        and not number.has_scale
        and (number.value or 0) < 1000
    ):
        return False  # 101동: a block of flats or a ward; 숨: a breath
    if hangul:
        if number.start and "가" <= text[number.start - 1] <= "힣" and group[0].before is None:
            return False
        body = text[number.start : number.end].replace(" ", "")
        if head == "조" and len(body) > 1 and body[1] in "일이삼사오육칠팔구":
            return False  # 조사 불응: an inspection
        if not number.vague and not number.has_scale and holder.after and holder.after.kind == "money":
            return False
        if (
            not number.vague
            and (len(body) < 2 or not number.has_scale)
            and holder.after
            and holder.after.word in ("원", "전", "엔", "위안", "동")
        ):
            return len(body) == 1 and text[number.end : number.end + 1] == " " and body in "천만백"
    return True
