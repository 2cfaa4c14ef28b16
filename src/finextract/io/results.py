"""Results to bytes: JSON lines, one JSON array, CSV (a row a span), a table to read, Parquet.

A run is written in parts (:mod:`finextract.io.job`); a :class:`Form` makes the bytes of one part and joins parts to a file.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import shutil
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from finextract.entities import Company, Extraction, Money, Percent, Quarter, Value, format_decimal
from finextract.io.documents import Document, Fault

if TYPE_CHECKING:
    import pyarrow as pa

Result = tuple[Document, Extraction | Fault | None]
"""A document and what came of it; None for a blank line."""

COLUMNS = (
    "file", "line", "id", "lang", "date", "start", "end", "label", "text", "source",
    "currency", "amount", "value", "min", "max", "scale", "unit", "modifier",
    "name", "company_id", "ticker", "mic", "isin", "country",
    "year", "quarter", "fiscal", "start_month", "end_month", "relative",
)  # fmt: skip
"""Columns of the CSV. A document without a span gives no row."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_MODIFIERS = {"approx": "≈ ", "more_than": "> ", "equal_or_more": "≥ ", "less_than": "< ", "equal_or_less": "≤ "}


def _dumps(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=_plain, separators=(", ", ": "))
    return text if text.isascii() or _encodable(text) else json.dumps(value, default=_plain)


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _plain(value: Any) -> Any:
    """What a Parquet row may hold and JSON has not."""
    if isinstance(value, Decimal):
        return format_decimal(value)
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def outcome(document: Document, found: Extraction | Fault) -> dict[str, Any]:
    """What is added to the document's own fields: ``spans``, or ``spans: null`` and ``error``."""
    if isinstance(found, Fault):
        return {"spans": None, "error": found.to_dict()}
    return {"spans": [entity.to_dict() for entity in found.entities]}


def to_object(document: Document, found: Extraction | Fault) -> dict[str, Any]:
    """The document as one JSON object: every field it came with, and ``spans``."""
    fields = document.fields()
    if document.line is None and document.batch is None and isinstance(found, Extraction):
        fields["lang"] = found.lang
        if found.date:
            fields["date"] = found.date
    return {**fields, **outcome(document, found)}


def to_json(document: Document, found: Extraction | Fault) -> str:
    """:func:`to_object` as one line. A JSON line keeps its own characters, so numbers and escapes stay as they were written."""
    line = document.line
    if line is None or line.row is None or "spans" in line.row or (isinstance(found, Fault) and "error" in line.row):
        return _dumps(to_object(document, found))
    body = line.text.strip(" \t\r")[:-1].rstrip(" \t\r")
    added = _dumps(outcome(document, found))[1:]
    return body + (", " if line.row else "") + added


def describe(value: Value | None) -> str:
    """A value for the eye: ``≥ USD 50,000,000,000``, ``16.1–19.5 %``, ``2024 Q2``."""
    if value is None:
        return ""
    if isinstance(value, Money):
        if value.scale is not None:
            return f"{value.currency} some {value.scale:,f}"
        return (
            f"{_MODIFIERS.get(value.modifier or '', '')}{value.currency} {_range(value.amount, value.min, value.max)}"
        )
    if isinstance(value, Percent):
        unit = {"percent": " %", "percentage_point": " pp", "basis_point": " bp"}[value.unit]
        return f"{_MODIFIERS.get(value.modifier or '', '')}{_range(value.value, value.min, value.max)}{unit}"
    if isinstance(value, Company):
        about = [word for word in (value.id, value.isin) if word]
        return value.name + (f" ({', '.join(about)})" if about else "")
    assert isinstance(value, Quarter)
    if value.relative is not None:
        return {-1: "the quarter before", 0: "this quarter", 1: "the next quarter"}.get(
            value.relative, f"{value.relative:+d} quarters"
        )
    if value.start_month is not None:
        return f"{value.year or '?'}-{value.start_month:02d} to {value.end_month or value.start_month:02d}"
    return f"{'FY ' if value.fiscal else ''}{value.year or '?'} Q{value.quarter}"


