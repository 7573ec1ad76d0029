"""Feature extraction: one decode pass over a video computes every feature that selection needs."""

from __future__ import annotations

import math
import time
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from autoclip.errors import MediaError
from autoclip.media.audio_tracks import with_analysis_audio
from autoclip.media.decode_errors import Damage, damage_report
from autoclip.media.decoding.audio import AudioBlock, AudioDamage
from autoclip.media.decoding.decoder_threads import Described
from autoclip.media.decoding.hardware import choose_decoder
from autoclip.media.decoding.one_pass import MAX_DECODERS, ReadingStopped, available_cores, decode
from autoclip.media.decoding.video import DecodePolicy, HardwareDecodingError, Pictures, SkipFrame
from autoclip.media.packets import has_intra_refresh
from autoclip.media.video import Video
from autoclip.progress import Progress, ProgressListener, ignore_progress
from autoclip.settings import ExtractionProfile, ExtractionSettings
from autoclip.signals.audio_analyzer import AudioAnalyzer, AudioRows, AudioSeries, audio_series, envelope_dbfs
from autoclip.signals.black import black_runs
from autoclip.signals.credits import credits_of
from autoclip.signals.dissolves import dissolves
from autoclip.signals.fades import fades
from autoclip.signals.frame_change import change_series
from autoclip.signals.frame_features import FrameSamples, describe_pictures
from autoclip.signals.freeze import freeze_runs
from autoclip.signals.motion import motion_series
from autoclip.signals.perceptual_hash import hashes_on_grid
from autoclip.signals.plugins import AddedSignals, AudioSamples, VideoFrames, added_version
from autoclip.signals.shots import cut_scores, cuts, keyframe_cut_scores
from autoclip.signals.table import Event, Features
from autoclip.signals.video_analyzer import (
    ComparedFrames,
    FrameComparison,
    FrameMeasures,
    MeasuredFrames,
    VideoAnalyzer,
)
from autoclip.system.malloc import return_free_memory, share_one_arena
from autoclip.timeline import Grid

CERTAIN_CUT = 0.3
"""Score from which a cut excludes fades and dissolves that overlap it: the default of ``scene_threshold``."""

EXTRACTION_VERSION = 20
"""Part of the key under which features are stored. Raise it when the same file and settings would give other features.
"""

_SKIPPED: dict[ExtractionProfile, SkipFrame] = {"exact": "DEFAULT", "balanced": "NONREF", "fast": "NONKEY"}
_NO_WHOLE_KEYFRAMES = "its keyframes hold only a part of the picture (intra refresh), so profile balanced was used"
_MOTION_SIGNALS = ("motion_score", "picture_change")
_AUDIO_SIGNALS = tuple(field.name for field in fields(AudioSeries))


def extraction_version() -> int | str:
    """Return a version of this code and of the packages that add signals, as a part of the features' key."""
    added = added_version()
    return f"{EXTRACTION_VERSION}+{added}" if added else EXTRACTION_VERSION


def extract(
    path: Path,
    video: Video,
    settings: ExtractionSettings,
    on_progress: ProgressListener = ignore_progress,
    *,
    decoders: int | None = None,
) -> Features:
    """Extract the features of a video in one decode pass.

    Parameters
    ----------
    path : Path
        The video file.
    video : Video
        The probed video.
    settings : ExtractionSettings
        What to extract and how.
    on_progress : callable
        Called several times a second. An exception it raises stops the work within a second and propagates.
    decoders : int, optional
        Number of threads that decode video; one per core by default. The result does not depend on it.

    Returns
    -------
    Features
        Series on the sampling grid, and events.

    Raises
    ------
    ParameterError
        If the file lacks the track that `analysis_audio` names.
    MediaError
        If the file can't be read, or not a single frame can be decoded.
    StorageError
        If the disk of the temporary folder, which holds intermediate results, is full.
    """
    # BLAS threads spin while they wait for these small products; that took a fifth of the pass.
    with threadpool_limits(limits=1, user_api="blas"):
        pass_ = _passed(path, video, settings, on_progress, decoders)
        features = pass_.features(pass_.sound())
    return_free_memory()
    on_progress(Progress("extract", 1.0, pass_.speed()))
    return features


