"""Prodigy, doccano in both its forms, Label Studio."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from finextract.gold.convert.common import ENVELOPE, Row, basic, objects, ordered, pack, restore
from finextract.gold.rows import from_utf16

_PRODIGY = (
    "answer",
    "tokens",
    "_input_hash",
    "_task_hash",
    "_view_id",
    "_is_binary",
    "_timestamp",
    "_annotator_id",
    "_session_id",
)
_PRODIGY_SPAN = ("token_start", "token_end", "input_hash", "source", "rank", "score")


def _lines(rows: Sequence[Mapping[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def write_prodigy(rows: Sequence[Row]) -> bytes:
    """Native rows are Prodigy's already; they get an answer."""
    return _lines([{**ordered(row), "answer": "accept"} for row in rows])


def read_prodigy(path: str, data: bytes) -> list[Row]:
    """Rows; those that were rejected or ignored keep their answer, so that the caller can leave them out."""
    out = []
    for number, (place, task) in enumerate(objects(path, data), 1):
        meta = task.get("meta")
        native = isinstance(task.get("id"), str)
        row: Row = {k: v for k, v in task.items() if k not in _PRODIGY}
        if not native:
            row["id"] = str(
                task.get("id")
                or (meta.get("id") if isinstance(meta, dict) else None)
                or task.get("_input_hash")
                or f"import-{number}"
            )
        row.setdefault("source", "prodigy")
        text, spans = row.pop("text", None), row.pop("spans", None) or []
        if not isinstance(spans, list) or not all(isinstance(s, dict) for s in spans):
            raise ValueError(f"{place}: spans is no list of objects")
        found = [(s.get("start"), s.get("end"), s.get("label")) for s in spans]
        row["spans"] = [{k: v for k, v in s.items() if k not in _PRODIGY_SPAN} for s in spans]
        row = restore(place, number, text, found, row, {})
        if task.get("answer", "accept") != "accept":
            row["answer"] = task["answer"]
        out.append(row)
    return out


def write_doccano(rows: Sequence[Row]) -> bytes:
    """``label: [[start, end, label]]``."""
    return _lines(
        [{"id": r["id"], "text": r["text"], "label": [list(b) for b in basic(r)], ENVELOPE: pack(r)} for r in rows]
    )


def write_doccano_relations(rows: Sequence[Row]) -> bytes:
    """``entities`` with offsets, as in projects with relations."""
    out = []
    number = 0
    for row in rows:
        entities = []
        for start, end, label in basic(row):
            entities.append({"id": number, "start_offset": start, "end_offset": end, "label": label})
            number += 1
        out.append({"id": row["id"], "text": row["text"], "entities": entities, "relations": [], ENVELOPE: pack(row)})
    return _lines(out)


def read_doccano(path: str, data: bytes) -> list[Row]:
    """Either form."""
    out = []
    for number, (place, item) in enumerate(objects(path, data), 1):
        entities = item.get("entities")
        labels = item.get("label", item.get("labels", []))
        if entities is not None:
            if not isinstance(entities, list) or not all(isinstance(e, dict) for e in entities):
                raise ValueError(f"{place}: entities is no list of objects")
            found = [(e.get("start_offset"), e.get("end_offset"), e.get("label")) for e in entities]
        else:
            if not isinstance(labels, list) or not all(isinstance(x, list) and len(x) == 3 for x in labels):
                raise ValueError(f"{place}: a label of doccano is [start, end, label]")
            found = [tuple(x) for x in labels]
        given = {k: item.get(k) for k in ("id", "lang", "date", "source") if item.get(k) is not None}
        out.append(restore(place, number, item.get("text", item.get("data")), found, item.get(ENVELOPE), given))
    return out


def utf16_offsets(text: str) -> list[int]:
    """Offset in code points -> offset in UTF-16 code units."""
    out = [0]
    for char in text:
        out.append(out[-1] + (2 if ord(char) > 0xFFFF else 1))
    return out


def write_label_studio(rows: Sequence[Row]) -> bytes:
    """A list of tasks; offsets in UTF-16 code units, as its browser counts."""
    out = []
    for row in rows:
        units = utf16_offsets(row["text"])
        result = []
        for start, end, label in basic(row):
            key = hashlib.sha256(f"{row['id']} {start} {end} {label}".encode()).hexdigest()[:10]
            value = {"start": units[start], "end": units[end], "text": row["text"][start:end], "labels": [label]}
            result.append({"id": key, "from_name": "label", "to_name": "text", "type": "labels", "value": value})
        out.append({"data": {"text": row["text"], ENVELOPE: pack(row)}, "annotations": [{"result": result}]})
    return (json.dumps(out, ensure_ascii=False, indent=1) + "\n").encode()


def read_label_studio(path: str, data: bytes) -> list[Row]:
    """Tasks as exported in full, or as JSON-MIN. The first annotation that was not cancelled counts."""
    out = []
    for number, (place, task) in enumerate(objects(path, data), 1):
        fields = task["data"] if isinstance(task.get("data"), dict) else task
        text = fields.get("text")
        if not isinstance(text, str):
            raise ValueError(f"{place}: the task has no data.text")
        given = {k: fields.get(k) for k in ("lang", "date", "source") if fields.get(k) is not None}
        if task.get("id") is not None:
            given["id"] = task["id"]
        found = list(_regions(place, task, text))
        out.append(restore(place, number, text, found, fields.get(ENVELOPE), given))
    return out


def _regions(place: str, task: Mapping[str, Any], text: str) -> Iterator[tuple[int, int, str]]:
    done = [a for a in task.get("annotations", ()) if not a.get("was_cancelled")] or task.get("predictions") or []
    values: list[Any] = [r["value"] for r in done[0].get("result") or () if r.get("type") == "labels"] if done else []
    if not done and isinstance(task.get("label"), list):
        values = task["label"]
    units = from_utf16(text)
    for value in values:
        start, end, labels = value.get("start"), value.get("end"), value.get("labels") or [None]
        surface = value.get("text")
        at, to = units.get(start), units.get(end)
        if at is not None and to is not None and (surface is None or _same(text[at:to], surface)):
            yield at, to, labels[0]
        elif isinstance(start, int) and isinstance(end, int) and _same(text[start:end], surface):
            yield start, end, labels[0]  # written by a program that counts code points
        else:
            raise ValueError(f"{place}: the text at {start}..{end} is not {surface!r}")


def _same(one: str, two: object) -> bool:
    """Equal but for line ends, which its browser rewrites and its export escapes."""

    def plain(text: str) -> str:
        return text.replace("\\n", "\n").replace("\r\n", "\n")

    return isinstance(two, str) and plain(one) == plain(two)
