"""What only looks like an amount in Korean."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from finextract.quantities.amounts import Atom

_WEIGHT = re.compile(r"(?:(?:kg|㎏|킬로|킬로그램)\s?\(|(?:무게|몸무게|체중|중량)[가는은이도를의]?\s?)약?\s?$")
_OF_WEIGHT = re.compile(r"(?:[가-힣]{1,2}\s?(?:가까운|넘는|달하는|이르는)\s?|의\s|\s)(?:몸무게|무게|체중|중량)")
_VIETNAM = re.compile(r"베트남|하노이|호찌민|호치민|비엣|다낭|하이퐁|VND")
_TO_SAVE = re.compile(
    r"할\s?(?:것|거|수|때|만|뿐|정도|예정|계획|생각|방법|길|기회|능력|의사|시간|준비|사람|필요|자신)"
)  # 구할: to save, to find


def counts(text: str, group: list[Atom], holder: Atom) -> bool:
    """A lone Hangul numeral or a numeral glued into a word (사원, 일원, 구원) is no amount."""
    number = group[0].number
    head = text[number.start]
    hangul = "가" <= head <= "힣"
    if holder.after and holder.after.kind == "tenths":
        if head == "구" and _TO_SAVE.match(text, number.end):
            return False
        if hangul and number.end - number.start == 2 and (number.value or 0) - (number.low or 0) != 1:
            return False  # 이륙할: about to take off; 이삼할 is two to three tenths
        return not (hangul and number.has_scale)  # 조사할: about to inspect
    before = group[0].before
    if before and before.word.strip() == "한화" and holder.after is None and not number.has_scale:
        return False  # 한화 3타수: a team at bat
    if holder.after and holder.after.word == "파운드":
        weighs = _WEIGHT.search(text, max(0, number.start - 9), number.start)
        if weighs or _OF_WEIGHT.match(text, group[-1].end):
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
    few = number.value is not None and number.value < 10**8
    if holder.after and holder.after.word == "동" and few and not _VIETNAM.search(text):
        return False  # 비닐하우스 1천200동: houses
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
