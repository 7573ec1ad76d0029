"""Plan, measure and merge ranges. Each step may run on another machine that has access to the file and the folder.

The frames of a range are decoded, described and compared with the frames before, batch by batch, as in one pass.
Everything that looks further back, and all audio, is processed in one place. The features are therefore identical to
those of one pass, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from autoclip.extraction import EXTRACTION_VERSION, Extraction, decode_policy, measured_video
from autoclip.media.decoding.audio import AudioBlock, AudioDamage
from autoclip.media.decoding.decoder_threads import Described
from autoclip.media.decoding.ranges import DecodeRange, RangeError, decode_audio, decode_range, plan_ranges
from autoclip.media.video import Video
from autoclip.progress import Progress, ProgressListener, ignore_progress
from autoclip.range_extraction.range_file import read_range, write_range
from autoclip.settings import ExtractionSettings
from autoclip.signals.audio_analyzer import AudioAnalyzer, AudioRows
from autoclip.signals.plugins import listening_signals
from autoclip.signals.table import Features
from autoclip.signals.video_analyzer import MAX_DRIFT_SEC, ComparedFrames, MeasuredFrames
from autoclip.system.malloc import share_one_arena

LEAD_SEC = MAX_DRIFT_SEC + 0.5
"""Frames are compared with frames that are at most `MAX_DRIFT_SEC` older."""


@dataclass(frozen=True, slots=True)
class MeasuredAudio:
    """The features of the audio (None without audio), and the spans that could not be decoded."""

    rows: AudioRows | None
    damage: tuple[AudioDamage, ...]


def plan(
    video: Video, settings: ExtractionSettings, count: int, on_progress: ProgressListener = ignore_progress
) -> tuple[DecodeRange, ...]:
    """Divide a video, which must be at its path, into ranges with about the same number of frames.

    Raises
    ------
    RangeError
        If ranges could not give the result of one pass; the message says why.
    MediaError
        If the file can't be opened.
    """
    if settings.decoder != "software":
        raise RangeError(f"decoder = {settings.decoder} is not shared by several processes")
    listening = listening_signals()
    if listening:
        raise RangeError(f"the signal {listening[0]!r} takes its frames or audio in one pass")
    progress = Progress("extract", 0.0, "looking for places to divide the video")
    return plan_ranges(video, decode_policy(settings, 1), count, LEAD_SEC, lambda: on_progress(progress))


def range_path(folder: Path, part: DecodeRange, settings: ExtractionSettings) -> Path:
    """Return the path of a measured range.

    Its name contains everything that its content depends on, except the video.

    It has the suffix of temporary files, which are removed after a day.
    """
    identity = f"{EXTRACTION_VERSION} {settings.model_dump_json()} {part.lead} {part.groups} {part.digest}"
    return folder / f".{part.number:04d}-{blake2b(identity.encode(), digest_size=10).hexdigest()}.partial.range"


def measure_range(
    video: Video,
    settings: ExtractionSettings,
    part: DecodeRange,
    folder: Path,
    on_progress: ProgressListener = ignore_progress,
    *,
    decoders: int = 1,
) -> Path:
    """Measure the frames of a range into a file unless it exists; return its path.

    Parameters
    ----------
    video : Video
        The video, which must be at its path.
    settings : ExtractionSettings
        What to measure and how.
    part : DecodeRange
        A range that `plan` returned.
    folder : Path
        Folder of the file; each video needs its own.
    on_progress : callable
        Called several times a second with the completed share of the range. An exception it raises stops the work.
    decoders : int
        Number of decoding threads.

    Raises
    ------
    RangeError
        If the range could not give the result of one pass; the message says why.
    MediaError
        If the file can't be opened.
    StorageError
        If the file of the range can't be written.
    """
    path = range_path(folder, part, settings)
    if not path.exists():
        share_one_arena()
        with threadpool_limits(limits=1, user_api="blas"):
            write_range(path, _compared(video, settings, part, on_progress, decoders))
    on_progress(Progress("extract", 1.0))
    return path


def measure_audio(
    video: Video, settings: ExtractionSettings, on_progress: ProgressListener = ignore_progress
) -> MeasuredAudio:
    """Measure all audio of a video.

    Raises
    ------
    RangeError
        If the file can't be read to its end.
    MediaError
        If the file can't be opened, or lacks the track that the settings name.
    """
    measured = measured_video(video.path, video, settings)
    analyzer, damage = AudioAnalyzer(), []
    with threadpool_limits(limits=1, user_api="blas"):
        for part in decode_audio(measured):
            if isinstance(part, AudioBlock):
                analyzer.push(part.start, part.rate, part.channels, part.samples)
                at = part.start / part.rate / video.duration_sec if video.duration_sec else 0.0
                on_progress(Progress("extract", min(1.0, max(0.0, at))))
            else:
                damage.append(part)
        return MeasuredAudio(analyzer.finish(), tuple(damage))


def merge(
    video: Video,
    settings: ExtractionSettings,
    ranges: Iterable[Path],
    audio: Callable[[], MeasuredAudio],
) -> Features:
    """Merge measured ranges, in their order, and then the audio into the features of a video.

    Both may still be in progress: a range is merged while later ones are measured.

    Raises
    ------
    RangeError
        If the ranges overlap in time.
    StorageError
        If the file of a range is incomplete.
    """
    extraction = Extraction(measured_video(video.path, video, settings), settings, ignore_progress)
    last = -np.inf
    with threadpool_limits(limits=1, user_api="blas"):
        for path in ranges:
            for group in read_range(path):
                last = _require_later(group, last)
                extraction.take_compared(group)
        heard = audio()
        for damage in heard.damage:
            extraction.take_damage(damage)
        return extraction.features(heard.rows)


def _compared(
    video: Video,
    settings: ExtractionSettings,
    part: DecodeRange,
    on_progress: ProgressListener,
    decoders: int,
) -> Iterator[Described[ComparedFrames]]:
    extraction = Extraction(measured_video(video.path, video, settings), settings, ignore_progress)
    heartbeat = _Heartbeat(part, on_progress)
    policy = decode_policy(settings, decoders)
    groups = decode_range(extraction.video, policy, part, extraction.describe, heartbeat.report)
    last = -np.inf
    for number, group in enumerate(groups):
        _require_whole(group)
        compared = extraction.compare(group)
        last = _require_later(compared, last)
        heartbeat.done = number + 1
        heartbeat.report()
        if number >= part.lead:
            yield compared


def _require_whole(group: Described[MeasuredFrames]) -> None:
    if group.damage:
        raise RangeError(f"some of its frames are damaged ({group.damage[0].reason})")


def _require_later(group: Described[ComparedFrames], last: float) -> float:
    """Refuse frames whose time was shown before; return when the last one ends."""
    if group.description is None:
        return last
    if group.description.seconds[0] <= last:
        raise RangeError(f"its frames are not in presentation order at {last:.2f} s")
    return float(group.description.seconds[-1])


@dataclass(slots=True)
class _Heartbeat:
    """Reports how many batches of a range are done."""

    part: DecodeRange
    listener: ProgressListener
    done: int = 0

    def report(self) -> None:
        self.listener(Progress("extract", self.done / (self.part.lead + self.part.groups)))
