"""What only looks like an amount in Korean."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from finextract.quantities.amounts import Atom


def counts(text: str, group: list[Atom], holder: Atom) -> bool:
    """A lone Hangul numeral or a numeral glued into a word (사원, 일원, 구원) is no amount."""
    number = group[0].number
    head = text[number.start]
    if number.vague and not number.has_scale and head == "수":
        return False  # 수원 is a city; 수 alone names no power of ten
    if (
        holder.after
        and holder.after.word in ("동", "숨", "솜", "킵", "레프")
        and not number.has_scale
        and (number.value or 0) < 1000
    ):
        return False  # 101동: a block of flats or a ward; 숨: a breath
    if "가" <= head <= "힣":
        if number.start and "가" <= text[number.start - 1] <= "힣" and group[0].before is None:
            return False
        body = text[number.start : number.end].replace(" ", "")
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
