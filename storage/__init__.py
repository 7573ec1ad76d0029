"""Persistent data: the catalog (DuckDB or PostgreSQL), features (Parquet), analysis folders, fingerprints."""
