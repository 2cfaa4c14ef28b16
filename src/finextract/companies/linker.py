"""Who is it: a surface to a company of the knowledge base, by the exact name, an alias, the name without legal forms, or a transliteration."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib.resources import files

from finextract.companies.index import Hit, share_alike
from finextract.companies.legal import strip_group, strip_legal
from finextract.companies.records import CompanyRecord, KnowledgeBase, SortedLines
from finextract.companies.text import script_of, squeeze
from finextract.entities import Company

_HOME = {"ja": "JP", "de": "DE", "ko": "KR", "zh": "CN"}
_KO_TAIL = re.compile(r"(?<=[가-힣A-Za-z0-9])(?:측|사)$")
_ADJECTIVE = re.compile(r"([A-ZÄÖÜ][a-zäöüß]{3,})e[nrsm](?= [A-ZÄÖÜ])")
_JA_TAIL = re.compile(r"(?<=.)(?:社|側)$")


@lru_cache(maxsize=1)
def _han() -> dict[int, str]:
    text = files("finextract.companies").joinpath("data", "han.tsv").read_text("utf-8")
    return {ord(line[0]): line[2] for line in text.splitlines()}


def simplify(text: str) -> str:
    """Traditional characters to simplified ones, one for one, as far as the knowledge base's own names need it."""
    return text.translate(_han())


def merge_key(old: str | None, new: str) -> str:
    """What stands behind a squeezed name, ``flag+rank TAB rows``, where two names squeeze to it: the more reported company has it."""
    if old is None or new[1] < old[1]:
        return new
    if new[1] == old[1] != "1" and new.partition("\t")[2] != old.partition("\t")[2]:
        both = sorted({*new.partition("\t")[2].split(","), *old.partition("\t")[2].split(",")}, key=int)
        return f"a{old[1]}\t{','.join(both)}"
    return old


def squeezed(lines: Iterable[str]) -> dict[str, str]:
    """The lines of aliases by squeezed name."""
    out: dict[str, str] = {}
    for line in lines:
        alias, _, rest = line.partition("\t")
        key = alias.casefold() if alias.isalnum() else squeeze(alias)
        if key:
            out[key] = merge_key(out.get(key), rest)
    return out


@lru_cache(maxsize=8)
def _keys(group: str) -> tuple[SortedLines, dict[str, str]]:
    """The squeezed names of our own rows, and those of the share-alike ones."""
    return SortedLines.read(f"keys_{group}.tsv.gz"), squeezed(share_alike(group))


def _of_key(group: str, key: str) -> str | None:
    own, other = _keys(group)
    rest = own.get(key)
    return merge_key(rest, other[key]) if key in other else rest


@lru_cache(maxsize=3)
def _table(name: str) -> SortedLines:
    """``pinyin.tsv.gz``, ``translated.tsv.gz`` or ``short.tsv.gz`` (heads and transliterations of Chinese names): rows by squeezed form."""
    return SortedLines.read(name)


def _plain(surface: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", surface)).strip(" \"'“”„‚‘’「」『』《》<>")


def normalise(surface: str, lang: str) -> str:
    """The surface as a name: NFKC, one space, no quotation marks, no German genitive, no 社 or 측."""
    return _without_tail(_plain(surface), lang)


def _without_tail(text: str, lang: str) -> str:
    if lang == "ja":
        text = _JA_TAIL.sub("", text)
    elif lang == "ko":
        text = _KO_TAIL.sub("", text) if len(text) > 3 else text
    return text


def _genitive(name: str, lang: str) -> str:
    if lang in ("de", "en"):
        return re.sub(r"(?:['’]s?|(?<=[^sS])s)$", "", name)
    return name


def _uninflected(name: str, lang: str) -> list[str]:
    """A German name as in the nominative: der Deutschen Telekom, Süddeutscher Verlag after a preposition."""
    m = _ADJECTIVE.match(name) if lang == "de" else None
    return [m[1] + end + name[m.end() :] for end in ("e", "er", "es") if m[1] + end != m[0]] if m else []


def _choose(rows: str, lang: str, base: KnowledgeBase) -> CompanyRecord | None:
    numbers = [int(row) for row in rows.split(",")]
    if len(numbers) == 1:
        return base.row(numbers[0])
    home = [record for record in map(base.row, numbers) if record.country == _HOME.get(lang)]
    return home[0] if len(home) == 1 else None


