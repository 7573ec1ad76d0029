"""Measure a video: probe, fingerprint, and one decode pass unless the folder already holds its result."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from autoclip.extraction import EXTRACTION_VERSION, extract
from autoclip.media.probe import probe
from autoclip.media.video import Video
from autoclip.progress import Progress, ProgressListener, ignore_progress
from autoclip.settings import ExtractionSettings
from autoclip.signals.source_metadata import SourceMetadata, with_source_metadata
from autoclip.signals.table import Features
from storage.analysis_folder import AnalysisFolder
from storage.features import Origin
from storage.keys import FingerprintMemory, fingerprint


@dataclass(frozen=True, slots=True)
class Measurement:
    """A measured video, whose features lie in the folder.

    Attributes
    ----------
    video : Video
        What the probe found.
    origin : Origin
        Content, settings and version the features come from; names them.
    reused : bool
        Whether they were there already, so that nothing was decoded.
    warnings : tuple of str
        What the probe and the decode pass found damaged or missing.
    """

    video: Video
    origin: Origin
    reused: bool
    warnings: tuple[str, ...]


def measure(
    source: Path,
    folder: AnalysisFolder,
    settings: ExtractionSettings,
    on_progress: ProgressListener = ignore_progress,
    memory: FingerprintMemory | None = None,
    *,
    knowledge: SourceMetadata | None = None,
) -> Measurement:
    """Have the features of `source` in `folder`.

    Parameters
    ----------
    source : Path
        The video file.
    folder : AnalysisFolder
        Where the features go; what it holds under the same key is kept.
    settings : ExtractionSettings
        What to measure and how.
    on_progress : ProgressListener
        Told about the stage ``extract``.
    memory : FingerprintMemory, optional
        Spares reading a known file again to fingerprint it.
    knowledge : SourceMetadata, optional
        What a download brought along; stored with the signals.

    Raises
    ------
    MediaError
        If the file is no readable video; nothing is written then.
    StorageError
        If the features can't be saved, or the file changes while it is read.
    """
    video = probe(source)
    origin = Origin(fingerprint(source, memory), settings, EXTRACTION_VERSION)
    if folder.features_key() == origin.key:
        on_progress(Progress("extract", 1.0, "measured before"))
        known = folder.read_features()
        if knowledge is not None:
            _learn(folder, known, origin, knowledge)
        return Measurement(video, origin, reused=True, warnings=_warnings(video, known.warnings))
    features = extract(source, video, settings, on_progress)
    if knowledge is not None:
        features = with_source_metadata(features, knowledge)
    folder.write_features(features, origin)
    return Measurement(video, origin, reused=False, warnings=_warnings(video, features.warnings))


def _learn(folder: AnalysisFolder, known: Features, origin: Origin, knowledge: SourceMetadata) -> None:
    """Add to features that are there what the source told only after they were measured."""
    if not (knowledge.replayed or knowledge.chapter_starts_sec):
        return
    features = with_source_metadata(known, knowledge)
    told, before = (each.series.get("most_replayed", np.zeros(0)) for each in (features, known))
    if features.events != known.events or not np.array_equal(told, before, equal_nan=True):
        folder.write_features(features, origin)


def _warnings(video: Video, further: tuple[str, ...]) -> tuple[str, ...]:
    """Return all warnings once, in order."""
    return tuple(dict.fromkeys((*video.warnings, *further)))
