"""The whole analysis of a file into a folder: measure, choose, illustrate, report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from autoclip.clips import ClipsFile
from autoclip.export.previews.thumbnails import ThumbnailReport
from autoclip.progress import ProgressListener, ignore_progress
from autoclip.settings import Settings
from stages.choose import choose
from stages.illustrate import drop_orphans, illustrate
from stages.measure import Measurement, measure
from stages.report import report
from storage.analysis_folder import AnalysisFolder


@dataclass(frozen=True, slots=True)
class Analysis:
    """What an analysis made: the measured video, the clips as listed, and what became of the thumbnails."""

    measurement: Measurement
    clips_file: ClipsFile
    thumbnails: ThumbnailReport

    @property
    def warnings(self) -> tuple[str, ...]:
        """Everything that went wrong on the way without ending it."""
        failed = tuple(
            f"no thumbnail of clip {failure.clip_id}: {failure.reason}" for failure in self.thumbnails.failed
        )
        return self.measurement.warnings + failed


def analyze(
    source: Path, folder: AnalysisFolder, settings: Settings, on_progress: ProgressListener = ignore_progress
) -> Analysis:
    """Analyze a video file into a folder; needs no server and no catalog.

    Raises
    ------
    MediaError
        If the file is no readable video; nothing is written then.
    StorageError
        If the folder can't be written.
    """
    measurement = measure(source, folder, settings.extraction, on_progress)
    choice = choose(folder, measurement.video, settings, measurement.origin.fingerprint)
    illustration = illustrate(folder, choice, on_progress)
    drop_orphans(folder)
    report(folder, illustration.choice)
    return Analysis(measurement, illustration.choice.clips_file, illustration.thumbnails)
