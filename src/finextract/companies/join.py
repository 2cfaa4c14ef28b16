"""Evidence for companies, joined: knowledge base, cues, the model's confidence, and what the document says elsewhere.

Each candidate gets one number. What the model saw in context and what the knowledge base knows count as independent
witnesses; a class other than COMPANY that the model is sure of speaks against a name that merely stands in the
knowledge base, and names of products, indices and markets speak against the model. A name that is sure at one place of a
document is found at its other places too, also without its legal form. The thresholds were set on the gold's dev split and the
dev part of the reviews.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from finextract.entities import Entity
from finextract.taken import Taken

if TYPE_CHECKING:
    from finextract.companies.boundaries import Boundaries
    from finextract.companies.encoder import Names, Scored

MODEL_ALONE = {
    "encoder": {"ja": 0.9, "de": 0.8, "ko": 0.8, "zh": 0.8, "en": 0.75},
    "fast": {"ja": 0.55, "de": 0.4, "ko": 0.5, "zh": 0.65, "en": 0.5},
    "small": dict.fromkeys(("ja", "de", "ko", "zh", "en"), 0.75),
}
"""How sure each model must be of a name that nothing else speaks for; set on the dev parts of gold and reviews."""
KNOWN_UNSEEN = 0.9
"""What a name of the knowledge base must score where a model looked and saw none."""
KNOWN_BELIEF = {
    "encoder": {"ja": 0.01, "de": 0.01, "ko": 0.01, "zh": 0.1, "en": 0.01},
    "fast": {"ja": 0.03, "de": 0.0, "ko": 0.03, "zh": 0.1, "en": 0.03},
}
AGAIN_BELIEF = {"encoder": 0.2, "fast": 0.1}
"""How likely the model itself must hold a company at a place where it named none: for a name of the knowledge base, and
for one that is sure elsewhere in the document. Set on the dev parts of gold and reviews."""
KNOWN_ALONE = 0.5
"""What it must score where no model looked."""
MODEL_EXTENDS = 0.4
"""A model's span around a known name counts from here on."""
WHOLE = 0.85
"""A model as sure as this is believed where its span goes on behind a known name."""
OTHER_CLASS = 0.6
SURE = 0.85
_COUNTRY = re.compile(r"[米独仏英韓中印伊加豪露台蘭](?=[ァ-ヶA-Za-z])")
_WHITE = re.compile(r"\s")
_SPECIAL = re.compile(r"(?<![A-Za-z])(?:S?\*|S)?ST$")
_OWN_FIRM = re.compile(r"(?:有限|股份|责任|責任|無限|无限|集团|集團|总|總)公司$")
_QUOTES = " \t\n\"'„“”‚‘’「」『』《》〈〉【】()（）[]、。,;；：:·・"


class _Span(Protocol):
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


S = TypeVar("S", bound=_Span)


@dataclass(slots=True)
class Candidate:
    start: int
    end: int
    score: float
    source: str
    alias: str = ""


def _words(name: str) -> list[str]:
    lines = files("finextract.companies").joinpath("data", name).read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@cache
def services() -> frozenset[str]:
    """Names that mostly stand for a network, a site or an app (``data/services.txt``)."""
    from finextract.companies.text import fold

    return frozenset(map(fold, _words("services.txt")))


@lru_cache(maxsize=8)
def not_companies(lang: str) -> frozenset[str]:
    """Names that are never a company: indices, markets, products, regulators (``data/not_companies.txt`` and the blockers)."""
    from finextract.companies.legal import read_toml
    from finextract.companies.text import fold

    blocked = read_toml("blockers.toml")
    return frozenset(map(fold, [*_words("not_companies.txt"), *blocked["any"], *blocked.get(lang, ())]))


def trim(text: str, start: int, end: int, lang: str) -> tuple[int, int]:
    """Take off what the guidelines leave outside: quotation marks, country marks, 社, 公司 that is no legal form, 측."""
    while start < end and text[start] in _QUOTES:
        start += 1
    while (
        end > start
        and text[end - 1] in _QUOTES
        and not (text[end - 1] in ")）" and re.search(r"[(（]", text[start:end]))
    ):
        end -= 1
    start, end = _whole_words(text, start, end)
    surface = text[start:end]
    if lang == "ja":
        if end - start > 3 and _COUNTRY.match(surface):
            start += 1
        if re.search(r"[ァ-ヶーA-Za-z](?:社|側|氏|製)$", surface):
            end -= 1
    elif lang == "zh":
        if end - start > 3 and surface.endswith("公司") and not _OWN_FIRM.search(surface) and not _known(surface, lang):
            end -= 3 if surface[-3] in "分子" else 2
    elif lang == "ko":
        start, end = _trim_korean(text, start, end)
    return start, end