def measure_pictures(path: Path, video: Video, settings: ExtractionSettings) -> FrameMeasures:
    """Extract the video features as `extract` does, and return the data its events are found from."""
    return _passed(path, video, settings, ignore_progress, None).pictures()


def _passed(
    path: Path, video: Video, settings: ExtractionSettings, on_progress: ProgressListener, decoders: int | None
) -> Extraction:
    """Decode a video, and return the extraction of all of it."""
    video = measured_video(path, video, settings)
    notes: tuple[str, ...] = ()
    if settings.profile == "fast" and has_intra_refresh(video):
        settings = settings.model_copy(update={"profile": "balanced"})
        notes = (_NO_WHOLE_KEYFRAMES,)
    share_one_arena()
    policy = decode_policy(settings, decoders or min(available_cores(), MAX_DECODERS))
    choice = choose_decoder(video, policy, settings.decoder)
    chosen = replace(policy, device=choice.device) if choice.device else policy
    try:
        return _passed_by(chosen, Extraction(video, settings, on_progress, (*notes, *choice.notes)))
    except HardwareDecodingError as error:
        note = f"{error}, so software decoded the video"
        return _passed_by(policy, Extraction(video, settings, on_progress, (*notes, *choice.notes, note)))


def _passed_by(policy: DecodePolicy, pass_: Extraction) -> Extraction:
    """Pass everything that is decoded to an extraction."""
    for part in decode(pass_.video, policy, pass_.describe, pass_.report):
        pass_.take(part)
    return pass_


def measured_video(path: Path, video: Video, settings: ExtractionSettings) -> Video:
    """Return the probed video with its current path and the audio track to measure."""
    return with_analysis_audio(video.model_copy(update={"path": path}), settings.analysis_audio)


def decode_policy(settings: ExtractionSettings, decoders: int) -> DecodePolicy:
    """Return the decode policy for these settings."""
    return DecodePolicy(
        skip_frame=_SKIPPED[settings.profile],
        skip_loop_filter=settings.profile != "exact",
        longest_side=settings.motion_width,
        motion_fps=settings.motion_fps,
        decoders=decoders,
    )


