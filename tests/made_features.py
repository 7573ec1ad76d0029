"""Made-up features with known truth: background, planted moments, decoys, speech, level steps. No file is decoded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from autoclip.signals.table import ENVELOPE_STEP_SEC, Event, Features
from autoclip.timeline import Grid, Interval

STEP_SEC = 0.5


@dataclass
class Scene:
    """A video under construction; every method adds to it and returns it.

    `level_dbfs` is the usual loudness and `motion` the usual motion; both vary a little, as backgrounds do.
    """

    duration_sec: float
    level_dbfs: float = -35.0
    motion: float = 0.02
    seed: int = 0
    sound: bool = True
    moments: list[Interval] = field(default_factory=list)
    decoys: list[Interval] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.seed)
        self.grid = Grid.covering(self.duration_sec, STEP_SEC)
        fine = round(self.duration_sec / ENVELOPE_STEP_SEC)
        self.envelope = self.level_dbfs + self.random.normal(0, 1.0, fine)
        # Backgrounds breathe: a slow drift of a decibel or two.
        knots = np.arange(0, fine + 500, 500)
        self.envelope += np.interp(np.arange(fine), knots, self.random.normal(0, 1.0, knots.size))
        self.motions = self.motion * np.exp(self.random.normal(0, 0.25, self.grid.count))
        self.hashes = self.random.integers(0, 2**63, self.grid.count, dtype=np.uint64)

    def moment(
        self, at: float, length: float = 6.0, louder: float = 15.0, faster: float = 4.0, lag: float = 0.0
    ) -> Scene:
        """Plant a highlight: motion at `at`, the sound `lag` seconds later."""
        self.moments.append(Interval(at, at + length))
        return self.sound_at(at + lag, length, louder).motion_at(at, length, faster)

    def decoy(self, at: float, length: float = 6.0, louder: float = 0.0, faster: float = 1.0) -> Scene:
        """Plant something that is loud but still, or fast but quiet."""
        self.decoys.append(Interval(at, at + length))
        return self.sound_at(at, length, louder).motion_at(at, length, faster)

    def sound_at(self, at: float, length: float, louder: float) -> Scene:
        times = np.arange(self.envelope.size) * ENVELOPE_STEP_SEC
        # Swells rise and fall within half a second rather than at once.
        rise = np.clip(np.minimum(times - at, at + length - times) / 0.5 + 1, 0, 1)
        self.envelope += louder * rise
        return self

    def motion_at(self, at: float, length: float, faster: float) -> Scene:
        inside = (self.grid.times >= at) & (self.grid.times < at + length)
        self.motions[inside] *= faster
        return self

    def still(self, at: float, length: float) -> Scene:
        inside = (self.grid.times >= at) & (self.grid.times < at + length)
        self.motions[inside] = 0.0
        self.hashes[inside] = self.hashes[inside][0]
        return self

    def level_step(self, at: float, until: float, louder: float) -> Scene:
        times = np.arange(self.envelope.size) * ENVELOPE_STEP_SEC
        self.envelope[(times >= at) & (times < until)] += louder
        return self

    def speech(self, at: float, until: float, pauses: Sequence[Interval], loudness: float = -25.0) -> Scene:
        """Fill a span with words; between them, in `pauses`, only the background is heard."""
        times = np.arange(self.envelope.size) * ENVELOPE_STEP_SEC
        syllables = loudness + 3.0 * np.sin(2 * np.pi * 4.0 * times)
        talking = (times >= at) & (times < until)
        for pause in pauses:
            talking &= ~((times >= pause.start) & (times < pause.end))
        self.envelope[talking] = np.maximum(self.envelope, syllables)[talking]
        return self

    def cut(self, *times: float, score: float = 0.8) -> Scene:
        self.events += [Event("cut", time, None, score) for time in times]
        return self

    def repeat(self, of: float, at: float, length: float) -> Scene:
        """Show a stretch again, as a replay does."""
        fine, coarse = round(length / ENVELOPE_STEP_SEC), round(length / STEP_SEC)
        source, target = round(of / ENVELOPE_STEP_SEC), round(at / ENVELOPE_STEP_SEC)
        self.envelope[target : target + fine] = self.envelope[source : source + fine]
        for series in (self.motions, self.hashes):
            source, target = round(of / STEP_SEC), round(at / STEP_SEC)
            series[target : target + coarse] = series[source : source + coarse]
        return self

    def features(self, offset_db: float = 0.0) -> Features:
        """Return the features, the sound `offset_db` louder than drawn."""
        envelope = np.clip(self.envelope + offset_db, -120.0, 3.0)
        motion = np.clip(self.motions, 0, 1).astype(np.float32)
        series: dict[str, NDArray[np.float32]] = {"motion_score": motion, "picture_change": motion / 2}
        absent = {"most_replayed": "the source brought none"}
        if self.sound:
            series |= _loudness(envelope, self.grid)
        else:
            absent |= dict.fromkeys(
                ("audio_rms", "audio_dbfs", "loudness_lufs", "midband_dbfs"), "the video has no sound"
            )
        return Features(
            duration_sec=self.duration_sec,
            grid=self.grid,
            series=series,
            absent=absent,
            frame_hash=self.hashes,
            envelope_dbfs=envelope.astype(np.float32) if self.sound else None,
            events=tuple(sorted(self.events, key=lambda event: event.start_sec)),
        )


def _loudness(envelope: NDArray[np.float64], grid: Grid) -> dict[str, NDArray[np.float32]]:
    """RMS of each step, the loudest 400 ms in it, and the loudest 100 ms of its middle frequencies."""
    width = round(STEP_SEC / ENVELOPE_STEP_SEC)
    power = np.pad(10 ** (envelope / 10), (0, grid.count * width - envelope.size), mode="edge")
    step_power = power.reshape(grid.count, width).mean(axis=1)
    momentary, short = (
        np.convolve(power, np.ones(hops) / hops, mode="same").reshape(grid.count, width).max(axis=1) for hops in (20, 5)
    )
    return {
        "audio_rms": np.sqrt(step_power).astype(np.float32),
        "audio_dbfs": (10 * np.log10(step_power)).astype(np.float32),
        "loudness_lufs": (10 * np.log10(momentary) - 0.691).astype(np.float32),
        "midband_dbfs": (10 * np.log10(short) - 6.0).astype(np.float32),
    }


def empty_features(duration_sec: float, *, sound: bool = True) -> Features:
    """Return digital silence over a black picture."""
    grid = Grid.covering(duration_sec, STEP_SEC)
    series = {"motion_score": np.zeros(grid.count, np.float32), "luma_mean": np.zeros(grid.count, np.float32)}
    envelope = None
    if sound:
        series |= {name: np.full(grid.count, -120, np.float32) for name in ("audio_dbfs", "loudness_lufs")}
        series["audio_rms"] = np.zeros(grid.count, np.float32)
        envelope = np.full(round(duration_sec / ENVELOPE_STEP_SEC), -120, np.float32)
    events = (Event("black", 0.0, duration_sec), Event("freeze", 0.0, duration_sec))
    return Features(duration_sec, grid, series, {}, np.zeros(grid.count, np.uint64), envelope, events)
