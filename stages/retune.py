"""Choose again from what was measured, with other settings; the video is not touched."""

from __future__ import annotations

from autoclip.clips import ClipsFile
from autoclip.errors import NotFoundError, ParameterError
from autoclip.media.video import Video
from autoclip.selection.pipeline import Selection, select
from autoclip.settings import Settings
from stages.choose import choose
from stages.report import report
from storage.analysis_folder import AnalysisFolder
from storage.features import Origin


def retune(folder: AnalysisFolder, settings: Settings, scope: str | None = None) -> ClipsFile:
    """Select again from the features in `folder`, and renew clips file, debug document and report.

    Clips that were there before keep their thumbnails; new ones have none, for those need the video.

    Parameters
    ----------
    folder : AnalysisFolder
        Holds an analysis.
    settings : Settings
        How to choose now.
    scope : str, optional
        As in `stages.choose.choose`; the video's fingerprint when not given.

    Raises
    ------
    NotFoundError
        If the folder holds no analysis.
    ParameterError
        If a setting that decides what is measured differs from what was measured.
    """
    origin = _require_measured(folder, settings)
    choice = choose(folder, Video.model_validate(folder.read_clips().video), settings, scope or origin.fingerprint)
    report(folder, choice)
    return choice.clips_file


def preview(folder: AnalysisFolder, settings: Settings, scope: str) -> Selection:
    """Select again as `retune` does, and write nothing; raises as it does."""
    _require_measured(folder, settings)
    return select(folder.read_features(), settings, scope)


def _require_measured(folder: AnalysisFolder, settings: Settings) -> Origin:
    """Refuse settings that ask for another measurement than the one that is there."""
    origin = folder.features_origin()
    if origin is None:
        raise NotFoundError(f"{folder.root}: holds no features to choose from; run 'autoclip analyze' into it first")
    asked = settings.extraction.model_dump()
    changed = [f"{name}={asked[name]}" for name, value in origin.settings.model_dump().items() if asked[name] != value]
    if changed:
        raise ParameterError(f"{', '.join(changed)}: decides what is measured; run 'autoclip analyze' with it instead")
    return origin
