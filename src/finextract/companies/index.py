"""Known company names in raw text: leftmost, longest, at word boundaries, with exact code-point offsets.

The text is folded one code point for one (full-width to ASCII and the like), then walked once: a dictionary from the next
characters gives the lengths of the names that begin so, longest first. What is found must pass the boundary rules of
its script and language (:mod:`finextract.companies.boundaries`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from finextract.companies.boundaries import boundary_rules
from finextract.companies.legal import read_toml
from finextract.companies.records import KnowledgeBase, read_lines
from finextract.companies.text import fold

GROUPS = {"ja": ("latin", "ja"), "de": ("latin",), "ko": ("latin", "ko"), "zh": ("latin", "zh"), "en": ("latin",)}
_SHARE_ALIKE = {
    "latin": ("share_alike/jmnedict.aliases_latin.tsv.gz", "share_alike/cedict.aliases_latin.tsv.gz"),
    "ja": ("share_alike/jmnedict.aliases_ja.tsv.gz",),
    "zh": ("share_alike/cedict.aliases_zh.tsv.gz",),
    "ko": (),
}  # fmt: skip
_BLOCK = "!"
_WORD_START = re.compile(r"(?<![^\W_])[^\W_]")
_AFTER_SYLLABLE = "은는이가을를의과와도에로만 ,.)·"


@dataclass(frozen=True, slots=True)
class Hit:
    """A known name in a text. ``ids`` holds more than one company only where listed firms of equal standing share the name."""

    start: int
    end: int
    alias: str
    ids: tuple[str, ...]
    ambiguous: bool
    rank: int
    lang: str
    name_end: int
    """Where the bare name ends; ``end`` is behind it where a legal form or a group word was taken in."""


def share_alike(group: str) -> list[str]:
    """The lines of the share-alike names of one group."""
    return [line for name in _SHARE_ALIKE[group] for line in read_lines(name)]


def alias_group(group: str) -> list[str]:
    """The lines ``alias TAB flag+rank TAB rows`` of one file group, share-alike names behind our own; not kept, since each table keeps what it needs."""
    return read_lines(f"aliases_{group}.tsv.gz") + share_alike(group)


@lru_cache(maxsize=4096)
def _sizes(mask: int) -> tuple[int, ...]:
    """The lengths that a bit mask stands for, longest first."""
    return tuple(size for size in range(mask.bit_length() - 1, 0, -1) if mask >> size & 1)


class _Table:
    """The names that count in one language; ``pairs`` are their first two characters, ``masks`` the lengths by the first three."""

    def __init__(self, lang: str) -> None:
        self.latin = lang in ("de", "en")
        entries: dict[str, str] = {}
        for group in reversed(GROUPS[lang]):
            pairs = (line.partition("\t") for line in reversed(alias_group(group)))
            entries.update({alias: rest for alias, _, rest in pairs})
        blocked = read_toml("blockers.toml")
        words = [*blocked["any"], *blocked.get(lang, ())]
        if lang == "zh":
            words += read_lines("blockers.tsv.gz")
        for word in words:
            entries[fold(word)] = _BLOCK
        self.entries = entries
        self.pairs = {alias[:2] for alias in entries}
        masks: dict[str, int] = {}
        get = masks.get
        for alias in entries:
            head = alias[:3]
            masks[head] = get(head, 0) | 1 << len(alias)
        for alias in [alias for alias in entries if len(alias) == 1]:
            # a Korean name of one syllable is found where a particle or a space follows
            self.pairs.update(alias + follow for follow in _AFTER_SYLLABLE)
        self.masks = masks

    def candidates(self, text: str) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Places where a name may begin, and the lengths to try there."""
        pairs, get = self.pairs, self.masks.get
        if self.latin:
            places = [i for i in map(re.Match.start, _WORD_START.finditer(text)) if text[i : i + 2] in pairs]
        else:
            places = [i for i in range(len(text) - 1) if text[i : i + 2] in pairs]
        for i in places:
            mask = get(text[i : i + 3], 0) | get(text[i : i + 2], 0) | get(text[i], 0)
            if mask:
                yield i, _sizes(mask)


class CompanyIndex:
    """``CompanyIndex.load().find(text, "ja")``. The tables of a language are read at its first use."""

    def __init__(self, base: KnowledgeBase) -> None:
        self.base = base
        self._tables: dict[str, _Table] = {}

    @classmethod
    @lru_cache(maxsize=1)
    def load(cls) -> CompanyIndex:
        """The index of the package's own knowledge base, shared."""
        return cls(KnowledgeBase.load())

    def _table(self, lang: str) -> _Table:
        table = self._tables.get(lang)
        if table is None:
            if lang not in GROUPS:
                raise ValueError(f"language {lang!r} is none of {', '.join(GROUPS)}")
            table = self._tables[lang] = _Table(lang)
        return table

    def lookup(self, alias: str, lang: str) -> tuple[tuple[str, ...], bool, int] | None:
        """Ids, ambiguity and rank of one alias exactly as indexed (folded, case kept), or None."""
        rest = self._table(lang).entries.get(fold(alias))
        return None if rest is None or rest == _BLOCK else self._read(rest, lang)

    def _read(self, rest: str, lang: str) -> tuple[tuple[str, ...], bool, int]:
        flag, _, rows = rest.partition("\t")
        ambiguous = flag[0] == "a" or (flag[0] == "d" and lang in ("de", "en"))
        return tuple(self.base.id_of(int(row)) for row in rows.split(",")), ambiguous, int(flag[1])

    def find(self, text: str, lang: str) -> list[Hit]:
        """All known names in ``text``, in order, without overlaps; ambiguous ones too (see :func:`cues.hit_score`)."""
        table = self._table(lang)
        rules = boundary_rules(lang)
        folded = fold(text)
        entries = table.entries
        hits: list[Hit] = []
        done = 0
        for i, sizes in table.candidates(folded):
            if i < done:
                continue
            for size in sizes:
                alias = folded[i : i + size]
                rest = entries.get(alias)
                if rest is None or len(alias) < size:
                    continue
                if rest == _BLOCK:
                    if rules.whole_word(folded, i, i + size):
                        done = i + size
                        break
                    continue
                ambiguous = rest[0] == "a" or (rest[0] == "d" and lang in ("de", "en"))
                span = rules.span(folded, i, i + size, ambiguous)
                if span is None:
                    continue
                ids, ambiguous, rank = self._read(rest, lang)
                hits.append(Hit(span[0], span[1], alias, ids, ambiguous, rank, lang, i + size))
                done = span[1]
                break
        return hits
