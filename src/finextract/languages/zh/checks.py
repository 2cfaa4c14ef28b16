"""What only looks like an amount in Chinese."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from finextract.quantities.amounts import Atom


_PRICE = r"(?:每|价|價|仅|只要|卖|賣|收|派|息|费|費|低|便宜|贵|貴|降|涨|漲|付|省|赚|賺|亏|花|股).{0,4}$"


def counts(text: str, group: list[Atom], holder: Atom) -> bool:
    """一元, 二元, 三元 as words (二元论, 三元锂电池) are kept out by the guard; a lone 几元 or 数元 counts."""
    number = group[0].number
    word = holder.after.word if holder.after else ""
    if word in ("分", "角", "毛", "块", "塊"):
        if number.start and text[number.start - 1] in "第长長":
            return False
        end = group[-1].end
        if len(group) > 1 and group[0].after and group[0].after.power > -2 and group[0].after.word != word:
            return True
        if word != "分" and re.match(r"[一二三四五六七八九1-9](?![\d一-鿿])", text[end : end + 2]):
            return True
        return re.search(_PRICE, text[max(0, number.start - 7) : number.start]) is not None
    return True