def _range(one: Decimal | None, low: Decimal | None, high: Decimal | None) -> str:
    if one is not None:
        return f"{one:,f}"
    return f"{'' if low is None else f'{low:,f}'}–{'' if high is None else f'{high:,f}'}"


def visible(text: str) -> str:
    """Text for a terminal: one line, control and direction characters replaced."""
    return _CONTROL.sub(lambda m: "⏎" if m[0] == "\n" else " " if m[0] == "\t" else "�", text)


class Form:
    """One form of output. ``encode`` gives the bytes of some results, ``begin``, ``between`` and ``end`` what stands around them."""

    name = ""
    begin = between = end = b""

    def encode(self, results: Sequence[Result]) -> bytes:
        raise NotImplementedError

    def join(self, parts: Iterable[Path], out: BinaryIO) -> None:
        """Parts to one file."""
        out.write(self.begin)
        first = True
        for part in parts:
            if part.stat().st_size == 0:
                continue
            if not first:
                out.write(self.between)
            first = False
            with part.open("rb") as stream:
                shutil.copyfileobj(stream, out, 1 << 20)
        out.write(self.end)


class JsonLines(Form):
    """One object a line, one line for each line of the input."""

    name = "jsonl"

    def __init__(self, compressed: bool = False) -> None:
        self.compressed = compressed

    def encode(self, results: Sequence[Result]) -> bytes:
        data = "".join(
            ("" if found is None else to_json(document, found)) + "\n" for document, found in results
        ).encode("utf-8")
        if not self.compressed or not data:
            return data
        packed = io.BytesIO()
        with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0, compresslevel=6) as stream:
            stream.write(data)  # a member a part: members one after the other are one gzip file
        return packed.getvalue()


class JsonArray(Form):
    """One array of the same objects."""

    name = "json"
    begin, between, end = b"[\n", b",\n", b"\n]\n"

    def encode(self, results: Sequence[Result]) -> bytes:
        return ",\n".join(to_json(document, found) for document, found in results if found is not None).encode("utf-8")


class Csv(Form):
    """A row a span, its value in columns; RFC 4180 with line feeds."""

    name = "csv"
    begin = (",".join(COLUMNS) + "\n").encode()

    def encode(self, results: Sequence[Result]) -> bytes:
        out = io.StringIO()
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n", restval="")
        for document, found in results:
            if not isinstance(found, Extraction):
                continue
            fields = document.fields()
            shared = {"file": document.file, "line": document.number or "", "id": fields.get("id", "")}
            shared |= {"lang": found.lang, "date": found.date or ""}
            for entity in found.entities:
                row = entity.to_dict()
                value = row.pop("value", {})
                if "id" in value:
                    value["company_id"] = value.pop("id")
                if "fiscal" in value:
                    value["fiscal"] = str(value["fiscal"]).lower()
                writer.writerow({**shared, **{k: v for k, v in value.items() if k in COLUMNS}, **row})
        return out.getvalue().encode("utf-8")


class Table(Form):
    """For reading: a table a document."""

    name = "table"
    between = b"\n"

    def __init__(self, width: int | None = None, color: bool = False) -> None:
        self.width, self.color = width, color

    def encode(self, results: Sequence[Result]) -> bytes:
        from rich.console import Console
        from rich.table import Table as RichTable
        from rich.text import Text

        colors = {"MONEY": "green", "PERCENT": "cyan", "COMPANY": "magenta", "QUARTER": "yellow"}
        pieces = []
        for document, found in results:
            if found is None:
                continue
            out = io.StringIO()
            console = Console(
                file=out,
                width=self.width,
                force_terminal=self.color,
                color_system="standard" if self.color else None,
                highlight=False,
            )
            if isinstance(found, Fault):
                console.print(Text(f"{document.place}  {found.code} {found.message}"))
                pieces.append(out.getvalue())
                continue
            head = [document.place, found.lang] + ([found.date] if found.date else []) + [f"{len(found)} spans"]
            console.print(Text("  ".join(head), style="bold"))
            table = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
            table.add_column("place", justify="right", no_wrap=True)
            table.add_column("label", no_wrap=True)
            table.add_column("text", overflow="fold")
            table.add_column("value", overflow="fold")
            table.add_column("source", no_wrap=True)
            for e in found.entities:
                style = colors[e.label] if self.color else ""
                table.add_row(
                    f"{e.start}–{e.end}",
                    Text(e.label, style=style),
                    Text(visible(e.text)),
                    Text(visible(describe(e.value))),
                    e.source,
                )
            if found.entities:
                console.print(table)
            # the table pads its last column
            pieces.append("\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n")
        return "\n".join(pieces).encode("utf-8", "replace")