class Extraction:
    """The features extracted from a video so far."""

    def __init__(
        self,
        video: Video,
        settings: ExtractionSettings,
        on_progress: ProgressListener,
        notes: tuple[str, ...] = (),
    ) -> None:
        self.video = video
        self._settings = settings
        self._progress = _Speed(video.duration_sec, on_progress)
        self._comparison = FrameComparison(settings.freeze_noise, settings.freeze_min_sec)
        self._pictures = VideoAnalyzer(settings.motion_fps)
        self._sound = AudioAnalyzer()
        self._added = AddedSignals()
        self._damage: list[Damage] = []
        self._warnings = list(notes)
        self._end_pts = 0
        self._last_sec = -math.inf
        self._awaited: list[float] = []

    def describe(self, pictures: Pictures) -> MeasuredFrames:
        """Compute the features of each decoded frame on its own. Runs in the decoding threads."""
        samples = FrameSamples(pictures.luma, pictures.chroma, pictures.full_range)
        facts = describe_pictures(samples, self._settings.black_pixel_threshold)
        seconds = pictures.pts.astype(np.float64) * float(self.video.video.time_base)
        return MeasuredFrames(seconds, samples, facts, pictures.motion_index, pictures.motion_luma)

    def report(self) -> None:
        """Report progress. Also called while waiting."""
        self._progress.report(self._end_pts * float(self.video.video.time_base))

    def speed(self) -> str:
        """Return a text that states how fast the pass was."""
        return self._progress.speed(self._duration())

    def take(self, part: Described[MeasuredFrames] | AudioBlock | AudioDamage | ReadingStopped) -> None:
        """Take a batch of frames or audio from the decoders."""
        match part:
            case AudioBlock():
                self._sound.push(part.start, part.rate, part.channels, part.samples)
                self._added.hear(AudioSamples(part.start / part.rate, part.rate, part.samples))
            case Described():
                if part.description is not None:
                    self._push(part.description, self._shown(part))
                self._note(part)
            case AudioDamage():
                self.take_damage(part)
            case ReadingStopped():
                self._warnings.append(f"can't be read beyond {self._seconds(self._end_pts):.2f} s: {part.reason}")

    def compare(self, part: Described[MeasuredFrames]) -> Described[ComparedFrames]:
        """Compare the frames of a batch with those of the batch before, for `take_compared`."""
        pictures = None if part.description is None else self._comparison.compare(part.description)
        return Described(pictures, part.shown_pts, part.end_pts, part.damage)

    def take_compared(self, part: Described[ComparedFrames]) -> None:
        """Take a batch whose frames were compared elsewhere. Batches must come in file order."""
        if part.description is not None:
            self._add(part.description, self._shown(part))
        self._note(part)

    def take_damage(self, damage: AudioDamage) -> None:
        """Take the audio spans that could not be decoded."""
        self._damage.append(Damage("sound", damage.seconds, damage.reason))

    def _shown(self, part: Described[Any]) -> NDArray[np.float64]:
        """Return when the last frame of a batch ends, in seconds."""
        return part.shown_pts.astype(np.float64) * float(self.video.video.time_base)

    def _note(self, part: Described[Any]) -> None:
        self._awaited = [seconds for seconds in (*self._awaited, *self._shown(part)) if seconds > self._last_sec]
        self._end_pts = max(self._end_pts, part.end_pts)
        self._damage.extend(Damage("picture", self._seconds(item.pts), item.reason) for item in part.damage)
        self.report()

    def _push(self, pictures: MeasuredFrames, shown_sec: NDArray[np.float64]) -> None:
        """Pass frames on. Drop frames whose time was shown before, as when the clock was set back."""
        again = int(np.searchsorted(pictures.seconds, self._last_sec, side="right"))
        if again:
            text = f"timestamps jump back to {pictures.seconds[0]:.2f} s after {self._last_sec:.2f} s"
            self._warnings.append(f"{text}: {again} pictures of a time shown before are left out")
        if again < len(pictures.seconds):
            new = pictures.since(again)
            self._add(self._comparison.compare(new), shown_sec)
            self._added.see(VideoFrames(new.seconds, new.samples.luma))

    def _add(self, pictures: ComparedFrames, shown_sec: NDArray[np.float64]) -> None:
        self._pictures.push(pictures, shown_sec)
        self._last_sec = float(pictures.seconds[-1])

    def pictures(self) -> FrameMeasures:
        """Return the features of the video stream."""
        return self._pictures.finish()

    def sound(self) -> AudioRows | None:
        """Return the features of the audio stream; None without audio."""
        return self._sound.finish()

    def features(self, sound: AudioRows | None) -> Features:
        """Put all features, including the given audio, on the grid and detect the events."""
        if math.isinf(self._last_sec):
            raise MediaError(self.video.path, "not a single frame could be decoded; the file is damaged")
        duration = self._duration()
        grid = Grid.covering(duration, self._settings.step_sec)
        measures = self.pictures()
        series = {
            "motion_score": motion_series(measures.motion_sec, measures.motion, grid),
            "picture_change": change_series(measures.rows.seconds, measures.rows.change, grid),
            "luma_mean": _step_means(measures, grid),
        }
        absent: dict[str, str] = {}
        if sound is None:
            absent = dict.fromkeys(_AUDIO_SIGNALS, self._silence())
        else:
            of_sound = audio_series(sound, grid)
            series |= {name: getattr(of_sound, name) for name in _AUDIO_SIGNALS}
        unmeasured = [name for name in _MOTION_SIGNALS if np.isnan(series[name]).all()]
        absent |= dict.fromkeys(unmeasured, self._stillness())
        series = {name: values for name, values in series.items() if name not in unmeasured}
        features = Features(
            duration_sec=duration,
            grid=grid,
            series=series,
            absent=absent,
            frame_hash=hashes_on_grid(measures.hash_sec, measures.hashes, grid.times),
            envelope_dbfs=None if sound is None else envelope_dbfs(sound, duration),
            events=self._events(measures, duration),
            warnings=(*self._warnings, *damage_report(self._damage), *self._end_advice()),
        )
        added = self._added.series(features)
        return replace(features, series={**features.series, **added}) if added else features

    def _events(self, measures: FrameMeasures, duration: float) -> tuple[Event, ...]:
        rows, settings = measures.rows, self._settings
        scores = keyframe_cut_scores if settings.profile == "fast" else cut_scores
        shot_changes = cuts(rows.seconds, scores(rows.seconds, measures.shots))
        certain = np.array([cut.start_sec for cut in shot_changes if cut.score >= CERTAIN_CUT])
        faded = fades(rows.seconds, rows.luma_mean, rows.contrast, rows.core_contrast, certain)
        black = black_runs(rows.seconds, rows.black_share, duration, settings.black_min_sec)
        events = (
            *shot_changes,
            *faded,
            *dissolves(measures.dissolves, certain, faded),
            *(Event("chapter", chapter.start_sec) for chapter in self.video.chapters if chapter.start_sec < duration),
            *black,
            *credits_of(measures.text, black, duration),
            *freeze_runs(
                rows.seconds,
                rows.change,
                rows.drift,
                noise=settings.freeze_noise,
                end_sec=duration,
                min_sec=settings.freeze_min_sec,
            ),
        )
        return tuple(sorted(events, key=lambda event: (event.start_sec, event.kind)))

    def _duration(self) -> float:
        """Return where the video ends: a clip can't contain frames that no decoder can read."""
        lost = self._lost_from()
        if lost is not None:
            return min(lost, self.video.duration_sec)
        if self._settings.profile == "fast":  # the packets after the last keyframe were not read
            return self.video.duration_sec
        # Some of the last packets claim to last until the next one is decoded; the probe has the correct duration.
        return min(self._end_pts * float(self.video.video.time_base), self.video.duration_sec)

    def _lost_from(self) -> float | None:
        """Return the time from which no frame could be decoded; None if the last frames could be decoded."""
        damaged = [item.seconds for item in self._damage if item.what == "picture" and item.seconds is not None]
        # A decoder that skips all but keyframes doesn't notice a frame that it can't read.
        awaited = self._awaited if self._settings.profile == "fast" else []
        return min((seconds for seconds in (*damaged, *awaited) if seconds > self._last_sec), default=None)

    def _end_advice(self) -> tuple[str, ...]:
        lost = self._lost_from()
        return () if lost is None else (f"no frame can be decoded after {lost:.2f} s: clips end there",)

    def _silence(self) -> str:
        if self.video.audio is not None:
            return "not a single audio sample could be decoded"
        if self.video.audio_stream_count:
            return "the audio can't be decoded: " + "; ".join(self.video.warnings)
        return "the video has no sound"

    def _stillness(self) -> str:
        if self._settings.profile == "fast":
            return "too few keyframes to compare; profile fast decodes nothing else"
        return "the video has too few frames to compare"

    def _seconds(self, pts: int | None) -> float | None:
        return None if pts is None else pts * float(self.video.video.time_base)


