"""From a storyboard to frames: which shot each frame shows, at which scene time, and what follows as truth."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from autoclip.timeline import Interval, Timestamp
from synthetic_media.audio import Speech
from synthetic_media.scenery import Plain
from synthetic_media.storyboard import Flash, Shot, Storyboard
from synthetic_media.truth import Cut, FrameRun, GradualTransition, Truth

BLACK_SHOT = Shot(1.0, Plain())
"""What lies before the first shot, for a first shot that fades in."""


@dataclass(frozen=True, slots=True)
class ShotView:
    """One shot as one frame shows it: the time within its scene (freezes applied) and the strength of a flash."""

    shot: Shot
    scene_sec: float
    flash: float


@dataclass(frozen=True, slots=True)
class FrameView:
    """What one frame shows: a view, and in a dissolve the view it comes from with the share that is left of it."""

    index: int
    view: ShotView
    before: ShotView | None
    before_share: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """The frames of a storyboard.

    Attributes
    ----------
    storyboard : Storyboard
        What is shown.
    frame_pts : ndarray
        Presentation timestamps from 0, shape ``(frames,)``, int64, in `time_base`.
    end_pts : int
        End of the last frame.
    time_base : Fraction
        Seconds a unit.
    first_frames : tuple of int
        Index of each shot's first frame.
    """

    storyboard: Storyboard
    frame_pts: NDArray[np.int64]
    end_pts: int
    time_base: Fraction
    first_frames: tuple[int, ...]

    @classmethod
    def plan(
        cls, storyboard: Storyboard, rate: Fraction, frame_durations: tuple[float, ...], time_base: Fraction
    ) -> Schedule:
        """Lay out the frames.

        Parameters
        ----------
        storyboard : Storyboard
            What to show.
        rate : Fraction
            Nominal frames a second.
        frame_durations : tuple of float
            Duration of each frame in nominal frame intervals, repeated; ``(1.0,)`` is a constant frame rate.
        time_base : Fraction
            UnitOfWork of the timestamps; times are rounded to it.

        Raises
        ------
        ValueError
            If a shot is too short to have a frame, or its dissolve longer than the shot.
        """
        durations = np.array(frame_durations, np.float64)
        nominal = storyboard.duration_sec * float(rate)
        cycles = int(np.ceil(nominal / durations.sum())) + 1
        starts = np.concatenate([[0.0], np.cumsum(np.tile(durations, cycles))])
        # Nominal positions within a thousandth of a frame of the end are rounding, not a frame of their own.
        count = int(np.searchsorted(starts, nominal - 1e-3))
        ticks = np.round(starts / float(rate * time_base)).astype(np.int64)
        shot_starts = np.concatenate([[0.0], np.cumsum([shot.duration_sec for shot in storyboard.shots])])[:-1]
        first_frames = np.searchsorted(starts[:count], shot_starts * float(rate) - 1e-3).tolist()
        _check_lengths(storyboard, [*first_frames, count])
        return cls(storyboard, ticks[:count], int(ticks[count]), time_base, tuple(first_frames))

    @property
    def frame_count(self) -> int:
        """Number of frames."""
        return len(self.frame_pts)

    def time_of(self, frame: int) -> float:
        """Presentation time of a frame in seconds; of the frame behind the last one, the end."""
        pts = int(self.frame_pts[frame]) if frame < self.frame_count else self.end_pts
        return float(pts * self.time_base)

    def frames(self) -> Iterator[FrameView]:
        """Say what each frame shows, in order."""
        for index in range(self.frame_count):
            number = bisect_right(self.first_frames, index) - 1
            shot = self.storyboard.shots[number]
            age = index - self.first_frames[number]
            view = self._view(number, index)
            if age < shot.dissolve_frames:
                yield FrameView(index, view, self._view(number - 1, index), 1 - (age + 1) / (shot.dissolve_frames + 1))
            else:
                yield FrameView(index, view, None, 0.0)

    def truth(self) -> Truth:
        """Derive what is true of the rendered video."""
        shots, speeches = self.storyboard.shots, [s for s in self.storyboard.sounds if isinstance(s, Speech)]
        return Truth(
            duration_sec=self.time_of(self.frame_count),
            frame_pts=self.frame_pts,
            time_base=self.time_base,
            cuts=tuple(
                Cut(first, Timestamp(int(self.frame_pts[first]), self.time_base))
                for first, shot in zip(self.first_frames[1:], shots[1:], strict=True)
                if not shot.dissolve_frames
            ),
            transitions=tuple(self._transitions()),
            black_runs=tuple(self._black_runs()),
            freeze_runs=tuple(self._freeze_runs()),
            flashes=tuple(self._flashes()),
            pauses=tuple(pause for speech in speeches for pause in speech.pauses),
            highlights=tuple(mark for mark in self.storyboard.marks if mark.kind == "highlight"),
            decoys=tuple(mark for mark in self.storyboard.marks if mark.kind == "decoy"),
        )

    def _view(self, number: int, index: int) -> ShotView:
        if number < 0:
            return ShotView(BLACK_SHOT, 0.0, 0.0)
        shot = self.storyboard.shots[number]
        first = self.first_frames[number]
        scene_sec = self.time_of(index) - self.time_of(first)
        for freeze in shot.freezes:
            if freeze.start_sec <= scene_sec < freeze.start_sec + freeze.duration_sec:
                # The picture that stands is the first frame of the run, wherever the frames happen to fall.
                scene_sec = self.time_of(self._first_frame_at(first, freeze.start_sec)) - self.time_of(first)
        return ShotView(shot, scene_sec, self._flash_strength(shot, first, index))

    def _flash_strength(self, shot: Shot, first: int, index: int) -> float:
        for flash in shot.flashes:
            lit = self._flash_frames(first, flash)
            if index in lit:
                # A burst is brightest at once and dies away.
                return flash.strength * (1 - (index - lit.start) / len(lit) * 0.6)
        return 0.0

    def _flash_frames(self, first: int, flash: Flash) -> range:
        lit = self._first_frame_at(first, flash.start_sec)
        return range(lit, min(lit + flash.frames, self.frame_count))

    def _first_frame_at(self, first: int, offset_sec: float) -> int:
        """First frame presented `offset_sec` or more after the frame `first`."""
        instant = self.time_of(first) + offset_sec - 1e-6
        return int(np.searchsorted(self.frame_pts, instant / float(self.time_base)))

    def _ends(self) -> tuple[int, ...]:
        return (*self.first_frames[1:], self.frame_count)

    def _run(self, first: int, end: int) -> FrameRun:
        return FrameRun(first, end, Interval(self.time_of(first), self.time_of(end)))

    def _transitions(self) -> Iterator[GradualTransition]:
        shots = self.storyboard.shots
        for number, (first, shot) in enumerate(zip(self.first_frames, shots, strict=True)):
            if shot.dissolve_frames:
                before = shots[number - 1] if number else BLACK_SHOT
                kind = "fade" if _is_black(before) or _is_black(shot) else "dissolve"
                yield GradualTransition(kind, self._run(first, first + shot.dissolve_frames))  # type: ignore[arg-type]

    def _black_runs(self) -> Iterator[FrameRun]:
        for first, end, shot in zip(self.first_frames, self._ends(), self.storyboard.shots, strict=True):
            if _is_black(shot):
                yield self._run(first + shot.dissolve_frames, end)

    def _freeze_runs(self) -> Iterator[FrameRun]:
        for first, end, shot in zip(self.first_frames, self._ends(), self.storyboard.shots, strict=True):
            settled = first + shot.dissolve_frames
            if _is_still(shot):
                yield self._run(settled, end)
                continue
            for freeze in shot.freezes:
                start = max(settled, self._first_frame_at(first, freeze.start_sec))
                stop = min(end, self._first_frame_at(first, freeze.start_sec + freeze.duration_sec))
                if start < stop:
                    yield self._run(start, stop)

    def _flashes(self) -> Iterator[FrameRun]:
        for first, shot in zip(self.first_frames, self.storyboard.shots, strict=True):
            for flash in shot.flashes:
                lit = self._flash_frames(first, flash)
                yield self._run(lit.start, lit.stop)


def _check_lengths(storyboard: Storyboard, edges: list[int]) -> None:
    for number, shot in enumerate(storyboard.shots):
        frames = edges[number + 1] - edges[number]
        if frames <= 0 or shot.dissolve_frames > frames:
            raise ValueError(
                f"shot {number} has {frames} frames, too few for {shot.duration_sec} s"
                f" with a dissolve of {shot.dissolve_frames}; make it longer or the frame rate higher"
            )


def _is_black(shot: Shot) -> bool:
    return isinstance(shot.scene, Plain) and shot.scene.is_black and not shot.captions


def _is_still(shot: Shot) -> bool:
    return shot.scene.is_still and not shot.flashes and not _is_black(shot)
