"""Write the report page of an analysis."""

from __future__ import annotations

from pathlib import Path

from autoclip.report.document import ReportDocument, dropped_windows
from autoclip.report.page import render_report
from stages.results import SelectedClips
from stages.select_clips import selection_input


def write_report(selection: SelectedClips) -> Path:
    """Write ``report.html`` for selected clips; return its path.

    Raises
    ------
    StorageError
        If it can't be written.
    """
    source, clips_file = selection.features.source, selection.clips_file
    given = selection_input(selection.features, selection.settings)
    document = ReportDocument(
        video=source.video,
        features=given.features,
        settings=selection.settings,
        clips=clips_file.clips,
        folder=source.root,
        message=clips_file.message,
        excitement=given.excitement.curve,
        anchors=selection.anchors,
        candidate_count=len(selection.windows),
        dropped=dropped_windows(selection.windows, selection.verdicts),
        sentences=given.speech.edges.sentences if given.speech else (),
    )
    return source.folder.write_report(render_report(document))
