"""Two annotators' files and the third that settles what they disagree on."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from finextract.annotate.lines import Style
from finextract.gold.jsonl import File, read_file, replace_file
from finextract.gold.rows import well_formed


def begin(first: Path, second: Path, into: Path) -> None:
    """Make the third file where it does not exist: the first file's rows with the spans that both have, and rows that only the
    second has, without theirs. Raises ValueError where a line of the two cannot be read."""
    if into.exists():
        return
    a, b = read_file(first), read_file(second)
    for file in (a, b):
        for line in file.lines:
            if line.row is None and not line.blank:
                raise ValueError(f"{file.path}:{line.number}: this line cannot be read; repair it first")
    others = _by_id(b)
    out, taken = [], set[str]()
    for line, row in a.rows():
        other = others.get(str(row.get("id")))
        taken.add(str(row.get("id")))
        common = [k for k, s in enumerate(row.get("spans") or ()) if other is not None and s in _spans(other)]
        out.append(_keep(line.text.rstrip("\r"), line.node(), common))
    for line, row in b.rows():
        if str(row.get("id")) not in taken:
            out.append(_keep(line.text.rstrip("\r"), line.node(), ()))
    replace_file(into, "".join(text + "\n" for text in out).encode("utf-8"))


def _spans(row: Mapping[str, Any]) -> Sequence[Any]:
    spans = row.get("spans")
    return spans if isinstance(spans, list) else ()


def _keep(text: str, node: Any, spans: Sequence[int]) -> str:
    inner = (node.fields or {}).get("spans")
    if inner is None or inner.items is None:
        return text
    kept = Style(text).separators[0].join(text[inner.items[k].start : inner.items[k].end] for k in spans)
    return f"{text[: inner.start]}[{kept}]{text[inner.end :]}"


def _by_id(file: File) -> dict[str, dict[str, Any]]:
    return {str(row.get("id")): row for _, row in file.rows()}


class Side:
    """One annotator's file, read only; read again when it changes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int] | None = None
        self._rows: dict[str, dict[str, Any]] = {}

    def row(self, row_id: object) -> dict[str, Any] | None:
        """The annotator's row of that id."""
        try:
            stat = os.stat(self.path)
            if self._seen != (stat.st_size, stat.st_mtime_ns):
                self._rows = _by_id(read_file(self.path))
                self._seen = (stat.st_size, stat.st_mtime_ns)
        except FileNotFoundError:
            self._rows = {}
        return self._rows.get(str(row_id))


def placed(row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The spans of a row that have a place in its text."""
    size = len(row.get("text") or "")
    return [s for s in _spans(row) if well_formed(s) and 0 <= s["start"] < s["end"] <= size]


__all__ = ["Side", "begin", "placed"]
