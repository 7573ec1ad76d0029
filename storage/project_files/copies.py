"""A project's files in this machine's data folder, and their transfer from and to the store.

The folder is a cache of the store: files in use are kept, and the least recently used ones are removed first. A file is
fetched from the store before it is read, and stored when the stage that wrote it has ended.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from autoclip.errors import StorageError
from autoclip.system.files import facts_of
from storage.artifact_store import ArtifactStore
from storage.atomic import replacing, storage_faults
from storage.file_locks import file_lock
from storage.keys import fingerprint
from storage.names import confine
from storage.process_lock import held, remove_unheld
from storage.project_files.local_index import Copy, LocalIndex, files_of
from storage.project_files.versions import StoredVersion, StoredVersions, key_of, prefix_of

BULKY = ("source", "exports", "proxy")
"""Folders of a project whose files are fetched only when requested by name."""

MAX_TRANSFERS = 8
USED_SEC = 60.0
"""Resolution in seconds with which the last use of a file is recorded."""
LOCK_POLL_SEC = 0.02

REMEMBERED_SEC = 1.0
"""Seconds for which a web page's next request may use a cached listing of the store."""

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class CopyPlace:
    """The location of a project's copies, and the locks that protect them.

    Attributes
    ----------
    project_id : str
        The project.
    root : Path
        Its folder.
    locks : Path
        The folder of the locks of all projects.
    """

    project_id: str
    root: Path
    locks: Path

    @property
    def pins(self) -> Path:
        """Return the folder of the locks of those who use the project's files."""
        return self.locks / "pins" / self.project_id

    def note_use(self, name: str) -> None:
        """Record that a file is used; see `used_at`."""
        mark = self._mark(name)
        with suppress(OSError):  # on a full disk the file only seems to be unused
            if time.time() - self.used_at(name) > USED_SEC:
                mark.parent.mkdir(parents=True, exist_ok=True)
                mark.touch()

    def used_at(self, name: str) -> float:
        """Return when a file, or another one of its bulky folder, was last used; 0 if never."""
        facts = facts_of(self._mark(name))
        return facts.st_mtime if facts else 0.0

    def _mark(self, name: str) -> Path:
        """Return the file whose time records the use: access times are seldom kept, and setting them changes others."""
        folder = name.partition("/")[0]
        return self.locks / "used" / f"{self.project_id}.{folder if folder in BULKY else 'rest'}"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock for transferring files of this project on this machine."""
        with storage_faults(self.locks):
            self.locks.mkdir(parents=True, exist_ok=True)
        with file_lock(self.locks / f"{self.project_id}.lock").acquire(poll_interval=LOCK_POLL_SEC):
            yield

    @contextmanager
    def pinned(self) -> Iterator[Path]:
        """Keep the project's files in this folder while the block runs; yields the lock that records it."""
        path = self.pins / f"{uuid4()}.lock"
        with held(path, str(os.getpid())):
            yield path
        remove_unheld(path)

    def is_pinned(self, own: Path | None = None) -> bool:
        """Whether a living process, besides the holder of `own`, uses the files; removes locks of dead ones."""
        others = [path for path in self.pins.glob("*.lock") if path != own and not remove_unheld(path)]
        return any(path.exists() for path in others)


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """The files of one project.

    Attributes
    ----------
    place : CopyPlace
        The location of the copies.
    store : ArtifactStore
        The store.
    make_room : callable
        Called after files were fetched; removes the least recently used ones.
    """

    place: CopyPlace
    store: ArtifactStore
    make_room: Callable[[], None]

    @contextmanager
    def working(self) -> Iterator[None]:
        """Fetch all but the bulky files for a stage, and store its changes at the end.

        Raises
        ------
        StorageError
            If the store refuses or fails; the stage's files are then still here, and are stored the next time.
        """
        with self.place.pinned() as pin:
            with self.place.locked():
                self._fetch(_is_small, fresh=True, own_pin=pin)
            before = frozenset(files_of(self.place.root))
            yield
            self.publish(before)
        self.make_room()

    @contextmanager
    def editing(self) -> Iterator[None]:
        """Fetch all but the bulky files for a short change while others wait. Raises as `working`."""
        with self.place.locked():
            self._fetch(_is_small, fresh=True)
            before = frozenset(files_of(self.place.root))
            yield
            self._publish(before)

    def fetch(self) -> None:
        """Fetch all but the bulky files for reading; raises as `fetch_within`."""
        with self.place.locked():
            copied = self._fetch(_is_small, fresh=False)
        if copied:
            self.make_room()

    def fetch_within(self, folder: Path) -> None:
        """Fetch one file, or the files of a folder, for reading.

        Raises
        ------
        StorageError
            If the store refuses or fails, a file is damaged there, or the disk is full.
        """
        wanted = folder.relative_to(self.place.root).as_posix()
        with self.place.locked():
            copied = self._fetch(lambda name: name == wanted or name.startswith(f"{wanted}/"), fresh=False)
        if copied:
            self.make_room()

    def publish(self, before: frozenset[str] = frozenset()) -> None:
        """Copy changed files to the store.

        Parameters
        ----------
        before : frozenset of str
            Files that existed before; those that no longer exist are removed from the store.

        Raises
        ------
        StorageError
            If the store refuses or fails.
        """
        with self.place.locked():
            self._publish(before)

    def stored(self, path: Path) -> StoredVersion | None:
        """Return the store's version of a file; None without one. Raises as `fetch_within`."""
        return self._listed(fresh=False).current.get(path.relative_to(self.place.root).as_posix())

    def elsewhere(self, path: Path) -> StoredVersion | None:
        """Return the store's version of a file that is missing or different here; raises as `fetch`."""
        version = self.stored(path)
        if version is None or (path.is_file() and self.place.is_pinned()):
            return None
        return None if self._is_here(version, LocalIndex.of(self.place.root)) else version

    def forget(self, path: Path) -> None:
        """Remove a file that is not here from the store; raises as `fetch_within`."""
        with self.place.locked():
            self._publish(frozenset({path.relative_to(self.place.root).as_posix()}))

    def remove(self) -> None:
        """Remove everything of the project from the store; raises as `fetch_within`."""
        _each(self.store.delete, [each.key for each in self.store.objects(prefix_of(self.place.project_id))])
        _remembered.pop(self._remembered_as, None)

    def _fetch(self, is_wanted: Callable[[str], bool], *, fresh: bool, own_pin: Path | None = None) -> int:
        """Make the requested files equal to those in the store; return how many were copied.

        A file that was changed here, although no stage is running, was left by a killed stage; the store's version
        wins.
        """
        root, index = self.place.root, LocalIndex.of(self.place.root)
        current, in_work = self._listed(fresh=fresh).current, self.place.is_pinned(own_pin)
        changed = {name for name in current if _is_changed(root / name, index.copies.get(name))}
        stored = {
            name: version for name, version in current.items() if (not in_work if name in changed else is_wanted(name))
        }
        missing = [version for version in stored.values() if not self._is_here(version, index)]
        copies = dict(zip((each.name for each in missing), _each(self._copied, missing), strict=True))
        gone = frozenset(
            name
            for name, copy in index.copies.items()
            if is_wanted(name) and name not in stored and copy.is_at(root / name)
        )
        for name in gone:
            (root / name).unlink(missing_ok=True)
        if copies or gone:
            index.changed(copies, gone).write(root)
        return len(copies)

    def _is_here(self, version: StoredVersion, index: LocalIndex) -> bool:
        path, copy = self.place.root / version.name, index.copies.get(version.name)
        if copy is None or copy.digest != version.digest or not copy.is_at(path):
            return False
        self.place.note_use(version.name)
        return True

    def _copied(self, version: StoredVersion) -> Copy:
        """Fetch a version unless the file already has its content; verified and complete, or not at all."""
        path = self.place.root / version.name
        confine(self.place.root, version.name)
        if not version.is_content_of(path):
            with replacing(path) as partial:
                version.copy(self.store, partial)
        self.place.note_use(version.name)
        return Copy.at(path, version.digest)

    def _publish(self, before: frozenset[str]) -> None:
        root, index = self.place.root, LocalIndex.of(self.place.root)
        present = files_of(root)
        changed = [name for name in present if name not in index.copies or not index.copies[name].is_at(root / name)]
        gone = frozenset(before) - set(present)
        if not changed and not gone:
            return
        stored = self._listed(fresh=True)
        try:
            copies = dict(zip(changed, _each(lambda name: self._put(name, stored), changed), strict=True))
            index.changed(copies, gone).write(root)
            self._remove_outdated(stored, {name: copy.digest for name, copy in copies.items()}, gone)
        finally:
            _remembered.pop(self._remembered_as, None)

    def _put(self, name: str, stored: StoredVersions) -> Copy:
        """Write a file to the store under the digest of the sent content."""
        path = self.place.root / name
        digest = fingerprint(path)
        copy, known = Copy.at(path, digest), stored.current.get(name)
        if known is not None and known.digest == digest:
            return copy
        key = key_of(self.place.project_id, name, digest)
        self.store.put(path, key)
        if not copy.is_at(path):
            self.store.delete(key)
            raise StorageError(f"{path}: changed while it was copied to the store; try again")
        return copy

    def _remove_outdated(self, stored: StoredVersions, digests: dict[str, str], gone: frozenset[str]) -> None:
        """Remove versions that were replaced by newer ones, and those of removed files."""
        versions = (*stored.current.values(), *stored.outdated)
        unneeded = [
            each for each in versions if each.name in gone or each.digest != digests.get(each.name, each.digest)
        ]
        _each(self.store.delete, [version.key for version in unneeded])

    def _listed(self, *, fresh: bool) -> StoredVersions:
        """List the store's versions of the project, from a recent listing if possible."""
        known = _remembered.get(self._remembered_as)
        if not fresh and known is not None and time.monotonic() - known.at < REMEMBERED_SEC:
            return known.versions
        at = time.monotonic()
        prefix = prefix_of(self.place.project_id)
        versions = StoredVersions.of(prefix, self.store.objects(prefix))
        _remembered.put(self._remembered_as, _Listing(at, versions))
        return versions

    @property
    def _remembered_as(self) -> str:
        return f"{self.store.name} {self.place.project_id}"


