"""Numerals, read where they stand: digits with separators, scale words, CJK and Hangul numerals, number words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from finextract.quantities.lexicon import Lexicon, literal

_FRACTIONS = {"¼": Decimal("0.25"), "½": Decimal("0.5"), "¾": Decimal("0.75")}
MAX_DIGITS = 40  # longer digit strings are identifiers or noise, and Decimal would round them


@dataclass(slots=True)
class Number:
    """A numeral in folded text. ``value`` is None if vague; ``scale`` is the multiplier that its scale words name."""

    start: int
    end: int
    value: Decimal | None
    scale: Decimal = Decimal(1)
    has_scale: bool = False
    vague: bool = False
    more: bool = False
    bare: bool = False
    word: bool = False
    joined: bool = False
    article: bool = False
    about: bool = False
    low: Decimal | None = None

    def lone(self, text: str) -> bool:
        """Whether it is one native digit or vague word (一, 两, 多), without a scale."""
        return self.end - self.start == 1 and not self.has_scale and not text[self.start].isdecimal()

    @property
    def coefficient(self) -> Decimal:
        return (self.value or Decimal(0)) / self.scale


_BARE_POINT = r"(?<![^\s$£€¥₩])"  # before the point of .85, which English writes for 0.85


class CjkReader:
    """Numerals of ja, zh and ko: digits, native digits, small scales (十百千) and big scales (万億兆), mixed as one likes."""

    def __init__(self, lex: Lexicon) -> None:
        raw: dict[str, Any] = lex.raw
        self.digit = {char: str(value) for value, chars in raw["digits"].items() for char in chars}
        self.small = {w: Decimal(10) ** p for w, p in raw["scales"]["small"].items()}
        self.big = {w: Decimal(10) ** p for w, p in raw["scales"]["big"].items()}
        self.points = raw["scales"].get("point", [])
        self.vague = raw["scales"].get("vague", [])
        self.vague_scaled = frozenset(raw["scales"].get("vague_scaled", ()))  # no numeral without a scale: 上百
        self.more = raw["scales"].get("more", [])
        self.colloquial = bool(raw["scales"].get("colloquial"))
        self.tenths = frozenset(w for w, power in raw["percent"].get("tenths", {}).items() if power == 1)
        self.pair_units = tuple(raw["scales"].get("pair_units", ()))
        self.particles = frozenset(raw["scales"].get("particles", ()))  # digits that are particles behind a scale word
        self.pair_before: str = raw["scales"].get("pair_before", "")
        fraction = raw["scales"].get("fraction_re", "(?!)")
        self.fraction = re.compile(fraction)
        self.pairs = ("s", "b") if raw["scales"].get("pairs", True) else ("s",)
        self.tens = {w: Decimal(v) for w, v in raw["scales"].get("tens", {}).items()}
        native = "".join(map(re.escape, self.digit))
        units = "|".join(sorted({re.escape(w[0]) for w in lex.units}))
        middle = raw["scales"].get("digit_point", "")
        point = rf"(?:\.\d+|{middle}\d{{1,2}}(?!\d))?" if middle else r"(?:\.\d+)?"
        digits = rf"\d{{1,3}}(?:,\n?\d{{3}})+(?!\d){point}|\d{{1,3}}(?:'\d{{3}})+(?!\d){point}|[1-9]\d{{0,2}}(?: \d{{3}})+(?=\s?(?:{units}))(?!\s?\$)|\d+{point}|{_BARE_POINT}\.\d+"
        self.token = re.compile(
            rf"(?P<f>{re.sub(r'[?]P<[a-z]+>', '?:', fraction)})|(?P<d>{digits})|(?P<v>{literal(self.vague)})|(?P<t>{literal(self.tens) or '(?!)'})|(?P<n>[{native}]+)|(?P<s>(?!百分[点點之]){literal(self.small)})"
            rf"|(?P<b>{literal(self.big)})|(?P<m>{literal(self.more) or '(?!)'})|(?P<p>{literal(self.points) or '(?!)'})"
        )
        heads = "".join(sorted({w[0] for w in [*self.digit, *self.tens, *self.small, *self.vague]}))
        guard = raw["scales"].get("start_guard", "")
        bare = raw["scales"].get("bare_start_re")  # what must stand before a scale word that stands alone
        big = f"|{bare}[{''.join(w[0] for w in self.big)}]" if bare else ""
        self.start = re.compile(
            rf"(?<!\d)(?<!\d[.,])\d|(?<=\d,)(?<!\d\d\d\d,)\d(?!\d\d(?!\d))|{_BARE_POINT}\.(?=\d)|{guard}[{heads}]{big}|{re.sub(r'[?]P<[a-z]+>', '?:', fraction)}"
        )
        units = "|".join(sorted({re.escape(w[0]) for w in [*lex.units, *self.small, *self.big]}))
        self.follow = re.compile(rf"\s{{0,2}}(?:{units})")
        self.unit = lex.unit_re

    def read(self, text: str, at: int) -> Number | None:
        pos, parts, section, num = at, [], Decimal(0), None  # type: int, list[tuple[Decimal, Decimal]], Decimal, Decimal | None
        last, last_scale, number = "", Decimal(1), Number(at, at, None)
        small_scale = Decimal(1)
        digit_run = spread_at = ""
        mark = at
        spread: Decimal | None = None  # how far the lower end of 三五 (three to five) lies below the upper one
        while True:
            if last == "b":
                mark = pos
            gap = pos
            while gap < len(text) and gap - pos < 3 and text[gap].isspace():
                gap += 1
            if gap > pos and not last:
                break
            m = self.token.match(text, gap)
            if m is None:
                break
            kind, piece = m.lastgroup or "", m[0]
            spaced = gap > pos
            if kind == "v" and piece in self.digit and last:
                kind = "n"
            if kind in "dn" and last and (num is not None or last == "m"):
                break
            if kind == "f":
                if last:
                    break
                number.end, number.value = m.end(), self._fraction(piece, text, gap)
                return number
            if kind == "d":
                if last and (last not in "bs" or (spaced and not self.follow.match(text, m.end()))):
                    break
                if last == "s" and pos == at + 1 and text[at] in "百千":
                    return None  # 南京新百40%: the end of a name
                plain = piece.replace(",", "").replace("\n", "").replace(" ", "").replace("'", "").replace("・", ".")
                if spaced and last == "s" and (len(plain) > MAX_DIGITS or Decimal(plain) >= small_scale):
                    break  # 1천 500원 is one numeral, 1천 5000원 are two
                if len(plain) > MAX_DIGITS:
                    number.end = m.end()
                    return number if not last else None
                num, digit_run = Decimal(plain), ""
                if last == "b" and num >= parts[-1][1]:
                    num = None
                    break
            elif kind == "n":
                if last == "b" and piece in self.particles:
                    scaled = self.token.match(text, m.end())
                    if scaled is None or scaled.lastgroup not in ("s", "b"):
                        break  # 10억이나 20억: ten or twenty
                if last and self.unit.match(text, gap):
                    break  # 6억 오스트레일리아 달러: a unit that begins like a digit
                if spaced and (last != "b" or piece[0] < "가" or not self.follow.match(text, m.end())):
                    break
                if (
                    last == "s"
                    and len(piece) > 1
                    and not piece.startswith(("〇", "零", "○", "영", "공"))
                    and not (self.pair_units and spread is None and self._pair(text, piece, m.end(), True))
                ):
                    break
                plain = "".join(self.digit[c] for c in piece)
                if len(plain) > MAX_DIGITS:
                    number.end = m.end()
                    return number if not last else None
                num, digit_run = Decimal(plain), piece
                if (not last or (last == "s" and self.pair_units)) and self._pair(text, piece, m.end(), last == "s"):
                    num, spread = Decimal(plain[1]), Decimal(plain[1]) - Decimal(plain[0])  # 三五十: thirty to fifty
                    spread_at = "n"
            elif kind == "v":
                if last == "s" or (last == "n" and num is not None and not number.vague):
                    if last == "n" or not self.follow.match(text, m.end()):
                        break
                    number.vague = True
                elif last == "b" and not spaced and not number.vague and self.follow.match(text, m.end()):
                    number.vague, num = True, Decimal(1)  # 1億数千万
                elif last:
                    break
                elif piece in self.vague_scaled and not (
                    (scaled := self.token.match(text, m.end())) and scaled.lastgroup in ("s", "b")
                ):
                    return None
                else:
                    number.vague, num = True, Decimal(1)
            elif kind == "t":  # 廿, 卅: two or three tens in one sign
                if last and (last != "b" or spaced):
                    break
                section, num, small_scale, kind = section + self.tens[piece], None, Decimal(10), "s"
                number.has_scale, last_scale = True, Decimal(10)
                pos, last = m.end(), kind
                continue
            elif kind == "s":
                if spaced and last in "sb":
                    break
                value = self.small[piece]
                if last == "s" and value >= small_scale and num is None:
                    break
                if spread is not None and spread_at == "n":
                    spread, spread_at = spread * value, "s"
                section += (Decimal(1) if num is None else num) * value
                num, small_scale = None, value
                number.has_scale = True
            elif kind == "b":
                scale = self.big[piece]
                if not last:
                    number.bare = True
                if self.colloquial and num and section and last == "n" and len(digit_run) == 1:
                    num *= small_scale / 10  # 千五萬: fifteen million; 10,050,000 is 一千零五萬
                current = section + (num or Decimal(0))
                held = list(parts)
                while held and held[-1][1] < scale:
                    value, _ = held.pop()
                    current += value
                if held and held[-1][1] == scale:
                    pos, num, section = mark, None, Decimal(0)  # 5億 50億: two numerals
                    break
                if current == 0:
                    if last and not number.bare:
                        break
                    current = Decimal(1)
                if spread is not None and spread_at != "b":
                    spread, spread_at = spread * scale, "b"
                parts = [*held, (current * scale, scale)]
                section, num = Decimal(0), None
                number.has_scale = True
            elif kind == "m":
                if not last or number.vague or not self.follow.match(text, m.end()):
                    break
                number.more, number.about = piece != "来", piece == "来"
                if last in "sb" or num is not None:
                    pos = m.end()
                    continue
            elif kind == "p":
                nxt = self.token.match(text, m.end())
                if spaced or last not in "ns" or nxt is None or nxt.lastgroup != "n":
                    break
                fraction = "".join(self.digit[c] for c in nxt[0])
                num = (num or Decimal(0)) + Decimal("0." + fraction)
                pos, last, digit_run = nxt.end(), "d", ""
                continue
            if kind in "sb":
                last_scale = last_scale_of(kind, piece, self, last_scale, last)
            pos, last = m.end(), kind
        if pos == at or (last == "m" and not parts):
            return None
        total = sum((v for v, _ in parts), Decimal(0)) + section
        if num is not None:
            if (
                self.colloquial
                and last == "n"
                and len(digit_run) == 1
                and digit_run not in "零〇○"
                and (parts or section)
            ):
                step = small_scale if section else parts[-1][1]
                num *= step / 10
            total += num
        number.end, number.scale = pos, last_scale
        if number.vague:
            magnitude = small_scale if section else Decimal(1)
            if parts:
                magnitude = Decimal(10) ** parts[-1][0].adjusted()
            number.scale = Decimal(10) ** max(magnitude.adjusted(), total.adjusted() if total else 0)
            return number
        number.value = total
        if spread is not None:
            number.low = total - spread
        return number

    def _fraction(self, piece: str, text: str, at: int) -> Decimal:
        """半, 四分之一, 1/4."""
        m = self.fraction.match(text, at)
        groups = m.groupdict() if m else {}
        if groups.get("den"):
            return Decimal(self.digit[groups["num"]]) / Decimal(self.digit[groups["den"]])
        if groups.get("under"):
            return Decimal(groups["over"]) / Decimal(groups["under"])
        return Decimal("0.5")

    def _pair(self, text: str, piece: str, end: int, inside: bool) -> bool:
        """Whether two digits in a row are two neighbouring numbers (三五十, 七八块, 一千二三百), not the digits of one."""
        if len(piece) != 2:
            return False
        low, high = int(self.digit[piece[0]]), int(self.digit[piece[1]])
        if not 0 < low < high or (inside and high - low > 1):
            return False
        if text[end : end + 1] in self.tenths:
            return True
        if self.pair_before and high == low + 1 and text.endswith(self.pair_before, 0, end - 2):
            return True
        follower = self.token.match(text, end)
        if follower and follower.lastgroup in self.pairs:
            return True
        return high - low <= 2 and text.startswith(self.pair_units, end) if self.pair_units else False


def last_scale_of(kind: str, piece: str, reader: CjkReader, scale: Decimal, last: str) -> Decimal:
    """Multiplier of a run of scale words: 千万 is 10^7, 万亿 10^12; a digit in between starts anew."""
    value = reader.small[piece] if kind == "s" else reader.big[piece]
    return Decimal(scale * value) if last in ("s", "b") else value


class WesternReader:
    """Numerals of de and en: digits with separators, number words, and scale words after a blank or a hyphen."""

    def __init__(self, lex: Lexicon) -> None:
        raw: dict[str, Any] = lex.raw
        self.comma = raw["numbers"]["decimal"] == ","
        self.words: dict[str, Decimal] = number_words(lex.lang)
        self.articles = frozenset(raw["numbers"].get("articles", ()))
        self.scales = {w: Decimal(10) ** int(p) for p, words in raw["scales"].items() for w in words}
        self.vague = {w: Decimal(10) ** int(p) for p, words in raw["vague"].items() for w in words}
        self.vague_before = raw.get("vague_before", [])
        if self.comma:
            digits = (
                r"\d{1,3} [¼½¾]|\d{0,3}[¼½¾]|(?:\d{1,3} )?[12]/3(?=\s?(?:%|Prozent|Million|Milliard|Mi?o\.|Mrd))|\d{1,3}(?:,\d{3}){2,}(?!\d)(?:\.\d+)?|\d{1,3}(?:\.\d{3})+(?!\d)(?:,\d+|[.,][–—-]{1,2}(?!\d))?|\d{1,3}(?: ?' ?\d{3})+(?!\d)(?:[.,]\d+|\.[–—-]{1,2})?|(?<![A-Z] )(?<![A-Z]-)(?<![A-Z])\d{1,3}(?: \d{3})+(?![\d.])(?:,\d+)?|\d+[.,][–—-]{1,2}(?!\d)"
                r"|\d+(?:,\d+)?(?!\.?\d)|\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+|\d+"
            )
        else:
            digits = r"\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?"
        words = literal(self.words)
        left = r"(?<![A-Za-zÀ-ÿ0-9])"
        right = r"(?![A-Za-zÀ-ÿ])"
        halves = raw["numbers"].get("half_re", "(?!)")
        art, vb = raw["numbers"].get("article_re", "(?!)"), literal(self.vague_before) or "(?!)"
        heads = "".join(sorted({w[0] for w in [*self.words, *self.vague, *self.vague_before]})) + raw["numbers"].get(
            "half_heads", "hH"
        )
        # what cannot begin a numeral is ruled out first: most of a text is that
        self.start = re.compile(
            rf"(?=[\d¼½¾])(?<!\d)(?<!\d[.,'])(?:{digits})"
            rf"|(?=[{heads}]){left}(?:(?P<vb>{vb})\s(?=[A-ZÀ-Ýmbthzd])|(?:(?P<art>{art})\s)?(?P<half>{halves})(?:{right}|(?=prozent))"
            rf"|(?P<word>{words})(?:{right}|(?=prozentig))|(?P<vague>{literal(self.vague)}){right})"
        )
        self.scale = re.compile(
            rf"[\s-]{{0,2}}(?:{raw['numbers'].get('more_re', '(?!)')})?(?P<s>{literal(self.scales)})(?:(?<=\.)|(?![A-Za-zÀ-ÿ]))"
        )
        self.vague_word = re.compile(rf"\s?(?P<v>{literal(self.vague)})(?![A-Za-zÀ-ÿ])")
        self.of = re.compile(raw["numbers"].get("of_re", "(?!)"))
        self.point_words = re.compile(raw["numbers"].get("point_re", "(?!)"))
        self.digits = re.compile(rf"(?:{digits})")

    def _digits(self, text: str) -> Decimal | None:
        if len(text) > MAX_DIGITS:
            return None
        if text[-1] in _FRACTIONS:
            return Decimal(text[:-1].strip() or 0) + _FRACTIONS[text[-1]]
        if text.endswith("/3"):
            whole, _, thirds = text[:-2].rpartition(" ")
            return Decimal(whole or 0) + (Decimal(thirds) / 3).quantize(Decimal("0.01"))
        text = re.sub(r"[.,][–—-]{1,2}$", "", text).replace("'", "").replace(" ", "")
        if self.comma:
            if "," in text and "." in text:
                text = (
                    text.replace(".", "").replace(",", ".")
                    if text.rfind(",") > text.rfind(".")
                    else text.replace(",", "")
                )
            elif text.count(",") > 1:
                text = text.replace(",", "")
            elif "," in text:
                text = text.replace(",", ".")
            elif re.fullmatch(r"[1-9]\d{0,2}(?:\.\d{3})+", text):
                text = text.replace(".", "")
            elif text.count(".") > 1:
                return None
        else:
            text = text.replace(",", "")
        return Decimal(text)

    def read_match(self, text: str, m: re.Match[str]) -> Number | None:
        number = Number(m.start(), m.end(), None)
        kind = m.lastgroup
        if kind in ("vague", "vb"):
            number.vague = True
            base = self.vague.get(m[0].strip(), Decimal(1)) if kind == "vague" else Decimal(1)
            at = m.end("vb") if kind == "vb" else m.end()
            s = self.scale.match(text, at)
            if s is None and (of := self.of.match(text, at)):
                s = self.scale.match(text, of.end())
            scale = base
            if s:
                scale *= self.scales[s["s"]]
                at = s.end()
            elif kind == "vb":
                v = self.vague_word.match(text, at)
                if v is None:
                    return None
                scale, at = self.vague[v["v"]], v.end()
                s2 = self.scale.match(text, at)
                if s2:
                    scale, at = scale * self.scales[s2["s"]], s2.end()
            number.scale, number.end, number.has_scale = scale, at, True
            of = self.of.match(text, at)
            if of:
                number.end = of.end()
            return number
        value: Decimal | None
        if kind == "half" or kind == "art":
            value = half_value(m["half"].lower())
            number.about, number.more = m["half"][0] in "kKrR", m["half"][0] in "gG"
            number.word = True
        elif kind == "word":
            value, number.word = self.words[m["word"]], True
            number.article = m["word"] in self.articles
            if spoken := self.point_words.match(text, m.end()):  # siebzehn Komma fünf
                value += Decimal("0." + "".join(str(self.words[w]) for w in spoken[1].split()))
                number.article, number.end = False, spoken.end()
        else:
            value = self._digits(m[0])
        if value is None:
            return number
        total, end = Decimal(0), max(m.end(), number.end)
        scale = Decimal(1)
        s = self.scale.match(text, end)
        while s:
            number.joined = "-" in text[end : s.start("s")]
            step = self.scales[s["s"]]
            scale = step
            number.has_scale = True
            end = s.end()
            more = self.scale.match(text, end)  # "Tausend Milliarden"
            if more and self.scales[more["s"]] > step:
                scale, end = step * self.scales[more["s"]], more.end()
            total += value * scale
            value = Decimal(0)
            d: re.Match[str] | None = None
            w: re.Match[str] | None = None
            if text[end : end + 1] == " ":
                d = self.digits.match(text, end + 1)
                if d is None and (begin := self.start.match(text, end + 1)) and begin.lastgroup == "word":
                    d = w = begin
            s = self.scale.match(text, d.end()) if d else None
            rest = (self.words[w["word"]] if w else self._digits(d[0]) or Decimal(0)) if d else Decimal(0)
            if d and s and self.scales[s["s"]] < scale:
                value = rest
            elif d and s is None and 1000 <= rest < scale and rest % 1000 == 0:
                total, end = total + rest, d.end()  # eine Million fünfhunderttausend
                break
            else:
                break
        number.value, number.scale, number.end = total + value, scale, end
        of = self.of.match(text, end) if number.has_scale else None
        if of:
            number.end = of.end()
        return number


def half_value(word: str) -> Decimal:
    """German and English words with a half or a quarter: anderthalb, eineinhalb, dreieinhalb, halbe, half, viertel; knappe is one."""
    if word.startswith(("knapp", "gut", "rund")):
        return Decimal(1)
    if "viertel" in word:
        quarters = Decimal("0.75") if word.startswith("drei") else Decimal("0.25")
        return quarters * (10**9 if word.endswith("arde") else 10**6 if word.endswith("on") else 1)
    if word.startswith(("anderthalb", "einundeinhalb", "eineinhalb")):
        return Decimal("1.5")
    for stem, value in (
        ("zwei", 2),
        ("drei", 3),
        ("vier", 4),
        ("fünf", 5),
        ("sechs", 6),
        ("sieben", 7),
        ("acht", 8),
        ("neun", 9),
        ("zehn", 10),
    ):
        if word.startswith(stem):
            return Decimal(value) + Decimal("0.5")
    return Decimal("0.5")


@cache
def number_words(lang: str) -> dict[str, Decimal]:
    """Number words of a language with its own ``numerals`` module: word (lower and capitalised) -> value."""
    import importlib

    module = importlib.import_module(f"finextract.languages.{lang}.numerals")
    words: dict[str, Decimal] = {}
    for word, value in module.words().items():
        words[word] = words[word.capitalize()] = Decimal(value)
    return words
