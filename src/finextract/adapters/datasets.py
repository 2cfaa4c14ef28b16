"""Hugging Face datasets: ``Dataset`` and ``IterableDataset`` (streams)."""

from __future__ import annotations

from functools import partial
from typing import TypeVar

import datasets

from finextract.adapters.arrow import BATCH_ROWS, extract_table

D = TypeVar("D", datasets.Dataset, datasets.IterableDataset)


def extract_dataset(
    dataset: D,
    text_column: str = "text",
    *,
    num_proc: int | None = None,
    batch_rows: int = BATCH_ROWS,
    **options: object,
) -> D:
    """The dataset with the columns ``spans`` and ``error``; ``num_proc`` processes where it is a ``Dataset``.

    Further options are those of :func:`finextract.adapters.arrow.extract_table`.
    """
    read = partial(extract_table, text_column=text_column, **options)  # type: ignore[arg-type]
    if isinstance(dataset, datasets.IterableDataset):
        return dataset.with_format("arrow").map(read, batched=True, batch_size=batch_rows).with_format(None)
    before = dataset.format
    done = dataset.with_format("arrow").map(read, batched=True, batch_size=batch_rows, num_proc=num_proc)
    return done.with_format(before["type"], **before["format_kwargs"])
