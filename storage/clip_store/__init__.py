"""The clips of one video, in an analysis folder or in the catalog: one interface, two implementations."""

from __future__ import annotations

from storage.clip_store.catalog import CatalogClips
from storage.clip_store.folder import FolderClips
from storage.clip_store.interface import EXISTS, ClipStore, ExportSubject

__all__ = ["EXISTS", "CatalogClips", "ClipStore", "ExportSubject", "FolderClips"]
