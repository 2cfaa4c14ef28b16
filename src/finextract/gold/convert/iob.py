"""IOB2 in columns, as CoNLL files have it: FORM, value in short form or -, tag; tab-separated, the tag last.

Comments before each text carry its id, the text itself and the rest of the row, so that nothing is lost. Files
without them are read too, in IOB1, IOB2, BIOES or BILOU; their text is put together with spaces, in Chinese and Japanese without.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from finextract.gold.convert.common import Row, pack, restore, text_lines, tokens
from finextract.gold.markup import render_value


def write(rows: Sequence[Row]) -> bytes:
    """Rows in IOB2."""
    out: list[str] = []
    for row in rows:
        out.append(f"# id = {json.dumps(row['id'], ensure_ascii=False)}")
        out.append(f"# text = {_json(row['text'])}")
        out.append(f"# row = {_json(pack(row))}")
        starts = {s["start"]: s for s in row["spans"]}
        inside: Any = None
        for start, end in tokens(row["text"], row["spans"]):
            if start in starts:
                inside = starts[start]
            elif inside is not None and start >= inside["end"]:
                inside = None
            tag = "O" if inside is None else f"{'B' if start == inside['start'] else 'I'}-{inside['label']}"
            short = _short(inside) if tag[0] == "B" else "-"
            out.append(f"{row['text'][start:end]}\t{short}\t{tag}")
        out.append("")
    return "".join(line + "\n" for line in out).encode()


def _json(value: object) -> str:
    # every kind of line break is escaped: other readers may cut lines at U+2028 or U+0085
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").replace("\x85", "\\u0085")


def _short(span: Any) -> str:
    try:
        shown = render_value(span["label"], span["value"], span["text"])
    except (KeyError, TypeError, ValueError):
        return "-"
    return " ".join(shown.split()) or "-"


def read(path: str, data: bytes) -> list[Row]:
    """Rows of a column file."""
    lines = text_lines(path, data)
    out: list[Row] = []
    comments: dict[str, Any] = {}
    words: list[tuple[str, str, int]] = []
    for number, line in enumerate([*lines, ""], 1):
        line = line.removesuffix("\r")
        if line.startswith("# ") and "\t" not in line and not words:
            key, _, value = line[2:].partition(" = ")
            if key in ("id", "text", "row"):
                try:
                    comments[key] = json.loads(value)
                except ValueError:
                    if key != "id" and key != "text":
                        raise ValueError(f"{path}:{number}: the comment {key!r} is no JSON") from None
                    comments[key] = value  # as CoNLL-U writes them
        elif line.strip():
            columns = line.split("\t") if "\t" in line else line.split()
            if columns[0] == "-DOCSTART-":
                continue
            if len(columns) < 2:
                raise ValueError(f"{path}:{number}: a line needs a form and a tag")
            words.append((columns[0], columns[-1], number))
        elif words or "text" in comments:
            out.append(_row(path, len(out) + 1, number, words, comments))
            comments, words = {}, []
    return out


def _row(path: str, count: int, number: int, words: Sequence[tuple[str, str, int]], comments: dict[str, Any]) -> Row:
    envelope = comments.get("row")
    text = comments.get("text")
    places: list[tuple[int, int]] = []
    if not isinstance(text, str):
        lang = envelope.get("lang") if isinstance(envelope, dict) else None
        cjk = (
            lang in ("ja", "zh")
            if lang
            else any("぀" <= c <= "ヿ" or "一" <= c <= "鿿" for form, _, _ in words for c in form)
        )
        text = ("" if cjk else " ").join(form for form, _, _ in words)
    at = 0
    for form, _, line in words:
        at = text.find(form, at)
        if at < 0:
            raise ValueError(f"{path}:{line}: {form!r} does not come next in the text")
        places.append((at, at + len(form)))
        at += len(form)
    found: list[tuple[int, int, str]] = []
    open_label: str | None = None
    for (start, end), (_, tag, line) in zip(places, words, strict=True):
        prefix, dash, label = tag.partition("-")
        if tag == "O":
            open_label = None
            continue
        if not dash or prefix not in "BIESLU" or not label:
            raise ValueError(f"{path}:{line}: {tag!r} is no tag of IOB")
        if prefix in "BSU" or label != open_label:
            found.append((start, end, label))
        else:
            found[-1] = (found[-1][0], end, label)
        open_label = None if prefix in "ESLU" else label
    return restore(f"{path}:{number}", count, text, found, envelope, {"id": comments.get("id")})
