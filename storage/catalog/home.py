"""Paths within the data folder, on machines whose data folders have different names.

A record has the path of the machine that wrote it. What lies in the folder of its project there lies in that folder
here as well, once it was copied from the store.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from storage.catalog.records import Export, Project


@dataclass(frozen=True, slots=True)
class Home:
    """Where the folders of the projects are on this machine.

    Attributes
    ----------
    projects : Path or None
        Their folder; None leaves every path as it is.
    """

    projects: Path | None = None

    def project(self, project: Project) -> Project:
        """Return a project with the path its video has here."""
        place = self._place(project.path, project.id)
        if place == project.path:
            return project
        media = project.media and project.media.model_copy(update={"path": place})
        return project.model_copy(update={"path": place, "media": media})

    def export(self, export: Export) -> Export:
        """Return an export with the path its file has here."""
        place = self._place(export.path, export.project_id)
        return export if place == export.path else export.model_copy(update={"path": place})

    def _place(self, path: Path | None, project_id: str) -> Path | None:
        """Return where a path leads here: an id is random, so the folder that bears it is the project's."""
        if self.projects is None or path is None or path.is_relative_to(self.projects / project_id):
            return path
        parts = path.parts
        starts = [i for i in range(1, len(parts) - 1) if parts[i] == project_id and parts[i - 1] == "projects"]
        return self.projects.joinpath(*parts[starts[-1] :]) if starts else path
