"""The data folder: the catalog, and one folder per project."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from autoclip.errors import StorageError
from storage.analysis_folder import AnalysisFolder
from storage.artifact_store import ArtifactStore, store_of
from storage.atomic import PARTIAL, move, storage_faults
from storage.environment import Environment
from storage.names import confine, identifier, is_identifier
from storage.project_files import ProjectFiles, StoredVersion
from storage.project_files.copies import CopyPlace
from storage.project_files.eviction import make_room

RESERVE_BYTES = 200 * 1024 * 1024
"""Free space in bytes that uploads and downloads leave on the disk."""


@dataclass(frozen=True, slots=True)
class ProjectFolder(AnalysisFolder):
    """The folder of one project: its analysis, its source and its exports.

    With a store, files are fetched from it before they are read, and stored in it after they were written; without one,
    they are always here.

    Attributes
    ----------
    files : ProjectFiles or None
        The project's files in the store; None without a store.
    """

    files: ProjectFiles | None = field(default=None, compare=False, repr=False)

    @property
    def source(self) -> Path:
        """Return the folder of the downloaded or uploaded video and its accompanying files."""
        return self.root / "source"

    @property
    def exports(self) -> Path:
        """Return the folder of rendered clips, unless the project names another."""
        return self.root / "exports"

    @contextmanager
    def working(self) -> Iterator[None]:
        """Fetch all but the bulky files for a stage, and store its changes; see `ProjectFiles.working`."""
        with self.files.working() if self.files else nullcontext():
            yield

    @contextmanager
    def editing(self) -> Iterator[None]:
        """Fetch all but the bulky files for a short change; see `ProjectFiles.editing`."""
        with self.files.editing() if self.files else nullcontext():
            yield

    def fetch(self, path: Path) -> Path:
        """Fetch a file, or all files of a folder, for reading; return `path`.

        A path that is not below this folder, or not in the store, is returned unchanged.

        Raises
        ------
        StorageError
            If the store refuses or fails.
        """
        if self.files is not None and path != self.root and path.is_relative_to(self.root):
            self.files.fetch_within(path)
        return path

    def stored(self, path: Path) -> StoredVersion | None:
        """Return the store's version of a file below this folder; None without a store. Raises as `fetch`."""
        if self.files is None or not path.is_relative_to(self.root):
            return None
        return self.files.stored(path)

    def elsewhere(self, path: Path) -> StoredVersion | None:
        """Return the store's version of a file below this folder if it is not here; None if it is here."""
        if self.files is None or not path.is_relative_to(self.root):
            return None
        return self.files.elsewhere(path)

    def forget(self, path: Path) -> None:
        """Remove a file below this folder that no longer exists here from the store, too. Raises as `fetch`."""
        if self.files is not None and path.is_relative_to(self.root):
            self.files.forget(path)

    def keep(self) -> None:
        """Copy written files to the store; see `ProjectFiles.publish`."""
        if self.files is not None:
            self.files.publish()


