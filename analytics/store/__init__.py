"""The warehouse: one DuckDB file, one writer, an atomically replaced snapshot."""
