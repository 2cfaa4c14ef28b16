"""Files in and out: documents from text, JSON lines and Parquet; results as a table, JSON, CSV or Parquet."""
