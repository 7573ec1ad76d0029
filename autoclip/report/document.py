"""The data of a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from autoclip.clips import Clip
from autoclip.media.video import Video
from autoclip.selection.anchors import Anchor
from autoclip.selection.filters import Verdict
from autoclip.selection.windows import Window
from autoclip.settings import Settings
from autoclip.signals.table import Features
from autoclip.speech.transcript import Sentence
from autoclip.timeline import Interval


@dataclass(frozen=True, slots=True)
class DroppedWindow:
    """A candidate that was dropped, with the verdict of the filter that dropped it.

    Attributes
    ----------
    interval : Interval
        Its span.
    anchor_time_sec, quality_score : float
        Time of its anchor, and its quality.
    stage, reason : str
        The filter, and its reason in words.
    value, limit : float
        The measured value, and the limit it was compared with.
    rival : Interval or None
        The better window it lost to, if any.
    """

    interval: Interval
    anchor_time_sec: float
    quality_score: float
    stage: str
    reason: str
    value: float
    limit: float
    rival: Interval | None = None


@dataclass(frozen=True, slots=True)
class ReportDocument:
    """All data that a report shows.

    Attributes
    ----------
    video : Video
        The probed video.
    features : Features
        Its features.
    settings : Settings
        The settings that selected the clips.
    clips : tuple of Clip
        The selected clips. A clip's `thumbnail` is a path relative to `folder`.
    folder : Path
        The analysis folder. Thumbnails are read from it and embedded.
    message : str
        Why there is no clip; empty if there is one.
    excitement : ndarray or None
        The excitement curve, one value per step of the features' grid.
    anchors : tuple of Anchor
        The detected anchors.
    candidate_count : int
        Windows before filtering.
    dropped : tuple of DroppedWindow
        Dropped windows.
    sentences : tuple of Sentence
        The transcript's sentences, ordered by time; empty without a transcript.
    """

    video: Video
    features: Features
    settings: Settings
    clips: tuple[Clip, ...]
    folder: Path
    message: str = ""
    excitement: NDArray[np.floating] | None = None
    anchors: tuple[Anchor, ...] = ()
    candidate_count: int = 0
    dropped: tuple[DroppedWindow, ...] = ()
    sentences: tuple[Sentence, ...] = ()


def dropped_windows(windows: Sequence[Window], verdicts: Sequence[Verdict]) -> tuple[DroppedWindow, ...]:
    """Combine the negative verdicts with their windows, ordered by stage, then by time."""
    lost = [verdict for verdict in verdicts if not verdict.kept]
    order = {stage: place for place, stage in enumerate(dict.fromkeys(verdict.stage for verdict in verdicts))}
    lost.sort(key=lambda verdict: (order[verdict.stage], windows[verdict.clip_index].interval))
    return tuple(
        DroppedWindow(
            interval=windows[verdict.clip_index].interval,
            anchor_time_sec=windows[verdict.clip_index].anchor.time_sec,
            quality_score=windows[verdict.clip_index].quality.score,
            stage=verdict.stage,
            reason=verdict.reason,
            value=verdict.value,
            limit=verdict.limit,
            rival=None if verdict.other is None else windows[verdict.other].interval,
        )
        for verdict in lost
    )
