"""The files of a catalog.

::

    autoclip.duckdb                             says which folder holds the projects; its own tables are empty
    autoclip.duckdb.lock                        the lock of all who write
    autoclip.duckdb.projects/<generation>/
        autoclip.duckdb.<project id>.duckdb     one project with everything of it
        autoclip.duckdb.index.sqlite            what spans projects; rebuilt from them when it is lost
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from autoclip.system.files import facts_of
from storage.atomic import PARTIAL

SUFFIX = ".duckdb"


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of one catalog, according to its root file.

    Attributes
    ----------
    root : Path
        The root file (``autoclip.duckdb``).
    generation : str
        Name of the folder of its projects; a restored catalog gets a new one.
    """

    root: Path
    generation: str

    @property
    def generations(self) -> Path:
        """Return the folder of all generations."""
        return self.root.with_name(f"{self.root.name}.projects")

    @property
    def folder(self) -> Path:
        """Return the folder of the projects' files."""
        return self.generations / self.generation

    @property
    def _prefix(self) -> str:
        """Return the prefix of the files' names, which shows what they belong to."""
        return f"{self.root.name}."

    @property
    def index(self) -> Path:
        """Return the path of the index."""
        return self.folder / f"{self.root.name}.index.sqlite"

    def project(self, project_id: str) -> Path:
        """Return the file of a project."""
        return self.folder / f"{self._prefix}{project_id}{SUFFIX}"

    def project_stamps(self) -> dict[str, str]:
        """Return the stamps of all projects' files, by project."""
        if not self.folder.exists():
            return {}
        with os.scandir(self.folder) as entries:
            names = [entry.name for entry in entries if entry.name.startswith(self._prefix)]
        ids = [name.removeprefix(self._prefix).removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX)]
        stamps = {project_id: stamp_of(self.project(project_id)) for project_id in ids}
        return {project_id: stamp for project_id, stamp in stamps.items() if stamp is not None}


def successor_of(path: Path) -> Path:
    """Return the name of a file that will replace `path`: always the same, so a crash leaves at most one."""
    return path.with_name(f".{path.name}{PARTIAL}")


def stamp_of(path: Path) -> str | None:
    """Return a stamp that identifies the version of a file, unchanged by renaming; None if it does not exist."""
    facts = facts_of(path)
    if facts is None:
        return None
    return f"{facts.st_dev}-{facts.st_ino}-{facts.st_size}-{facts.st_mtime_ns}"
