"""One line of a gold file for the browser, and back: offsets in UTF-16 units there, in code points on disk.

A span travels with its own JSON, exactly as it stands in the file. What the browser sends back is that JSON with offsets
and label; only what differs is cut out and replaced, so fields that nobody knows, number forms and spacing stay.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from finextract.entities import LABELS
from finextract.gold.jsonl import Line, Node, ScanError, scan
from finextract.gold.markup import parse_value, render_value
from finextract.gold.rows import check_value, from_utf16

Guess = Callable[[int, int, str], "dict[str, Any] | None"]
"""``(start, end, label)`` in code points to the value that stands there, or None."""


class EditError(ValueError):
    """An edit that cannot be applied, with a stable code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Units:
    """Offsets of a text in code points and in UTF-16 units."""

    to_code_points: Mapping[int, int]
    to_units: Sequence[int]

    @classmethod
    def of(cls, text: str) -> Units:
        back = from_utf16(text)
        return cls(back, list(back))

    def units(self, at: object) -> int | None:
        """UTF-16 offset of a code point offset; None outside the text."""
        if not isinstance(at, int) or isinstance(at, bool) or not 0 <= at < len(self.to_units):
            return None
        return self.to_units[at]

    def code_points(self, at: object) -> int:
        """Code point offset of a UTF-16 offset; refuses one outside the text or inside a surrogate pair."""
        if not isinstance(at, int) or isinstance(at, bool) or at not in self.to_code_points:
            raise EditError("A202", f"{at!r} is no offset of a character in this text")
        return self.to_code_points[at]


def short_value(label: object, value: object, surface: object) -> str:
    """A value as it is edited: the short form of the inline markup where it says everything, else JSON."""
    if value is None:
        return ""
    if isinstance(value, dict) and isinstance(label, str) and isinstance(surface, str):
        try:
            short = render_value(label, value, surface)
            if parse_value(label, short, surface) == value:
                return str(value["name"]) if label == "COMPANY" else short
        except (KeyError, ValueError, TypeError):
            pass
    return json.dumps(value, ensure_ascii=False)


def read_value(label: str, text: str, surface: str, old: object = None) -> dict[str, Any]:
    """What an annotator typed, as a value; raises :class:`EditError` with what is wrong with it.

    Text that begins with ``{`` is JSON. A company's name alone leaves its identifiers as they are.
    """
    try:
        if text.lstrip().startswith("{"):
            value = scan(text).value
        else:
            value = parse_value(label, text, surface)
            if label == "COMPANY" and isinstance(old, dict):
                value = {**old, **value}
    except ScanError as error:
        raise EditError("A301", f"column {error.problem.start + 1}: {error}") from None
    except ValueError as error:
        raise EditError("A301", str(error)) from None
    issue = next(check_value(label, value, ()), None)
    if issue is not None:
        raise EditError("A301", issue.message + (f" (meant: {issue.meant})" if issue.meant else ""))
    return dict(value)


def wire_spans(line: Line, units: Units) -> list[dict[str, Any]]:
    """The spans of a row for the browser, in the order of the file; ``start`` and ``end`` are null where there is no such place."""
    spans = (line.node().fields or {}).get("spans")
    return [wire_span(line.text[n.start : n.end], n.value, units) for n in (spans.items or ())] if spans else []


def wire_span(raw: str, span: object, units: Units) -> dict[str, Any]:
    """One span for the browser."""
    known = span if isinstance(span, dict) else {}
    start, end = units.units(known.get("start")), units.units(known.get("end"))
    placed = start is not None and end is not None and start < end
    return {
        "raw": raw,
        "start": start if placed else None,
        "end": end if placed else None,
        "label": known.get("label") if known.get("label") in LABELS else None,
        "text": known.get("text") if isinstance(known.get("text"), str) else None,
        "short": short_value(known.get("label"), known.get("value"), known.get("text")),
    }


class Style:
    """How a line is written: spaces after its separators, and whether it keeps to ASCII."""

    def __init__(self, line: str) -> None:
        compact = '":' in line and '": ' not in line
        self.separators = (",", ":") if compact else (", ", ": ")
        self.ascii = line.isascii() and "\\u" in line

    def dumps(self, value: object) -> str:
        shown = json.dumps(value, ensure_ascii=self.ascii, separators=self.separators)
        try:
            shown.encode("utf-8")
        except UnicodeEncodeError:  # half of a surrogate pair can only stand there escaped
            return json.dumps(value, separators=self.separators)
        return shown


def edit_field(raw: str, key: str, value: object, style: Style) -> str:
    """An object's JSON with one field set (None takes it out); everything else keeps its characters."""
    fields = scan(raw).fields or {}
    if key in fields:
        node = fields[key]
        if value is not None:
            return raw[: node.start] + style.dumps(value) + raw[node.end :]
        keys = list(fields)
        k = keys.index(key)
        if k > 0:
            return raw[: fields[keys[k - 1]].end] + raw[node.end :]
        if len(keys) > 1:
            return raw[: raw.index("{") + 1] + raw[raw.index('"', raw.index(",", node.end)) :]
        return "{}"
    if value is None:
        return raw
    close = raw.rindex("}")
    comma = style.separators[0] if fields else ""
    at = max((n.end for n in fields.values()), default=close)
    return f"{raw[:at]}{comma}{style.dumps(key)}{style.separators[1]}{style.dumps(value)}{raw[at:]}"


