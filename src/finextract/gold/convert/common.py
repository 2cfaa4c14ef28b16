"""What the formats share: sound rows, the envelope that carries a whole row, cutting into tokens."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from finextract.gold.fix import ROW_KEYS, SPAN_KEYS
from finextract.gold.jsonl import parse_lines
from finextract.gold.rows import Issue, check_schema, check_spans, is_int

Row = dict[str, Any]
ENVELOPE = "finextract"


def first_unsound(row: Mapping[str, Any]) -> Issue | None:
    """The first thing that makes the row unfit for conversion; a missing or odd value does not."""
    for issue in check_schema(row):
        if (
            not (len(issue.path) > 2 and issue.path[2] == "value")
            and not (issue.code == "G201" and "'value'" in issue.message)
            and issue.code not in ("G203", "G204")
        ):
            return issue
    for issue in check_spans(row):
        if issue.code in ("G301", "G302", "G303", "G304", "G305"):
            return issue
    return None


def plain_rows(path: str, data: bytes) -> list[Row]:
    """Native rows; ``ValueError`` with the place of the first that is not sound."""
    file = parse_lines(path, data)
    for line in file.lines:
        for p in line.problems:
            raise ValueError(f"{path}:{line.number}:{p.start + 1}: {p.code}: {p.message}")
        if line.row is not None:
            issue = first_unsound(line.row)
            if issue is not None:
                raise ValueError(
                    f"{path}:{line.number}:{line.node().at(issue.path).start + 1}: {issue.code}: {issue.message}"
                )
    return [row for _, row in file.rows()]


def objects(path: str, data: bytes) -> list[tuple[str, Row]]:
    """Objects of a JSON-lines file, or of one JSON list, each with its place."""
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"[":
        try:
            items = json.loads(data.decode("utf-8-sig"))
        except json.JSONDecodeError as error:
            raise ValueError(f"{path}:{error.lineno}:{error.colno}: {error.msg}") from None
        except UnicodeDecodeError as error:
            raise ValueError(f"{path}: byte {error.start} is not UTF-8") from None
        out = [(f"{path}: item {n}", item) for n, item in enumerate(items, 1)]
    else:
        file = parse_lines(path, data)
        for line in file.lines:
            for p in line.problems:
                raise ValueError(f"{path}:{line.number}:{p.start + 1}: {p.code}: {p.message}")
        out = [(f"{path}:{line.number}", row) for line, row in file.rows()]
    for place, item in out:
        if not isinstance(item, dict):
            raise ValueError(f"{place}: an object is expected")
    return out


def text_lines(path: str, data: bytes) -> list[str]:
    """Lines of a UTF-8 file, cut at line feeds only; ``ValueError`` names the line of a byte that is none."""
    try:
        return data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path}:{data[: error.start].count(10) + 1}: byte 0x{data[error.start]:02X} is not UTF-8"
        ) from None


def ordered(row: Mapping[str, Any]) -> Row:
    """The row with its keys, and those of its spans, in canonical order."""
    out = {k: row[k] for k in ROW_KEYS if k in row} | {k: v for k, v in row.items() if k not in ROW_KEYS}
    out["spans"] = [
        {k: s[k] for k in SPAN_KEYS if k in s} | {k: v for k, v in s.items() if k not in SPAN_KEYS}
        for s in row["spans"]
    ]
    return out


def native_line(row: Mapping[str, Any]) -> str:
    """A row as one line of a native file."""
    return json.dumps(ordered(row), ensure_ascii=False) + "\n"


def pack(row: Mapping[str, Any]) -> Row:
    """The row without its text, to travel in a field of its own."""
    return {k: v for k, v in row.items() if k != "text"}


def basic(row: Mapping[str, Any]) -> list[tuple[int, int, str]]:
    """The spans as most tools know them."""
    return [(s["start"], s["end"], s["label"]) for s in row["spans"]]


def restore(
    place: str,
    number: int,
    text: object,
    found: Iterable[tuple[Any, Any, Any]],
    envelope: object,
    given: Mapping[str, Any],
) -> Row:
    """A row from what a tool gives back, with what travelled in the envelope; ``given`` are fields of the tool's own row."""
    if not isinstance(text, str):
        raise ValueError(f"{place}: no text")
    packed = envelope if isinstance(envelope, dict) else {}
    row: Row = {k: v for k, v in packed.items() if k != "spans"}
    for key, value in given.items():
        if value is not None:
            row.setdefault(key, value)
    row.setdefault("id", f"import-{number}")
    row["id"] = str(row["id"])
    row.setdefault("source", "import")
    row["text"] = text
    known = {(s.get("start"), s.get("end"), s.get("label")): s for s in packed.get("spans", ())}
    spans = []
    for start, end, label in found:
        if not is_int(start) or not is_int(end) or not 0 <= start < end <= len(text):
            raise ValueError(f"{place}: {start!r}..{end!r} is no range of the text of {len(text)} characters")
        if not isinstance(label, str):
            raise ValueError(f"{place}: the label {label!r} is no string")
        span = {"start": start, "end": end, "label": label, "text": text[start:end]}
        old = known.get((start, end, label))
        if old is not None and old.get("text", span["text"]) == span["text"]:
            span = {**span, **old}
        spans.append(span)
    row["spans"] = sorted(spans, key=lambda s: (s["start"], s["end"]))
    return ordered(row)


def char_class(char: str) -> str:
    """Letters run together by script, digits with digits; every CJK character and every sign stands alone."""
    if char.isspace():
        return "space"
    if char.isdigit() and char.isascii():
        return "digit"
    category = unicodedata.category(char)
    if category[0] == "M" or char in "\u200d\u200c":
        return "mark"
    code = ord(char)
    if category[0] == "L" and code < 0x1100:
        return "letter"
    return ""


def tokens(text: str, spans: Sequence[Mapping[str, Any]]) -> list[tuple[int, int]]:
    """Cut a text plainly; where an annotated boundary falls inside a token, there too."""
    edges = {s["start"] for s in spans} | {s["end"] for s in spans}
    out: list[tuple[int, int]] = []
    last = "space"
    for at, char in enumerate(text):
        kind = char_class(char)
        if kind == "space":
            last = kind
            continue
        joins = (
            out
            and last != "space"
            and out[-1][1] == at
            and at not in edges
            and (kind == "mark" or (kind and kind == last))
        )
        if joins:
            out[-1] = (out[-1][0], at + 1)
        else:
            out.append((at, at + 1))
        if kind != "mark" or not joins:
            last = kind
    return out
