"""What only looks like an amount in Chinese."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from finextract.quantities.amounts import Atom


_PRICE = re.compile(
    r"(?:每|价|價|升|貶|贬|仅|只要|卖|賣|收|派|息|费|費|低|便宜|贵|貴|降|涨|漲|付|省|赚|賺|亏|花|股|要|给|給|挣|掙).{0,4}$"
)
_COUNTER = re.compile(
    r"[一二三四五六七八九1-9](?:(?![\d一-鿿])|(?=一[斤度公个個碗杯份张吨]))|(?<=\d.)[1-9](?![\d.个個斤份碗杯张件次条瓶盒袋公米])"
)
_SCORE_BEFORE = re.compile(r"(?:给出|給出|打出|场|場|局|罚|罰|领先|領先|落后|落後|得|拉至|比分)[^,，。、]{0,5}$")
_SCORE_AFTER = re.compile(
    r"\s?(?:的?得分|球|线|線|投|钟|鐘|命中|差|之差|领先|領先|[,，、]\s?[\d.一二三四五六七八九十]+\s?[个個次](?:篮板|籃板|助攻))"
)
_INTEREST = re.compile(r"(?:利息|[月年日]息)(?:按|为|為|是)?$")
_SECONDS = re.compile(r"[\d一二三四五六七八九十]{1,3}秒")
_ABOUT_AFTER = re.compile(r"[一二三四五六七八九]?(?:出头|出頭|上下|左右|不到)")
_LONE = re.compile(r"[一二两兩三四五六七八九多]")
_DAY = re.compile(r"(?:(?<!一)[周週]|星期|礼拜|禮拜)$")
_PAIR = re.compile(r"[兑兌](?:换)?$")
_LISTED = re.compile(r"\s?(?:[计計](?![划劃提入])|列示|列報|列报|[为為][单單]位)")
_SCALE_ONLY = re.compile(r"[十百千万萬亿億]+")
# 三元锂电池, 二元论, 一元二次方程: the element, pole or unknown, not the currency
_ELEMENT = re.compile(
    r"锂|鋰|材料|电池|電池|论|論|化(?!学|妆|肥|工|解)|结构|結構|次方|一次|二次|系列?|正极|正極|里|桥|橋|前驱|前驅|聚合|催化|乙丙"
    r"|股份|集[团團]|牛奶|勋|气|音|器件|年|对立|對立|方程|醇|期[权權]|体系|體系|悖论|社会|社會|经济|經濟|思维|動力|动力"
)


def counts(text: str, group: list[Atom], holder: Atom) -> bool:
    """Whether a small amount is one: 块, 角, 毛, 分, 仙 and 刀 also count things, 元 names elements and unknowns."""
    number = group[0].number
    word = holder.after.word if holder.after else ""
    end = group[-1].end
    if holder.after and holder.after.kind == "tenths":
        return True
    if number.vague and not number.has_scale and (text[number.start] == "上" or word == "盾"):
        return False  # 市场上韩元走弱, 数盾: on the market, a name
    if number.start and text[number.start - 1] == "第" and group[0].before is None:
        return False  # 第一兰特: a name
    if (
        number.start
        and holder.before
        and holder.after is None
        and holder.code in ("USD", "EUR", "GBP")
        and (
            number.value is not None
            and number.value >= 5
            and _PAIR.search(text, max(0, group[0].start - 2), group[0].start)
        )
    ):
        return False  # 日元兑美元151.3: yen for a dollar
    only_scale = _SCALE_ONLY.fullmatch(text, number.start, number.end)
    if only_scale and text[group[0].start - 1 : group[0].start] == "以" and _LISTED.match(text, end):
        return False  # 以百万美元计: the unit of a table
    if _DAY.search(text, max(0, number.start - 3), number.start) and _LONE.match(text, number.start):
        return False  # 周三美元走低: Wednesday's dollar
    if word.startswith("日") and text[number.start - 1 : number.start] == "月":
        return False  # 3月5日元大证券: a date
    if word == "元" and len(group) == 1 and holder.before is None:
        lone = number.end - number.start == 1 and _LONE.match(text, number.start)
        return not (lone and _ELEMENT.match(text, end))
    if word == "刀":
        return number.value is not None and number.value >= 10 and text[number.start].isdigit()
    if word in ("分", "角", "毛", "毫", "块", "塊", "仙"):
        if number.start and text[number.start - 1] in "第长長":
            return False
        if word == "分" and ("點" in text[number.start : end] or "点" in text[number.start : end]):
            return False
        if len(group) > 1 and group[0].after and group[0].after.power > -2 and group[0].after.word != word:
            return True
        if word in "块塊" and number.start and text[number.start - 1] in "成为為切减減":
            return False
        if word == "角" and text[end : end + 1] == "洲":
            return False
        if word == "分" and (
            text[end : end + 1] == "利"  # 月息三分, 二分利: a rate, of which it is not said in what
            or _INTEREST.search(text, max(0, number.start - 4), number.start)
            or _SECONDS.match(text, end)
            or _SCORE_AFTER.match(text, end)
            or _SCORE_BEFORE.search(text, max(0, number.start - 9), number.start)
        ):
            return False
        if word in "块塊" and (
            number.has_scale or (number.value is not None and (number.value % 1 or number.value >= 10))
        ):
            return True
        if word == "仙" and text[number.start].isdigit():
            return text[end : end + 1] not in tuple("女人境剑劍侠俠草鹤鶴丹山股子")
        if word in "块塊毛角" and _ABOUT_AFTER.match(text, end):
            return True
        if word != "分" and _COUNTER.match(text, end):
            return True
        return _PRICE.search(text, max(0, number.start - 7), number.start) is not None
    return True
