"""The task that takes a file into the catalog."""

from __future__ import annotations

from pathlib import Path

from stages.join import join_project as join
from tasks.places import catalog
from tasks.source_video import new_video
from tasks.stage_task import stage_task


@stage_task("join-project", "Probe the file and find or make its project")
def join_project(path: Path, name: str) -> str:
    """Return the id of the file's project; see `stages.join.join_project`."""
    with new_video(path) as opened:
        return join(catalog(), opened, name).id
