"""Polars: frames, and an expression for lazy ones."""

from __future__ import annotations

from typing import Any

import polars as pl
import pyarrow as pa

from finextract.adapters import arrow


def extract_frame(frame: pl.DataFrame, text_column: str = "text", **options: Any) -> pl.DataFrame:
    """The frame with ``spans`` and ``error``; the options are those of :func:`finextract.adapters.arrow.extract_table`."""
    names = [
        n for n in (text_column, options.get("lang_column"), options.get("date_column")) if n and n in frame.columns
    ]
    taken = [n for n in (arrow.SPANS, arrow.ERROR) if n in frame.columns]
    table = arrow.extract_table(frame.select(list(dict.fromkeys([*names, *taken]))).to_arrow(), text_column, **options)
    return frame.hstack(pl.from_arrow(table.select([arrow.SPANS, arrow.ERROR])))  # type: ignore[arg-type]


def spans(column: str = "text", **options: Any) -> pl.Expr:
    """The spans of a column of texts as an expression; what could not be read is null."""

    def read(series: pl.Series) -> pl.Series:
        table = arrow.extract_table(pa.table({"text": series.cast(pl.String).to_arrow()}), **options)
        return pl.Series(series.name, pl.from_arrow(table.column(arrow.SPANS)), dtype=_dtype())

    return pl.col(column).map_batches(read, return_dtype=_dtype(), is_elementwise=True).alias(arrow.SPANS)


def _dtype() -> Any:
    empty = pa.chunked_array([], arrow.result_schema().field(arrow.SPANS).type)
    return pl.Series(pl.from_arrow(empty)).dtype
