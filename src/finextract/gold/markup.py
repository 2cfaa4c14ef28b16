"""Inline markup, the form in which gold is composed by hand: ``[[440億ドル|M|USD 44000000000]]``.

``[[surface|LABEL|value]]`` marks a span. LABEL is M, P, C, Q or the full label. The value is written short:

========  =======================================================================================
MONEY     ``USD 44000000000``, ``USD 35e9..40e9`` (range), ``USD scale 1e11`` (vague), then a modifier
PERCENT   ``16.1``, ``16.1..19.5``, ``0.4 pp`` (points), ``25 bp`` (basis points), then a modifier
COMPANY   the usual English name; empty where nothing but the surface is known
QUARTER   ``2024Q2``, ``Q2`` (no year), ``FY2024Q2``, ``FYQ2``, ``2024-08..10`` or ``M08..10`` (months), ``rel-1``
========  =======================================================================================

``?`` stands for a value that is not known yet. Modifiers: approx, more_than, equal_or_more, less_than, equal_or_less. In the text itself ``[[``, ``]]``, ``|`` and
``\\`` may be escaped by a backslash. :func:`parse` and :func:`render` are inverse to each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from finextract.entities import MODIFIERS, format_decimal

SHORT = {"M": "MONEY", "P": "PERCENT", "C": "COMPANY", "Q": "QUARTER"}
LONG = {v: k for k, v in SHORT.items()}
_UNITS = {"pp": "percentage_point", "bp": "basis_point"}
_QUARTER = re.compile(r"(FY)?(\d{4})?Q([1-4])")
_MONTHS = re.compile(r"(?:(\d{4})-|M)(\d\d)\.\.(\d\d)")


class MarkupError(ValueError):
    """Markup that cannot be read; ``offset`` is where, in the markup text."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


def _number(text: str) -> str:
    try:
        return format_decimal(Decimal(text))
    except InvalidOperation:
        raise ValueError(f"{text!r} is no number") from None


def parse_value(label: str, short: str, surface: str) -> dict[str, Any]:
    """Short form to the JSON value of the guidelines."""
    short = short.strip()
    if label == "COMPANY":
        return {"name": short or surface}
    parts = short.split()
    if not parts:
        raise ValueError("the value is missing")
    if label == "QUARTER":
        if m := _QUARTER.fullmatch(short):
            out: dict[str, Any] = {"year": int(m[2])} if m[2] else {}
            return {**out, "quarter": int(m[3]), "fiscal": bool(m[1])}
        if m := _MONTHS.fullmatch(short):
            out = {"year": int(m[1])} if m[1] else {}
            return {**out, "start_month": int(m[2]), "end_month": int(m[3])}
        if m := re.fullmatch(r"rel([+-]?\d+)", short):
            return {"relative": int(m[1])}
        raise ValueError(f"{short!r} is no quarter (2024Q2, Q2, FY2024Q2, FYQ2, 2024-08..10, M08..10, rel-1)")
    value: dict[str, Any] = {}
    modifier = parts.pop() if parts[-1] in MODIFIERS else None
    if label == "MONEY":
        if not parts or not re.fullmatch(r"[A-Z]{3}", parts[0]):
            raise ValueError(f"{short!r} does not begin with an ISO 4217 currency")
        value["currency"] = parts.pop(0)
        if parts[:1] == ["scale"] and len(parts) == 2:
            value["scale"] = _number(parts[1])
            parts = []
    elif label != "PERCENT":
        raise ValueError(f"unknown label {label!r}")
    unit = "percent"
    if label == "PERCENT" and len(parts) == 2:
        if parts[1] not in _UNITS:
            raise ValueError(f"unit {parts[1]!r} is none of pp, bp")
        unit = _UNITS[parts.pop()]
    if "scale" not in value:
        if len(parts) != 1:
            raise ValueError(f"{short!r} has {len(parts)} numbers where one is expected")
        low, dots, high = parts[0].partition("..")
        if dots:
            value["min"], value["max"] = _number(low), _number(high)
        else:
            value["amount" if label == "MONEY" else "value"] = _number(low)
    if label == "PERCENT":
        value["unit"] = unit
    if modifier:
        value["modifier"] = modifier
    return value


