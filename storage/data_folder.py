"""The data folder: the catalog, and one folder per project."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from autoclip.errors import StorageError
from storage.analysis_folder import AnalysisFolder
from storage.atomic import PARTIAL, storage_faults
from storage.names import confine, identifier


@dataclass(frozen=True, slots=True)
class ProjectFolder(AnalysisFolder):
    """The folder of one project: an analysis, what it was made of, and what was made of it."""

    @property
    def source(self) -> Path:
        """Folder of the downloaded or uploaded video and what came with it."""
        return self.root / "source"

    @property
    def exports(self) -> Path:
        """Folder of rendered clips, unless the project names another."""
        return self.root / "exports"


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
    """

    root: Path

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
        return ProjectFolder(confine(self.projects, identifier(project_id)))

    def remove_project(self, project_id: str) -> None:
        """Remove a project's folder, deleted or not, with everything in it; nothing happens when there is none.

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
