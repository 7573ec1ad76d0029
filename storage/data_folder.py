"""The data folder: the catalog, and one folder per project."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from autoclip.errors import StorageError
from storage.analysis_folder import AnalysisFolder
from storage.artifact_store import ArtifactStore, store_of
from storage.atomic import PARTIAL, storage_faults
from storage.environment import Environment
from storage.names import confine, identifier, is_identifier
from storage.project_files import ProjectFiles, StoredVersion
from storage.project_files.copies import CopyPlace
from storage.project_files.eviction import make_room


@dataclass(frozen=True, slots=True)
class ProjectFolder(AnalysisFolder):
    """The folder of one project: an analysis, what it was made of, and what was made of it.

    Where there is a store, files are copied from it before they are read, and to it after they were written; without
    one, they are simply here.

    Attributes
    ----------
    files : ProjectFiles or None
        The project's files in the store; None without a store.
    """

    files: ProjectFiles | None = field(default=None, compare=False, repr=False)

    @property
    def source(self) -> Path:
        """Folder of the downloaded or uploaded video and what came with it."""
        return self.root / "source"

    @property
    def exports(self) -> Path:
        """Folder of rendered clips, unless the project names another."""
        return self.root / "exports"

    @contextmanager
    def working(self) -> Iterator[None]:
        """Have all but the bulky files here for a stage, and keep what it changes; see `ProjectFiles.working`."""
        with self.files.working() if self.files else nullcontext():
            yield

    @contextmanager
    def editing(self) -> Iterator[None]:
        """Have all but the bulky files here for a short change; see `ProjectFiles.editing`."""
        with self.files.editing() if self.files else nullcontext():
            yield

    def fetch(self, path: Path) -> Path:
        """Have a file, or all files of a folder, here to be read; return `path`.

        A path that is not below this folder, and one of which the store has nothing, stays as it is.

        Raises
        ------
        StorageError
            If the store refuses or fails.
        """
        if self.files is not None and path != self.root and path.is_relative_to(self.root):
            self.files.fetch_within(path)
        return path

    def stored(self, path: Path) -> StoredVersion | None:
        """Return what the store has of a file below this folder; None without a store. Raises as `fetch`."""
        if self.files is None or not path.is_relative_to(self.root):
            return None
        return self.files.stored(path)

    def elsewhere(self, path: Path) -> StoredVersion | None:
        """Return the version of a file below this folder that is in the store and not here; None if it is here."""
        if self.files is None or not path.is_relative_to(self.root):
            return None
        return self.files.elsewhere(path)

    def forget(self, path: Path) -> None:
        """Remove a file below this folder that is not here any more from the store, too. Raises as `fetch`."""
        if self.files is not None and path.is_relative_to(self.root):
            self.files.forget(path)

    def keep(self) -> None:
        """Copy what was written here to the store; see `ProjectFiles.publish`."""
        if self.files is not None:
            self.files.publish()


@dataclass(frozen=True, slots=True)
class DataFolder:
    """Names of everything autoclip keeps for itself.

    ::

        <root>/autoclip.duckdb
        <root>/projects/<id>/{source,features,thumbnails,debug,exports}
        <root>/deleted/<id>/

    Attributes
    ----------
    root : Path
        The folder (``AUTOCLIP_DATA_DIR``).
    store : ArtifactStore or None
        Where the projects' files are kept; None: here.
    copies_bytes : int
        What copies of files in the store may take here.
    """

    root: Path
    store: ArtifactStore | None = None
    copies_bytes: int = 0

    @classmethod
    def of(cls, environment: Environment) -> DataFolder:
        """Return the data folder of an environment; raises as `storage.artifact_store.store_of`."""
        return cls(environment.data_dir, store_of(environment), int(environment.store_cache_gb * 1e9))

    @property
    def catalog(self) -> Path:
        """The catalog's file."""
        return self.root / "autoclip.duckdb"

    @property
    def projects(self) -> Path:
        """Folder of the projects."""
        return self.root / "projects"

    @property
    def deleted(self) -> Path:
        """Folder of the projects that were deleted and can be restored."""
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
        """Return the folder of a project with its files here to be read, all but the bulky ones.

        Raises
        ------
        ParameterError
            As `project`.
        StorageError
            As `ProjectFolder.fetch`.
        """
        folder = self.project(project_id)
        if folder.files is not None:
            folder.files.fetch()
        return folder

    def project_of(self, path: Path) -> ProjectFolder | None:
        """Return the folder of the project that a path belongs to; None if it belongs to none, or there is no store."""
        for projects in (self.projects, self.projects.resolve()):
            if self.store is not None and path != projects and path.is_relative_to(projects):
                name = path.relative_to(projects).parts[0]
                return self.project(name) if is_identifier(name) else None
        return None

    def fetch(self, path: Path) -> Path:
        """Have a file here to be read, if it belongs to a project; return `path`. Raises as `ProjectFolder.fetch`."""
        folder = self.project_of(path)
        return path if folder is None else folder.fetch(path)

    def has(self, path: Path) -> bool:
        """Whether there is a file: here, or in the store as one of a project's. Raises as `ProjectFolder.fetch`."""
        if path.exists():
            return True
        folder = self.project_of(path)
        return folder is not None and folder.stored(path) is not None

    def make_room(self) -> None:
        """Remove copies of what is in the store that were not used for long, if they take too much."""
        make_room(self.projects, self._locks, self.copies_bytes)

    @property
    def _locks(self) -> Path:
        return self.root / "store"

    def remove_project(self, project_id: str) -> None:
        """Remove a project's folder, deleted or not, with everything in it, here and in the store.

        The folder first loses its name, so a crash on the way never leaves half a project.

        Raises
        ------
        StorageError
            If it can't be removed.
        """
        for folder in (self.project(project_id).root, confine(self.deleted, identifier(project_id))):
            with storage_faults(folder):
                if folder.exists():
                    self.projects.mkdir(parents=True, exist_ok=True)
                    shutil.rmtree(folder.rename(self.projects / f".{secrets.token_hex(8)}{PARTIAL}"))
        if (files := self.project(project_id).files) is not None:
            files.remove()

    def discard_project(self, project_id: str) -> None:
        """Put a project's folder aside, to be restored or removed later; nothing happens when there is none.

        Raises
        ------
        StorageError
            If it can't be moved.
        """
        self._move(self.project(project_id).root, confine(self.deleted, identifier(project_id)))

    def restore_project(self, project_id: str) -> None:
        """Undo `discard_project`; nothing happens when no folder was put aside. Raises as it does."""
        self._move(confine(self.deleted, identifier(project_id)), self.project(project_id).root)

    def _move(self, folder: Path, target: Path) -> None:
        with storage_faults(target):
            if folder.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                folder.rename(target)


def require_space(folder: Path, needed_bytes: int) -> None:
    """Refuse to begin what the disk has no room for.

    Parameters
    ----------
    folder : Path
        Where it will be written; need not exist yet.
    needed_bytes : int
        How much.

    Raises
    ------
    StorageError
        If less is free for this user.
    """
    present = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
    with storage_faults(present):
        free = shutil.disk_usage(present).free
    if free < needed_bytes:
        raise StorageError(
            f"{folder}: {needed_bytes / 1e9:.2f} GB are needed and {free / 1e9:.2f} GB are free; "
            "free space there or choose another folder"
        )
