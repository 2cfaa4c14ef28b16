"""pandas: a frame with a column of texts in, the same frame with ``spans`` and ``error`` out."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa

from finextract.adapters import arrow


def extract_frame(frame: pd.DataFrame, text_column: str = "text", **options: Any) -> pd.DataFrame:
    """The frame with two columns more, of Arrow's types; index, order and all other columns stay as they are.

    The options are those of :func:`finextract.adapters.arrow.extract_table`. Cells of ``spans`` are lists of dicts;
    :func:`explode` makes a row of each span.
    """
    wanted = [text_column, options.get("lang_column"), options.get("date_column")]
    names = [name for name in dict.fromkeys(wanted) if name]
    for name in (*names, arrow.SPANS, arrow.ERROR):
        if (name in frame.columns) != (name in names):
            arrow._columns(pa.schema([(str(c), pa.string()) for c in frame.columns]), text_column, *wanted[1:])
    table = arrow.extract_table(pa.Table.from_pandas(frame[names], preserve_index=False), text_column, **options)
    added = table.select([arrow.SPANS, arrow.ERROR]).to_pandas(types_mapper=pd.ArrowDtype)
    return frame.assign(**{name: added[name].array for name in (arrow.SPANS, arrow.ERROR)})


def explode(frame: pd.DataFrame, keep: list[str] | None = None) -> pd.DataFrame:
    """One row a span, as :func:`finextract.adapters.arrow.explode` gives it; ``row`` is the position in the frame."""
    table = pa.Table.from_pandas(frame[[*(keep or []), arrow.SPANS]], preserve_index=False)
    return arrow.explode(table, keep or ()).to_pandas(types_mapper=pd.ArrowDtype)
