"""The same tables for PostgreSQL, one numbered SQL file a step; see `storage.migrations`."""
