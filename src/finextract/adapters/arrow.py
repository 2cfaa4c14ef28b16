"""Arrow tables: a column of texts in, the same rows out with the columns ``spans`` and ``error``.

``spans`` is a list of structs as in the JSON of an entity; the keys of all kinds of values are in one struct ``value``, null
where they do not apply. Numbers are decimal strings, exact at any size: ``CAST(value.amount AS DECIMAL(38, 6))`` where
arithmetic is wanted. ``error`` is null, or says why ``spans`` is: ``code``, ``message``, ``field``. A null text gives null in both.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from finextract.entities import Entity, Extraction

if TYPE_CHECKING:
    from finextract.extractor import Date, ExtractionError

SCHEMA_VERSION = "1"
"""Stands in the schema's metadata as ``finextract.schema``. A column or key never changes its meaning under one number."""
SPANS, ERROR = "spans", "error"
BATCH_ROWS = 256

_STRINGS = ("currency", "amount", "value", "min", "max", "scale", "unit", "modifier")
_COMPANY = ("name", "id", "ticker", "mic", "isin", "country", "qid", "linked_by")


@lru_cache(maxsize=1)
def value_type() -> pa.DataType:
    """The struct of a value: what its JSON has."""
    return pa.struct(
        [
            *((key, pa.string()) for key in (*_STRINGS, *_COMPANY)),
            *((key, pa.int32()) for key in ("year", "quarter", "start_month", "end_month", "relative")),
            ("fiscal", pa.bool_()),
        ]
    )


@lru_cache(maxsize=1)
def result_schema() -> pa.Schema:
    """The columns that are added, with the schema's version as metadata."""
    span = [("start", pa.int32()), ("end", pa.int32()), ("label", pa.string()), ("text", pa.string())]
    span += [("value", value_type()), ("source", pa.string())]
    error = [(key, pa.string()) for key in ("code", "message", "field")]
    columns = [(SPANS, pa.list_(pa.struct(span))), (ERROR, pa.struct(error))]
    return pa.schema(columns, metadata={"finextract.schema": SCHEMA_VERSION})


def result_columns(found: Sequence[Extraction | ExtractionError | Mapping[str, Any] | None]) -> dict[str, pa.Array]:
    """The two columns for some results; a mapping is an error's, None a null text's."""
    spans: list[list[dict[str, Any]] | None] = []
    errors: list[Mapping[str, Any] | None] = []
    for result in found:
        if isinstance(result, Extraction):
            spans.append([entity.to_dict() for entity in result.entities])
            errors.append(None)
        else:
            spans.append(None)
            errors.append(result if result is None or isinstance(result, Mapping) else result.to_dict())
    schema = result_schema()
    return {SPANS: pa.array(spans, schema.field(SPANS).type), ERROR: pa.array(errors, schema.field(ERROR).type)}


def extract_table(
    table: pa.Table,
    text_column: str = "text",
    *,
    lang: str | None = None,
    date: Date = None,
    lang_column: str | None = None,
    date_column: str | None = None,
    model: str = "auto",
    batch_size: int = 32,
    n_process: int = 1,
) -> pa.Table:
    """The table with ``spans`` and ``error`` for its column of texts; rows and all other columns stay as they are.

    ``lang_column`` and ``date_column`` (strings, dates or timestamps) hold what a row says about itself; ``lang`` and
    ``date`` are for rows that say nothing. Raises ValueError (code A101 for a missing column, A102 for one of another
    type, A103 where ``spans`` or ``error`` is there already).
    """
    columns = _columns(table.schema, text_column, lang_column, date_column)
    found = _extract(
        (table.select(columns).to_batches(max_chunksize=BATCH_ROWS)),
        columns,
        lang_column,
        date_column,
        lang,
        date,
        model,
        batch_size,
        n_process,
    )
    added: dict[str, list[pa.Array]] = {SPANS: [], ERROR: []}
    pending: list[Any] = []
    for result in found:
        pending.append(result)
        if len(pending) == BATCH_ROWS:
            _flush(pending, added)
    _flush(pending, added)
    schema = result_schema()
    for name in (SPANS, ERROR):
        table = table.append_column(schema.field(name), pa.chunked_array(added[name], schema.field(name).type))
    return table.replace_schema_metadata({**(table.schema.metadata or {}), **schema.metadata})