def render_value(label: str, value: Mapping[str, Any], surface: str) -> str:
    """JSON value to its short form."""
    if label == "COMPANY":
        return "" if value.get("name") == surface else str(value.get("name", ""))
    if label == "QUARTER":
        if "relative" in value:
            return f"rel{value['relative']:+d}"
        if "start_month" in value:
            head = f"{value['year']:04d}-" if value.get("year") else "M"
            return f"{head}{value['start_month']:02d}..{value['end_month']:02d}"
        year = f"{value['year']:04d}" if value.get("year") else ""
        return f"{'FY' if value.get('fiscal') else ''}{year}Q{value['quarter']}"
    parts = [str(value["currency"])] if label == "MONEY" else []
    if "scale" in value:
        parts += ["scale", str(value["scale"])]
    elif "min" in value:
        parts.append(f"{value['min']}..{value['max']}")
    else:
        parts.append(str(value["amount" if label == "MONEY" else "value"]))
    if label == "PERCENT" and value.get("unit", "percent") != "percent":
        parts.append({v: k for k, v in _UNITS.items()}[value["unit"]])
    if value.get("modifier"):
        parts.append(str(value["modifier"]))
    return " ".join(parts)


def parse(markup: str) -> tuple[str, list[dict[str, Any]]]:
    """Markup to ``(text, spans)``; raises :class:`MarkupError` with the offset of what cannot be read."""
    out: list[str] = []
    spans: list[dict[str, Any]] = []
    length = i = 0
    fields: list[str] | None = None
    start = opened = 0
    while i < len(markup):
        two = markup[i : i + 2]
        if markup[i] == "\\" and i + 1 < len(markup) and markup[i + 1] in "\\[]|":
            piece, i = markup[i + 1], i + 2
        elif fields is None and two == "[[":
            fields, start, opened, i = [""], length, i, i + 2
            continue
        elif fields is not None and two == "[[":
            raise MarkupError("a span opens inside a span", i)
        elif fields is not None and two == "]]":
            if len(fields) != 3:
                raise MarkupError(f"a span has {len(fields)} fields, [[surface|LABEL|value]] has three", opened)
            surface, label = fields[0], SHORT.get(fields[1].strip(), fields[1].strip())
            if label not in LONG:
                raise MarkupError(f"label {label!r} is none of M, P, C, Q", opened)
            if not surface or surface != surface.strip():
                raise MarkupError(f"the surface {surface!r} is empty or has outer white space", opened)
            span: dict[str, Any] = {"start": start, "end": length, "label": label, "text": surface}
            if fields[2].strip() != "?":
                try:
                    span["value"] = parse_value(label, fields[2], surface)
                except ValueError as error:
                    raise MarkupError(f"{label} {surface!r}: {error}", opened) from None
            spans.append(span)
            fields, i = None, i + 2
            continue
        elif fields is not None and markup[i] == "|":
            fields.append("")
            i += 1
            continue
        else:
            piece, i = markup[i], i + 1
        if fields is None or len(fields) == 1:
            out.append(piece)
            length += 1
        if fields is not None:
            fields[-1] += piece
    if fields is not None:
        raise MarkupError("a span is not closed", opened)
    return "".join(out), spans


def _escape(text: str, inside: bool) -> str:
    return re.sub(r"[\\\[\]|]" if inside else r"[\\\[\]]", lambda m: "\\" + m[0], text)


def render(text: str, spans: Iterable[Mapping[str, Any]]) -> str:
    """``(text, spans)`` to markup. Spans must not overlap."""
    out: list[str] = []
    at = 0
    for span in sorted(spans, key=lambda s: int(s["start"])):
        if span["start"] < at:
            raise ValueError(f"spans overlap at {span['start']}")
        surface = text[span["start"] : span["end"]]
        value = span.get("value")
        short = "?" if value is None else render_value(span["label"], value, surface)
        out += [_escape(text[at : span["start"]], False), "[[", _escape(surface, True), "|", LONG[span["label"]], "|"]
        out += [_escape(short, True), "]]"]
        at = span["end"]
    return "".join([*out, _escape(text[at:], False)])