@dataclass(frozen=True, slots=True)
class _Listing:
    at: float
    versions: StoredVersions


class _Listings:
    """Recent listings of the store, by project."""

    def __init__(self) -> None:
        self._known: dict[str, _Listing] = {}
        self._guard = threading.Lock()

    def get(self, name: str) -> _Listing | None:
        return self._known.get(name)

    def put(self, name: str, listing: _Listing) -> None:
        with self._guard:
            self._known = {
                other: known for other, known in self._known.items() if listing.at - known.at < REMEMBERED_SEC
            } | {name: listing}

    def pop(self, name: str, _default: None) -> None:
        with self._guard:
            self._known.pop(name, None)


_remembered = _Listings()


def _is_small(name: str) -> bool:
    return name.partition("/")[0] not in BULKY


def _is_changed(path: Path, copy: Copy | None) -> bool:
    """Whether there is a file that is not a copy of a version in the store."""
    return path.is_file() and (copy is None or not copy.is_at(path))


def _each(work: Callable[[Item], Answer], items: Sequence[Item]) -> list[Answer]:
    """Process all items, several at once; the first error ends it."""
    if not items:
        return []
    with ThreadPoolExecutor(MAX_TRANSFERS, thread_name_prefix="store") as pool:
        return list(pool.map(work, items))
