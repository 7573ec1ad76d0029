"""Read-only SQL queries over the catalog and the features of all projects."""

from storage.archive.query import Answer, Limits, ask, described_tables

__all__ = ["Answer", "Limits", "ask", "described_tables"]
