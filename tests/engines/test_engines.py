"""Spark (a local one, on Java) and Ray: rows preserved, one load a worker, the same results as single calls."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
import ray
import ray.data
from pyspark.sql import DataFrame, SparkSession

from finextract import extract
from finextract.adapters import arrow
from finextract.adapters.ray import Extract
from finextract.adapters.spark import extract_frame

PATTERNS = ["トヨタの売上高は{n}億円で5%増", "Der Umsatz der Siemens AG stieg auf {n} Mrd. Euro.", "매출은 {n}억 달러"]
ROWS: list[dict[str, Any]] = [{"n": n, "text": PATTERNS[n % 3].format(n=n + 1)} for n in range(60)]
ROWS[5]["text"] = None
ROWS[6]["text"] = "12345"


def check(rows: list[dict[str, Any]]) -> None:
    assert [{"n": row["n"], "text": row["text"]} for row in rows] == ROWS
    for row in rows:
        if row["n"] == 5:
            assert (row["spans"], row["error"]) == (None, None)
        elif row["n"] == 6:
            assert row["spans"] is None
            assert row["error"]["code"] == "LANG001"
        else:
            assert arrow.entities(row["spans"]) == extract(row["text"], model="none").entities


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    session = (
        SparkSession.builder.master("local[2]")
        .appName("finextract")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.fixture
def frame(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame([(row["n"], row["text"]) for row in ROWS], "n int, text string").repartition(4)


def test_spark(frame: DataFrame) -> None:
    out = extract_frame(frame, model="none")
    assert out.columns == ["n", "text", "spans", "error"]
    check([row.asDict(recursive=True) for row in out.orderBy("n").collect()])


def test_spark_sql_on_the_spans(spark: SparkSession, frame: DataFrame) -> None:
    extract_frame(frame, model="none").createOrReplaceTempView("news")
    query = "SELECT n, span.value.currency c FROM (SELECT n, explode(spans) span FROM news) WHERE span.label = 'MONEY'"
    found = {row["n"]: row["c"] for row in spark.sql(query).collect()}
    assert len(found) == 58
    assert {found[0], found[1], found[2]} == {"JPY", "EUR", "USD"}


def test_spark_refuses_a_second_time(frame: DataFrame) -> None:
    with pytest.raises(ValueError, match="A103"):
        extract_frame(extract_frame(frame))


def test_spark_loads_once_a_worker(spark: SparkSession) -> None:
    from finextract.companies.index import CompanyIndex

    frame = spark.range(0, 8, numPartitions=8).selectExpr("id", "'トヨタの売上高は3億円' AS text")
    first = extract_frame(frame, model="none")

    def loads(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            pid, info = os.getpid(), CompanyIndex.load.cache_info()
            yield pa.RecordBatch.from_pydict({"pid": [pid] * len(batch), "misses": [info.misses] * len(batch)})

    rows = first.mapInArrow(loads, "pid long, misses long").collect()
    assert len(rows) == 8
    assert {row["misses"] for row in rows} <= {0, 1}
    assert len({row["pid"] for row in rows}) <= 4


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=100_000_000)
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield
    ray.shutdown()


def test_ray(cluster: None) -> None:
    dataset = ray.data.from_arrow(pa.Table.from_pylist(ROWS))
    out = dataset.map_batches(
        Extract,
        batch_format="pyarrow",
        batch_size=16,
        concurrency=2,
        num_cpus=0.5,
        fn_constructor_kwargs={"model": "none"},
    )
    check(sorted(out.take_all(), key=lambda row: row["n"]))
