"""Measured ranges of a video in a store, on their way from the machines that measure them to the one that merges them.

``ranges/<id of the project>/<fingerprint of the video>/<name>/<digest>``: the name contains the settings and the range.
They lie beside the projects, so that listing what killed jobs left costs one request.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from autoclip.errors import NotFoundError
from storage.artifact_store import ArtifactStore
from storage.atomic import replacing
from storage.keys import fingerprint
from storage.project_files.versions import StoredVersion, StoredVersions

RANGES = "ranges"


@dataclass(frozen=True, slots=True)
class StoredRanges:
    """The measured ranges of one video of a project in a store, by the names of their files.

    Every method raises `StorageError` if the store refuses or fails.

    Attributes
    ----------
    store : ArtifactStore
        The store.
    project_id : str
        The project; one job at a time measures its video.
    content : str
        Fingerprint of the video.
    """

    store: ArtifactStore
    project_id: str
    content: str

    def has(self, path: Path) -> bool:
        """Whether the store has the range of a file with this name."""
        return self._version(path) is not None

    def put(self, path: Path) -> None:
        """Copy the file of a range to the store."""
        self.store.put(path, f"{self._prefix}/{_name(path)}/{fingerprint(path)}")

    def get(self, path: Path) -> None:
        """Copy a range from the store to a file, complete and verified, or raise an error.

        Raises
        ------
        NotFoundError
            If the store does not have it.
        """
        version = self._version(path)
        if version is None:
            key = f"{self.store.name}/{self._prefix}/{_name(path)}"
            raise NotFoundError(f"{key}: is not in the store; 'autoclip retry' measures it again")
        with replacing(path) as partial:
            version.copy(self.store, partial)

    def remove(self) -> None:
        """Remove all ranges of the project."""
        for each in self.store.objects(f"{RANGES}/{self.project_id}"):
            self.store.delete(each.key)

    @property
    def _prefix(self) -> str:
        return f"{RANGES}/{self.project_id}/{self.content}"

    def _version(self, path: Path) -> StoredVersion | None:
        """Return any version: they differ in the time that compression notes, not in what was measured."""
        name = _name(path)
        found = StoredVersions.of(self._prefix, self.store.objects(f"{self._prefix}/{name}"))
        return found.current.get(name)


def remove_old_ranges(store: ArtifactStore, older_than_sec: float) -> int:
    """Remove ranges that killed jobs left in a store; return how many. Raises as `StoredRanges`."""
    oldest = datetime.now(UTC) - timedelta(seconds=older_than_sec)
    old = [each.key for each in store.objects(RANGES) if each.written_at < oldest]
    for key in old:
        store.delete(key)
    return len(old)


def _name(path: Path) -> str:
    """Return the name of a range without the dot that hides its file."""
    return path.name.removeprefix(".")
