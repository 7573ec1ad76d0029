"""The task that writes the report page."""

from __future__ import annotations

from pathlib import Path

from stages.results import SelectedClips
from stages.write_report import write_report as write
from tasks.stage_task import run_logger, stage_task


@stage_task("write-report", "Write the page that shows the clips, the signals and what was dropped")
def write_report(selection: SelectedClips) -> Path:
    """Write the report of selected clips; return its path."""
    path = write(selection)
    run_logger().info("%s: report %s", selection.features.source.name, path)
    return path
