"""Repair what is certain, and format: both edit lines in place and never lose a row, a span or a field.

``fix`` changes nothing but offsets, outer white space of surfaces, the order of spans, a missing surface, a byte-order mark and
CRLF; it cuts these few characters out of the line and leaves all others as they are. ``fmt`` writes rows in canonical
order and spacing. Lines that cannot be read keep their bytes in both.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from finextract.gold.jsonl import BOM, File, Line, Node, scan
from finextract.gold.rows import check_spans, from_utf16, is_int, occurrences, well_formed

ROW_KEYS = ("id", "lang", "date", "source", "text", "spans", "meta")
SPAN_KEYS = ("start", "end", "label", "text", "value")
VALUE_KEYS = (
    *("currency", "amount", "value", "min", "max", "scale", "unit", "modifier"),
    *("name", "id", "ticker", "mic", "isin", "country", "qid", "linked_by"),
    *("year", "quarter", "fiscal", "start_month", "end_month", "relative"),
)


@dataclass
class Change:
    """One line before and after, and what was done to it."""

    number: int
    before: bytes
    after: bytes
    notes: list[str] = field(default_factory=list)


@dataclass
class Result:
    """A file before and after."""

    path: str
    before: bytes
    after: bytes
    changes: list[Change] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        return self.before != self.after

    def diff(self) -> str:
        """A unified diff without context; lines stay in their places, so it needs no alignment."""
        if not self.changed:
            return ""
        out = [f"--- {self.path}", f"+++ {self.path}"]
        for change in self.changes:
            out.append(
                f"@@ -{change.number} +{change.number} @@" + (f" {'; '.join(change.notes)}" if change.notes else "")
            )
            out.append("-" + change.before.decode("utf-8", "backslashreplace"))
            out.append("+" + change.after.decode("utf-8", "backslashreplace"))
        return "\n".join(out) + "\n"


def _assemble(file: File, changes: dict[int, Change], newline: bool, mark: bytes = b"") -> Result:
    """Put the file together again: changed lines changed, all others as they were."""
    raws = [changes[line.number].after if line.number in changes else line.raw for line in file.lines]
    after = mark + b"\n".join(raws) + (b"\n" if raws and (file.final_newline or newline) else b"")
    return Result(file.path, file.data, after, [changes[n] for n in sorted(changes)])


def _tidy_ends(file: File, line: Line, raw: bytes, notes: list[str]) -> bytes:
    if raw.endswith(b"\r") and line.row is not None:
        notes.append("CRLF to LF")
        return raw[:-1]
    return raw


def _first_line_with_mark(file: File, changes: dict[int, Change]) -> None:
    """The mark belongs to the first line: show its removal there."""
    if not file.bom or not file.lines:
        return
    first = file.lines[0]
    change = changes.setdefault(first.number, Change(first.number, first.raw, first.raw))
    change.before = BOM + change.before
    change.notes.insert(0, "byte-order mark removed")


def fix(file: File) -> Result:
    """Repair a file as far as it is certain."""
    changes: dict[int, Change] = {}
    for line in file.lines:
        notes: list[str] = []
        raw = line.raw
        if line.row is not None and _may_need_repair(line.row):
            edited, notes = fix_line(line.text, line.node())
            if edited != line.text:
                _assert_same_content(line.text, edited)
                raw = edited.encode("utf-8")
        raw = _tidy_ends(file, line, raw, notes)
        if raw != line.raw:
            changes[line.number] = Change(line.number, line.raw, raw, notes)
    _first_line_with_mark(file, changes)
    return _assemble(file, changes, bool(file.lines) and file.lines[-1].row is not None)


def _may_need_repair(row: dict[str, Any]) -> bool:
    """Cheaply, so that sound rows need not be taken apart."""
    spans = row.get("spans")
    if not isinstance(spans, list) or not spans:
        return False
    return not all(well_formed(s) for s in spans) or next(check_spans(row), None) is not None


def fix_line(line: str, node: Node) -> tuple[str, list[str]]:
    """The line with certain repairs, and what they were."""
    notes: list[str] = []
    fields = node.fields or {}
    text_node, spans_node = fields.get("text"), fields.get("spans")
    if text_node is None or spans_node is None or not isinstance(text_node.value, str) or not spans_node.items:
        return line, notes
    text, items = text_node.value, spans_node.items
    pieces: list[str] = []
    starts: list[int | None] = []
    anchors = _anchors(text, [n.value for n in items])
    for item, anchor in zip(items, anchors, strict=True):
        span = item.value
        edits: list[tuple[int, int, str]] = []
        start = span["start"] if isinstance(span, dict) and is_int(span.get("start")) else None
        if anchor is not None and item.fields is not None:
            start, end, surface = anchor
            for key, new in (("start", start), ("end", end)):
                if span[key] != new:
                    edits.append((item.fields[key].start, item.fields[key].end, str(new)))
            if "text" not in span:
                at = max(item.fields[key].end for key in ("start", "end", "label") if key in item.fields)
                edits.append((at, at, f', "text": {json.dumps(surface, ensure_ascii=False)}'))
                notes.append(f"surface {surface!r} added")
            elif span["text"] != surface:
                edits.append(
                    (item.fields["text"].start, item.fields["text"].end, json.dumps(surface, ensure_ascii=False))
                )
                notes.append(f"white space off {span['text']!r}")
            elif edits:
                notes.append(f"{surface!r} {span['start']}..{span['end']} to {start}..{end}")
        piece, shift = line[item.start : item.end], item.start
        for begin, end_, new_text in sorted(edits, reverse=True):
            piece = piece[: begin - shift] + new_text + piece[end_ - shift :]
        pieces.append(piece)
        starts.append(start)
    order = list(range(len(items)))
    if None not in starts:
        order.sort(key=lambda k: starts[k] or 0)
        if order != list(range(len(items))):
            notes.append("spans put in order")
    out, at = [], 0
    for slot, k in zip(items, order, strict=True):  # the slots stay, with what stands between them
        out += [line[at : slot.start], pieces[k]]
        at = slot.end
    return "".join([*out, line[at:]]), notes


def _assert_same_content(before: str, after: str) -> None:
    """The last line of defence: nothing but offsets, surfaces and the order of spans may differ."""

    def content(line: str) -> tuple[Any, list[str]]:
        row = scan(line).value
        spans = [
            {k: v for k, v in s.items() if k not in ("start", "end", "text")} if isinstance(s, dict) else s
            for s in row["spans"]
        ]
        return {**row, "spans": None}, sorted(json.dumps(s, sort_keys=True) for s in spans)

    if content(before) != content(after):
        raise AssertionError("a repair would have changed more than it may; nothing was written")


def _anchors(text: str, spans: Sequence[Any]) -> list[tuple[int, int, str] | None]:
    """For each span where it belongs, ``(start, end, surface)``; None where that is not certain.

    A span that has found its place may make another one's certain, hence the rounds.
    """
    known: list[tuple[int, int, str] | None] = [None] * len(spans)
    while True:
        now = [
            s if k is None else {**s, "start": k[0], "end": k[1], "text": k[2]}
            for s, k in zip(spans, known, strict=True)
        ]
        found = _one_round(text, now)
        if found == known:
            return known
        known = found


def _one_round(text: str, spans: Sequence[Any]) -> list[tuple[int, int, str] | None]:
    wanted = Counter(s["text"] for s in spans if well_formed(s))
    out: list[tuple[int, int, str] | None] = [None] * len(spans)
    drifted: list[int] = []
    for k, span in enumerate(spans):
        if not isinstance(span, dict) or not is_int(span.get("start")) or not is_int(span.get("end")):
            continue
        start, end = span["start"], span["end"]
        there = text[start:end] if 0 <= start < end <= len(text) else None
        if there is not None and there.strip() and span.get("text", there) == there:
            out[k] = _trim(start, there)
        elif (
            well_formed(span) and span["text"].strip() and wanted[span["text"]] <= len(occurrences(text, span["text"]))
        ):
            drifted.append(k)  # with more spans than places, which of them lost its place is not certain
        elif well_formed(span) and there is not None and there.strip() and there.strip() == span["text"].strip():
            out[k] = _trim(start, there)
    taken = [o for o in out if o is not None]
    for k, at in zip(drifted, _replace(text, [spans[k] for k in drifted], taken), strict=True):
        if at is not None:
            out[k] = _trim(at, spans[k]["text"])
    return out


def _trim(start: int, surface: str) -> tuple[int, int, str]:
    start += len(surface) - len(surface.lstrip())
    surface = surface.strip()
    return start, start + len(surface), surface


def _replace(text: str, spans: Sequence[dict[str, Any]], taken: Sequence[tuple[int, int, str]]) -> list[int | None]:
    """New starts for drifted spans: all counted in UTF-16, all moved by one shift, else each to its nearest place."""
    busy = [(s, e) for s, e, _ in taken]
    units = from_utf16(text)
    if max(units) > len(text):
        converted = [units.get(s["start"]) for s in spans]
        if all(
            at is not None and text.startswith(s["text"], at) and units.get(s["end"]) == at + len(s["text"])
            for at, s in zip(converted, spans, strict=True)
        ):
            return converted
    if len(spans) > 1:
        shifts = [{at - s["start"] for at in occurrences(text, s["text"])} for s in spans]
        common = set.intersection(*shifts)
        if common:
            best = min(common, key=abs)
            moved = [(s["start"] + best, s["start"] + best + len(s["text"])) for s in spans]
            if -best not in common and not any(s < to and at < e for at, to in moved for s, e in busy):
                return [at for at, _ in moved]
    out: list[int | None] = []
    for span in spans:
        size = len(span["text"])
        free = [at for at in occurrences(text, span["text"]) if not any(s < at + size and at < e for s, e in busy)]
        free.sort(key=lambda at: (abs(at - span["start"]), at))
        # two places equally near: which one was meant is not certain
        if not free or (len(free) > 1 and abs(free[0] - span["start"]) == abs(free[1] - span["start"])):
            out.append(None)
            continue
        out.append(free[0])
        busy.append((free[0], free[0] + size))
    return out


def _dump(line: str, node: Node, keys: Sequence[str] = ()) -> str:
    """A value in canonical spacing. Numbers keep their digits; strings keep their escapes where UTF-8 cannot hold them."""
    if node.fields is not None:
        known = [k for k in keys if k in node.fields]
        order = known + [k for k in node.fields if k not in known]
        inner = []
        for key in order:
            child = node.fields[key]
            if keys is ROW_KEYS and key == "spans" and child.items is not None:
                shown = _dump_spans(line, child.items)
            else:
                shown = _dump(line, child, VALUE_KEYS if keys is SPAN_KEYS and key == "value" else ())
            inner.append(f"{_string(key)}: {shown}")
        return "{" + ", ".join(inner) + "}"
    if node.items is not None:
        return "[" + ", ".join(_dump(line, item) for item in node.items) + "]"
    if isinstance(node.value, str):
        return _string(node.value)
    return line[node.start : node.end]


def _dump_spans(line: str, items: Sequence[Node]) -> str:
    if all(well_formed(n.value) for n in items):
        items = sorted(items, key=lambda n: (n.value["start"], n.value["end"]))
    return "[" + ", ".join(_dump(line, n, SPAN_KEYS) for n in items) + "]"


def _string(text: str) -> str:
    shown = json.dumps(text, ensure_ascii=False)
    try:
        shown.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(text)
    return shown


def fmt(file: File) -> Result:
    """Rows in canonical order of keys and spans, and canonical spacing; everything else as it is."""
    changes: dict[int, Change] = {}
    for line in file.lines:
        notes: list[str] = []
        raw = line.raw
        if line.row is not None:
            raw = _dump(line.text, line.node(), ROW_KEYS).encode("utf-8")
        if raw != line.raw:
            changes[line.number] = Change(line.number, line.raw, raw, notes)
    _first_line_with_mark(file, changes)
    return _assemble(file, changes, bool(file.lines) and file.lines[-1].row is not None)


def accept_values(file: File, surfaces: dict[int, list[str]]) -> Result:
    """Record in ``meta.reviewed`` that a person has confirmed the values of these surfaces, by line number."""
    changes: dict[int, Change] = {}
    for line in file.lines:
        if line.row is None or line.number not in surfaces:
            continue
        node = line.node()
        meta = (node.fields or {}).get("meta")
        if meta is not None and meta.fields is None:
            continue
        old = meta.value.get("reviewed", []) if meta is not None else []
        if not isinstance(old, list):
            continue
        new = json.dumps([*old, *(s for s in dict.fromkeys(surfaces[line.number]) if s not in old)], ensure_ascii=False)
        text = line.text
        if meta is None:
            at = node.end - 1
            text = f'{text[:at]}, "meta": {{"reviewed": {new}}}{text[at:]}'
        elif meta.fields is not None and "reviewed" in meta.fields:
            inner = meta.fields["reviewed"]
            text = text[: inner.start] + new + text[inner.end :]
        else:
            at = meta.end - 1
            text = f'{text[:at]}{", " if meta.fields else ""}"reviewed": {new}{text[at:]}'
        raw = text.encode("utf-8")
        if raw != line.raw:
            changes[line.number] = Change(line.number, line.raw, raw, ["values confirmed"])
    return _assemble(file, changes, False, BOM if file.bom else b"")
