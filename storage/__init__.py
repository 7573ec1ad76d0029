"""What is kept: the catalog (DuckDB), the features (Parquet), the folder of an analysis, fingerprints."""