def build_span(raw: str, start: int, end: int, label: str, text: str, style: Style, guess: Guess) -> str:
    """The JSON of a span at ``[start, end)`` in code points; ``raw`` is what it was, empty for a new one."""
    if label not in LABELS:
        raise EditError("A203", f"label {label!r} is none of {', '.join(LABELS)}")
    if not 0 <= start < end <= len(text):
        raise EditError("A202", f"{start}..{end} is no place in this text")
    surface = text[start:end]
    if not raw:
        span: dict[str, Any] = {"start": start, "end": end, "label": label, "text": surface}
        value = guess(start, end, label)
        if value is not None:
            span["value"] = value
        return style.dumps(span)
    old = span_object(raw)
    moved = (old.get("start"), old.get("end")) != (start, end)
    relabelled = old.get("label") != label
    if moved:
        for key, new in (("start", start), ("end", end)):
            if old.get(key) != new:
                raw = edit_field(raw, key, new, style)
        if old.get("text") != surface:
            raw = edit_field(raw, "text", surface, style)
    if relabelled:
        raw = edit_field(raw, "label", label, style)
        raw = edit_field(raw, "value", guess(start, end, label), style)
    elif moved and _follows(old, guess):
        value = guess(start, end, label)
        if value is not None and value != old.get("value"):
            raw = edit_field(raw, "value", value, style)
    return raw


def span_object(raw: str) -> dict[str, Any]:
    """The span that its JSON says; :class:`EditError` where it is none."""
    value = _json(raw)
    if not isinstance(value, dict):
        raise EditError("A204", "a span is no object")
    return value


def _json(raw: str) -> Any:
    try:
        return scan(raw).value
    except ScanError as error:
        raise EditError("A204", f"a span is no JSON: {error}") from None


def _follows(span: Mapping[str, Any], guess: Guess) -> bool:
    """Whether the value is what is read at the place, not something that a person has typed against it."""
    if not isinstance(span.get("value"), dict):
        return True
    if span.get("label") == "COMPANY" and span["value"] == {"name": span.get("text")}:
        return True
    start, end = span.get("start"), span.get("end")
    if type(start) is not int or type(end) is not int or start >= end or start < 0:
        return False
    return bool(guess(start, end, str(span.get("label"))) == span["value"])


def build_line(line: Line, spans: Sequence[Mapping[str, Any]], guess: Guess) -> str:
    """The line with these spans, in the order of their places; raises :class:`EditError`."""
    row = line.row
    if row is None or not isinstance(row.get("text"), str):
        raise EditError("A201", f"line {line.number} cannot be edited here: it holds no text that can be read")
    text: str = row["text"]
    fields = line.node().fields or {}
    node = fields.get("spans")
    if node is not None and node.items is None:
        raise EditError("A201", f"line {line.number} cannot be edited here: its spans are no list")
    style, units = Style(line.text), Units.of(text)
    built: list[tuple[int, int, str]] = []
    for span in spans:
        raw = span.get("raw") or ""
        if not isinstance(raw, str):
            raise EditError("A204", "raw is no string")
        if span.get("start") is None and raw:  # one without a place: kept as it is, at the end
            _json(raw)
            built.append((len(text) + 1, 0, raw))
            continue
        start, end = units.code_points(span.get("start")), units.code_points(span.get("end"))
        if span.get("label") is None and raw:  # an unknown label stays until somebody chooses one
            known = span_object(raw)
            if (known.get("start"), known.get("end")) != (start, end):
                raise EditError("A203", "the span needs a label before it can be moved")
            built.append((start, end, raw))
            continue
        built.append((start, end, build_span(raw, start, end, str(span.get("label")), text, style, guess)))
    built.sort(key=lambda b: b[:2])
    return _with_spans(line, node, [b[2] for b in built], style)


def _with_spans(line: Line, node: Node | None, pieces: Sequence[str], style: Style) -> str:
    text = line.text
    if node is None:
        at = max((n.end for n in (line.node().fields or {}).values()), default=text.rindex("}"))
        inner = f"{style.dumps('spans')}{style.separators[1]}[{style.separators[0].join(pieces)}]"
        return f"{text[:at]}{style.separators[0]}{inner}{text[at:]}"
    items = node.items or []
    gaps = [text[a.end : b.start] for a, b in zip(items, items[1:], strict=False)]
    if len(pieces) != len(items):
        gaps = [gaps[0] if gaps else style.separators[0]] * (len(pieces) - 1)
    head = text[node.start + 1 : items[0].start] if items and pieces else ""
    tail = text[items[-1].end : node.end - 1] if items and pieces else ""
    inner = "".join(piece + gap for piece, gap in zip(pieces, [*gaps, ""], strict=True)) if pieces else ""
    return f"{text[: node.start]}[{head}{inner}{tail}]{text[node.end :]}"


def same_but_spans(before: str, after: str) -> bool:
    """The last line of defence: an edit may change nothing but the spans."""
    old, new = scan(before).value, scan(after).value
    return {**old, "spans": None} == {**new, "spans": None}
