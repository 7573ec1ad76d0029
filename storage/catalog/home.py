"""Paths within the data folder, on machines whose data folders have different paths.

A record has the path on the machine that wrote it. A file in its project's folder there is in the same project's folder
here, once it was copied from the store.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from storage.catalog.records import Export, Project


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of the projects on this machine.

    Attributes
    ----------
    projects : Path or None
        The folder; None leaves every path unchanged.
    """

    projects: Path | None = None

    def project(self, project: Project) -> Project:
        """Return a project with the path of its video on this machine."""
        place = self._place(project.path, project.id)
        if place == project.path:
            return project
        media = project.media and project.media.model_copy(update={"path": place})
        return project.model_copy(update={"path": place, "media": media})

    def export(self, export: Export) -> Export:
        """Return an export with the path of its file on this machine."""
        place = self._place(export.path, export.project_id)
        return export if place == export.path else export.model_copy(update={"path": place})

    def _place(self, path: Path | None, project_id: str) -> Path | None:
        """Return a path on this machine: an id is random, so a folder with that name is the project's."""
        if self.projects is None or path is None or path.is_relative_to(self.projects / project_id):
            return path
        parts = path.parts
        starts = [i for i in range(1, len(parts) - 1) if parts[i] == project_id and parts[i - 1] == "projects"]
        return self.projects.joinpath(*parts[starts[-1] :]) if starts else path
