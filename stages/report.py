"""Write the report page of an analysis."""

from __future__ import annotations

from pathlib import Path

from autoclip.media.video import Video
from autoclip.report.document import ReportDocument, dropped_windows
from autoclip.report.page import render_report
from stages.choose import Choice
from storage.analysis_folder import AnalysisFolder


def report(folder: AnalysisFolder, choice: Choice) -> Path:
    """Write ``report.html`` for a choice of clips; return its path.

    Raises
    ------
    StorageError
        If it can't be written.
    """
    selection, clips_file = choice.selection, choice.clips_file
    document = ReportDocument(
        video=Video.model_validate(clips_file.video),
        features=choice.features,
        settings=selection.settings,
        clips=clips_file.clips,
        folder=folder.root,
        message=clips_file.message,
        excitement=selection.excitement.curve,
        anchors=selection.anchors,
        candidate_count=len(selection.windows),
        dropped=dropped_windows(selection.windows, selection.verdicts),
    )
    return folder.write_report(render_report(document))
