"""The task that writes the report page."""

from __future__ import annotations

from stages.choose import recall
from stages.report import report
from tasks.places import project_folder
from tasks.stage_task import stage_task


@stage_task("write-report", "Write the page that shows the clips, the signals and what was dropped")
def write_report(project_id: str) -> str:
    """Write the report of the clips chosen last; return its path."""
    folder = project_folder(project_id)
    return str(report(folder, recall(folder)))
