"""Remembered fingerprints, so that a folder of videos is not read whole every night."""

from __future__ import annotations

from dataclasses import dataclass

from storage.catalog.tables import ProjectIndex
from storage.keys import FileIdentity


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Repository of remembered fingerprints, one per path."""

    index: ProjectIndex

    def recall(self, identity: FileIdentity) -> str | None:
        """Return the fingerprint of exactly this file, or None."""
        return self.index.recall_fingerprint(identity)

    def remember(self, identity: FileIdentity, fingerprint: str) -> None:
        """Store a fingerprint, replacing an older one of the path."""
        self.index.remember_fingerprint(identity, fingerprint)