@dataclass(frozen=True, slots=True)
class DataFolder:
    """Paths of everything that autoclip stores.

    ::

        <root>/autoclip.duckdb
        <root>/projects/<id>/{source,features,thumbnails,debug,exports}
        <root>/deleted/<id>/

    Attributes
    ----------
    root : Path
        The folder (``AUTOCLIP_DATA_DIR``).
    store : ArtifactStore or None
        The store of the projects' files; None to keep them only here.
    copies_bytes : int
        Maximum total size of local copies of files in the store, in bytes.
    """

    root: Path
    store: ArtifactStore | None = None
    copies_bytes: int = 0

    @classmethod
    def of(cls, environment: Environment) -> DataFolder:
        """Return the data folder of an environment; raises the same errors as `storage.artifact_store.store_of`."""
        return cls(environment.data_dir, store_of(environment), int(environment.store_cache_gb * 1e9))

    @property
    def catalog(self) -> Path:
        """Return the path of the catalog."""
        return self.root / "autoclip.duckdb"

    @property
    def projects(self) -> Path:
        """Return the folder of the projects."""
        return self.root / "projects"

    @property
    def deleted(self) -> Path:
        """Return the folder of deleted projects, which can be restored."""
        return self.root / "deleted"

    def project(self, project_id: str) -> ProjectFolder:
        """Return the folder of one project; it need not exist.

        Raises
        ------
        ParameterError
            If `project_id` is not an id, or its folder is a link that leads outside.
        """
        root = confine(self.projects, identifier(project_id))
        if self.store is None:
            return ProjectFolder(root)
        place = CopyPlace(project_id, root, self._locks)
        return ProjectFolder(root, ProjectFiles(place, self.store, self.make_room))

    def open_project(self, project_id: str) -> ProjectFolder:
        """Return the folder of a project with its files fetched for reading, except the bulky ones.

        Raises
        ------
        ParameterError
            As in `project`.
        StorageError
            As in `ProjectFolder.fetch`.
        """
        folder = self.project(project_id)
        if folder.files is not None:
            folder.files.fetch()
        return folder

    def project_of(self, path: Path) -> ProjectFolder | None:
        """Return the folder of the project that a path belongs to; None if there is none, or no store."""
        for projects in (self.projects, self.projects.resolve()):
            if self.store is not None and path != projects and path.is_relative_to(projects):
                name = path.relative_to(projects).parts[0]
                return self.project(name) if is_identifier(name) else None
        return None

    def fetch(self, path: Path) -> Path:
        """Fetch a file for reading if it belongs to a project; return `path`. Raises as `ProjectFolder.fetch`."""
        folder = self.project_of(path)
        return path if folder is None else folder.fetch(path)

    def has(self, path: Path) -> bool:
        """Whether a file exists, here or in the store as a project's. Raises as `ProjectFolder.fetch`."""
        if path.exists():
            return True
        folder = self.project_of(path)
        return folder is not None and folder.stored(path) is not None

    def make_room(self) -> None:
        """Remove the least recently used copies of files in the store if copies exceed their limit."""
        make_room(self.projects, self._locks, self.copies_bytes)

    @property
    def _locks(self) -> Path:
        return self.root / "store"

    def set_project_aside(self, project_id: str) -> None:
        """Rename a project's folder, deleted or not, to a name that is not its own, for `remove_project`.

        Raises
        ------
        StorageError
            If it can't be renamed.
        """
        for folder in self._folders(project_id):
            with storage_faults(folder):
                if folder.exists():
                    shutil.rmtree(_aside(folder), ignore_errors=True)
                    folder.rename(_aside(folder))

    def remove_project(self, project_id: str) -> None:
        """Remove a project's folder, deleted or not, with all its content, here and in the store.

        The folder is renamed first, so a crash never leaves half a project under its name.

        Raises
        ------
        StorageError
            If it can't be removed.
        """
        self.set_project_aside(project_id)
        for folder in map(_aside, self._folders(project_id)):
            with storage_faults(folder):
                if folder.exists():
                    shutil.rmtree(folder)
        if (files := self.project(project_id).files) is not None:
            files.remove()

    def _folders(self, project_id: str) -> tuple[Path, Path]:
        return self.project(project_id).root, confine(self.deleted, identifier(project_id))

    def discard_project(self, project_id: str) -> None:
        """Move a project's folder aside, to be restored or removed later. Do nothing if there is none.

        Raises
        ------
        StorageError
            If the folder can't be moved.
        """
        _move(self.project(project_id).root, confine(self.deleted, identifier(project_id)))

    def restore_project(self, project_id: str) -> None:
        """Undo `discard_project`. Do nothing if no folder was moved aside. Raises the same errors."""
        _move(confine(self.deleted, identifier(project_id)), self.project(project_id).root)


def _aside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}{PARTIAL}")


def _move(folder: Path, target: Path) -> None:
    if folder.exists():
        move(folder, target)


def nearest_existing(path: Path) -> Path:
    """Return a path, or the nearest one above it that exists."""
    return next(parent for parent in (path.absolute(), *path.absolute().parents) if parent.exists())


def free_bytes(folder: Path) -> int:
    """Return the free space in bytes on the disk of a folder, which need not exist yet."""
    present = nearest_existing(folder)
    with storage_faults(present):
        return shutil.disk_usage(present).free


def require_space(folder: Path, needed_bytes: int) -> None:
    """Raise an error if the disk lacks the required space.

    Parameters
    ----------
    folder : Path
        Target folder; it need not exist yet.
    needed_bytes : int
        Required space in bytes.

    Raises
    ------
    StorageError
        If less space is free for this user.
    """
    free = free_bytes(folder)
    if free < needed_bytes:
        raise StorageError(
            f"{folder}: {needed_bytes / 1e6:,.1f} MB are needed and {free / 1e6:,.1f} MB are free; "
            "free space there or choose another folder"
        )
