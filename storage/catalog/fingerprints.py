"""Fingerprints that were reckoned before, so that a folder of videos is not read whole every night."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from storage.catalog.statements import Statements, delete, insert
from storage.keys import FileIdentity


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Repository of remembered fingerprints, one per path."""

    statements: Statements

    def recall(self, identity: FileIdentity) -> str | None:
        """Return the fingerprint of exactly this file, or None."""
        fields = asdict(identity)
        where = " AND ".join(f"{name} = ?" for name in fields)
        rows = self.statements.rows(f"SELECT fingerprint FROM fingerprints WHERE {where}", list(fields.values()))  # noqa: S608
        return rows[0]["fingerprint"] if rows else None

    def remember(self, identity: FileIdentity, fingerprint: str) -> None:
        """Keep it in place of an older one of the path."""
        delete(self.statements, "fingerprints", "path", [identity.path])
        insert(self.statements, "fingerprints", [{**asdict(identity), "fingerprint": fingerprint}])
