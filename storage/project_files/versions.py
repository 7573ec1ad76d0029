"""The keys of a project's files in a store.

``projects/<id>/<name of the file>/<digest>`` is one version of a file; the newest one is current. A version never
changes, so a reader gets all of it even while a newer one is being written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from autoclip.errors import StorageError
from storage.artifact_store import ArtifactStore, StoredObject
from storage.keys import FINGERPRINT_DIGITS, fingerprint

READ_ATTEMPTS = 3
"""How many times a version is read if its content differs from what was written: a proxy may have truncated it."""

_DIGEST = re.compile(f"[0-9a-f]{{{FINGERPRINT_DIGITS}}}")


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """One version of a file in the store.

    Attributes
    ----------
    name : str
        The file's path in the project's folder, parts separated by ``/``.
    digest : str
        Fingerprint of its content; see `storage.keys.fingerprint`.
    size : int
        Size in bytes.
    key : str
        Key of its object.
    """

    name: str
    digest: str
    size: int
    key: str

    def is_content_of(self, path: Path) -> bool:
        """Whether a file has exactly this content."""
        try:
            return path.stat().st_size == self.size and fingerprint(path) == self.digest
        except FileNotFoundError:
            return False

    def copy(self, store: ArtifactStore, path: Path) -> None:
        """Copy this version from the store to a file, and verify it.

        Raises
        ------
        StorageError
            If the store refuses or fails, or its content is damaged.
        """
        for _ in range(READ_ATTEMPTS):
            store.get(self.key, path)
            if self.is_content_of(path):
                return
        raise StorageError(
            f"{store.name}/{self.key}: its content differs from what was written; if that persists, it is "
            "damaged in the store: remove it there, and create it again"
        )


@dataclass(frozen=True, slots=True)
class StoredVersions:
    """The versions of a project's files in a store.

    Attributes
    ----------
    current : dict
        The newest version of each file, by name.
    outdated : tuple of StoredVersion
        Older versions, whose writers ended before removing them.
    """

    current: dict[str, StoredVersion]
    outdated: tuple[StoredVersion, ...]

    @classmethod
    def of(cls, prefix: str, objects: Iterable[StoredObject]) -> StoredVersions:
        """Sort the objects below a prefix; versions of the same second are ordered by digest, so all machines agree."""
        current: dict[str, StoredVersion] = {}
        outdated = []
        for stored in sorted(objects, key=lambda each: (each.written_at, each.key)):
            version = _version(prefix, stored)
            if version is None:
                continue
            if before := current.get(version.name):
                outdated.append(before)
            current[version.name] = version
        return cls(current, tuple(outdated))


def prefix_of(project_id: str) -> str:
    """Return the prefix of a project's keys."""
    return f"projects/{project_id}"


def key_of(project_id: str, name: str, digest: str) -> str:
    """Return the key of one version of a file."""
    return f"{prefix_of(project_id)}/{name}/{digest}"


def _version(prefix: str, stored: StoredObject) -> StoredVersion | None:
    name, _, digest = stored.key.removeprefix(f"{prefix}/").rpartition("/")
    if not name or not _DIGEST.fullmatch(digest):
        return None
    return StoredVersion(name, digest, stored.size, stored.key)
