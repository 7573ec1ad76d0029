"""Extract the features of a video in one decode pass, unless its folder already has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autoclip.errors import MediaError
from autoclip.extraction import extract, extraction_version
from autoclip.progress import Progress, ProgressListener, ignore_progress
from autoclip.settings import ExtractionSettings
from autoclip.signals.source_metadata import SourceMetadata, with_source_metadata
from autoclip.signals.table import Features
from stages.results import ExtractedFeatures, RegisteredVideo
from storage.features import Origin

Series = NDArray[np.float32]
DecodeSlot = Callable[[], AbstractContextManager[None]]
"""Context manager that waits for a decode slot of this machine and holds it while the block runs."""
Measurement = Callable[[RegisteredVideo, ExtractionSettings, ProgressListener], Features]
"""A way to extract the features of a video; all ways give the same features."""


def in_one_pass(source: RegisteredVideo, settings: ExtractionSettings, on_progress: ProgressListener) -> Features:
    """Extract the features in one decode pass of this process."""
    return extract(source.video.path, source.video, settings, on_progress)


def extract_features(
    source: RegisteredVideo,
    settings: ExtractionSettings,
    on_progress: ProgressListener = ignore_progress,
    *,
    decode_slot: DecodeSlot = nullcontext,
    measure: Measurement = in_one_pass,
) -> ExtractedFeatures:
    """Extract the features of a video into its folder, unless they exist.

    Parameters
    ----------
    source : RegisteredVideo
        The video. Features in its folder under the same key are reused.
    settings : ExtractionSettings
        What to extract and how.
    on_progress : ProgressListener
        Called with the progress of the stage ``extract``.
    decode_slot : callable
        Entered only for the decode pass; existing features need no slot.
    measure : callable
        The way to extract the features.

    Raises
    ------
    MediaError
        If the file can't be decoded, or a chat that the user named can't be read. Nothing is written in that case.
    StorageError
        If the features can't be saved.
    """
    available = _available_metadata(source)
    folder, origin = source.folder, Origin(source.fingerprint, settings, extraction_version())
    if folder.features_key() == origin.key:
        known = folder.read_features()
        _learn(source, available.metadata, known, origin)
        on_progress(Progress("extract", 1.0, "extracted before"))
        warnings = _warnings(source, (*known.warnings, *available.warnings))
        return ExtractedFeatures(source, origin.key, reused=True, warnings=warnings)
    with decode_slot():
        features = measure(source, settings, on_progress)
    if available.metadata is not None:
        features = with_source_metadata(features, available.metadata)
    folder.write_features(features, origin)
    warnings = _warnings(source, (*features.warnings, *available.warnings))
    return ExtractedFeatures(source, origin.key, reused=False, warnings=warnings)


@dataclass(frozen=True, slots=True)
class _AvailableMetadata:
    """Metadata of the source, and what of it could not be read."""

    metadata: SourceMetadata | None
    warnings: tuple[str, ...] = ()


def _available_metadata(source: RegisteredVideo) -> _AvailableMetadata:
    """Add the chat to the source's metadata; a chat that was only found beside the video may be unreadable."""
    if source.chat is None:
        return _AvailableMetadata(source.metadata)
    try:
        log = source.chat.read()
    except MediaError as error:
        if source.chat.was_named:
            raise
        return _AvailableMetadata(source.metadata, (f"the chat beside the video is ignored: {error}",))
    return _AvailableMetadata(replace(source.metadata or SourceMetadata(), chat=log))


def _learn(source: RegisteredVideo, metadata: SourceMetadata | None, known: Features, origin: Origin) -> None:
    """Add metadata of the source that became available after the features were extracted."""
    if metadata is None:
        return
    features = with_source_metadata(known, metadata)
    if features.events != known.events or _differ(features.series, known.series):
        source.folder.write_features(features, origin)


def _differ(one: Mapping[str, Series], other: Mapping[str, Series]) -> bool:
    """Whether two sets of signals differ, by name or value."""
    if one.keys() != other.keys():
        return True
    return not all(np.array_equal(values, other[name], equal_nan=True) for name, values in one.items())


def _warnings(source: RegisteredVideo, further: tuple[str, ...]) -> tuple[str, ...]:
    """Return all warnings once, in order."""
    return tuple(dict.fromkeys((*source.video.warnings, *further)))
