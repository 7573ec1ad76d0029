"""What is true of a made-up video, by construction."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

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

    def frame_at(self, time_sec: float) -> int:
        """Return the index of the frame on screen at a time (clamped to the video)."""
        times = self.frame_pts * float(self.time_base)
        # A time that was written with six decimals must still find its own frame.
        return int(np.clip(np.searchsorted(times, time_sec + 1e-6, side="right") - 1, 0, len(times) - 1))

    def time_of(self, frame: int) -> float:
        """Return the presentation time of a frame in seconds."""
        return float(int(self.frame_pts[frame]) * self.time_base)

    def to_evaluation(self) -> dict[str, Any]:
        """Return the truth as ``autoclip evaluate`` reads it: highlights as weighted events at their middle."""
        return {
            "duration_sec": self.duration_sec,
            "events": [
                {"time_sec": mark.interval.midpoint, "weight": mark.weight, "label": mark.label}
                for mark in self.highlights
            ],
        }

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain JSON values; a superset of `to_evaluation`; runs are half-open."""
        return self.to_evaluation() | {
            "frame_count": len(self.frame_pts),
            "cuts": [{"frame": cut.frame, "time_sec": cut.time_sec} for cut in self.cuts],
            "transitions": [{"kind": t.kind, **_run(t.run)} for t in self.transitions],
            "black": _runs(self.black_runs),
            "freezes": _runs(self.freeze_runs),
            "flashes": _runs(self.flashes),
            "pauses": [[pause.start, pause.end] for pause in self.pauses],
            "highlights": [_mark(mark) for mark in self.highlights],
            "decoys": [_mark(mark) for mark in self.decoys],
        }

    def write(self, path: Path) -> None:
        """Write `to_dict` as JSON."""
        path.write_text(json.dumps(self.to_dict(), indent=1) + "\n", encoding="utf-8")


def _run(run: FrameRun) -> dict[str, Any]:
    return {
        "first_frame": run.first_frame,
        "end_frame": run.end_frame,
        "start_sec": run.interval.start,
        "end_sec": run.interval.end,
    }


def _runs(runs: Iterable[FrameRun]) -> list[dict[str, Any]]:
    return [_run(run) for run in runs]


def _mark(mark: Mark) -> dict[str, Any]:
    return {
        "start_sec": mark.interval.start,
        "end_sec": mark.interval.end,
        "label": mark.label,
        "weight": mark.weight,
    }
