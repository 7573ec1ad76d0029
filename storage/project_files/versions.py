"""The keys of a project's files in a store.

``projects/<id>/<name of the file>/<digest>`` is one version of a file; the newest one is current. A version never
changes, so a reader gets all of it even while a newer one is being written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from storage.artifact_store import StoredObject
from storage.keys import FINGERPRINT_DIGITS

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
    def of(cls, project_id: str, objects: Iterable[StoredObject]) -> StoredVersions:
        """Sort the objects of a project; versions of the same second are ordered by digest, so all machines agree."""
        current: dict[str, StoredVersion] = {}
        outdated = []
        for stored in sorted(objects, key=lambda each: (each.written_at, each.key)):
            version = _version(project_id, stored)
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


def _version(project_id: str, stored: StoredObject) -> StoredVersion | None:
    name, _, digest = stored.key.removeprefix(f"{prefix_of(project_id)}/").rpartition("/")
    if not name or not _DIGEST.fullmatch(digest):
        return None
    return StoredVersion(name, digest, stored.size, stored.key)
