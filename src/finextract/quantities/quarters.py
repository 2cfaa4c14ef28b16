"""Quarters: absolute, fiscal, deictic, as month ranges and abbreviations, with the year from the text or the document's date."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from finextract.entities import Quarter
from finextract.quantities.amounts import Reading, Trace
from finextract.quantities.lexicon import literal, load

_WINDOW = 64
# what no year of any language begins with is ruled out first, at almost every place of a text
_YEAR_BEGINS = "(?=['\\d〇零○一二三四五六七八九令平民中])"
_CLAUSE = re.compile(r"[。；;！？!?\n]")
_ITEM = re.compile(r"\n\s?(?:[(（]?\d{1,2}[)）.]|[・■□●◆▼▽◇○▪•]|[-–*·【↓↑→]\s?)")


@dataclass(frozen=True, slots=True)
class Pattern:
    regex: re.Pattern[str]
    fiscal: bool
    name: str
    value: tuple[int | None, int | None]  # quarter, end month given by the word itself


def nearest_year(start_month: int, end_month: int, date: datetime.date) -> int:
    """The year (of the period's end) that puts a span of months nearest to a date; a tie goes to the past."""
    best, year = 10**6, date.year
    for candidate in (date.year - 1, date.year, date.year + 1):
        first = datetime.date(candidate if start_month <= end_month else candidate - 1, start_month, 1)
        following = datetime.date(candidate + (end_month == 12), end_month % 12 + 1, 1)
        if first <= date < following:
            return candidate
        distance = (first - date).days if date < first else (date - following).days + 1
        if distance < best:
            best, year = distance, candidate
    return year


_ANSWER = re.compile(r"(?<![A-Za-z0-9])A[1-9](?=[\s:.、：．])(?! ?[-–])")
_STOPS = frozenset("。.？?！!（(【・:：")
_QUESTION = re.compile(r"\s?[:.、][^。?？\n]{2,60}(?:[?？]|[はか]。)|\s[^。?？\n]{2,60}(?:[はか]。|か[?？])")
_NEW_SENTENCE = re.compile(r"[。！？!?;；\n]|\.\s")
_YEARS = frozenset(("y", "y2", "yc", "roc", "rocb", "rocc", "era_reiwa", "era_heisei", "d"))
"""Groups that give a year."""


def _same_year(first: Reading, second: Reading, joined: bool) -> Reading | None:
    """The second of two quarters in the year of the first (2023年第三季度和第四季度); where they are joined, a first quarter is of the next."""
    a, b = first.value, second.value
    if not (isinstance(a, Quarter) and isinstance(b, Quarter) and a.quarter and b.quarter):
        return None
    if a.quarter < b.quarter and (joined or not a.fiscal):
        return replace(second, value=replace(b, year=a.year, fiscal=a.fiscal))
    if joined and (a.quarter, b.quarter) == (4, 1) and a.year:
        return replace(second, value=replace(b, year=a.year + 1, fiscal=a.fiscal))
    return None


class QuarterGrammar:
    """The quarter grammar of one language, applied to one folded text at a time."""

    def __init__(self, lang: str) -> None:
        raw: dict[str, Any] = load(lang).raw["quarters"]
        self.raw = raw
        self.words = {w: k for k, name in enumerate(("one", "two", "three", "four"), 1) for w in raw[name]}
        self.months = {w: int(m) for m, ws in raw.get("months", {}).items() for w in ws}
        self.deictic: dict[str, int] = raw["deictic_year"]
        self.year_words = re.compile(
            "|".join([r"(?:19|20)\d\d", *map(re.escape, [*self.deictic, *raw.get("past", ()), *raw.get("future", ())])])
        )
        self.fiscal_deictic = frozenset(raw.get("fiscal_deictic", ()))
        self.yearless = frozenset(raw.get("yearless_deictic", ()))
        self.fiscal_year_name = re.compile(raw["named_fiscal_year_re"]) if raw.get("named_fiscal_year_re") else None
        self.same_year = raw.get("same_year", [])
        self.fiscal_reach = int(raw.get("fiscal_reach", 300))  # how far a named fiscal year carries to a bare quarter
        other = raw.get("another_firm_re")
        self.another_firm = re.compile(other) if other else None  # the sentence begins: X's ..., not of the firm before
        told = raw.get("sentence_fiscal_year_re")
        self.fiscal_year_in_sentence = re.compile(told) if told else None
        digits = load(lang).raw.get("digits", {})
        self.native = {c: v for v, chars in digits.items() for c in chars}
        self._counter = 0
        self.patterns = [
            Pattern(
                self._compile(p["re"]), bool(p.get("fiscal")), f"quarter.{k}", (p.get("quarter"), p.get("end_month"))
            )
            for k, p in enumerate(raw["patterns"], 1)
        ]
        self.relative = {w: int(v) for w, v in raw["relative"].items()}
        relative_words = literal(self.relative)
        relative = raw.get("relative_re")
        self.relative_re = re.compile(
            relative.replace("{R}", f"(?P<rel>{relative_words})") if relative else f"(?P<rel>{relative_words})"
        )
        self.not_before = re.compile(raw.get("not_before_re", "(?!)"))
        self.not_after = re.compile(raw.get("not_after_re", "(?!)"))
        self.season = re.compile(raw["season_re"]) if raw.get("season_re") else None
        self.series = re.compile(raw["series_re"]) if raw.get("series_re") else None
        self.joint = re.compile(raw["joint_re"]) if raw.get("joint_re") else None  # between quarters of one year
        self.season_words = tuple(raw.get("season_words", ()))
        self.business = re.compile(raw.get("business_re", "(?!)"))
        self.anchor = re.compile(raw["anchor_re"])
        gloss = raw.get("gloss_months_re")
        self.gloss = re.compile(r"\s?[(（]\s?" + self._expand(gloss)) if gloss else None
        self.gloss_before = re.compile(self._expand(gloss) + r"(?=\s?[(（]\s?$)") if gloss else None
        self._slash = re.compile(raw["fiscal_year_re"]) if raw.get("fiscal_year_re") else None
        directions = (("past_before_re", -1), ("future_before_re", 1))
        self.directions = [(re.compile(f"(?:{raw[key]})$"), step) for key, step in directions if raw.get(key)]
        self.past_after = re.compile(raw["past_after_re"]) if raw.get("past_after_re") else None
        self.part_of_deictic = re.compile(raw["part_of_deictic_re"]) if raw.get("part_of_deictic_re") else None
        self.part_of_year = re.compile(raw["part_of_year_re"]) if raw.get("part_of_year_re") else None
        self.listed_after = re.compile(raw["listed_after_re"]) if raw.get("listed_after_re") else None
        self.compared_before = (
            re.compile(f"(?:{raw['compared_before_re']})$") if raw.get("compared_before_re") else None
        )
        fiscal_after = raw.get("fiscal_after_re")
        self.fiscal_after = re.compile(fiscal_after) if fiscal_after else None

    def _expand(self, template: str) -> str:
        def one(m: re.Match[str]) -> str:
            self._counter += 1
            n = self._counter
            name = m[1]
            if name == "Q":
                return f"(?P<q_{n}>{literal(self.words)})"
            if name == "D":
                return f"(?P<d_{n}>{literal([*self.deictic, *self.same_year])})"
            if name in ("M1", "M2", "ME"):
                names = literal(self.months)
                numeric = r"1[0-2]|0?[1-9]"
                body = f"{names}|{numeric}" if self.months else numeric
                guard = "" if name == "M2" else r"(?<![\d.,/-])"
                guard = guard if self.months else rf"(?=\d){guard}"
                return f"{guard}(?P<{name.lower()}_{n}>{body})"
            source = self.raw["year4_re"] if name == "Y4" else self.raw["year_re"]
            year = re.sub(r"\(\?P<(\w+)>", lambda g: f"(?P<{g[1]}_{n}>", source)
            return f"{_YEAR_BEGINS}(?<!\\d)(?<!\\d[.,])(?:{year})"

        return re.sub(r"\{(Q|D|Y4|Y|M1|M2|ME)\}", one, template)

    def _compile(self, template: str) -> re.Pattern[str]:
        return re.compile(self._expand(template))

    def _groups(self, m: re.Match[str]) -> dict[str, str]:
        return {
            (k.rsplit("_", 1)[0] if k.startswith("era") else k.split("_")[0]): v
            for k, v in m.groupdict().items()
            if v is not None
        }

    def _month(self, word: str) -> int:
        return self.months.get(word) or int(word)

    def _year(self, g: dict[str, str]) -> int | None:
        if "y" in g:
            return int(g["y"])
        if "y2" in g:
            return 2000 + int(g["y2"])
        if "yc" in g:
            return int("".join(self.native[c] for c in g["yc"]))
        if "roc" in g or "rocb" in g:
            return 1911 + int(g.get("roc") or g["rocb"])
        if "rocc" in g:
            return 1911 + int("".join(self.native[c] for c in g["rocc"]))
        for era, base in (("era_reiwa", 2018), ("era_heisei", 1988)):
            if era in g:
                return base + self._era_year(g[era])
        return None

    def _era_year(self, word: str) -> int:
        """元, 6, 六 or 二十一."""
        if word.isdigit() or word == "元":
            return 1 if word == "元" else int(word)
        tens, ten, ones = word.rpartition("十")
        return (int(self.native.get(tens, 1)) * 10 if ten else 0) + int(self.native.get(ones, 0))

    def _windows(self, text: str) -> Iterator[tuple[int, int]]:
        low = high = -1
        for m in self.anchor.finditer(text):
            a, b = max(0, m.start() - _WINDOW), min(len(text), m.end() + _WINDOW)
            if low < 0:
                low, high = a, b
            elif a <= high and b - low < 4096:
                high = b
            else:
                yield low, high
                low, high = max(a, high) if a <= high else a, b
        if low >= 0:
            yield low, high

    def read(self, text: str, date: datetime.date | None, trace: Trace | None = None) -> list[Reading]:
        """All quarters of folded text, in order."""
        found: list[tuple[int, int, int, Pattern | None, dict[str, str]]] = []
        for low, high in self._windows(text):
            for rank, pattern in enumerate(self.patterns):
                for m in pattern.regex.finditer(text, low, high):
                    found.append((m.start(), m.end(), rank, pattern, self._groups(m)))
            for m in self.relative_re.finditer(text, low, high):
                found.append((m.start("rel"), m.end("rel"), 99, None, {"rel": m["rel"]}))
        found.sort(key=lambda f: (f[0], -f[1], f[2]))
        reach: dict[int, int] = {}
        for f in found:
            reach[f[0]] = max(f[1], reach.get(f[0], 0))
        out: list[Reading] = []
        bare: set[int] = set()
        dated = -1  # where the last quarter ends whose year the text gives
        end = -1
        last_year: int | None = None
        last_fiscal_year: int | None = None
        fiscal_at = 0
        for start, stop, _, known, g in found:
            if start < end:
                continue
            if self.not_before.search(text[max(0, start - 8) : start]) or self.not_after.match(text, stop):
                if trace:
                    trace(start, stop, "a comparison, a count or an adjective, not one particular quarter")
                continue
            if text[start] in "Qq" and stop - start == 2 and self._is_question(text, start, stop):
                if trace:
                    trace(start, stop, "the number of a question")
                continue
            if self.season and text[start:stop].endswith(self.season_words) and self._is_season(text, start, stop):
                if trace:
                    trace(start, stop, "a season of a sport or a series")
                continue
            if last_fiscal_year is not None and (
                start - fiscal_at > self.fiscal_reach
                or _ITEM.search(text, fiscal_at, start)
                or self.another_firm
                and self.another_firm.search(text[max(fiscal_at, start - 24) : start])
            ):
                last_fiscal_year = None  # far away, or of another item or sentence: perhaps another firm's
            of_year = out[-1] if out and out[-1].end == dated else None
            joined = of_year is not None and self._joined(text[dated:start])
            if not joined and of_year and not self._goes_on(text[dated:stop]):
                of_year = None
            reading, last_year, last_fiscal_year = self._value(
                text, start, stop, known, g, date, last_year, last_fiscal_year, out, trace
            )
            if reading is None:
                continue
            if of_year and not _YEARS & g.keys() and (same := _same_year(of_year, reading, joined)):
                reading = same
                dated = reading.end
            elif _YEARS & g.keys():
                dated = reading.end
            if self.gloss_before and (lead := self.gloss_before.search(text[max(0, start - 28) : start])):
                at = max(0, start - 28)
                months = self._months(self._groups(lead), date, None)
                if months and (not out or out[-1].end <= at + lead.start()):
                    out.append(Reading(at + lead.start(), at + lead.end(), "QUARTER", months, "quarter.gloss"))
            out.append(reading)
            if "y" not in g and "d" not in g:
                bare.add(start)
            end = reading.end
            if last_fiscal_year is not None:
                fiscal_at = end
            if self.gloss and (gloss := self.gloss.match(text, end)):
                groups = self._groups(gloss)
                value = reading.value
                told = isinstance(value, Quarter) and not value.fiscal and ("y" in g or "d" in g)
                months = self._months(groups, date, value.year if told and isinstance(value, Quarter) else None)
                head = re.match(r"\s?[(（]\s?", gloss[0])
                if months and head and reach.get(gloss.start() + head.end(), 0) < gloss.end():
                    out.append(Reading(gloss.start() + head.end(), gloss.end(), "QUARTER", months, "quarter.gloss"))
                    end = gloss.end()
        return self._own_quarters(text, out, bare)

    @staticmethod
    def _is_question(text: str, start: int, stop: int) -> bool:
        """Q1 at the beginning of a question, or of a sentence in a text that numbers its answers."""
        lead = text[max(0, start - 2) : start].strip()
        first = start == 0 or text[start - 1] == "\n" or (lead[-1] in _STOPS if lead else start < 3)
        return first and (_QUESTION.match(text, stop) or _ANSWER.search(text, stop, stop + 400)) is not None

    def _goes_on(self, gap: str) -> bool:
        """Whether what stands between two quarters is one sentence that tells no other year (1분기 매출은 10억원이었고 2분기에는)."""
        return len(gap) <= 60 and not _NEW_SENTENCE.search(gap) and not self.year_words.search(gap)

    def _joined(self, gap: str) -> bool:
        return self.joint is not None and self.joint.fullmatch(gap) is not None

    def _is_season(self, text: str, start: int, stop: int) -> bool:
        if self.series and self.series.search(text[max(0, start - 24) : start]):
            return True
        clause = _CLAUSE.split(text[max(0, start - 40) : start])[-1] + _CLAUSE.split(text[stop : stop + 40])[0]
        return bool(self.season and self.season.search(clause)) and not self.business.search(clause)

    @staticmethod
    def _own_quarters(text: str, found: list[Reading], bare: set[int]) -> list[Reading]:
        """第3四半期(8~10月): a bare quarter whose months are not the calendar's is the firm's own, of a year not told."""
        for k in range(len(found) - 1):
            value, months = found[k].value, found[k + 1].value
            if found[k].start not in bare or not isinstance(value, Quarter) or not isinstance(months, Quarter):
                continue
            if value.quarter is None or value.fiscal or months.end_month in (None, value.quarter * 3):
                continue
            if re.fullmatch(r"\s?[(（]\s?", text[found[k].end : found[k + 1].start]):
                own = Quarter(quarter=value.quarter, fiscal=True)
                found[k] = Reading(found[k].start, found[k].end, "QUARTER", own, found[k].rule)
        return found

    def _months(self, g: dict[str, str], date: datetime.date | None, year: int | None) -> Quarter | None:
        last = self._month(g["m2"] if "m2" in g else g["me"])
        first = self._month(g["m1"]) if "m1" in g else (last - 3) % 12 + 1
        if (last - first) % 12 != 2:
            return None
        if year is None:
            year = self._year(g)
        if year is None and "d" in g and date:
            year = date.year + self.deictic.get(g["d"], 0)
        if year is None and date:
            year = nearest_year(first, last, date)
        return Quarter(year=year, start_month=first, end_month=last)

    def _directed(self, surface: str, quarter: int, date: datetime.date) -> int | None:
        """The year of a bare quarter that a word says is past or to come (지난 2분기, 오는 2분기)."""
        for words, step in ((self.raw.get("past", ()), -1), (self.raw.get("future", ()), 1)):
            if surface.startswith(tuple(words)) and words:
                now = (date.month + 2) // 3
                if step < 0:
                    return date.year - (quarter >= now)
                return date.year + (quarter < now)
        return None

    def _around(
        self, text: str, start: int, stop: int, quarter: int, date: datetime.date, before: list[Reading]
    ) -> int | None:
        """The year of a bare quarter from the words around it: 2024年…其中一季度, 较第一季, 早在二季度, 排到四季度."""
        lead = text[max(0, start - 80) : start]
        if self.part_of_year and (m := self.part_of_year.search(lead)):
            return int(m[1])
        if self.part_of_deictic and (m := self.part_of_deictic.search(lead)):  # 去年三、四季度
            return date.year + self.deictic[m["d"]]
        if self.compared_before and before and self.compared_before.search(lead):
            last = before[-1]
            value = last.value
            if not isinstance(value, Quarter) or value.fiscal or not value.quarter or not value.year:
                pass
            elif start - last.end < 30 and value.quarter != quarter:
                return value.year - (quarter > value.quarter)
        listed, at = quarter, stop
        while self.listed_after and (m := self.listed_after.match(text, at)) and self.words[m["q"]] > listed:
            listed, at = self.words[m["q"]], m.end()
        if listed != quarter:  # 一季度、二季度和三季度: one year for all
            return nearest_year(listed * 3 - 2, listed * 3, date)
        now = (date.month + 2) // 3
        for expr, step in self.directions:
            if expr.search(lead):
                return date.year - (quarter > now) if step < 0 else date.year + (quarter < now)
        year = nearest_year(quarter * 3 - 2, quarter * 3, date)
        if (year, quarter) > (date.year, now) and self.past_after and self.past_after.match(text, stop):
            return date.year - (quarter >= now)
        return None

    def _named_fiscal_year(self, text: str, at: int) -> int | None:
        """The fiscal year that the text names nearest before (else after) a place."""
        if self.fiscal_year_name is None:
            return None
        low = max(0, at - 1000)
        found = [m for m in self.fiscal_year_name.finditer(text, low, at + 500)]
        before = [m for m in found if m.start() < at]
        chosen = before[-1] if before else found[0] if found else None
        if chosen is None:
            return None
        year = int(next(g for g in chosen.groups() if g))
        return year if year > 100 else 2000 + year

    def _fiscal_year_of_sentence(self, text: str, at: int) -> int | None:
        """The fiscal year named before a bare quarter in its sentence (2021年3月期の純利益は…、第4四半期は…)."""
        if self.fiscal_year_in_sentence is None:
            return None
        window = re.split(r"[。\n]", text[max(0, at - 100) : at])[-1]
        found = self.fiscal_year_in_sentence.findall(window)
        if not found:
            return None
        return int(found[-1]) if len(found[-1]) == 4 else 2000 + int(found[-1])

    def _value(
        self,
        text: str,
        start: int,
        stop: int,
        pattern: Pattern | None,
        g: dict[str, str],
        date: datetime.date | None,
        last_year: int | None,
        last_fiscal_year: int | None,
        before: list[Reading],
        trace: Trace | None,
    ) -> tuple[Reading | None, int | None, int | None]:
        if pattern is None:
            return (
                Reading(
                    start,
                    stop,
                    "QUARTER",
                    Quarter(relative=self.relative[re.sub(r"\s+", " ", g["rel"])]),
                    "quarter.relative",
                ),
                last_year,
                last_fiscal_year,
            )
        if "m2" in g or "me" in g or pattern.value[1]:
            if pattern.value[1]:
                g = {**g, "me": str(pattern.value[1])}
            months = self._months(g, date, None)
            if months is None:
                if trace:
                    trace(start, stop, "a span of months that is no quarter")
                return None, last_year, last_fiscal_year
            return Reading(start, stop, "QUARTER", months, pattern.name), last_year, last_fiscal_year
        quarter = pattern.value[0] or self.words.get(g["q"]) or int(g["q"])
        year = self._year(g)
        fiscal = (
            pattern.fiscal
            or (self._slash is not None and self._slash.search(text[start:stop]) is not None)
            or "fy" in g
            or g.get("d", "") in self.fiscal_deictic
        )
        if not fiscal and self.fiscal_after and self.fiscal_after.search(text[max(0, start - 12) : start]):
            fiscal = True
        explicit = year is not None
        if explicit and self._slash is not None and self._slash.search(text[start:stop]) and ("y" in g or "y2" in g):
            year = (year or 0) + 1  # the fiscal year 2023/24 is 2024
        if year is None and g.get("d") in self.same_year:
            year = last_year
        elif year is None and "d" in g and g["d"] in self.yearless:
            pass
        elif year is None and "d" in g and date:
            year = date.year + self.deictic[g["d"]]
        elif year is None and fiscal:
            year = last_fiscal_year or self._named_fiscal_year(text, start)
        elif year is None and not fiscal:
            gloss = (
                before[-1]
                if before and isinstance(before[-1].value, Quarter) and before[-1].value.start_month
                else None
            )
            if gloss and re.fullmatch(r"\s?[(（]\s?", text[gloss.end : start]) and isinstance(gloss.value, Quarter):
                if gloss.value.end_month != quarter * 3:
                    return (
                        Reading(start, stop, "QUARTER", Quarter(quarter=quarter, fiscal=True), "quarter.gloss"),
                        last_year,
                        last_fiscal_year,
                    )
                year = gloss.value.year
            elif date and (directed := self._directed(text[start:stop], quarter, date)):
                year = directed
            elif last_fiscal_year is not None and "cal" not in g:
                year, fiscal = last_fiscal_year, True
            elif (named := self._fiscal_year_of_sentence(text, start)) is not None:
                year, fiscal = named, True
            elif date:
                year = (
                    self._directed(text[start:stop], quarter, date)
                    or self._around(text, start, stop, quarter, date, before)
                    or nearest_year(quarter * 3 - 2, quarter * 3, date)
                )
            else:
                year = last_year
        if explicit:
            last_year = year
            last_fiscal_year = year if fiscal else None
        return (
            Reading(start, stop, "QUARTER", Quarter(year=year, quarter=quarter, fiscal=fiscal), pattern.name),
            last_year,
            last_fiscal_year,
        )


@cache
def grammar(lang: str) -> QuarterGrammar:
    """The quarter grammar of a language (cached)."""
    return QuarterGrammar(lang)
