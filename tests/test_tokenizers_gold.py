"""Every boundary of every gold span is a boundary of tokens of the language's own tokenizer."""

from __future__ import annotations

from pathlib import Path

import pytest

from finextract.pipeline.assembly import assemble
from finextract.training.reader import misaligned, read_rows

FILES = sorted((Path(__file__).resolve().parent.parent / "annotations").glob("*/*.jsonl"))


@pytest.mark.parametrize("path", FILES, ids=[f"{p.parent.name}-{p.stem}" for p in FILES])
def test_gold_spans_are_whole_tokens(path: Path) -> None:
    rows = read_rows(path)
    assert rows
    lost = [(row["id"], span["text"]) for row, span in misaligned(assemble(path.parent.name), rows)]
    assert lost == []


def test_there_is_gold_in_each_language() -> None:
    assert {path.parent.name for path in FILES} >= {"ja", "de", "ko", "zh"}
