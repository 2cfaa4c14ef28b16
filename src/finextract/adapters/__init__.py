"""Tables of texts in, tables with spans out: Arrow (:mod:`.arrow`), and on it pandas, Polars, DuckDB, datasets, Spark and Ray.

Every adapter gives the columns of one schema (:data:`finextract.adapters.arrow.SCHEMA_VERSION`). Nothing is imported
before a module of this package is.
"""
