"""Money amounts and rates: numerals with their units, signs, ranges and bounds, found and read in one step."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, lru_cache

from finextract.entities import Label, Money, Percent, Value
from finextract.quantities.lexicon import ASIDE, Lexicon, Unit, load
from finextract.quantities.numerals import CjkReader, Number, WesternReader

Trace = Callable[[int, int, str], None]
_SIGN = re.compile(
    r"(?:(?:(?<![A-Za-z0-9À-ÿ%)\]’'])|(?<=mit)|(?<=von)|(?<=bei)|(?<=auf)|(?<=um)|(?<=lich)|(?<=[yY]o[yY])|(?<=[qQ]o[qQ])|(?<=[mM]o[mM])|(?<=YOY|QOQ|MOM))-|(?:(?<=[\s(（:：、,，|/])|^)–|[△▲]\s?)$"
)
# Machine translation runs a word into the number behind it; trade terms stand so anyway.
_GLUED = re.compile(r"[a-zäöüß]{2}$|(?<![A-Z])(?:FOB|CIF|CFR|ASP|ARPU|EPS)$")
_ABBREVIATION = re.compile(r"(?<![A-Za-z0-9.-])[A-Za-z]{2,6}$")  # GDP2.4%, GMV3.5亿元: no blank where scripts have none
# the code of a currency in a name: COP29 of the climate, petrol RON 95, CAD 2024
_NO_CODE = re.compile(
    r"COP[ -]?(?:[1-3]\d|[1-9])(?![\d.,])|RON[ -]?9\d(?![\d.,])|CAD[ -]?20[12]\d(?![\d.,])|EUR-?[1-6](?![\d.,])"
)
_BEFORE_LOSS = re.compile(r"(?:[Qq][1-4]|(?<![\d.,])20[0-4]\d) -$")  # Q1 -18 Mio.: no range
# a minus behind them is one: the end of a gloss, before a rate also a ticker
_AFTER_NAME = {False: re.compile(r"[一-鿿A-Za-z%]\)-$"), True: re.compile(r"(?:[一-鿿A-Za-z%]\)|[A-Z]{2})-$")}
_PAIR_BEFORE = re.compile(r"[A-Z]{3}/$")
_PAIR_AFTER = re.compile(r"/[A-Z]{3}(?![A-Za-z])")
_NONE = Unit("")
_QUOTE = re.compile(r"\d+\.\d{2}\d{2}~\d{2}")
_DIGIT_NEXT = re.compile(r"[^\S\n]?\d")
_RATES = ("percent", "percentage_point", "basis_point", "tenths")
_COMMA = re.compile(r"[、，,;]\s?(?!\d)")
_CLAUSE_END = re.compile(r"[。；;！？!?\n]")
_SENTENCE_END = re.compile(r"[。!?！？\n]|(?<=[^\d])\.\s")


@dataclass(frozen=True, slots=True)
class Reading:
    """A span with its value, and the rule that read it."""

    start: int
    end: int
    label: Label
    value: Value
    rule: str


@dataclass(slots=True)
class Atom:
    """One numeral with what stands at it: currency before, sign, unit after."""

    number: Number
    start: int
    end: int
    before: Unit | None = None
    after: Unit | None = None
    negative: bool = False
    aside: bool = False
    """Compared with the numeral before it, in brackets or as „auf 2,3 von 2,4“, and of the same scale and unit."""

    @property
    def kind(self) -> str:
        unit = self.after or self.before
        return "" if unit is None else "rate" if unit.kind in _RATES else unit.kind

    @property
    def code(self) -> str:
        if self.before and self.after and self.after.kind == "money" and self.before.word in ("$", "¥"):
            return self.after.code
        unit = self.before or self.after
        return unit.code if unit else ""


@cache
def _reader(lang: str) -> CjkReader | WesternReader:
    lex = load(lang)
    return CjkReader(lex) if lex.script == "cjk" else WesternReader(lex)


def numbers(text: str, lang: str) -> Iterator[Number]:
    """All numerals of folded text, left to right, without overlaps."""
    reader = _reader(lang)
    if isinstance(reader, WesternReader):
        at = 0
        while m := reader.start.search(text, at):
            number = reader.read_match(text, m)
            if number is None:
                at = m.start() + 1 if m.end() <= m.start() else m.end()
                continue
            yield number
            at = max(number.end, m.end())
        return
    at = 0
    search = reader.start.search
    while m := search(text, at):
        number = reader.read(text, m.start())
        if number is None or number.end <= m.start():
            at = m.start() + 1
            continue
        yield number
        at = number.end


_SHORT = re.compile(r"[A-Za-z]{1,2}\s?")
_NO_AMOUNT = re.compile(r"[AC-JLN-Zac-jln-z](?![a-zäöü])|/\d\d(?!\d)")
_DIGITS_NEXT = re.compile(r"\s?\d")

_SCALES = frozenset("十百千万萬亿億兆십백천만억조")
_BARE_UNIT = re.compile(r"[十百千万萬亿億兆십백천만억조]+")
# the end of an amount, whose currency comes next (5 Euro 3 Prozent)
_AMOUNT_BEFORE = re.compile(
    r"(?:\d|illion(?:en)?|illiarden?|Mi?o\.?|Mrd\.?|Tsd\.?|ausend|undert|zehn|zwei|drei|vier|fünf|sechs|sieben|acht|neun|elf|zwölf|zig|eine[mnrs]?|[십백천만억조])[\s-]{0,2}$"
)
_WRITTEN_OUT = re.compile(r"\d[.,]\d")
_LOOSE = 24
"""So many numerals without a unit in a row are kept; no range or enumeration is half as long."""


_COLLOQUIAL = re.compile(
    r"[一二三四五六七八九1-9](?![\d二三四五六七八九十百千万亿])(?:(?=[^\u4e00-\u9fff]|$|[的左起以就到至上出不]|一[斤度公个個碗杯份张吨])"
    r"|(?<=\d.[1-9])(?![.个個斤份碗杯张件次条瓶盒袋公米]))"
)
"""The digit behind 毛, 块 or 角 that counts the next smaller unit (三块五)."""


class AmountGrammar:
    """The grammar of one language, applied to one folded text at a time."""

    def __init__(self, lang: str) -> None:
        self.lex: Lexicon = load(lang)
        self.cjk = self.lex.script == "cjk"
        self.prefix_window = max(map(len, self.lex.prefixes)) + 3

    # -- numerals with units ------------------------------------------------------------------
    def _unit(self, text: str, number: Number, at: int) -> tuple[Unit, int] | None:
        """The unit after a numeral: (unit, end)."""
        pos, stop = at, min(len(text), at + 3)
        while pos < stop and text[pos].isspace():
            pos += 1
        m = self.lex.unit_re.match(text, pos)
        if m is None and not self.cjk and (g := self.lex.glued_re.match(text, pos)):
            unit = self.lex.units[re.sub(r"\s+", " ", g[0])]
            if number.has_scale or unit.kind != "money":
                m = g
        if m is None and not self.cjk and at == pos and text[at : at + 1] == "-":
            m = self.lex.unit_re.match(text, at + 1)
            if m is None:
                return None
            number.joined = True
        if m is None and self.cjk and at == pos and text[at : at + 1] == "+":  # 3000+元
            m = self.lex.unit_re.match(text, at + 1)
            if m is None or self.lex.units[re.sub(r"\s+", " ", m[0])].kind != "money":
                return None
            number.more = True
        if m is None and at == pos and text[at : at + 1] in ("级", "級") and (number.bare or number.vague):  # 亿级美元
            m = self.lex.unit_re.match(text, at + 1)
            number.value, number.vague, number.bare = None, True, False
        if m is None:
            return None
        word = m[0]
        if pos > at and word in self.lex.joined_units and text[number.start : at].isdigit():
            return None
        if word.isascii() and len(word) == 3 and _PAIR_AFTER.match(text, m.end()):
            return None  # 147.50 EUR/USD: the next pair
        unit = self.lex.units.get(word) or self.lex.units[re.sub(r"\s+", " ", word)]
        guard = self.lex.guards.get(unit.word)
        if guard and guard.match(text, m.end()):
            return None
        if unit.kind == "tenths" and (unit.power != 1 or self.lex.tenths_guard.match(text, m.end())):
            return None
        if (
            pos > at
            and word in self.lex.prefixes
            and word not in self.lex.loose_prefixes
            and _DIGIT_NEXT.match(text, m.end())
        ):
            return None  # the currency of the next amount
        return unit, m.end()

    def _prefix(self, text: str, at: int) -> tuple[Unit, int] | None:
        """The currency before a numeral: (unit, start)."""
        pos = at
        while pos > 0 and at - pos < 3 and text[pos - 1].isspace():
            pos -= 1
        if pos == 0 or text[pos - 1] not in self.lex.prefix_last:
            return None
        low = max(0, at - self.prefix_window)
        m = self.lex.prefix_re.search(text[low:at] if low == 0 else text[low - 1 : at], 0 if low == 0 else 1)
        if m is None:
            return None
        word = m[0].rstrip() if m[0].rstrip() in self.lex.prefixes else re.sub(r"\s+", " ", m[0])
        unit = self.lex.prefixes.get(word) or self.lex.prefixes.get(word.rstrip() + " ")
        if unit is None:
            return None
        return unit, (low if low == 0 else low - 1) + m.start()

    def _near(self, text: str, start: int, end: int) -> bool:
        """Whether a unit, a range or a currency can stand beside a numeral at all: most numerals are dates and counts."""
        stop = min(len(text), end + 4)
        while end < stop and text[end].isspace():
            end += 1
        if end < len(text) and text[end] in self.lex.follows:
            return True
        low = max(0, start - 4)
        while start > low and text[start - 1] in " \n\t\r-△▲":
            start -= 1
        if start == 0:
            return False
        left = text[start - 1]
        return (
            left in self.lex.prefix_last
            or left in "-–—~至到" + ASIDE
            or (text[start] == "-" and (left.isdigit() or left in _SCALES))
        )

    def _atom(self, text: str, number: Number, previous: int, bare: bool) -> Atom | None:
        lex = self.lex
        start, end = number.start, number.end
        if not self._near(text, start, end):
            return None
        if lex.torn_before and lex.torn_before.search(text, max(0, start - 4), start):
            return None
        left = text[start - 1] if start else ""
        negative = False
        sign = _SIGN.search(text, max(0, start - 3), start) if start and left in "-–△▲ " else None
        if (
            sign
            and sign[0][0] in "-–"
            and (sign.start() == previous or (bare and text[previous : sign.start()].isspace()))
            and not _BEFORE_LOSS.search(text, max(0, start - 8), start)
        ):
            sign = None  # a dash behind another numeral makes a range
        if sign and text[max(0, sign.start() - 2) : sign.start()] == "+/":
            sign = None
        before = None
        if sign:
            negative, start = True, sign.start()
        if not number.word:
            before = self._prefix(text, start)
        if (
            before
            and before[0].word in lex.loose_prefixes
            and (
                _AMOUNT_BEFORE.search(text, max(0, before[1] - 12), before[1])
                or not text[number.start].isdigit()
                or "가" <= text[before[1] - 1 : before[1]] <= "힣"  # 우유로: the end of a word
                or not (number.has_scale or _WRITTEN_OUT.search(text, number.start, number.end))
            )
        ):
            before = None
        if before:
            start = before[1]
            if (
                not negative
                and start
                and (sign := _SIGN.search(text, max(0, start - 3), start))
                and sign.start() != previous
            ):
                negative, start = True, sign.start()
        elif (
            left.isalpha()
            and left.isascii()
            and not number.word
            and not number.vague
            and not _GLUED.search(text, max(0, start - 5), start)
            and not (
                self.cjk and _ABBREVIATION.search(text, max(0, start - 8), start) and self._unit(text, number, end)
            )
        ):
            return None
        after = self._unit(text, number, end)
        if number.vague and after and text[after[1] : after[1] + 1].isdigit():
            return None  # 中位數新台幣29,500元
        if before and after is None and not number.has_scale and _NO_CODE.match(text, start):
            return None
        if (
            before
            and after
            and before[0].word in lex.units
            and text[number.start - 1].isspace()
            and before[0].word.isalpha()
            and not before[0].word.isascii()
            and before[0].word not in lex.spaced_prefixes
        ):
            before, start = None, number.start  # "… 米ドル 5億ドル": the word belongs to what stands before
        elif (
            not self.cjk
            and before
            and after
            and before[0].word.istitle()
            and before[0].kind == after[0].kind == "money"
            and before[0].code != after[0].code
        ):
            before, start = None, number.start  # Euro 1,1203 Dollar: what it costs
        elif (
            self.cjk
            and before
            and after
            and before[0].word == after[0].word
            and not before[0].word.isascii()
            and not negative
        ):
            before, start = None, number.start  # 英镑兑美元1.27美元: the other side of an exchange rate
        if after is None and not number.vague and (before is None or before[0].kind == "money"):
            m = lex.latin_scale_re.match(text, end) or (
                lex.latin_scale_re.match(text, end + 1) if text[end : end + 1] in (" ", "\n", "-") else None
            )
            if m and (not number.has_scale or self.cjk):
                further = self._unit(text, number, m.end())
                if before or (further and further[0].kind == "money") or left in "-–—~":  # $600-800 million
                    scale = Decimal(10) ** lex.latin_scales[re.sub(r"\s+", " ", m[0])]
                    if number.value is not None:
                        number.value *= scale
                    number.scale *= scale
                    number.has_scale = True
                    number.end = end = m.end()
                    after = further
        if (
            after
            and after[0].kind == "money"
            and lex.before_guard
            and lex.before_guard.search(text[max(0, start - 8) : start])
        ):
            return None
        if before and after and before[0].word == after[0].word == "$" and not _DIGITS_NEXT.match(text, after[1]):
            return None  # $ 10 $: a formula
        if before and after is None and _SHORT.fullmatch(before[0].word) and _NO_AMOUNT.match(text, end):
            return None  # RM1A, I R 18/11: a type, a file number
        if before and _PAIR_BEFORE.search(text, max(0, before[1] - 4), before[1]):  # USD/JPY 145円
            before, start = None, sign.start() if sign and sign.end() == number.start else number.start
        if before and after and before[0].kind == "money" and after[0].kind in _RATES:  # 定存利率美元4.5%
            before, start = None, sign.start() if sign and sign.end() == number.start else number.start
        if before and before[0].kind == "percent":
            after = None
        if (
            not negative
            and self.cjk
            and left == "-"
            and start == number.start
            and after
            and _AFTER_NAME[after[0].kind in _RATES].search(text, max(0, start - 4), start)
        ):
            negative, start = True, start - 1  # 淨利(虧損)-1.2億元, AAPL-0.8%
        unit_after = after[0] if after else None
        return Atom(number, start, after[1] if after else end, before[0] if before else None, unit_after, negative)

    # -- ranges and enumerations --------------------------------------------------------------
    def _same(self, a: Atom, b: Atom) -> bool:
        if a.kind != b.kind:
            return False
        if a.kind == "money":
            unnamed = b.before is None and b.after is not None and b.after.word in self.lex.plain_units
            return a.code == b.code or (a.before is not None and unnamed)  # 新台幣800元至3,600元
        return (
            a.after is not None
            and b.after is not None
            and a.after.kind == b.after.kind
            or (a.before is not None and a.before.kind == "percent")
        )

    def _joins(self, text: str, a: Atom, b: Atom) -> str:
        """How two neighbours belong together: range, enumeration, minor, or nothing."""
        if b.start - a.end > 18 or b.start < a.end:
            return ""
        gap = text[a.end : b.start]
        lex = self.lex
        if (
            a.kind == "money"
            and b.after
            and b.after.kind == "money"
            and b.after.power < 0
            and a.after
            and a.after.power > b.after.power
        ):
            same = lex.raw.get("minor_of", {}).get(b.after.word, [b.after.code])
            if (
                (gap.strip() == "" or gap in lex.raw.get("minor_gaps", ()))
                and (a.code in same or b.after.code == a.code)
                and b.before is None
            ):
                return "minor"
        if a.number.vague or b.number.vague or a.number.value is None or b.number.value is None:
            return ""
        if gap[:1] == ASIDE:
            fits = a.after is None and b.before is None and (a.before is None or b.after is None)
            b.aside = fits and (a.kind or b.kind) in ("money", "rate")
            return "range" if b.aside else ""
        dash = lex.separator_re.fullmatch(gap)
        if dash:
            if a.after is None and a.before is None:
                if b.negative and not a.negative and not any(map(str.isalpha, gap)):
                    return ""  # a table: 402 / −1,1 %
                if (
                    not b.kind
                    or (b.kind == "points" and gap.strip() == "-" and a.number.value % 1 == 0)
                    or b.before is not None
                    and b.after is None
                ):
                    return ""
                if gap.strip() == "-" and self._falls(text, a, b, gap):
                    b.negative, b.start = True, a.end + gap.index("-")
                    return ""
                if self._identifier(text, a):
                    return ""
                if gap == "或" and b.kind == "rate" and a.number.value > b.number.value:
                    return ""  # 跌185或1.15%: points, and what they are in per cent
                if (
                    lex.pair_re
                    and lex.pair_re[0].fullmatch(gap)
                    and not lex.pair_re[1].search(text[max(0, a.start - 8) : a.start])
                ):
                    return ""
                if (
                    a.number.value >= 1900
                    and a.number.value <= 2100
                    and b.number.value < 1900
                    and not b.number.has_scale
                ):
                    return ""
                return "range"
            if a.after is None and a.before is not None and b.before is None:
                return "range" if a.kind in ("money", "rate") and (b.after is None or self._code_fits(a, b)) else ""
            if self._same(a, b):
                if lex.change_words_re.fullmatch(gap.rstrip("+ ")) and (
                    lex.change_after_re.match(text, b.end) or a.number.value > b.number.value
                ):
                    return ""
                if (
                    lex.from_re
                    and lex.separator_word_re.fullmatch(gap)
                    and lex.from_re.search(text[max(0, a.start - 6) : a.start])
                ):
                    return ""
                if (
                    lex.by_re
                    and _scaled(b) > _scaled(a) * Decimal("2.5")
                    and lex.separator_word_re.fullmatch(gap)
                    and lex.by_re.search(text[max(0, a.start - 6) : a.start])
                    and not (
                        lex.expected_re
                        and lex.expected_re.search(_CLAUSE_END.split(text[max(0, a.start - 30) : a.start])[-1])
                    )
                ):
                    return ""
                return "range"
            return ""
        if (
            lex.between_re
            and self._same(a, b)
            and a.kind in ("money", "rate")
            and lex.between_re[1].fullmatch(gap)
            and lex.between_re[0].search(text[max(0, a.start - 12) : a.start])
        ):
            return "range"
        if a.after is None and a.before is None and b.kind in ("money", "rate") and lex.enumeration_re.fullmatch(gap):
            if b.negative and not a.negative and gap.strip() == "/":
                return ""
            if self._identifier(text, a) or (
                a.number.value >= 1900 and a.number.value <= 2100 and not a.number.has_scale
            ):
                return ""
            each = lex.each_re is not None and lex.each_re.search(text[max(0, a.start - 14) : a.start])
            comma = gap.strip() in (",", "、", "，")
            # 二、三百円: two to three hundred
            next_digit = (
                (gap == "、" or (gap == ", " and (a.number.word or lex.raw["ranges"].get("comma_pairs"))))
                and a.number.value < 10
                and b.number.coefficient == a.number.value + 1
            )
            if each or next_digit or a.number.has_scale or (not comma and not a.number.word and b.before is None):
                return "enumeration"
        return ""

    @staticmethod
    def _falls(text: str, a: Atom, b: Atom, gap: str) -> bool:
        """Whether a numeral and an amount behind a dash are no range, but a name or a price, and what it lost.

        标普500 -0.3%, 00700-1.1%, 12,890 -1.20%, 4,012 -12円.
        """
        if a.number.value is None or b.number.value is None:
            return False
        apart = gap[0].isspace() and not gap[-1].isspace()
        if apart and (
            a.negative
            or (gap[0] == " " and a.number.value % 1 and not b.number.value % 1)
            or (a.number.value > b.number.value and not a.number.has_scale)
        ):
            return True
        if a.number.value <= 10 * b.number.value or a.number.has_scale:
            return False
        if b.kind != "rate" or a.number.value != a.number.value.to_integral():
            return False
        name = text[max(0, a.start - 2) : a.start].rstrip()[-1:].isalpha()
        return name or re.match(r"0\d", text[a.start : a.end]) is not None

    def _code_fits(self, a: Atom, b: Atom) -> bool:
        return (
            b.after is not None
            and (b.kind == a.kind)
            and (
                a.before is None
                or a.before.word in ("$", "¥")
                or b.after.word in self.lex.plain_units  # 港幣3.2至4.1元: of the currency in front
                or a.before.code == b.after.code
            )
        )

    def _identifier(self, text: str, a: Atom) -> bool:
        left = text[a.start - 1] if a.start else ""
        if not self.cjk and _GLUED.search(text, max(0, a.start - 4), a.start):
            return False
        return left != "" and ((left.isascii() and (left.isalnum() or left in "-/_#")) or left in self.lex.ordinals)

    # -- values -------------------------------------------------------------------------------
    def _modifier(self, text: str, start: int, end: int, more: bool) -> str | None:
        window = text[max(0, start - 36) : start]
        left = next((m for m, expr in self.lex.before if expr.search(window) and not self._excepted(m, window)), None)
        if left in ("more_than", "less_than") and self.lex.forecast and self.lex.forecast.match(text, end):
            left = None  # 高于44亿美元的预期: what something is compared with
        right = next((m for m, expr in self.lex.after if expr.match(text, end)), None)
        compared = self.lex.compared
        if right and compared and compared[1].match(text, end) and compared[0].search(window):
            right = None
        for found in (right, left):
            if found and found != "approx":
                return found
        if more:
            return "more_than"
        return left or right

    def _excepted(self, modifier: str, window: str) -> bool:
        expr = self.lex.excepted.get(modifier)
        return expr is not None and expr.search(window) is not None

    def _currency(self, text: str, atom: Atom, at: int) -> str:
        word = atom.after.word if atom.after else atom.before.word if atom.before else ""
        if self.lex.same_below and word in self.lex.plain_units and (m := self.lex.same_below.search(text)):
            return self.lex.units[m["unit"]].code
        table = self.lex.by_country.get(word)
        if table:
            nearest, code = 3 * len(text) + 1, atom.code
            for country, candidate in table.items():
                found = text.rfind(country, max(0, at - 3000), at)
                found = found if found >= 0 else text.find(country, at, at + 1000)
                distance = at - found if found < at else 3 * (found - at)  # what is said before counts for more
                if found >= 0 and distance < nearest:
                    nearest, code = distance, candidate
            return code
        return atom.code

    def _points_are_rates(self, text: str, start: int, value: Decimal) -> bool:
        """Points after a rate: a % stands in the same sentence, and nothing there speaks of an index."""
        low = start
        for m in _SENTENCE_END.finditer(text, max(0, start - 120), start):
            low = m.end()
        low = low if low != start else max(0, start - 120)
        high = _SENTENCE_END.search(text, start, min(len(text), start + 80))
        sentence = text[low : high.start() if high else min(len(text), start + 80)]
        clause = _COMMA.split(text[low:start])[-1] + _COMMA.split(text[start : low + len(sentence)])[0]
        rates = self.lex.raw["percent"].get("rate_words_re")
        if (
            abs(value) < 100
            and rates
            and re.search(rates, clause)
            and not (self.lex.index_re and self.lex.index_re.search(clause))
        ):
            return True  # TOPIXは…、支持率は3ポイント低下して: the index is another clause's
        if abs(value) >= 100 or (self.lex.index_re and self.lex.index_re.search(sentence)):
            return False
        if value != value.to_integral() and abs(value) < 20:
            return True
        return any(w in sentence for w in self.lex.raw["percent"]["percent"]) or bool(
            rates and re.search(rates, sentence)
        )

    def _finish(self, text: str, group: list[Atom], how: str, trace: Trace | None) -> Reading | None:
        first, last = group[0], group[-1]
        holder = next((a for a in reversed(group) if a.after is not None), None) or next(
            (a for a in group if a.before is not None), None
        )
        if holder is None:
            return None
        kind = holder.kind
        start, end = first.start, last.end
        if kind == "points":
            value = last.number.value
            if value is None or not self._points_are_rates(text, first.start, value):
                if trace:
                    trace(start, end, "points without a rate beside them, or index points")
                return None
        if kind == "money" and _BARE_UNIT.fullmatch(text, first.number.start, first.number.end) and first.number.bare:
            ok = self.lex.raw["scales"].get("bare_re") if self.cjk else None
            near = ok and re.search(ok, text[max(0, start - 3) : start])
            of_order = self.lex.order and self.lex.order[1].match(text, end)
            if not near and not of_order and first.before is None:
                if trace:
                    trace(start, end, "a scale word and a currency without a numeral: a unit, no amount")
                return None
        if (
            kind == "money"
            and self.cjk
            and len(group) == 1
            and text[start - 1 : start] == "("
            and text[end : end + 1] == ")"
            and _BARE_UNIT.fullmatch(text, first.number.start, first.number.end)
        ):
            if trace:
                trace(start, end, "a bracket that names the unit of a table")
            return None
        if kind == "money" and self.cjk and holder.before and not holder.after and first.number.lone(text):
            if trace:
                trace(start, end, "a lone native numeral that begins the next word")
            return None  # 美元一路走高, 人民币一旦贬值, ドル一辺倒
        tenths = holder.after is not None and holder.after.kind == "tenths"
        if (kind == "money" or tenths) and (check := _check(self.lex.lang)) and not check(text, group, holder):
            if trace:
                trace(start, end, "a word that only looks like an amount")
            return None
        if (
            how == "range"
            and first.before
            and holder.before is None
            and holder.after
            and holder.after.word in self.lex.plain_units
        ):
            holder.before = first.before
        if self.lex.wide_context and kind == "money" and holder.after and holder.after.word in self.lex.wide_context:
            context = self.lex.wide_context[holder.after.word]
            if holder.before is None and _names(context["if_re"], text):
                holder.after = replace(holder.after, code=context["code"])
        if how == "minor" and first.after and first.before is None and first.after.word in self.lex.wide_context:
            context = self.lex.wide_context[first.after.word]
            if _names(context["if_re"], text):
                first.after = replace(first.after, code=context["code"])
        values = self._values(group, how)
        if (
            len(group) == 1
            and self.lex.order
            and self.lex.order[1].match(text, end)
            and self.lex.order[0].fullmatch(text, first.number.start, first.number.end)
        ):
            values = []  # 千万元级: of that order
        if how == "range" and len(group) == 2 and len(values) == 2:
            quote = text[group[0].number.start : group[0].number.end], text[group[1].number.start : group[1].number.end]
            if _QUOTE.fullmatch("~".join(quote)):  # 1.1508~09ドル: the end of a quotation
                values[1] = Decimal(quote[0][: -len(quote[1])] + quote[1])
        if len(values) == 1 and first.number.low is not None:
            values, how = [first.number.low, values[0]], "range"
        if how == "minor":
            whole = sum(
                (v * Decimal(10) ** (a.after.power if a.after else 0) for v, a in zip(values, group, strict=True)),
                Decimal(0),
            )
            values = [whole]
        elif kind == "money":
            shared = holder.after or holder.before or _NONE
            own = (
                [a.after or a.before or shared for a in group] if len(values) == len(group) else [shared] * len(values)
            )
            values = [v * Decimal(10) ** unit.power for v, unit in zip(values, own, strict=True)]  # 30 Cent bis 1 Euro
        if first.negative and values:
            values[0] = -values[0]
        for k in range(1, min(len(values), len(group))):
            if group[k].negative or (
                first.negative and how == "range" and group[k].before is None and group[k].after is None
            ):
                values[k] = -values[k]
        more = any(a.number.more for a in group)
        about = any(a.number.about for a in group)
        end, values = self._tail(text, holder, end, values)
        modifier = self._modifier(text, start, end, more) or ("approx" if about else None)
        if kind == "money":
            code = self._currency(text, first if how == "minor" else holder, start)
            if not values:
                scale = holder.number.scale * (
                    Decimal(10) ** holder.after.power if holder.after and holder.after.power else 1
                )
                return Reading(
                    start,
                    end,
                    "MONEY",
                    Money(code, scale=scale),
                    "money.vague",
                )
            if len(values) == 1:
                return Reading(
                    start, end, "MONEY", Money(code, amount=values[0], modifier=modifier), f"money.{how or 'amount'}"
                )
            return Reading(
                start, end, "MONEY", Money(code, min=min(values), max=max(values), modifier=modifier), f"money.{how}"
            )
        unit = (
            "percent"
            if kind in ("rate",) and (holder.after is None or holder.after.kind in ("percent", "tenths"))
            else ""
        )
        if not unit:
            unit = (
                "percentage_point"
                if kind == "points" or (holder.after and holder.after.kind == "percentage_point")
                else "basis_point"
            )
        if tenths:
            values = [v * 10 for v in values]
        if not values:
            if trace:
                trace(start, end, "a vague rate has no value")
            return None
        if len(values) == 1:
            return Reading(
                start,
                end,
                "PERCENT",
                Percent(value=values[0], unit=unit, modifier=modifier),
                f"percent.{how or 'rate'}",
            )
        return Reading(
            start,
            end,
            "PERCENT",
            Percent(min=min(values), max=max(values), unit=unit, modifier=modifier),
            f"percent.{how}",
        )

    @staticmethod
    def _values(group: list[Atom], how: str) -> list[Decimal]:
        values = [a.number.value for a in group]
        if any(v is None for v in values):
            return []
        out = [v for v in values if v is not None]
        if how in ("range", "enumeration"):
            for k in range(len(group) - 1):
                a, b = group[k].number, group[-1].number
                if (
                    not a.has_scale
                    and b.has_scale
                    and (out[k] < out[-1] or group[-1].aside)
                    and (
                        group[-1].aside
                        or out[k] <= b.coefficient
                        or out[k] < 1000
                        or (group[k].negative and out[k] < 10**4)
                    )
                ):
                    out[k] *= b.scale
                elif a.has_scale and not a.word and group[k].after is None and a.scale < 10**4 <= b.scale:
                    shared = Decimal(10) ** (b.scale.adjusted() // 4 * 4)  # 五百至八百万元
                    if out[k] < 10**4 and out[k] <= out[-1] / shared:
                        out[k] *= shared
        return out

    def _tail(self, text: str, holder: Atom, end: int, values: list[Decimal]) -> tuple[int, list[Decimal]]:
        """三割五分, 六成五, 3할 5푼: what follows the tenths (values are still in tenths here)."""
        if holder.after is None or not values:
            return end, values
        if holder.after.word in self.lex.raw.get("colloquial_tail", ()) and len(values) == 1:
            m = _COLLOQUIAL.match(text, end)
            if m:
                digit = _reader(self.lex.lang).digit.get(m[0], m[0])  # type: ignore[union-attr]
                return m.end(), [values[0] + Decimal(digit) * Decimal(10) ** (holder.after.power - 1)]
            return end, values
        if (
            holder.after.kind == "money"
            and len(values) == 1
            and self.lex.money_tail_re
            and holder.after.power == 0
            and not holder.number.has_scale
            and values[0] == values[0].to_integral()
            and (m := self.lex.money_tail_re.match(text, end))
        ):
            part = Decimal(m[1]) / 100
            return m.end(1), [values[0] - part if values[0] < 0 else values[0] + part]
        if holder.after.word in self.lex.raw["percent"].get("halves", ()) and text[end : end + 1] == "半":
            return end + 1, [*values[:-1], values[-1] + Decimal("0.5")]  # 4厘半
        if holder.after.kind != "tenths":
            return end, values
        tail = self.lex.raw["percent"].get("tenths_tail_re")
        if not tail:
            return end, values
        m = re.compile(tail).match(text, end)
        if m is None:
            return end, values
        digits = self.lex.raw["digits"]
        native = {c: v for v, chars in digits.items() for c in chars}
        add = Decimal(0)
        for name, power in (("bu", 1), ("rin", 2)):
            piece = m.groupdict().get(name)
            if piece:
                add += Decimal("5" if piece in "半반" else str(native.get(piece, piece))) / Decimal(10) ** power
        return m.end(), [*values[:-1], values[-1] + add]

    # -- the whole ----------------------------------------------------------------------------
    def read(self, text: str, trace: Trace | None = None) -> list[Reading]:
        """All amounts and rates of folded text, in order."""
        for aside in self.lex.asides:
            text = aside.sub(lambda m: m[1] + ASIDE * len(m[2]) + m[3] + " " * len(m[4]), text)
        atoms: list[Atom] = []
        previous = -1
        loose = 0
        for number in numbers(text, self.lex.lang):
            bare = not atoms or atoms[-1].end != previous or not atoms[-1].kind
            atom = self._atom(text, number, previous, bare)
            if atom is None:
                name = text[number.start - 1 : number.start].isalpha()  # TOPIX500 -0.3%: no range begins there
                previous = -1 if name else number.end
                continue
            if not atom.kind and atoms and atoms[-1].end == atom.start and atoms[-1].kind == "rate":
                last = atoms[-1].after
                if last and last.kind == "tenths":  # 三成五: its tail, no numeral of its own
                    previous = number.end
                    continue
            if atoms and number.start < atoms[-1].end:  # 四成二: its tail, no numeral of its own
                previous = atoms[-1].end
                continue
            if atom.after and atom.after.kind == "tenths" and number.value is not None:
                atom.end, (number.value,) = self._tail(text, atom, atom.end, [number.value])
            if atom.start < (atoms[-1].end if atoms else 0):  # the unit before belongs to the amount before
                atom.before, atom.start = None, number.start
            atoms.append(atom)
            previous = atom.end
            loose = 0 if atom.kind else loose + 1
            if loose > _LOOSE and trace is None:  # too far from any unit to come: forgotten, so that memory stays small
                del atoms[-_LOOSE - 1]
                loose -= 1
        out: list[Reading] = []
        i = 0
        while i < len(atoms):
            group, how, k = [atoms[i]], "", i + 1
            while k < len(atoms) and len(group) < 12:
                joined = self._joins(text, group[-1], atoms[k])
                if not joined or (how and joined != how):
                    # an enumeration joins only up to the numeral that carries the unit
                    ahead = joined and {how, joined} == {"range", "enumeration"} and group[-1].after is None
                    if not ahead:
                        break
                group.append(atoms[k])
                how = how or joined
                k += 1
                if joined == "range" and (group[-1].after is not None or group[0].before is not None):
                    break
            if how == "enumeration" and group[-1].after is None and group[-1].before is None:
                group, how, k = [atoms[i]], "", i + 1
            elif not how and group[0].after is None and group[0].before is None and k < len(atoms):
                how = self._chain(text, atoms, i)
                if how:
                    k = i + 2
                    while atoms[k - 1].after is None:
                        k += 1
                    group = atoms[i:k]
            reading = self._finish(text, group, how, trace)
            if reading and (unit := group[-1].after) and unit.word in self.lex.cent_follows and how != "minor":
                reading = self._cents_of(reading, unit, out)
            if reading and out and (whole := self._behind_whole(text, out[-1], reading, group)):
                out[-1] = whole
            elif reading:
                out.append(reading)
            elif trace and not group[0].kind:
                trace(group[0].start, group[-1].end, "a number without a currency or a rate")
            i = k
        return out

    def _cents_of(self, cents: Reading, unit: Unit, before: list[Reading]) -> Reading:
        """Cents are those of the last currency named that has them (0,26 Dollar Dividende, also 26 Cent)."""
        codes = self.lex.raw["minor_of"][unit.word]
        for reading in reversed(before):
            if isinstance(reading.value, Money) and isinstance(cents.value, Money):
                if reading.value.currency in codes:
                    return replace(cents, value=replace(cents.value, currency=reading.value.currency))
                break
        return cents

    def _behind_whole(self, text: str, whole: Reading, cents: Reading, group: list[Atom]) -> Reading | None:
        """A range of minor units behind an amount in major ones: 153円86～88銭, 145円50銭～52銭."""
        a, b = whole.value, cents.value
        unit = group[-1].after
        if not (isinstance(a, Money) and isinstance(b, Money) and unit and unit.power < 0):
            return None
        if whole.rule == "money.minor" and a.amount is not None and b.amount is not None:
            end = a.amount // 1 + b.amount
            if a.currency == b.currency and a.amount < end < a.amount // 1 + 1:
                gap = text[whole.end : cents.start]
                if self.lex.separator_re.fullmatch(gap) and not self.lex.separator_word_re.fullmatch(gap):
                    value = replace(a, amount=None, min=a.amount, max=end)
                    return Reading(whole.start, cents.end, "MONEY", value, "money.range")
        if whole.end != cents.start:
            return None
        if a.amount is None or b.min is None or b.max is None or a.currency != b.currency:
            return None
        value = replace(b, min=a.amount + b.min, max=a.amount + b.max)
        return Reading(whole.start, cents.end, "MONEY", value, "money.range")

    def _chain(self, text: str, atoms: list[Atom], i: int) -> str:
        """Bare numerals in a row whose last carries the unit (``30, 40 und 50 Mio. Euro``)."""
        k = i
        while k + 1 < len(atoms) and k - i < 6 and atoms[k].after is None and atoms[k].before is None:
            gap = text[atoms[k].end : atoms[k + 1].start] if 0 <= atoms[k + 1].start - atoms[k].end <= 8 else "×"
            if not self.lex.enumeration_re.fullmatch(gap):
                return ""
            k += 1
        if k == i or atoms[k].after is None or k == i + 1 or atoms[k].kind not in ("money", "rate"):
            return ""
        return (
            "enumeration"
            if not any(
                # behind the first one a slash is what separates them
                (a is atoms[i] or text[a.start - 1] != "/")
                and self._identifier(text, a)
                or (not a.number.has_scale and (a.number.value or 0) >= 1900)
                for a in atoms[i:k]
            )
            else ""
        )


def _scaled(atom: Atom) -> Decimal:
    """The value of a numeral in whole units: 49 cents are 0.49."""
    return (atom.number.value or Decimal(0)) * Decimal(10) ** (atom.after.power if atom.after else 0)


@lru_cache(maxsize=16)
def _names(pattern: str, text: str) -> bool:
    """Whether a text names something anywhere; kept for the text at hand, which is asked again for each amount."""
    return re.search(pattern, text) is not None


@cache
def _check(lang: str) -> Callable[[str, list[Atom], Atom], bool] | None:
    """``languages/LANG/checks.py``: what only looks like an amount in that language."""
    from importlib import import_module, util

    name = f"finextract.languages.{lang}.checks"
    if util.find_spec(name) is None:
        return None
    counts: Callable[[str, list[Atom], Atom], bool] = import_module(name).counts
    return counts


@cache
def grammar(lang: str) -> AmountGrammar:
    """The amount grammar of a language (cached)."""
    return AmountGrammar(lang)


__all__ = ["AmountGrammar", "Reading", "Trace", "grammar", "numbers", "replace"]
