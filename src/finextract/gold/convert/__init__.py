"""Gold rows to and from the formats that other tools use.

Every format keeps the whole row: what it has no field for (values, date, source, unknown fields) travels in a field
``finextract`` that the other tool carries along. A span that comes back changed or new has no value;
``fill_values`` lets the grammar read it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from finextract.gold.convert import docbin, inline, iob, tools
from finextract.gold.convert.common import Row, first_unsound, native_line, plain_rows
from finextract.gold.jsonl import read_file, replace_file

__all__ = ["FORMATS", "Format", "UsageError", "convert_file", "detect", "read", "read_rows", "write"]


class UsageError(ValueError):
    """The formats cannot be told, or are unknown."""


@dataclass(frozen=True)
class Format:
    """How one format is read and written."""

    read: Callable[[str, bytes], list[Row]]
    write: Callable[[Sequence[Row]], bytes]
    suffixes: tuple[str, ...] = ()


def _write_native(rows: Iterable[Row]) -> bytes:
    return "".join(native_line(row) for row in rows).encode()


FORMATS: dict[str, Format] = {
    "native": Format(plain_rows, _write_native, (".jsonl",)),
    "prodigy": Format(tools.read_prodigy, tools.write_prodigy),
    "doccano": Format(tools.read_doccano, tools.write_doccano),
    "doccano-relations": Format(tools.read_doccano, tools.write_doccano_relations),
    "label-studio": Format(tools.read_label_studio, tools.write_label_studio, (".json",)),
    "iob": Format(iob.read, iob.write, (".conll", ".iob", ".iob2", ".bio")),
    "docbin": Format(docbin.read, docbin.write, (".spacy",)),
    "inline": Format(inline.read, inline.write, (".txt", ".markup")),
}


def detect(path: str, data: bytes) -> str:
    """The format of a file, by its name or its first row."""
    suffix = Path(path).suffix.lower()
    for name, form in FORMATS.items():
        if suffix in form.suffixes and suffix not in (".jsonl", ".json"):
            return name
    head = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:1] == b"[":
        return "label-studio"
    if head[:4] == b"### ":
        return "inline"
    if head[:1] == b"{":
        try:
            row = json.loads(head.split(b"\n", 1)[0])
        except ValueError:
            try:
                row = json.loads(head)
            except ValueError:
                return "native"  # whose reader names the place
        if isinstance(row.get("data"), dict):
            return "label-studio"
        if "entities" in row:
            return "doccano-relations"
        if "label" in row and "spans" not in row:
            return "doccano"
        return "prodigy" if "answer" in row or "_input_hash" in row else "native"
    raise UsageError(f"{path}: the format cannot be told; give --from")


def read(path: str, data: bytes, form: str | None = None) -> list[Row]:
    """Rows of a file's bytes; ``ValueError`` names the place of what cannot be read."""
    return _format(form or detect(path, data)).read(path, data)


def write(rows: Sequence[Row], form: str) -> bytes:
    """Rows as the bytes of a format. Rows must be sound: every offset right, no overlaps."""
    for row in rows:
        problem = first_unsound(row)
        if problem:
            raise ValueError(f"row {row.get('id')!r}: {problem.code}: {problem.message}")
    return _format(form).write(rows)


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise UsageError(f"format {name!r} is none of {', '.join(FORMATS)}")
    return FORMATS[name]


def read_rows(path: Path) -> list[Row]:
    """Rows of a native gold file, all of them sound."""
    return plain_rows(str(path), read_file(path).data)


def convert_file(
    source: Path,
    target: Path,
    form: str | None = None,
    to: str | None = None,
    *,
    lang: str | None = None,
    rename: Mapping[str, str] | None = None,
    fill_values: bool = False,
    warn: Callable[[str], None] = lambda _: None,
) -> int:
    """Convert a file; returns the number of rows written."""
    data = read_file(source).data
    if to is None:
        to = next((n for n, f in FORMATS.items() if target.suffix.lower() in f.suffixes), None)
        if to is None:
            raise UsageError(f"{target}: the format to write cannot be told from the name; give --to")
    _format(to)
    rows = read(str(source), data, form)
    for row in rows:
        row.setdefault("lang", lang)
        if row["lang"] is None:
            raise UsageError(f"row {row['id']!r} names no language; give --lang")
        for span in row["spans"]:
            span["label"] = (rename or {}).get(span["label"], span["label"])
    for row in rows:
        if row.get("answer", "accept") != "accept":
            warn(f"row {row['id']!r} is left out: its answer is {row['answer']!r}")
    rows = [row for row in rows if row.get("answer", "accept") == "accept"]
    if fill_values:
        _fill(rows)
    without = sum("value" not in s for r in rows for s in r["spans"])
    if without:
        warn(f"{without} spans have no value{'' if fill_values else '; --fill-values lets the grammar read them'}")
    out = write(rows, to)
    if str(target) == "-":
        sys.stdout.buffer.write(out)
    else:
        replace_file(target, out)
    return len(rows)


def _fill(rows: Iterable[Row]) -> None:
    from finextract.gold import neighbours

    grammar = neighbours.grammar()
    for row in rows:
        if all("value" in s for s in row["spans"]):
            continue
        found = {(e.start, e.end, e.label): e for e in grammar(row["text"], row["lang"], row.get("date"))}
        for span in row["spans"]:
            entity = found.get((span["start"], span["end"], span["label"]))
            if "value" in span:
                continue
            if span["label"] == "COMPANY":
                span["value"] = {"name": span["text"]}
            elif entity is not None and entity.value is not None:
                span["value"] = entity.value.to_dict()
