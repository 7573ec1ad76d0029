"""What is true of a made-up video, by construction."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from autoclip.timeline import Interval, Timestamp
from synthetic_media.storyboard import Mark

TransitionKind = Literal["fade", "dissolve"]


@dataclass(frozen=True, slots=True)
class Cut:
    """A hard cut: `frame` is the index of the new shot's first frame, `time` its presentation time."""

    frame: int
    time: Timestamp

    @property
    def time_sec(self) -> float:
        """Presentation time in seconds from the first frame."""
        return self.time.seconds


@dataclass(frozen=True, slots=True)
class FrameRun:
    """Frames ``[first_frame, end_frame)``, presented during `interval` (seconds)."""

    first_frame: int
    end_frame: int
    interval: Interval


@dataclass(frozen=True, slots=True)
class GradualTransition:
    """A transition whose mixed frames are `run`; ``fade`` when one side is black, else ``dissolve``."""

    kind: TransitionKind
    run: FrameRun


@dataclass(frozen=True, slots=True)
class Truth:
    """The truth of a rendered storyboard. Times are seconds from the first frame, as the file carries them.

    Attributes
    ----------
    duration_sec : float
        Until the end of the last frame.
    frame_pts : ndarray
        Presentation timestamp of every frame, shape ``(frames,)``, int64, in units of `time_base`; the first is 0.
    time_base : Fraction
        Seconds a unit.
    cuts : tuple of Cut
        Hard cuts.
    transitions : tuple of GradualTransition
        Fades and dissolves.
    black_runs, freeze_runs : tuple of FrameRun
        Wholly black frames; frames that show the same picture (black ones are not listed again here, and grain and
        burned-in numbers do move on them).
    flashes : tuple of FrameRun
        Bursts of light, which are no cuts.
    pauses : tuple of Interval
        Silences of 150 ms and more within `Speech`.
    highlights, decoys : tuple of Mark
        What belongs in a clip and what does not.
    """

    duration_sec: float
    frame_pts: NDArray[np.int64]
    time_base: Fraction
    cuts: tuple[Cut, ...]
    transitions: tuple[GradualTransition, ...]
    black_runs: tuple[FrameRun, ...]
    freeze_runs: tuple[FrameRun, ...]
    flashes: tuple[FrameRun, ...]
    pauses: tuple[Interval, ...]
    highlights: tuple[Mark, ...]
    decoys: tuple[Mark, ...]

    def time_of(self, frame: int) -> float:
        """Return the presentation time of a frame in seconds."""
        return float(int(self.frame_pts[frame]) * self.time_base)