def _look_up(name: str, lang: str, base: KnowledgeBase) -> CompanyRecord | None:
    key = squeeze(name)
    if len(key) < 2:
        return None
    scripts = {
        "hangul": ("ko",),
        "kana": ("ja",),
        "han": ("ja", "zh") if lang == "ja" else ("zh", "ja"),
        "latin": ("latin",),
    }
    groups = scripts[script_of(name)]
    for group in groups:
        for form in (key, simplify(key)) if group == "zh" else (key,):
            rest = _of_key(group, form)
            if rest is not None:
                return _choose(rest.partition("\t")[2], lang, base)
    return None


def _transliterated(name: str, base: KnowledgeBase) -> CompanyRecord | None:
    """Pinyin (Yingwei, Yingweida) and its Hangul spelling (잉웨이다): exactly, or as the one beginning it can be."""
    key = squeeze(name)
    table = _table("pinyin.tsv.gz")
    hangul = script_of(name) == "hangul"
    if not (key.isascii() or hangul) or len(key) < (3 if hangul else 6):
        return None
    rows = table.get(key)
    if rows is None:
        # a name cut short by its last syllable, where only one name can be meant
        most = 1 if hangul else 4
        found = {rest for name, rest in table.beginning(key) if len(name) - len(key) <= most}
        rows = found.pop() if len(found) == 1 else None
    if rows is None or "," in rows:
        return None
    return base.row(int(rows))


def _company(record: CompanyRecord, linked_by: str) -> Company:
    return Company(
        record.name,
        record.id,
        record.ticker or None,
        record.mic or None,
        record.isin or None,
        record.country or None,
        record.qid or None,
        linked_by,
    )


def link(surface: str, lang: str, *, hits: Sequence[Hit] | None = None) -> Company:
    """The company that ``surface`` names; where it is unknown, a :class:`Company` with the normalised surface alone.

    ``hits`` are index hits inside the surface, where the caller has them: one that covers the whole surface decides.
    ``linked_by`` is ``exact`` (one of the company's own names), ``alias``, ``stripped`` (after legal forms, group
    words or a German case ending were dropped), ``transliteration`` (pinyin, its Hangul spelling, or what else machine translation
    makes of the name) or ``short`` (the head of a Chinese name that one firm alone bears: 卧龙). Within a document
    :func:`~finextract.companies.document.link_all` knows more.
    """
    base = KnowledgeBase.load()
    for hit in hits or ():
        if len(hit.ids) == 1 and hit.end - hit.start == len(surface) and (record := base.get(hit.ids[0])):
            return _company(record, _how(record, _without_tail(_plain(surface), lang)))
    return _link(surface, lang)


@lru_cache(maxsize=4096)
def _link(surface: str, lang: str) -> Company:
    base = KnowledgeBase.load()
    written = _plain(surface)
    name = _without_tail(written, lang)
    for form in dict.fromkeys((written, name)):  # 講談社 has its 社, アップル社 has not
        record = _look_up(form, lang, base)
        if record is not None:
            return _company(record, _how(record, form))
    seen = {name: None}  # in order
    plain = _genitive(name, lang)
    for form in (
        plain,
        strip_legal(name),
        strip_legal(plain),
        strip_group(strip_legal(plain)),
        _genitive(strip_group(strip_legal(name)), lang),
        *_uninflected(plain, lang),
    ):
        if form in seen or len(form) < 2:
            continue
        seen[form] = None
        record = _look_up(form, lang, base)
        if record is not None:
            return _company(record, "stripped")
    for form in seen:
        row = _table("translated.tsv.gz").get(squeeze(form))
        if row is not None:
            return _company(base.row(int(row)), "transliteration")
    record = _transliterated(plain, base)
    if record is not None:
        return _company(record, "transliteration")
    if lang != "ja":
        for form in seen:
            row = _table("short.tsv.gz").get(simplify(squeeze(form)))
            if row is not None:
                return _company(base.row(int(row)), "short" if script_of(form) == "han" else "transliteration")
    return Company(strip_legal(plain) if len(strip_legal(plain)) >= 2 else name)


def _how(record: CompanyRecord, name: str) -> str:
    key = squeeze(name)
    return (
        "exact"
        if key in {squeeze(n) for n in (record.en, record.ja, record.de, record.ko, record.zh) if n}
        else "alias"
    )