class _Speed:
    """Reports how far the pass is, how fast it runs and how long it will still take."""

    def __init__(self, duration_sec: float, on_progress: ProgressListener) -> None:
        self._duration = duration_sec
        self._on_progress = on_progress
        self._begun = time.monotonic()

    def report(self, done_sec: float) -> None:
        """Report progress."""
        if done_sec <= 0:
            self._on_progress(Progress("extract", 0.0))
            return
        left = max(0.0, self._duration - done_sec) * (time.monotonic() - self._begun) / done_sec
        message = f"{self.speed(done_sec)}, {left:.0f} s left"
        self._on_progress(Progress("extract", min(1.0, done_sec / self._duration), message))

    def speed(self, done_sec: float) -> str:
        """Return how many seconds of video are processed per second."""
        return f"{done_sec / max(time.monotonic() - self._begun, 1e-6):.1f}x real time"


def _step_means(measures: FrameMeasures, grid: Grid) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    rows = measures.rows
    step = np.minimum((rows.seconds / grid.step_sec + 1e-9).astype(np.intp), grid.count)
    total = np.bincount(step, rows.luma_mean, minlength=grid.count + 1)[: grid.count]
    number = np.bincount(step, minlength=grid.count + 1)[: grid.count]
    # A frame is shown until the next one starts.
    shown = np.maximum(np.searchsorted(rows.seconds, grid.times + 1e-9, side="right") - 1, 0)
    return np.where(number > 0, total / np.maximum(number, 1), rows.luma_mean[shown]).astype(np.float32)
