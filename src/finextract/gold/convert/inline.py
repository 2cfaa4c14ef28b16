"""Inline markup: passages of ``[[surface|LABEL|value]]``, each under a header line.

A header is ``### `` and a JSON object of the row's other fields, or ``### key=value …`` as authors write by hand. A blank
line ends a passage; a line of the text that begins with ``### `` is written ``\\### ``. What the short form of a value
cannot say is kept in the header under ``spans``.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from finextract.gold.convert.common import Row, ordered, text_lines
from finextract.gold.markup import LONG, MarkupError, parse, parse_value, render, render_value


def write(rows: Sequence[Row]) -> bytes:
    """Rows as markup."""
    out: list[str] = []
    for row in rows:
        shown: list[Row] = []
        extra: list[Row] = []
        nth: Counter[tuple[str, str]] = Counter()
        for span in sorted(row["spans"], key=lambda s: s["start"]):
            if span["label"] not in LONG:
                raise ValueError(f"row {row['id']!r}: inline markup has no label {span['label']!r}")
            rest = {k: v for k, v in span.items() if k not in ("start", "end", "label", "text", "value")}
            short = _short(span)
            if "value" in span and (short == "?" or parse_value(span["label"], short, span["text"]) != span["value"]):
                rest["value"] = span["value"]
            nth[span["label"], span["text"]] += 1
            if rest:
                extra.append(
                    {
                        "label": span["label"],
                        "surface": span["text"],
                        "nth": nth[span["label"], span["text"]],
                        "with": rest,
                    }
                )
            shown.append(span if short != "?" else {**span, "value": None})
        header = {k: v for k, v in row.items() if k not in ("text", "spans")}
        if extra:
            header["spans"] = extra
        body = re.sub(r"^### ", r"\\### ", render(row["text"], shown), flags=re.MULTILINE)
        out.append(f"### {json.dumps(header, ensure_ascii=False)}\n{body}\n\n")
    return "".join(out).encode()


def _short(span: Row) -> str:
    """The short form of a span's value; ``?`` where there is none, or none that could be read again."""
    try:
        short = render_value(span["label"], span["value"], span["text"])
        parse_value(span["label"], short, span["text"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return "?"
    return short


def read(path: str, data: bytes) -> list[Row]:
    """Rows of a markup file; ``ValueError`` names the line."""
    lines = text_lines(path, data)
    heads = [n for n, line in enumerate(lines) if line.startswith("### ")]
    if any(line.strip() for line in lines[: heads[0] if heads else len(lines)]):
        raise ValueError(f"{path}:1: a passage begins with a header line, ### …")
    out = []
    for number, (head, after) in enumerate(zip(heads, [*heads[1:], len(lines)], strict=False), 1):
        header = lines[head][4:]
        body = "\n".join(lines[head + 1 : after])
        if header.startswith("{"):
            try:
                fields: dict[str, Any] = json.loads(header)
            except json.JSONDecodeError as error:
                raise ValueError(f"{path}:{head + 1}:{error.colno + 4}: {error.msg}") from None
            # a blank line ends the passage; at the end of the file its line feed is there too
            for _ in range(2 if after == len(lines) else 1):
                body = body.removesuffix("\n")
        else:
            fields = _by_hand(header, number)
            body = body.strip("\n")
        try:
            text, spans = parse(re.sub(r"^\\### ", "### ", body, flags=re.MULTILINE))
        except MarkupError as error:
            line = head + 2 + body[: error.offset].count("\n")
            raise ValueError(f"{path}:{line}: {error}") from None
        _restore(spans, fields.pop("spans", None) or ())
        out.append(
            ordered(
                {
                    **fields,
                    "id": str(fields.get("id", f"import-{number}")),
                    "source": fields.get("source", "inline"),
                    "text": text,
                    "spans": spans,
                }
            )
        )
    return out


def _restore(spans: Sequence[Row], extra: Sequence[Row]) -> None:
    """Give the spans back what stood in the header; a value that was edited in the markup wins over the header's."""
    nth: Counter[tuple[str, str]] = Counter()
    kept = {(e["label"], e["surface"], e["nth"]): e["with"] for e in extra}
    for span in spans:
        key = (span["label"], span["text"])
        nth[key] += 1
        rest = dict(kept.get((*key, nth[key]), {}))
        if "value" in rest and "value" in span:
            short = _short({**span, "value": rest["value"]})
            if short == "?" or parse_value(span["label"], short, span["text"]) != span["value"]:
                del rest["value"]
        span.update(rest)


def _by_hand(header: str, number: int) -> dict[str, Any]:
    pairs = {k: v for k, _, v in (p.partition("=") for p in header.split()) if v}
    fields: dict[str, Any] = {k: pairs.pop(k) for k in ("id", "lang", "date", "source") if k in pairs}
    meta: dict[str, Any] = dict(pairs)
    if "traps" in meta:
        meta["traps"] = meta["traps"] == "1"
    if meta:
        fields["meta"] = meta
    return fields
