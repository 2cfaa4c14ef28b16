"""Spark: ``DataFrame.mapInArrow``. The executors need finextract installed; each Python worker loads the model once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from finextract.adapters import arrow
from finextract.adapters.sql import spark_type

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def extract_frame(frame: DataFrame, text_column: str = "text", **options: Any) -> DataFrame:
    """The frame with ``spans`` and ``error``; the options are those of :func:`finextract.adapters.arrow.extract_table`."""
    from pyspark.sql.types import StructType

    added = arrow.result_schema()
    schema = StructType(list(frame.schema.fields))
    for name in (arrow.SPANS, arrow.ERROR):
        if name in frame.columns:
            raise ValueError(f"[A103] there is a column {name!r} already; rename or drop it")
        parsed: Any = StructType.fromDDL(f"`{name}` {spark_type(added.field(name).type)}")
        schema = schema.add(parsed.fields[0])
    return frame.mapInArrow(partial(arrow.extract_batches, text_column=text_column, **options), schema)
