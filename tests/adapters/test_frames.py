"""pandas, Polars, DuckDB and datasets, each against the real library, each with an example of a few lines."""

from __future__ import annotations

import datasets
import duckdb
import pandas as pd
import polars as pl
import polars.testing
import pytest

from finextract import extract
from finextract.adapters import arrow
from finextract.adapters.datasets import extract_dataset
from finextract.adapters.duckdb import register
from finextract.adapters.pandas import explode
from finextract.adapters.pandas import extract_frame as extract_pandas
from finextract.adapters.polars import extract_frame as extract_polars
from finextract.adapters.polars import spans

TEXTS = ["トヨタの売上高は3億円で5%増", None, "12345", "Der Umsatz der Siemens AG stieg auf 2 Mrd. Euro."]


def check(cells: list[object], errors: list[object] | None = None) -> None:
    """The same entities as single calls, whatever road the cells took."""
    assert [None if c is None else len(c) for c in cells] == [3, None, None, 2]  # type: ignore[arg-type]
    for text, cell in zip(TEXTS, cells, strict=True):
        if cell is not None:
            assert arrow.entities(cell) == extract(str(text), model="none").entities  # type: ignore[arg-type]
    if errors is not None:
        assert [e["code"] if e else None for e in errors] == [None, None, "LANG001", None]  # type: ignore[index]


def test_pandas() -> None:
    frame = pd.DataFrame({"text": TEXTS, "thing": [object()] * 4}, index=[7, 3, 3, 1])
    out = extract_pandas(frame, model="none")
    assert list(out.columns) == ["text", "thing", "spans", "error"]
    assert list(out.index) == [7, 3, 3, 1]
    assert list(frame.columns) == ["text", "thing"]
    pd.testing.assert_frame_equal(out[["text", "thing"]], frame)
    check(
        [None if cell is None else list(cell) for cell in out["spans"].array.__arrow_array__().to_pylist()],
        out["error"].array.__arrow_array__().to_pylist(),
    )
    flat = explode(out, ["text"])
    assert list(flat["label"]) == ["COMPANY", "MONEY", "PERCENT", "COMPANY", "MONEY"]
    assert list(flat["row"]) == [0, 0, 0, 3, 3]
    with pytest.raises(ValueError, match="A101"):
        extract_pandas(frame, "body")
    with pytest.raises(ValueError, match="A103"):
        extract_pandas(out)


def test_polars() -> None:
    frame = pl.DataFrame({"n": [1, 2, 3, 4], "text": TEXTS})
    out = extract_polars(frame, model="none")
    assert out.columns == ["n", "text", "spans", "error"]
    polars.testing.assert_frame_equal(out.select("n", "text"), frame)
    check(out["spans"].to_list(), out["error"].to_list())
    lazy = frame.lazy().with_columns(spans("text", model="none")).collect()
    polars.testing.assert_frame_equal(lazy, out.drop("error"))
    amounts = lazy.explode("spans").filter(pl.col("spans").struct.field("label") == "MONEY")
    assert amounts["spans"].struct.field("value").struct.field("currency").to_list() == ["JPY", "EUR"]
    assert lazy.lazy().filter(pl.col("n") > 9).with_columns(spans("text").alias("s")).collect().height == 0
    with pytest.raises(ValueError, match="A101"):
        extract_polars(frame, "body")


def test_duckdb() -> None:
    connection = duckdb.connect()
    register(connection, model="none")
    connection.execute("CREATE TABLE news (n INTEGER, text VARCHAR)")
    connection.executemany("INSERT INTO news VALUES (?, ?)", list(enumerate(TEXTS)))
    check([row[0] for row in connection.execute("SELECT finextract(text) FROM news ORDER BY n").fetchall()])
    query = """
        SELECT n, sum(CAST(span.value.amount AS DECIMAL(38, 2))) FROM (SELECT n, unnest(finextract(text)) AS span FROM news)
        WHERE span.label = 'MONEY' GROUP BY n ORDER BY n
    """
    assert [(n, int(total)) for n, total in connection.execute(query).fetchall()] == [
        (0, 300_000_000),
        (3, 2_000_000_000),
    ]


def test_duckdb_with_language_and_date() -> None:
    connection = duckdb.connect()
    register(connection, "read3", columns=3, model="none")
    found = connection.execute(
        "SELECT read3('第2四半期', 'ja', '2023-08-05')[1].value.year, read3('12345', NULL, NULL) IS NULL"
    ).fetchone()
    assert found == (2023, True)


@pytest.mark.parametrize("num_proc", [None, 2])
def test_datasets(num_proc: int | None) -> None:
    given = datasets.Dataset.from_dict({"n": [1, 2, 3, 4], "text": TEXTS})
    out = extract_dataset(given, num_proc=num_proc, model="none")
    assert out.column_names == ["n", "text", "spans", "error"]
    assert out["text"] == given["text"] or list(out["text"]) == TEXTS
    check(list(out["spans"]), list(out["error"]))


def test_datasets_streamed() -> None:
    stream = datasets.Dataset.from_dict({"text": TEXTS}).to_iterable_dataset()
    rows = list(extract_dataset(stream, model="none"))
    check([row["spans"] for row in rows], [row["error"] for row in rows])


def test_the_schema_is_one_for_all() -> None:
    wanted = arrow.result_schema().field("spans").type
    connection = duckdb.connect()
    register(connection, model="none")
    table = connection.sql("SELECT finextract('トヨタ') AS spans").to_arrow_table()
    assert table.schema.field("spans").type == wanted
