"""How the files of a project are named in a store.

``projects/<id>/<name of the file>/<digest>`` is one version of a file; the newest one counts. A version never changes,
so whoever reads one reads it whole, also while a newer one is being written.
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
        Of its content, as of `storage.keys.fingerprint`.
    size : int
        Bytes.
    key : str
        Of its object.
    """

    name: str
    digest: str
    size: int
    key: str


@dataclass(frozen=True, slots=True)
class StoredVersions:
    """What a store holds of a project.

    Attributes
    ----------
    current : dict
        The newest version of each file, by name.
    outdated : tuple of StoredVersion
        Older ones, which their writers did not live to remove.
    """

    current: dict[str, StoredVersion]
    outdated: tuple[StoredVersion, ...]

    @classmethod
    def of(cls, project_id: str, objects: Iterable[StoredObject]) -> StoredVersions:
        """Sort the objects of a project; of two versions of one second the digests decide, so everyone agrees."""
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
    """Return what the keys of a project begin with."""
    return f"projects/{project_id}"


def key_of(project_id: str, name: str, digest: str) -> str:
    """Return the key of one version of a file."""
    return f"{prefix_of(project_id)}/{name}/{digest}"


def _version(project_id: str, stored: StoredObject) -> StoredVersion | None:
    name, _, digest = stored.key.removeprefix(f"{prefix_of(project_id)}/").rpartition("/")
    if not name or not _DIGEST.fullmatch(digest):
        return None
    return StoredVersion(name, digest, stored.size, stored.key)