def _known(surface: str, lang: str) -> bool:
    """Whether the knowledge base has exactly this name (中金公司, where 公司 belongs to it)."""
    from finextract.companies.index import CompanyIndex

    return CompanyIndex.load().lookup(surface, lang) is not None


_KIND = re.compile(r"([ァ-ヺー])|([A-Za-zÀ-ž])")


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """A span that begins or ends inside a katakana or Latin word takes in the whole word (up to six characters)."""
    if start >= end:
        return start, end
    first, last = _KIND.match(text[start]), _KIND.match(text[end - 1])
    low = start
    while (
        first and low > 0 and start - low < 6 and (m := _KIND.match(text[low - 1])) and m.lastindex == first.lastindex
    ):
        low -= 1
    high = end
    while (
        last
        and high < len(text)
        and high - end < 6
        and (m := _KIND.match(text[high]))
        and m.lastindex == last.lastindex
    ):
        high += 1
    # camel case and glued words of machine translation are boundaries: "von" + "Intel"
    if low < start and text[start].isupper() and text[start - 1].islower():
        low = start
    return low if start - low < 6 else start, high if high - end < 6 else end


def _trim_korean(text: str, start: int, end: int) -> tuple[int, int]:
    """Particles and 社 off; a word that the model cut in two whole again; the country before a name off."""
    if text[start : start + 1] == "#":
        start += 1
    if (
        end - start > 2
        and re.search(r"(?<=[가-힣A-Za-z])(?:社|를|을|는)$", text[start:end])
        or end - start > 3
        and text[end - 1] == "측"
    ):
        end -= 1
    if (
        end - start > 2
        and text[end - 1] == "사"
        and not _known(text[start:end], "ko")
        and _known(text[start : end - 1], "ko")
    ):
        end -= 1  # 인텔사
        return start, end
    if "가" <= text[end - 1 : end] <= "힣" and "가" <= text[end : end + 1] <= "힣":
        rules = _rules("ko")
        run = end
        while run < len(text) and "가" <= text[run] <= "힣":
            run += 1
        if run - end <= 4 and not rules._particles_follow(text, end):
            # the shortest longer end behind which particles may follow
            end = next((e for e in range(end + 1, run) if rules._particles_follow(text, e)), run)
    digits = start
    while digits > 0 and text[digits - 1].isdigit():
        digits -= 1
    if digits < start and "가" <= text[start] <= "힣" and (digits == 0 or text[digits - 1].isspace()):
        start = digits
    first, blank, rest = text[start:end].partition(" ")
    if blank and rest and first in _countries("ko"):
        start += len(first) + 1
    return start, end


@cache
def _countries(lang: str) -> frozenset[str]:
    """Names of countries (CLDR, from Babel): a country before a name is no part of it."""
    from babel import Locale

    return frozenset(Locale.parse(lang).territories.values())


_SUFFIXES = {
    "zh": r"(?:集团|集團|控股|科技|股份|有限|公司|银行|銀行|证券|證券|基金|资本|資本|投资|投資|保险|保險|人寿|人壽|信托|信託|期货|汽车|汽車|电子|電子|电气|電氣|能源|新能源|电力|電力|石油|石化|化工|化学|化學|医药|醫藥|制药|製藥|生物|医疗|醫療|药业|藥業|药房|材料|新材|机械|機械|重工|工业|工業|建设|建設|地产|地產|置业|置業|物业|物流|快递|航空|海运|航运|航運|铁路|通信|电信|電信|传媒|傳媒|影业|游戏|网络|網路|软件|軟件|信息|资讯|数据|智能|半导体|半導體|微电子|光电|光電|食品|饮料|酒业|乳业|农业|国际|國際|中国|中國|香港|台湾|台灣|日本|上海|北京|深圳|亚洲|全球|云|雲|時報|时报|日报|新闻|财经|商业|百货|超市|家居|服饰|股|[(（]|·|&|[A-Za-z])",
    "ko": r"(?:\s?(?:그룹|홀딩스|코리아|재팬|차이나|아메리카|전자|전기|화학|생명|화재|증권|은행|카드|캐피탈|캐피털|자산운용|투자|파트너스|건설|물산|중공업|조선|제철|스틸|자동차|모터스|모빌리티|에너지|솔루션|이노베이션|바이오|바이오로직스|제약|팜|헬스케어|케미칼|머티리얼즈|소재|테크|텍|시스템|시스템즈|네트웍스|텔레콤|통신|미디어|엔터테인먼트|게임즈|소프트|쇼핑|리테일|백화점|마트|푸드|식품|항공|해운|로지스틱스|물류|금융|금융지주|지주|리츠|벤처스|인베스트먼트|랩스|그룹홀딩스|일보|신문|뉴스|TV)|\s?[(（]|&|[A-Za-z]|\s[A-Z])",
}


