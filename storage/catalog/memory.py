"""The catalog as a memory of fingerprints, which `storage.keys.fingerprint` asks before it reads a file."""

from __future__ import annotations

from dataclasses import dataclass

from storage.catalog.interface import Catalog
from storage.keys import FileIdentity


@dataclass(frozen=True, slots=True)
class CatalogMemory:
    """A `storage.keys.FingerprintMemory` in a catalog, which is not locked while a file is being read."""

    catalog: Catalog

    def recall(self, identity: FileIdentity) -> str | None:
        """Look up a fingerprint in the catalog."""
        with self.catalog.reading() as view:
            return view.fingerprints.recall(identity)

    def remember(self, identity: FileIdentity, fingerprint: str) -> None:
        """Store a fingerprint in the catalog."""
        with self.catalog.transaction() as unit:
            unit.fingerprints.remember(identity, fingerprint)
