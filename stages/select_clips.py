"""Select clips from extracted features in four steps, each of which takes the result of the previous one."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from autoclip.clips import ClipsFile
from autoclip.selection import pipeline as selection
from autoclip.selection.pipeline import SelectionInput
from autoclip.settings import Settings
from autoclip.system.files import facts_of
from stages.results import (
    CandidateWindows,
    ExtractedFeatures,
    FoundAnchors,
    ScoredBoundaries,
    SelectedClips,
)
from stages.spoken_words import spoken_words
from storage.analysis_folder import AnalysisFolder
from storage.corrections import CORRECTIONS
from storage.ratings import RATINGS
from storage.transcripts import TRANSCRIPT


def find_anchors(features: ExtractedFeatures, settings: Settings) -> FoundAnchors:
    """Find the anchors.

    Raises
    ------
    NotFoundError, StorageError
        If the features are missing or damaged. The other steps raise the same errors.
    """
    return FoundAnchors(features, selection.find_anchors(selection_input(features, settings)))


def score_boundaries(features: ExtractedFeatures, settings: Settings) -> ScoredBoundaries:
    """Find and score the boundaries where a clip may begin or end."""
    return ScoredBoundaries(features, selection.score_boundaries(selection_input(features, settings)))


def select_windows(anchors: FoundAnchors, boundaries: ScoredBoundaries, settings: Settings) -> CandidateWindows:
    """Snap a window around each anchor to boundaries, and rate it."""
    given = selection_input(anchors.features, settings)
    windows = selection.select_windows(given, anchors.anchors, boundaries.boundaries)
    return CandidateWindows(anchors.features, anchors.anchors, boundaries.boundaries, windows)


def filter_windows(candidates: CandidateWindows, settings: Settings) -> SelectedClips:
    """Drop the weaker windows, and write the clips of the others and the debug document to the folder.

    A clip that was listed before keeps its thumbnail.

    Raises
    ------
    StorageError
        If the result can't be written, or as in the other steps.
    """
    features = candidates.features
    chosen = selection.filter_windows(
        selection_input(features, settings),
        candidates.anchors,
        candidates.boundaries,
        candidates.windows,
        scope=features.project_id,
    )
    folder = features.source.folder
    clips_file = with_thumbnails(folder, _clips_file(features, chosen))
    folder.write_debug(clips_file.mode, chosen.debug_document())
    folder.write_clips(clips_file)
    return SelectedClips(features, settings, clips_file, chosen.anchors, chosen.windows, chosen.verdicts)


def load_selection(folder: AnalysisFolder) -> selection.Selection:
    """Return the last selection of a folder with the results of its steps, computed again from the same features.

    Raises
    ------
    NotFoundError
        If the folder contains no analysis.
    """
    settings = Settings.from_flat(folder.read_clips().settings)
    return selection.select(folder.read_features(), settings, "", *spoken_words(folder, settings))


def selection_input(features: ExtractedFeatures, settings: Settings) -> SelectionInput:
    """Return the input of the steps; the four steps of one selection share it.

    Raises
    ------
    NotFoundError, StorageError
        If the features are missing or damaged.
    """
    files = [facts_of(features.path / name) for name in ("signals.parquet", TRANSCRIPT, CORRECTIONS, RATINGS)]
    written = tuple(facts.st_mtime_ns if facts else 0 for facts in files)
    return _read_input(features.source.root, features.key, written, settings.model_dump_json())


@lru_cache(maxsize=1)
def _read_input(root: Path, _key: str, _written: tuple[int, ...], settings: str) -> SelectionInput:
    folder, chosen = AnalysisFolder(root), Settings.model_validate_json(settings)
    return SelectionInput.of(folder.read_features(), chosen, *spoken_words(folder, chosen))


def _clips_file(features: ExtractedFeatures, chosen: selection.Selection) -> ClipsFile:
    return ClipsFile(
        mode=chosen.settings.segmentation_mode,
        video=features.source.video.model_dump(mode="json"),
        settings=chosen.settings.flat(),
        analysis_settings=(features.analysis_settings or chosen.settings).flat(),
        clips=chosen.clips,
        message=chosen.message,
    )


def with_thumbnails(folder: AnalysisFolder, clips_file: ClipsFile) -> ClipsFile:
    """Set each clip's thumbnail if the folder has one. Its name contains the span, so it is the right one."""
    present = {path.stem: path for path in folder.thumbnails.glob("*.jpg")}
    clips = tuple(
        clip.model_copy(update={"thumbnail": present[clip.id].relative_to(folder.root).as_posix()})
        if clip.id in present
        else clip
        for clip in clips_file.clips
    )
    return clips_file.model_copy(update={"clips": clips})