def _not_its_own(rest: str, lang: str) -> bool:
    """Whether what the model took in behind a known name is no part of a company's name."""
    if lang == "ja":
        return rest in ("株", "社", "側", "製", "系", "式", "氏", "株式", "株価")
    if lang == "ko":
        return rest[0].isspace() and not _suffix(lang).match(rest)
    if lang == "zh":
        return len(rest) <= 2 and not _suffix(lang).match(rest)
    return False


@cache
def _suffix(lang: str) -> re.Pattern[str]:
    """What may follow a known name and still be the name of a company; in German and English anything may."""
    return re.compile(_SUFFIXES.get(lang, ""))


def join_companies(
    text: str,
    lang: str,
    quantities: Sequence[Entity],
    encoded: Names | None = None,
    small: Iterable[Entity] | None = None,
    model: str = "encoder",
) -> list[Entity]:
    """All entities of a text in order: the quantities, and the companies that the joined evidence speaks for.

    ``model`` says who found ``encoded`` or ``small``: ``encoder``, ``fast`` or ``small``.
    """
    from finextract.companies.linker import link

    taken = Taken(len(text))
    for q in quantities:
        taken.take(q.start, q.end)
    out = list(quantities)
    for c in choose(text, lang, encoded, small, model):
        if c.start < c.end and taken.take(c.start, c.end):
            surface = text[c.start : c.end]
            out.append(Entity(c.start, c.end, "COMPANY", surface, link(surface, lang), c.source))
    return sorted(out, key=lambda e: e.start)


def choose(text: str, lang: str, encoded: Names | None, small: Iterable[Entity] | None, who: str) -> list[Candidate]:
    """The candidates that count, best first, without overlaps among themselves."""
    from finextract.companies.cues import hit_score
    from finextract.companies.index import CompanyIndex
    from finextract.companies.text import fold

    alone = MODEL_ALONE[who][lang]
    looked = encoded is not None or small is not None
    never = not_companies(lang)
    model = [
        Candidate(*trim(text, s.start, s.end, lang), s.score, "model") for s in encoded or () if s.label == "COMPANY"
    ]
    model += [Candidate(*trim(text, e.start, e.end, lang), 0.8, "model") for e in small or ()]
    other = [s for s in encoded or () if s.label != "COMPANY" and s.score >= OTHER_CLASS]
    known = [
        Candidate(h.start, h.end, hit_score(text, h, lang), "kb", h.alias)
        for h in CompanyIndex.load().find(text, lang)
        if fold(text[h.start : h.end]) not in never
    ]
    model = _with_forms(text, model)
    by_place = {(c.start, c.end): c for c in model}
    near, others = _Near(model), _Near(other)
    chosen: list[Candidate] = []
    for k in known:
        if twin := by_place.get((k.start, k.end)):
            twin.score = 1 - (1 - twin.score) * (1 - max(k.score, 0.3))
            twin.source = "kb+model"
            continue
        if looked:
            inside = near.over(k.start, k.end)
            if inside:
                # the longer one has seen more of the name, unless the model is unsure
                m = max(inside, key=lambda c: c.score)
                if m.start <= k.start and k.end <= m.end and m.score >= MODEL_EXTENDS:
                    rest = text[k.end : m.end]
                    if m.start == k.start and rest and k.score >= 0.7 and m.score < WHOLE and _not_its_own(rest, lang):
                        m.end, m.score, m.source = k.end, 1 - (1 - m.score) * (1 - k.score), "kb+model"
                        continue
                    if m.score >= alone:
                        continue
                    if m.start == k.start and rest and k.score >= 0.7:
                        m.score, m.source = 1 - (1 - m.score) * (1 - k.score), "kb+model"
                        continue
                if k.score < 0.7:
                    continue
                k.score = max(k.score, 0.5 + m.score / 2)
                for m in inside:
                    m.score = min(m.score, k.score - 0.01)
                chosen.append(k)
                continue
            rivals = others.over(k.start, k.end)
            if rivals and k.score >= KNOWN_UNSEEN and fold(text[k.start : k.end]) not in services():
                rivals = [s for s in rivals if not _same_word(s, k.start, k.end)]
            against = max((s.score for s in rivals), default=0.0)
            if k.score < KNOWN_UNSEEN or against >= OTHER_CLASS:
                continue
            if encoded is not None and encoded.belief(k.start, k.end) < KNOWN_BELIEF[who][lang]:
                continue
        elif k.score < KNOWN_ALONE:
            continue
        chosen.append(k)
    chosen += [m for m in model if m.score >= alone and fold(text[m.start : m.end]) not in never]
    chosen = [c for c in chosen if c.end > c.start]
    if lang == "zh":
        for c in chosen:  # ST, *ST: a listed firm under special treatment
            if special := _SPECIAL.search(text, max(0, c.start - 4), c.start):
                c.start = special.start()
    chosen.sort(key=lambda c: (-c.score, c.start))
    kept = _without_overlaps(chosen, len(text))
    again = _again(text, lang, kept, others, never)
    if encoded is not None:
        # where the knowledge base has the name too the model need not agree
        sure = {(k.start, k.end) for k in known if k.score >= KNOWN_UNSEEN}
        again = [c for c in again if (c.start, c.end) in sure or encoded.belief(c.start, c.end) >= AGAIN_BELIEF[who]]
    return _without_overlaps([*kept, *again], len(text))


