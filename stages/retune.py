"""Select again from what was extracted, with other settings; the video is not touched."""

from __future__ import annotations

from collections.abc import Callable

from autoclip.errors import NotFoundError, ParameterError
from autoclip.media.video import Video
from autoclip.selection import pipeline as selection
from autoclip.selection.pipeline import Selection
from autoclip.settings import Settings
from stages.analyze import AnalysisStages, recording, select_again
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
    """Select again from the features in `folder`, and renew clips file, debug document and report.

    Clips that were there before keep their thumbnails; new ones have none, for those need the video.

    Parameters
    ----------
    folder : AnalysisFolder
        Holds an analysis.
    settings : Settings
        How to select now.
    scope : str, optional
        What the clips' ids are unique in: the project's id; the video's fingerprint when not given.
    record : callable
        Keeps the clips elsewhere, too, such as in the catalog.

    Raises
    ------
    NotFoundError
        If the folder holds no analysis.
    ParameterError
        If a setting that decides what is extracted differs from what was extracted.
    """
    features = extracted_before(folder, settings, scope)
    return select_again(recording(AnalysisStages(), record), features, settings)


def analysis_settings(folder: AnalysisFolder) -> Settings:
    """Return the settings of the last analysis in `folder`, whatever was retuned since: each retuning starts there.

    Raises
    ------
    NotFoundError
        If the folder holds no analysis.
    """
    clips_file = folder.read_clips()
    return Settings.from_flat(clips_file.analysis_settings or clips_file.settings)


def measured_settings(folder: AnalysisFolder, settings: Settings) -> Settings:
    """Return `settings` with what decides the measurement as it was when the video was measured.

    Raises
    ------
    NotFoundError
        If the folder holds no analysis.
    """
    return settings.updated(_origin(folder).settings.model_dump())


def preview(folder: AnalysisFolder, settings: Settings, scope: str) -> Selection:
    """Select again as `retune` does, and write nothing; raises as it does."""
    _require_extracted(folder, settings)
    return selection.select(folder.read_features(), settings, scope, *spoken_words(folder, settings))


def extracted_before(folder: AnalysisFolder, settings: Settings, scope: str | None = None) -> ExtractedFeatures:
    """Return the features in `folder`, which hold the video's facts as well; raises as `retune`."""
    origin = _require_extracted(folder, settings)
    video = Video.model_validate(folder.read_clips().video)
    source = RegisteredVideo(scope or origin.fingerprint, folder.root, video, origin.fingerprint)
    return ExtractedFeatures(source, origin.key, analysis_settings=analysis_settings(folder))


def _require_extracted(folder: AnalysisFolder, settings: Settings) -> Origin:
    """Refuse settings that ask for other features than those that are there."""
    origin = _origin(folder)
    asked = settings.extraction.model_dump()
    measured = origin.settings.model_dump(exclude={"decoder"})  # which changes nothing that is measured
    changed = [f"{name}={asked[name]}" for name, value in measured.items() if asked[name] != value]
    if changed:
        raise ParameterError(f"{', '.join(changed)}: decides what is measured; run 'autoclip analyze' with it instead")
    return origin


def _origin(folder: AnalysisFolder) -> Origin:
    """Return what the features in `folder` were measured of."""
    origin = folder.features_origin()
    if origin is None:
        raise NotFoundError(f"{folder.root}: holds no features to choose from; run 'autoclip analyze' into it first")
    return origin
