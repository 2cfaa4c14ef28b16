"""DuckDB: extraction as a function of SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from finextract.adapters import arrow
from finextract.adapters.sql import duckdb_type

if TYPE_CHECKING:
    import duckdb

COLUMNS = ("text", "lang", "date")


def register(
    connection: duckdb.DuckDBPyConnection, name: str = "finextract", *, columns: int = 1, **options: Any
) -> None:
    """Make ``name(text)`` known to SQL; with ``columns=3`` it is ``name(text, lang, date)``, all strings.

    It gives the spans as a list of structs, NULL for what could not be read. Further options are those of
    :func:`finextract.adapters.arrow.extract_table`, such as ``lang`` and ``model``.
    """
    names = COLUMNS[:columns]
    extra: dict[str, Any] = {f"{n}_column": n for n in names[1:]}

    def read(*given: Any) -> Any:
        table = pa.table(dict(zip(names, given, strict=True)))
        return arrow.extract_table(table, **extra, **options).column(arrow.SPANS)

    def one(text: Any) -> Any:
        return read(text)

    def two(text: Any, lang: Any) -> Any:
        return read(text, lang)

    def three(text: Any, lang: Any, date: Any) -> Any:
        return read(text, lang, date)

    engine: Any = connection  # its own types know no Arrow functions
    kind = engine.type(duckdb_type(arrow.result_schema().field(arrow.SPANS).type))
    function = (one, two, three)[columns - 1]  # DuckDB counts the parameters
    engine.create_function(name, function, ["VARCHAR"] * columns, kind, type="arrow", null_handling="special")