def extract_batches(
    batches: Iterable[pa.RecordBatch], text_column: str = "text", **options: Any
) -> Iterator[pa.RecordBatch]:
    """:func:`extract_table` for a stream: a batch is read when the one before it is taken."""
    for batch in batches:
        yield extract_batch(batch, text_column, **options)


def extract_batch(batch: pa.RecordBatch, text_column: str = "text", **options: Any) -> pa.RecordBatch:
    """:func:`extract_table` for one record batch."""
    table = extract_table(pa.Table.from_batches([batch]), text_column, **options).combine_chunks()
    return table.to_batches()[0] if len(batch) else pa.RecordBatch.from_pylist([], table.schema)


def explode(table: pa.Table, keep: Sequence[str] = ()) -> pa.Table:
    """One row a span: ``row`` (the number in ``table``), the columns to ``keep``, the span's fields and its value's, flat.

    A row without spans gives none. A value's key that a span or a kept column has too gets ``value_`` in front.
    """
    spans = table.column(SPANS).combine_chunks()
    if isinstance(spans, pa.ChunkedArray):
        spans = pa.concat_arrays(spans.chunks) if spans.num_chunks else pa.array([], spans.type)
    parents = pc.list_parent_indices(spans)
    flat = pc.list_flatten(spans)
    out = {"row": parents}
    out |= {name: table.column(name).take(parents) for name in keep}
    span_type = spans.type.value_type
    for k in range(span_type.num_fields):
        name = span_type.field(k).name
        if name != "value":
            out[f"span_{name}" if name in out else name] = pc.struct_field(flat, name)
    for k in range(value_type().num_fields):
        name = value_type().field(k).name
        out[f"value_{name}" if name in out else name] = pc.struct_field(flat, ["value", name])
    return pa.table(out)


def entities(cell: Iterable[Mapping[str, Any]] | None) -> tuple[Entity, ...]:
    """A cell of ``spans`` (as ``to_pylist`` gives it) as entities with typed values."""
    out = []
    for span in cell or ():
        value = {k: v for k, v in (span.get("value") or {}).items() if v is not None}
        out.append(Entity.from_dict({**span, "value": value}))
    return tuple(out)


def _columns(schema: pa.Schema, text: str, lang: str | None, date: str | None) -> list[str]:
    for name in (SPANS, ERROR):
        if name in schema.names:
            raise ValueError(f"[A103] there is a column {name!r} already; rename or drop it")
    wanted = [text] + [name for name in (lang, date) if name]
    for name in wanted:
        if name not in schema.names:
            raise ValueError(f"[A101] there is no column {name!r} (there are {', '.join(schema.names)})")
        kind = schema.field(name).type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        day = name == date and (pa.types.is_date(kind) or pa.types.is_timestamp(kind))
        string = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
        if not (string or day or pa.types.is_null(kind)):
            raise ValueError(f"[A102] column {name!r}: strings are expected, not {kind}")
    return list(dict.fromkeys(wanted))


def _extract(
    batches: Iterable[pa.RecordBatch],
    columns: list[str],
    lang_column: str | None,
    date_column: str | None,
    lang: str | None,
    date: Date,
    model: str,
    batch_size: int,
    n_process: int,
) -> Iterator[Extraction | ExtractionError | None]:
    """Results of the rows in order, None for a null text."""
    from collections import deque

    from finextract.io.run import outcomes

    text_column = columns[0]
    present: deque[bool] = deque()

    def triples() -> Iterator[tuple[object, str | None, Date]]:
        for batch in batches:
            texts = batch.column(text_column).to_pylist()
            langs = batch.column(lang_column).to_pylist() if lang_column else [None] * len(texts)
            days = batch.column(date_column).to_pylist() if date_column else [None] * len(texts)
            for text, code, day in zip(texts, langs, days, strict=True):
                present.append(text is not None)
                if text is not None:
                    yield text, code or lang, _day(day) or date

    for result in outcomes(triples(), model=model, batch_size=batch_size, n_process=n_process):
        while not present.popleft():
            yield None
        yield result
    yield from [None] * len(present)


def _day(day: Any) -> Any:
    return day.date() if isinstance(day, datetime.datetime) else day


def _flush(pending: list[Any], added: dict[str, list[pa.Array]]) -> None:
    for name, column in result_columns(pending).items():
        added[name].append(column)
    pending.clear()
