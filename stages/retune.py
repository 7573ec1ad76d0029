"""Select again from extracted features with other settings, without reading the video."""

from __future__ import annotations

from collections.abc import Callable

from autoclip.errors import NotFoundError, ParameterError
from autoclip.media.video import Video
from autoclip.selection import pipeline as selection
from autoclip.selection.pipeline import Selection
from autoclip.settings import Settings
from stages.analyze import AnalysisStages, select_again
from stages.results import ExtractedFeatures, RegisteredVideo, SelectedClips
from stages.spoken_words import spoken_words
from storage.analysis_folder import AnalysisFolder
from storage.features import Origin


def retune(
    folder: AnalysisFolder,
    settings: Settings,
    scope: str | None = None,
    record: Callable[[SelectedClips], object] = lambda _selection: None,
) -> SelectedClips:
    """Select again from the features in `folder`, and rewrite clips file, debug document and report.

    Existing clips keep their thumbnails; new ones have none, because those need the video.

    Parameters
    ----------
    folder : AnalysisFolder
        Folder of an analysis.
    settings : Settings
        The new settings.
    scope : str, optional
        Scope of the clips' ids: the project's id; the video's fingerprint if not given.
    record : callable
        Also records the clips elsewhere, such as in the catalog.

    Raises
    ------
    NotFoundError
        If the folder contains no analysis.
    ParameterError
        If a setting of the extraction differs from that of the features.
    """
    features = extracted_before(folder, settings, scope)
    return select_again(AnalysisStages(record_clips=record), features, settings)


def analysis_settings(folder: AnalysisFolder) -> Settings:
    """Return the settings of the last analysis in `folder`, on which each retuning is based.

    Raises
    ------
    NotFoundError
        If the folder contains no analysis.
    """
    clips_file = folder.read_clips()
    return Settings.from_flat(clips_file.analysis_settings or clips_file.settings)


def measured_settings(folder: AnalysisFolder, settings: Settings) -> Settings:
    """Return `settings` with the extraction settings that the video was analyzed with.

    Raises
    ------
    NotFoundError
        If the folder contains no analysis.
    """
    return settings.updated(_origin(folder).settings.model_dump())


def preview(folder: AnalysisFolder, settings: Settings, scope: str) -> Selection:
    """Select again as `retune` does, without writing anything; raises the same errors."""
    _require_extracted(folder, settings)
    return selection.select(folder.read_features(), settings, scope, *spoken_words(folder, settings))


def extracted_before(folder: AnalysisFolder, settings: Settings, scope: str | None = None) -> ExtractedFeatures:
    """Return the features in `folder`, including the facts of the video; raises the same errors as `retune`."""
    origin = _require_extracted(folder, settings)
    video = Video.model_validate(folder.read_clips().video)
    source = RegisteredVideo(scope or origin.fingerprint, folder.root, video, origin.fingerprint)
    return ExtractedFeatures(source, origin.key, analysis_settings=analysis_settings(folder))


def _require_extracted(folder: AnalysisFolder, settings: Settings) -> Origin:
    """Refuse settings that require other features than the existing ones."""
    origin = _origin(folder)
    asked = settings.extraction.model_dump()
    measured = origin.settings.model_dump(exclude={"decoder"})  # which does not affect the features
    changed = [f"{name}={asked[name]}" for name, value in measured.items() if asked[name] != value]
    if changed:
        raise ParameterError(f"{', '.join(changed)}: determines the features; run 'autoclip analyze' with it instead")
    return origin


def _origin(folder: AnalysisFolder) -> Origin:
    """Return the source of the features in `folder`."""
    origin = folder.features_origin()
    if origin is None:
        raise NotFoundError(f"{folder.root}: contains no features to select from; run 'autoclip analyze' into it first")
    return origin
