"""The files of a project for machines without a common folder: in a store, with copies in each data folder."""

from __future__ import annotations

from storage.project_files.copies import ProjectFiles
from storage.project_files.stored_ranges import StoredRanges, remove_old_ranges
from storage.project_files.versions import StoredVersion

__all__ = ["ProjectFiles", "StoredRanges", "StoredVersion", "remove_old_ranges"]
