"""The Arrow adapter: schema, rows, errors, and the way back to entities."""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from finextract import extract
from finextract.adapters import arrow

TEXTS = [
    "トヨタの第2四半期の売上高は約3億円で、前年比5%増。",
    None,
    "Der Umsatz der Siemens AG stieg um 3,5 bis 4 Prozent auf 2 Mrd. Euro.",
    "지난 분기 매출은 수십억 달러",
    "12345",
    "",
]


def table(**columns: list[object]) -> pa.Table:
    return pa.table({"key": list(range(len(TEXTS))), "text": TEXTS, **columns})


def test_the_published_schema() -> None:
    assert arrow.SCHEMA_VERSION == "1"
    value = (
        "currency: string, amount: string, value: string, min: string, max: string, scale: string, unit: string, "
        "modifier: string, name: string, id: string, ticker: string, mic: string, isin: string, country: string, "
        "qid: string, linked_by: string, year: int32, quarter: int32, start_month: int32, end_month: int32, "
        "relative: int32, fiscal: bool"
    )
    spans = f"list<item: struct<start: int32, end: int32, label: string, text: string, value: struct<{value}>, source: string>>"
    schema = arrow.result_schema()
    assert [(f.name, str(f.type)) for f in schema] == [
        ("spans", spans),
        ("error", "struct<code: string, message: string, field: string>"),
    ]
    assert schema.metadata == {b"finextract.schema": b"1"}
    written = Path(__file__).parents[2].joinpath("docs", "scale.md").read_text("utf-8")
    for kind in (schema.field("spans").type, schema.field("error").type):
        assert str(kind) in " ".join(written.split())


def test_rows_are_preserved_and_equal_single_calls() -> None:
    given = table().replace_schema_metadata({"mine": "kept"})
    out = arrow.extract_table(given, date="2024-08-05", model="none")
    assert out.select(["key", "text"]).equals(given)
    assert out.schema.names == ["key", "text", "spans", "error"]
    assert out.schema.metadata == {b"mine": b"kept", b"finextract.schema": b"1"}
    rows = out.to_pylist()
    for k in (0, 2, 3):
        assert arrow.entities(rows[k]["spans"]) == extract(TEXTS[k] or "", date="2024-08-05", model="none").entities
        assert rows[k]["error"] is None
    assert rows[1]["spans"] is None
    assert rows[1]["error"] is None
    assert [rows[k]["spans"] for k in (4, 5)] == [None, None]
    assert [rows[k]["error"]["code"] for k in (4, 5)] == ["LANG001", "LANG001"]


def test_values_keep_their_numbers() -> None:
    cells = arrow.extract_table(table(), model="none").column("spans").to_pylist()
    assert {k: v for k, v in cells[0][2]["value"].items() if v is not None} == {
        "currency": "JPY",
        "amount": "300000000",
        "modifier": "approx",
    }
    rate = next(s for s in cells[2] if s["label"] == "PERCENT")
    assert (rate["value"]["min"], rate["value"]["max"], rate["value"]["unit"]) == ("3.5", "4", "percent")
    assert cells[3][1]["value"]["scale"] == "1000000000"


@pytest.mark.parametrize("kind", [pa.string(), pa.date32(), pa.timestamp("ns"), pa.dictionary(pa.int8(), pa.string())])
def test_columns_of_language_and_date(kind: pa.DataType) -> None:
    days = pa.array(["2023-08-05", None], pa.string())
    if kind != pa.string():
        days = days.dictionary_encode().cast(kind) if pa.types.is_dictionary(kind) else days.cast(kind)
    given = pa.table({"t": ["第2四半期", "第2四半期"], "l": ["ja", None], "d": days})
    out = arrow.extract_table(given, "t", lang_column="l", date_column="d", lang="ja", date="2020-08-05", model="none")
    assert [cell[0]["value"]["year"] for cell in out.column("spans").to_pylist()] == [2023, 2020]


@pytest.mark.parametrize("kind", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())])
def test_all_kinds_of_strings(kind: pa.DataType) -> None:
    column = pa.array(["売上高は3億円", "売上高は3億円"])
    column = column.dictionary_encode() if pa.types.is_dictionary(kind) else column.cast(kind)
    out = arrow.extract_table(pa.table({"text": column}), model="none")
    assert [len(cell) for cell in out.column("spans").to_pylist()] == [1, 1]


@pytest.mark.parametrize(
    ("given", "options", "code"),
    [
        ({"body": ["a"]}, {}, "A101"),
        ({"text": [1]}, {}, "A102"),
        ({"text": ["a"], "lang": [1]}, {"lang_column": "lang"}, "A102"),
        ({"text": ["a"], "spans": [1]}, {}, "A103"),
    ],
)
def test_wrong_tables(given: dict[str, list[object]], options: dict[str, str], code: str) -> None:
    with pytest.raises(ValueError, match=code):
        arrow.extract_table(pa.table(given), **options)


@pytest.mark.parametrize("rows", [0, 1, 255, 256, 257, 600])
def test_any_number_of_rows_and_chunks(rows: int) -> None:
    texts = [None if n % 7 == 3 else f"売上高は{n + 1}億円" for n in range(rows)]
    chunks = [texts[k : k + 100] for k in range(0, rows, 100)]
    out = arrow.extract_table(pa.table({"text": pa.chunked_array(chunks, pa.string())}), model="none")
    assert out.num_rows == rows
    found = [cell and cell[0]["value"]["amount"] for cell in out.column("spans").to_pylist()]
    assert found == [None if text is None else f"{n + 1}00000000" for n, text in enumerate(texts)]


def test_batches_are_lazy() -> None:
    read = []

    def batches():  # type: ignore[no-untyped-def]
        for n in range(5):
            read.append(n)
            yield pa.RecordBatch.from_pydict({"text": [f"売上高は{n + 1}億円"]})

    stream = arrow.extract_batches(batches(), model="none")
    first = next(stream)
    assert read == [0]
    assert first.schema.names == ["text", "spans", "error"]
    assert sum(len(b) for b in stream) == 4


def test_several_processes() -> None:
    assert arrow.extract_table(table(), model="none", n_process=2, batch_size=2).equals(
        arrow.extract_table(table(), model="none")
    )


def test_explode() -> None:
    out = arrow.extract_table(table(), date=datetime.date(2024, 8, 5), model="none")
    flat = arrow.explode(out, keep=["key"]).to_pylist()
    assert len(flat) == sum(len(cell or ()) for cell in out.column("spans").to_pylist())
    money = [r for r in flat if r["label"] == "MONEY"]
    assert [(r["row"], r["key"], r["currency"], r["amount"]) for r in money[:2]] == [
        (0, 0, "JPY", "300000000"),
        (2, 2, "EUR", "2000000000"),
    ]


def test_importing_the_package_imports_no_arrow() -> None:
    code = "import finextract, sys; sys.exit('pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env=dict(os.environ)).returncode == 0
