"""Arrow types in the words of SQL engines."""

from __future__ import annotations

import pyarrow as pa

_WORDS = {"string": ("VARCHAR", "string"), "int32": ("INTEGER", "int"), "bool": ("BOOLEAN", "boolean")}


def duckdb_type(kind: pa.DataType) -> str:
    """``STRUCT("start" INTEGER, …)[]`` and so on."""
    if pa.types.is_list(kind):
        return duckdb_type(kind.value_type) + "[]"
    if pa.types.is_struct(kind):
        fields = (kind.field(k) for k in range(kind.num_fields))
        return "STRUCT(" + ", ".join(f'"{f.name}" {duckdb_type(f.type)}' for f in fields) + ")"
    return _WORDS[str(kind)][0]


def spark_type(kind: pa.DataType) -> str:
    """``array<struct<`start`:int, …>>`` and so on."""
    if pa.types.is_list(kind):
        return f"array<{spark_type(kind.value_type)}>"
    if pa.types.is_struct(kind):
        fields = (kind.field(k) for k in range(kind.num_fields))
        return "struct<" + ", ".join(f"`{f.name}`:{spark_type(f.type)}" for f in fields) + ">"
    return _WORDS[str(kind)][1]