class Parquet(Form):
    """Arrow rows: all columns of a Parquet input, or ``id``, ``text``, ``lang``, ``date`` and the other ``fields`` as JSON; then ``spans`` and ``error``."""

    name = "parquet"

    def encode(self, results: Sequence[Result]) -> bytes:
        import pyarrow.parquet as pq

        table = self.table([(document, found) for document, found in results if found is not None])
        out = io.BytesIO()
        pq.write_table(table, out, compression="zstd")
        return out.getvalue()

    def table(self, results: Sequence[tuple[Document, Extraction | Fault]]) -> pa.Table:
        import pyarrow as pa

        from finextract.adapters.arrow import result_columns

        found = [f if isinstance(f, Extraction) else f.to_dict() for _, f in results]
        if results and all(d.batch is not None for d, _ in results):
            kept: list[Any] = []
            for document, _ in results:
                batch = document.batch
                if kept and kept[-1][0] is batch and kept[-1][1] + kept[-1][2] == document.index:
                    kept[-1][2] += 1
                else:
                    kept.append([batch, document.index, 1])
            slices = [batch.slice(start, length) for batch, start, length in kept]
            try:
                table = pa.Table.from_batches(slices)
            except pa.ArrowInvalid:
                raise ValueError(
                    "[I104] Parquet files of different schemas cannot become one: run them one by one"
                ) from None
            table = table.drop_columns([c for c in ("spans", "error") if c in table.column_names])
        else:
            rows = []
            for document, extraction in results:
                row = document.fields()
                lang = extraction.lang if isinstance(extraction, Extraction) else row.get("lang")
                rest = {k: v for k, v in row.items() if k not in ("id", "text", "lang", "date", "spans")}
                raw = None if document.line is None or document.line.row is not None else document.line.text
                rows.append(
                    {
                        "id": None if row.get("id") is None else str(row["id"]),
                        "text": row.get("text")
                        if isinstance(row.get("text"), str) and _encodable(row["text"])
                        else None,
                        "lang": lang if isinstance(lang, str) else None,
                        "date": extraction.date
                        if isinstance(extraction, Extraction)
                        else str(row["date"])
                        if row.get("date")
                        else None,
                        "fields": raw if raw is not None else _dumps(rest) if rest else None,
                    }
                )
            table = pa.Table.from_pylist(
                rows, pa.schema([(k, pa.string()) for k in ("id", "text", "lang", "date", "fields")])
            )
        for name, column in result_columns(found).items():
            table = table.append_column(name, column)
        return table

    def join(self, parts: Iterable[Path], out: BinaryIO) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        writer = None
        for part in parts:
            with pq.ParquetFile(part) as file:
                table = file.read()
            if writer is None:
                writer = pq.ParquetWriter(out, table.schema, compression="zstd")
            try:
                writer.write_table(table)
            except ValueError:
                raise ValueError(
                    "[I104] Parquet and other files, or Parquet files of different schemas, cannot become one: run them one by one"
                ) from None
        if writer is None:
            writer = pq.ParquetWriter(out, self.table([]).schema, compression="zstd")
        writer.close()
        del pa


FORMS: dict[str, type[Form]] = {form.name: form for form in (Table, JsonLines, JsonArray, Csv, Parquet)}


def form_of(output: str) -> str | None:
    """The form that an output's name asks for."""
    name = output.lower()
    for suffix, form in (
        (".jsonl", "jsonl"),
        (".jsonl.gz", "jsonl"),
        (".ndjson", "jsonl"),
        (".json", "json"),
        (".csv", "csv"),
        (".parquet", "parquet"),
        (".txt", "table"),
    ):
        if name.endswith(suffix):
            return form
    return None