@cache
def _legal_forms() -> frozenset[str]:
    from finextract.companies.legal import legal_forms

    tables = legal_forms().values()
    return frozenset(form for table in tables for place in ("before", "after") for form in table.get(place, ()))


def _with_forms(text: str, model: list[Candidate]) -> list[Candidate]:
    """A legal form that the model found apart from its name goes to the name (주식회사 바로하우징)."""
    forms = _legal_forms()
    out: list[Candidate] = []
    for c in sorted(model, key=lambda c: c.start):
        if out and 0 <= c.start - out[-1].end <= 1 and text[out[-1].end : c.start].strip() == "":
            pair = (text[out[-1].start : out[-1].end], text[c.start : c.end])
            if pair[0] in forms or pair[1] in forms:
                out[-1].end, out[-1].score = c.end, max(out[-1].score, c.score)
                continue
        out.append(c)
    return out


def _same_word(s: Scored, start: int, end: int) -> bool:
    """The model takes exactly this name for a product: of DeepSeek or NVIDIA it often cannot tell."""
    return s.label == "PRODUCT" and s.start == start and s.end == end


def _without_overlaps(candidates: Iterable[Candidate], size: int) -> list[Candidate]:
    taken = Taken(size)
    return [c for c in candidates if taken.take(c.start, c.end)]


class _Near(Generic[S]):
    """Spans by place, so that those over a stretch of a long text are found without looking at all of them."""

    def __init__(self, spans: Iterable[S]) -> None:
        self._spans = sorted(spans, key=lambda s: s.start)
        self._starts = [s.start for s in self._spans]
        self._longest = max((s.end - s.start for s in self._spans), default=0)

    def over(self, start: int, end: int) -> list[S]:
        low = bisect_left(self._starts, start - self._longest)
        return [s for s in self._spans[low : bisect_left(self._starts, end)] if start < s.end]


def _again(text: str, lang: str, kept: list[Candidate], other: _Near[Scored], never: frozenset[str]) -> list[Candidate]:
    """The other places of names that are sure in this document, also without their legal form."""
    from finextract.companies.legal import strip_legal
    from finextract.companies.text import fold

    rules = _rules(lang)
    names: dict[str, float] = {}
    for c in kept:
        if c.score >= SURE and "model" in c.source:
            surface = text[c.start : c.end]
            for name in (surface, strip_legal(surface)):
                shortest = 2 if re.search("[぀-鿿가-힣]", name) else 3
                if len(name) >= shortest and (len(name) > 2 or name == surface) and fold(name) not in never:
                    name = " ".join(name.split())
                    names[name] = max(names.get(name, 0.0), c.score)
    found: list[Candidate] = []
    for start, end, name in _places(text, names):
        span = rules.span(text, start, end, False)
        if span and all(_same_word(s, *span) for s in other.over(*span)):
            found.append(Candidate(span[0], span[1], names[name] - 0.1, "document"))
    return found


def _places(text: str, names: Iterable[str]) -> Iterator[tuple[int, int, str]]:
    """Where these names stand, from left to right, the longest first, without overlaps; inner blanks are any white space,
    each one character or each two.

    For the few names of a document this is many times faster than to compile an expression; the time grows with the
    length of the text and the number of different lengths, not with the number of names.
    """
    written = {name: name for name in names}
    if any(" " in name for name in written):
        text = _WHITE.sub(" ", text)
        written |= {name.replace(" ", "  "): name for name in written if " " in name}
    sizes: dict[str, set[int]] = {}
    for name in written:
        sizes.setdefault(name[:2], set()).add(len(name))
    done = 0
    for start in [i for i in range(len(text) - 1) if text[i : i + 2] in sizes] if written else ():
        if start < done:
            continue
        for size in sorted(sizes[text[start : start + 2]], reverse=True):
            word = text[start : start + size]  # shorter at the end of the text
            if found := written.get(word):
                done = start + len(word)
                yield start, done, found
                break


@cache
def _rules(lang: str) -> Boundaries:
    from finextract.companies.boundaries import Boundaries

    return Boundaries(lang)
