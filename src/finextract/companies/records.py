"""The knowledge base as a table of companies, read from the package's data files when first needed."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

PARTS = ("companies.tsv.gz", "share_alike/jmnedict.companies.tsv.gz", "share_alike/cedict.companies.tsv.gz")
_COLUMNS = 14


def _content(name: str) -> bytes:
    return gzip.decompress(files("finextract.companies").joinpath("data", *name.split("/")).read_bytes())


def read_lines(name: str) -> list[str]:
    """The lines of one compressed data file."""
    lines = _content(name).decode("utf-8").split("\n")
    if lines and not lines[-1]:
        lines.pop()
    return lines


class SortedLines:
    """A table of sorted lines ``key TAB rest``, kept as it lies in the file: a dictionary of it would take six times the memory.

    The lines whose keys begin with the same three bytes (one Chinese character or syllable, three Latin letters) are searched as one.
    """

    def __init__(self, content: bytes) -> None:
        self._content = b"\n" + content
        self._places: dict[bytes, tuple[int, int]] = {}
        begun = at = 0
        head = b""
        for line in content.splitlines(keepends=True):
            if line[: len(head)] != head or not head:
                self._places[head] = begun, at
                head, begun = line[: 2 if line[1:2] == b"\t" else 3], at
            at += len(line)
        self._places[head] = begun, at

    @classmethod
    def read(cls, name: str) -> SortedLines:
        """The table in one compressed data file."""
        return cls(_content(name))

    def get(self, key: str) -> str | None:
        """What stands behind a key."""
        line = b"\n%b\t" % key.encode("utf-8", "surrogatepass")
        start, end = self._places.get(line[1:4], (0, 0))  # places are those of the line breaks before
        at = self._content.find(line, start, end)
        if at < 0:
            return None
        at += len(line)
        return self._content[at : self._content.index(b"\n", at)].decode()

    def beginning(self, start: str) -> Iterator[tuple[str, str]]:
        """The lines whose keys begin with three letters or more, in order."""
        key = b"\n" + start.encode("utf-8", "surrogatepass")
        at, end = self._places.get(key[1:4], (0, 0))
        while (at := self._content.find(key, at, end)) >= 0:
            stop = self._content.index(b"\n", at + 1)
            name, _, rest = self._content[at + 1 : stop].partition(b"\t")
            yield name.decode(), rest.decode()
            at = stop


@dataclass(frozen=True, slots=True)
class CompanyRecord:
    """One row of the knowledge base; absent facts are empty strings."""

    id: str
    en: str
    ja: str
    de: str
    ko: str
    zh: str
    aliases: tuple[str, ...]
    country: str
    mic: str
    ticker: str
    listings: tuple[str, ...]
    isin: str
    qid: str
    sources: tuple[str, ...]

    @property
    def name(self) -> str:
        """The usual English name, else the first name there is."""
        return self.en or self.de or self.ja or self.zh or self.ko


def parse_record(line: str) -> CompanyRecord:
    cells = line.split("\t")
    if len(cells) != _COLUMNS:
        raise ValueError(f"companies: {len(cells)} columns, {_COLUMNS} are expected: {line[:80]!r}")
    many = {6, 10, 13}
    values = [tuple(filter(None, c.split("|"))) if i in many else c for i, c in enumerate(cells)]
    return CompanyRecord(*values)  # type: ignore[arg-type]


class KnowledgeBase:
    """All companies by row number or id. Rows are parsed one at a time, when asked for."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._rows: dict[str, int] | None = None

    @classmethod
    @lru_cache(maxsize=1)
    def load(cls) -> KnowledgeBase:
        return cls([line for part in PARTS for line in read_lines(part)[1:]])

    def __len__(self) -> int:
        return len(self._lines)

    def row(self, number: int) -> CompanyRecord:
        return parse_record(self._lines[number])

    def id_of(self, number: int) -> str:
        return self._lines[number].split("\t", 1)[0]

    def get(self, company_id: str) -> CompanyRecord | None:
        """The company with this id, or None."""
        if self._rows is None:
            self._rows = {line.split("\t", 1)[0]: i for i, line in enumerate(self._lines)}
        number = self._rows.get(company_id)
        return None if number is None else self.row(number)
