"""The pauses and fillers that an export removes from clips, before rendering."""

from __future__ import annotations

from collections.abc import Sequence

from autoclip.clips import Clip
from autoclip.errors import NotFoundError
from autoclip.export.tightened import tightened
from autoclip.selection.pauses import stretches_of_sound
from autoclip.settings import ExportSettings
from autoclip.speech.tightening import Removal, Tightening
from autoclip.speech.transcript import Transcript
from autoclip.timeline import Interval
from stages.spoken_words import transcript_of
from storage.analysis_folder import AnalysisFolder


def tightening_of(folder: AnalysisFolder, intervals: Sequence[Interval], settings: ExportSettings) -> list[Tightening]:
    """Find what an export with these settings removes from spans of a video.

    Raises
    ------
    ParameterError
        If fillers are removed and there is no transcript, or pauses are removed and neither words nor audio are known.
    StorageError
        If a file is damaged.
    """
    heard = words_or_sound(folder, settings)
    return [tightened(interval, heard, settings) for interval in intervals]


def removals_of(folder: AnalysisFolder, intervals: Sequence[Interval], settings: ExportSettings) -> tuple[Removal, ...]:
    """Return the spans that are removed, in order; raises the same errors as `tightening_of`."""
    return tuple(removal for each in tightening_of(folder, intervals, settings) for removal in each.removed)


def kept_parts(clips: Sequence[Clip], found: Sequence[Tightening]) -> tuple[Clip, ...]:
    """Return the remaining parts of clips, each as a clip; `found` is what `tightening_of` returns for them."""
    return tuple(
        clip.model_copy(update={"id": f"{clip.id}-{number}", "start": kept.start, "end": kept.end})
        for clip, tightening in zip(clips, found, strict=True)
        for number, kept in enumerate(tightening.kept, 1)
    )


def words_or_sound(folder: AnalysisFolder, settings: ExportSettings) -> Transcript | None:
    """Return the transcript; without one, if only pauses are removed, the stretches of sound as its words.

    Raises
    ------
    StorageError
        If a file is damaged.
    """
    try:
        return transcript_of(folder)
    except NotFoundError:
        if settings.tighten_fillers or settings.captions != "off":
            return None
    try:
        features = folder.read_features()
    except NotFoundError:
        return None
    return None if features.envelope_dbfs is None else stretches_of_sound(features.envelope_dbfs)
