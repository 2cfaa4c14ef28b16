"""Ray Data: a class to call, made once for each worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finextract.adapters.arrow import extract_table

if TYPE_CHECKING:
    import pyarrow as pa


class Extract:
    """``dataset.map_batches(Extract, batch_format="pyarrow", concurrency=2, fn_constructor_kwargs={"text_column": "text"})``.

    Options are those of :func:`finextract.adapters.arrow.extract_table`.
    """

    def __init__(self, text_column: str = "text", **options: Any) -> None:
        self.text_column, self.options = text_column, options

    def __call__(self, batch: pa.Table) -> pa.Table:
        return extract_table(batch, self.text_column, **self.options)
