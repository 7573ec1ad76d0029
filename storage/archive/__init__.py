"""Questions over the whole archive: SQL over the catalog and the features of all projects, which changes nothing."""

from storage.archive.query import Answer, Limits, ask, described_tables

__all__ = ["Answer", "Limits", "ask", "described_tables"]
