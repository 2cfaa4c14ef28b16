"""A language's lexicon (``languages/LANG/lexicon.toml`` and ``languages/common.toml``), compiled to what the engine matches with."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LANGUAGES = ("ja", "de", "ko", "zh", "en")
_LATIN = "A-Za-zÀ-ÿ"  # one row of a character set: a wider class makes each of hundreds of alternatives slow to compile


@dataclass(frozen=True, slots=True)
class Unit:
    """What a unit word means: ``kind`` is money, percent, percentage_point, basis_point, points or tenths."""

    kind: str
    code: str = ""
    power: int = 0
    word: str = ""


def _trie(words: Iterable[str], tail: Mapping[str, str]) -> str:
    """Alternation as a prefix tree, longest match first: linear in the text where a flat alternation is not."""
    root: dict[str, Any] = {}
    for word in words:
        node = root
        for char in word:
            node = node.setdefault(char, {})
        node[""] = tail.get(word, "")

    def build(node: dict[str, Any]) -> str:
        branches = []
        for char, child in sorted((c, n) for c, n in node.items() if c):
            branches.append((r"\s{1,2}" if char == " " else re.escape(char)) + build(child))
        if "" in node:
            branches.append(node[""])
        return branches[0] if len(branches) == 1 else "(?:" + "|".join(branches) + ")"

    return build(root) if root else r"(?!)"


def literal(words: Iterable[str]) -> str:
    """Alternation of literal words, longest first; an inner blank matches a short run of white space."""
    return _trie(set(words), {})


def _bounded(words: Iterable[str], *, left: bool = False) -> str:
    """Alternation, longest first, in which a word that ends (or begins) in a Latin letter must end (or begin) a Latin word."""
    table = set(words)
    if not left:
        ends = {w: f"(?![{_LATIN}])" for w in table if re.match(f"[{_LATIN}]", w[-1])}
        return _trie(table, ends)
    latin = {w for w in table if re.match(f"[{_LATIN}]", w[0])}
    parts = [f"(?<![{_LATIN}]){_trie(latin, {})}"] if latin else []
    if signs := {w for w in latin if w[0].isupper() and w.endswith("$")}:
        parts.append(f"(?<=[a-zäöü]{{2}}){_trie(signs, {})}")  # glued by machine translation: bereitsNT$ 43
    if table - latin:
        parts.append(_trie(table - latin, {}))
    return "(?:" + "|".join(parts) + ")" if parts else r"(?!)"


def read_toml(lang: str) -> dict[str, Any]:
    """The raw tables of one language (or of ``common``)."""
    base = resources.files("finextract.languages")
    path = base / "common.toml" if lang == "common" else base / lang / "lexicon.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _cldr(locale_name: str, ignore: Iterable[str]) -> dict[str, str]:
    """Currency names of CLDR for a locale (from Babel): name -> ISO 4217. Historic currencies are left out."""
    from babel import Locale
    from babel.core import get_global
    from babel.numbers import get_currency_name

    current = {
        code
        for spans in get_global("territory_currencies").values()
        for code, _, end, tender in spans
        if end is None and tender
    }
    locale = Locale.parse(locale_name)
    names: dict[str, str] = {}
    for code in sorted(locale.currencies):
        if code not in current or code in ignore:
            continue
        for count in (None, 1, 2, 5):
            name = locale.currencies[code] if count is None else get_currency_name(code, count=count, locale=locale)
            if name and name != code and len(name) > 1:
                names.setdefault(name, code)
    return names


@dataclass(slots=True)
class Lexicon:
    """Compiled lexicon of one language; regular expressions are matched against folded text."""

    lang: str
    raw: dict[str, Any]
    script: str
    units: dict[str, Unit] = field(default_factory=dict)
    prefixes: dict[str, Unit] = field(default_factory=dict)
    unit_re: re.Pattern[str] = re.compile("(?!)")
    prefix_re: re.Pattern[str] = re.compile("(?!)")
    money_tail_re: re.Pattern[str] | None = None
    prefix_last: frozenset[str] = frozenset()
    latin_scale_re: re.Pattern[str] = re.compile("(?!)")
    latin_scales: dict[str, int] = field(default_factory=dict)
    before: list[tuple[str, re.Pattern[str]]] = field(default_factory=list)
    after: list[tuple[str, re.Pattern[str]]] = field(default_factory=list)
    guards: dict[str, re.Pattern[str]] = field(default_factory=dict)
    before_guard: re.Pattern[str] | None = None
    torn_before: re.Pattern[str] | None = None  # what stands before the rest of a numeral that was torn apart
    by_country: dict[str, dict[str, str]] = field(default_factory=dict)
    tenths_guard: re.Pattern[str] = re.compile("(?!)")
    index_re: re.Pattern[str] | None = None
    separator_re: re.Pattern[str] = re.compile("(?!)")
    separator_word_re: re.Pattern[str] = re.compile("(?!)")
    change_words_re: re.Pattern[str] = re.compile("(?!)")
    change_after_re: re.Pattern[str] = re.compile("(?!)")
    enumeration_re: re.Pattern[str] = re.compile("(?!)")
    each_re: re.Pattern[str] | None = None
    asides: tuple[re.Pattern[str], ...] = ()
    """A numeral, what opens, the numeral that it is compared with, what closes, before the unit of both: 4,1 (3,8) Mrd. Euro."""
    follows: frozenset[str] = frozenset()
    glued_re: re.Pattern[str] = re.compile("(?!)")
    wide_context: dict[str, dict[str, str]] = field(default_factory=dict)
    excepted: dict[str, re.Pattern[str]] = field(default_factory=dict)
    pair_re: tuple[re.Pattern[str], re.Pattern[str]] | None = None
    compared: tuple[re.Pattern[str], re.Pattern[str]] | None = None
    between_re: tuple[re.Pattern[str], re.Pattern[str]] | None = None
    from_re: re.Pattern[str] | None = None
    by_re: re.Pattern[str] | None = None
    expected_re: re.Pattern[str] | None = None
    """Words of a forecast, before which such a verb has a range behind it after all."""
    cent_follows: frozenset[str] = frozenset()
    """Minor units that may be of several currencies: of the one named last."""
    loose_prefixes: frozenset[str] = frozenset()
    """Words behind amounts that may stand in front as well."""
    joined_units: frozenset[str] = frozenset()
    """Units that stand at their number without a blank."""
    same_below: re.Pattern[str] | None = None
    """A bracket that names the currency of all plain units of a text (美元，下同)."""
    spaced_prefixes: frozenset[str] = frozenset()
    forecast: re.Pattern[str] | None = None
    plain_units: frozenset[str] = frozenset()
    """Units that stand for whichever currency is named in front (港幣3.2至4.1元)."""
    ordinals: frozenset[str] = frozenset()
    """Characters that make an ordinal of the number behind them."""
    order: tuple[re.Pattern[str], re.Pattern[str]] | None = None
    """A number of powers alone, and the word behind an amount that makes it an order of magnitude (千万元级)."""


ASIDE = "\x02"
"""Stands for what opens an aside between two numerals while a text is read: a control character, which no numeral goes with."""
DASH = r"[-–—―~‒－ー]{1,2}"


@cache
def load(lang: str) -> Lexicon:
    """The compiled lexicon of a language; about 50 ms the first time."""
    if lang not in LANGUAGES:
        raise ValueError(f"[X101] no lexicon for language {lang!r}; there are {', '.join(LANGUAGES)}")
    raw, common = read_toml(lang), read_toml("common")
    lex = Lexicon(lang, raw, raw["script"])

    def add(table: dict[str, Unit], entries: Mapping[str, Iterable[str]]) -> None:
        for code, words in entries.items():
            for word in words:
                table[word] = Unit("money", code, 0, word)

    aliases = common["code_aliases"]
    codes = {code: aliases.get(code, code) for code in common["codes"]}
    locales = raw["babel_locale"] if isinstance(raw["babel_locale"], list) else [raw["babel_locale"]]
    for name, code in (pair for locale in locales for pair in _cldr(locale, raw.get("ignore_cldr", ())).items()):
        for joint in (" ", *raw.get("cldr_joints", ())):
            word = name.replace(" ", joint)
            lex.units[word] = Unit("money", code, 0, word)
    for word, code in codes.items():
        lex.units[word] = lex.prefixes[word] = Unit("money", code, 0, word)
    add(lex.units, common["suffix"])
    add(lex.prefixes, common["prefix"])
    for symbol in ("¥", "￥"):
        lex.units[symbol] = lex.prefixes[symbol] = Unit("money", raw["yen_sign"], 0, symbol)
    add(lex.units, raw["suffix"])
    add(lex.prefixes, raw.get("prefix", {}))
    for word, (code, power) in raw.get("minor", {}).items():
        lex.units[word] = Unit("money", code, power, word)
    for word, (code, power) in raw.get("scaled", {}).items():
        lex.units[word] = lex.prefixes[word] = Unit("money", code, power, word)
    rates = raw["percent"]
    for kind in ("percent", "percentage_point", "basis_point", "points"):
        for word in rates.get(kind, ()):
            lex.units[word] = Unit(kind, "", 0, word)
    for word, power in rates.get("tenths", {}).items():
        lex.units[word] = Unit("tenths", "", power, word)
    for word in rates.get("percent_prefix", ()):
        lex.prefixes[word] = Unit("percent", "", 0, word)
    for word in raw.get("ignore_units", ()):
        lex.units.pop(word, None)
    lex.unit_re = re.compile(_bounded(lex.units))
    glued = [w for w in lex.units if re.fullmatch(f"[{_LATIN}.-]{{5,}}(?: [{_LATIN}.-]+)*", w)]
    lex.glued_re = re.compile(_trie(glued, {}) + "(?=[a-zäöüß])")
    lex.wide_context = raw.get("wide_context", {})
    lex.excepted = {m: re.compile(e) for m, e in raw["modifiers"].get("except_re", {}).items()}
    if "pair_re" in raw["ranges"]:  # words that make a range only behind another word: von … auf
        lex.pair_re = (
            re.compile(rf"\s{{0,2}}{raw['ranges']['pair_re'][1]}\s{{0,2}}"),
            re.compile(rf"{raw['ranges']['pair_re'][0]}\s{{0,2}}$"),
        )
    if (
        "between_re" in raw["ranges"]
    ):  # words that make a range of two whole amounts behind another word: zwischen … und
        lex.between_re = (
            re.compile(rf"{raw['ranges']['between_re'][0]}\s{{0,2}}$"),
            re.compile(rf"\s{{0,2}}{raw['ranges']['between_re'][1]}\s{{0,2}}"),
        )
    lex.prefix_re = re.compile(f"(?:{_bounded(lex.prefixes, left=True)})\\s{{0,2}}$")
    lex.prefix_last = frozenset(word.strip()[-1] for word in lex.prefixes)
    for power, words in common["latin_scales"].items():
        for word in words:
            lex.latin_scales[word] = int(power)
    for power, words in raw.get("latin_scales", {}).items():
        for word in words:
            lex.latin_scales[word] = int(power)
    lex.latin_scale_re = re.compile(f"(?:{_bounded(lex.latin_scales)})(?![0-9])")
    gap = r"[\s\"'„“”「『]{0,2}"
    modifiers = raw["modifiers"]
    order = ("equal_or_more", "equal_or_less", "less_than", "more_than", "approx")
    lex.before = [
        (m, re.compile(f"(?:{modifiers['before_re'][m]}){gap}$")) for m in order if m in modifiers["before_re"]
    ]
    lex.after = [(m, re.compile(f"\\s?(?:{modifiers['after_re'][m]})")) for m in order if m in modifiers["after_re"]]
    if raw["ranges"].get(
        "from_re"
    ):  # words before two whole amounts that make a change of them, not a range: 从1元到2元
        lex.from_re = re.compile(rf"(?:{raw['ranges']['from_re']})\s?$")
    if raw["ranges"].get("by_re"):  # verbs after which a much larger second amount is what is reached: 减少1亿元至5亿元
        lex.by_re = re.compile(rf"(?:{raw['ranges']['by_re']})\s?$")
    if raw["ranges"].get("expected_re"):
        lex.expected_re = re.compile(raw["ranges"]["expected_re"])
    if raw.get("same_below_re"):
        lex.same_below = re.compile(raw["same_below_re"].replace("{U}", f"(?P<unit>{literal(lex.units)})"))
    lex.loose_prefixes = frozenset(raw.get("loose_prefixes", ()))
    lex.joined_units = frozenset(raw.get("joined_units", ()))
    lex.cent_follows = frozenset(raw.get("cent_follows", ()))
    lex.spaced_prefixes = frozenset(raw.get("spaced_prefixes", ()))
    lex.plain_units, lex.ordinals = frozenset(raw.get("plain_units", ())), frozenset(raw.get("ordinals", ()))
    if "order_word_re" in raw.get("scales", {}):
        lex.order = re.compile(raw["scales"]["order_of_re"]), re.compile(raw["scales"]["order_word_re"])
    if modifiers.get("forecast_re"):
        lex.forecast = re.compile(modifiers["forecast_re"])
    if "compared" in modifiers:
        lex.compared = re.compile(modifiers["compared"]["before_re"]), re.compile(modifiers["compared"]["after_re"])
    guards = raw.get("guards", {})
    lex.guards = {word: re.compile(expr) for word, expr in guards.get("after_re", {}).items()}
    if guards.get("before_re"):
        lex.before_guard = re.compile(guards["before_re"])
    if guards.get("torn_before_re"):
        lex.torn_before = re.compile(guards["torn_before_re"])
    lex.by_country = {w: dict(t) for w, t in raw.get("by_country", {}).items()}
    if raw.get("money_tail_re"):  # hundredths said behind the currency: 4 Franken 50
        lex.money_tail_re = re.compile(raw["money_tail_re"])
    if rates.get("tenths_guard_re"):
        lex.tenths_guard = re.compile(rates["tenths_guard_re"])
    if rates.get("index_re"):
        lex.index_re = re.compile(rates["index_re"])
    ranges = raw["ranges"]
    words = ranges["separators_re"]
    lex.separator_re = re.compile(rf"\s{{0,2}}(?:{DASH}|{words})\s{{0,2}}[+約约]?")
    lex.separator_word_re = re.compile(rf"\s{{0,2}}(?:{words})\s{{0,2}}")
    lex.change_words_re = re.compile(rf"\s{{0,2}}(?:{ranges.get('change_words_re', '(?!)')})\s{{0,2}}")
    lex.change_after_re = re.compile(rf"\s?(?:{ranges.get('change_after_re', '(?!)')})")
    lex.enumeration_re = re.compile(rf"\s{{0,2}}(?:{ranges['enumerations_re']})\s{{0,2}}")
    if ranges.get("each_re"):
        lex.each_re = re.compile(ranges["each_re"])
    if ranges.get("aside_words_re"):
        number, units = r"-?(?!(?:19|20)\d\d\b(?![.,]))\d[\d.,']*", ranges["aside_units_re"]
        lex.asides = (
            re.compile(
                rf"((?<![\w.,'-]){number})(\s?\((?:(?:{ranges['aside_words_re']})\s?)?)([-+]?\d[\d.,']*)(\))(?=\s?(?:{units}))"
            ),
            re.compile(rf"((?<=auf ){number})(\svon\s)(\d[\d.,']*)()(?=\s?(?:{units}))"),
        )
    heads = {word[0] for table in (lex.units, lex.latin_scales) for word in table} | set(
        "-–—―~‒－ー,/、，+级級" + ASIDE
    )
    for expr in (words, ranges["enumerations_re"]):
        heads |= {piece[0] for piece in re.findall(r"(?:^|[|(:])([^|()?:\\\[]+)", expr)}
    lex.follows = frozenset(heads)
    return lex
