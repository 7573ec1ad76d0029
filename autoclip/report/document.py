"""What a report is made of."""

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
    """A candidate that became no clip, with the verdict that ended it.

    Attributes
    ----------
    interval : Interval
        Its span.
    anchor_time_sec, quality_score : float
        The moment it was built around, and how good it was.
    stage, reason : str
        The filter, and why, in words.
    value, limit : float
        What was measured, and against what.
    rival : Interval or None
        The better window it lost to, where there is one.
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
    """Everything a report shows.

    Attributes
    ----------
    video : Video
        What the probe found.
    features : Features
        What was measured.
    settings : Settings
        What the clips were chosen by.
    clips : tuple of Clip
        What was chosen. A clip's `thumbnail` is a path relative to `folder`.
    folder : Path
        Where the analysis lies; thumbnails are read from here and embedded.
    message : str
        Why there is no clip; empty when there is one.
    excitement : ndarray or None
        The curve that moments were looked for in, one value a step of the features' grid.
    anchors : tuple of Anchor
        The moments found.
    candidate_count : int
        Windows before filtering.
    dropped : tuple of DroppedWindow
        Those that were dropped.
    sentences : tuple of Sentence
        What is said, by time; empty if that is not known.
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
    """Join the verdicts against windows with what they were about, by stage, then by time."""
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
