"""The stages of an analysis, their order, and the arguments of each, defined once.

The caller supplies the stages: the functions themselves (`library_stages`: command line, HTTP API), or the Prefect
tasks made from them (`flows.analysis`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from autoclip.media.probe import probe
from autoclip.progress import ProgressListener, ignore_progress
from autoclip.settings import ExtractionSettings, Settings
from autoclip.signals.plugins import require_known_signals
from stages.chat_completions import ChatModel
from stages.chat_files import ChatFile, chat_beside
from stages.extract_features import Measurement, extract_features, in_one_pass
from stages.make_thumbnails import drop_orphans, make_thumbnails
from stages.rate_speech import rate_speech
from stages.results import (
    CandidateWindows,
    ExtractedFeatures,
    FoundAnchors,
    RegisteredVideo,
    ScoredBoundaries,
    SelectedClips,
)
from stages.select_clips import filter_windows, find_anchors, score_boundaries, select_windows
from stages.transcribe import transcribe
from stages.write_report import write_report
from storage.analysis_folder import AnalysisFolder
from storage.keys import fingerprint
from storage.source_memory import SourceMemory


def _keep_in_folder(selection: SelectedClips) -> None:
    """Keep clips without a catalog: the clips file lists them, and thumbnails of other clips are removed."""
    drop_orphans(selection.features.source.folder)


@dataclass(frozen=True, slots=True)
class AnalysisStages:
    """The stages of an analysis, in their order."""

    extract_features: Callable[[RegisteredVideo, ExtractionSettings], ExtractedFeatures] = extract_features
    transcribe: Callable[[ExtractedFeatures, Settings], ExtractedFeatures] = transcribe
    find_anchors: Callable[[ExtractedFeatures, Settings], FoundAnchors] = find_anchors
    score_boundaries: Callable[[ExtractedFeatures, Settings], ScoredBoundaries] = score_boundaries
    select_windows: Callable[[FoundAnchors, ScoredBoundaries, Settings], CandidateWindows] = select_windows
    filter_windows: Callable[[CandidateWindows, Settings], SelectedClips] = filter_windows
    make_thumbnails: Callable[[SelectedClips], SelectedClips] = make_thumbnails
    record_clips: Callable[[SelectedClips], object] = _keep_in_folder
    write_report: Callable[[SelectedClips], object] = write_report


def library_stages(
    on_progress: ProgressListener = ignore_progress,
    chat_model: ChatModel | None = None,
    measure: Measurement = in_one_pass,
) -> AnalysisStages:
    """Return the stages as plain functions.

    They report to `on_progress`. `chat_model` rates talks. `measure` extracts the features.
    """

    def find_words(features: ExtractedFeatures, settings: Settings) -> ExtractedFeatures:
        return rate_speech(transcribe(features, settings, on_progress), settings, chat_model, on_progress)

    return AnalysisStages(
        extract_features=partial(extract_features, on_progress=on_progress, measure=measure),
        transcribe=find_words,
        make_thumbnails=partial(make_thumbnails, on_progress=on_progress),
    )


def analyze_video(stages: AnalysisStages, source: RegisteredVideo, settings: Settings) -> SelectedClips:
    """Run all stages on a video. A stage whose result exists under the same key is skipped.

    Raises
    ------
    ParameterError
        If `signal_weights` names a signal that nothing here measures; nothing is decoded then.
    """
    require_known_signals(settings.anchors.weight_of_signal)
    features = stages.transcribe(stages.extract_features(source, settings.extraction), settings)
    return _published(stages, stages.make_thumbnails(select_clips(stages, features, settings)))


def select_again(stages: AnalysisStages, features: ExtractedFeatures, settings: Settings) -> SelectedClips:
    """Select other clips from extracted features. The video is not read, so new clips have no thumbnail yet."""
    return _published(stages, select_clips(stages, features, settings))


def select_clips(stages: AnalysisStages, features: ExtractedFeatures, settings: Settings) -> SelectedClips:
    """Select clips from extracted features, and list them in the folder."""
    anchors = stages.find_anchors(features, settings)
    boundaries = stages.score_boundaries(features, settings)
    candidates = stages.select_windows(anchors, boundaries, settings)
    return stages.filter_windows(candidates, settings)


def _published(stages: AnalysisStages, selection: SelectedClips) -> SelectedClips:
    """Record the clips, then write the report, so that the catalog has every clip of the report."""
    stages.record_clips(selection)
    stages.write_report(selection)
    return selection


def analyze(
    source: Path,
    folder: AnalysisFolder,
    settings: Settings,
    on_progress: ProgressListener = ignore_progress,
    *,
    chat: ChatFile | None = None,
    chat_offset_sec: float = 0.0,
    chat_model: ChatModel | None = None,
    measure: Measurement = in_one_pass,
) -> SelectedClips:
    """Analyze a video file into a folder, without a server or catalog.

    Its chat is `chat`, or else the one beside it; `chat_offset_sec` aligns the chat with the video's timeline.
    `chat_model`, if given, rates talks. The way of measuring changes only the time it takes.

    Raises
    ------
    MediaError
        If the file is not a readable video. Nothing is written in that case.
    ParameterError
        If there is an offset, but no chat.
    StorageError
        If the folder can't be written.
    """
    stages = library_stages(on_progress, chat_model, measure)
    video = open_video(source, folder, chat, chat_offset_sec)
    folder.make()
    return analyze_video(stages, video, settings)


def open_video(
    source: Path, folder: AnalysisFolder, chat: ChatFile | None = None, chat_offset_sec: float = 0.0
) -> RegisteredVideo:
    """Probe a video file that is analyzed into a folder outside the catalog. Its chat may be beside it.

    Raises
    ------
    MediaError
        If the file is not a readable video.
    ParameterError
        If there is an offset, but no chat.
    StorageError
        If it changes while it is read.
    """
    video = probe(source.absolute())
    content = fingerprint(source, SourceMemory(folder.root))
    registered = RegisteredVideo(content, folder.root, video, content, chat=chat_beside(source))
    return registered.with_chat(chat, chat_offset_sec)
