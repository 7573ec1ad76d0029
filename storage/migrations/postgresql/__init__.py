"""The same tables for PostgreSQL, one numbered SQL file per step; see `storage.migrations`."""
