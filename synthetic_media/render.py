"""Encodes a storyboard into a file, a frame and a block of sound at a time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

from autoclip.media.ffmpeg import local_file
from synthetic_media.audio import Samples
from synthetic_media.camera import expose
from synthetic_media.schedule import Schedule
from synthetic_media.storyboard import Storyboard
from synthetic_media.truth import Truth

SOUND_BLOCK = 1024
"""Samples encoded at once: one frame of AAC-LC (ISO/IEC 14496-3)."""

_CONTAINER_TIME_BASE = {".mkv": Fraction(1, 1000), ".webm": Fraction(1, 1000), ".ts": Fraction(1, 90_000)}
"""Matroska stamps milliseconds (its default TimestampScale), MPEG-TS 90 kHz (ISO/IEC 13818-1); MP4 takes any."""


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """How a storyboard becomes a file. The container follows the file's suffix: .mp4, .mov, .mkv, .ts, .webm, .avi.

    Attributes
    ----------
    width, height : int
        Size in pixels, even.
    rate : Fraction
        Nominal frames a second.
    frame_durations : tuple of float
        Duration of each frame in nominal intervals, repeated; anything but ``(1.0,)`` is a variable frame rate.
    keyframe_interval : int
        Most frames from one keyframe to the next.
    scene_keyframes : bool
        Let the encoder add keyframes at cuts; False leaves exactly every `keyframe_interval`.
    b_frames : int
        Most B-frames in a row.
    start_offset_sec : float
        Container time of the first frame and of the start of the sound.
    audio : bool
        Whether there is a sound track.
    audio_rate, audio_channels : int
        Sampling rate in Hz, and 1 or 2 channels (the same in both).
    rotation : int
        Degrees, anticlockwise, a player must turn the picture by (a display matrix): 0, 90, 180 or 270.
    pixel_format : str
        FFmpeg's name, such as ``yuv420p``, ``yuv420p10le``, ``yuv444p``.
    video_codec, audio_codec, preset, crf
        As FFmpeg names them; `preset` and `crf` apply to libx264 and libx265.
    threads : int
        Threads of the video encoder. Fixed, because x264's output depends on it.
    """

    width: int = 640
    height: int = 360
    rate: Fraction = Fraction(25)
    frame_durations: tuple[float, ...] = (1.0,)
    keyframe_interval: int = 250
    scene_keyframes: bool = True
    b_frames: int = 0
    start_offset_sec: float = 0.0
    audio: bool = True
    audio_rate: int = 48_000
    audio_channels: int = 1
    rotation: int = 0
    pixel_format: str = "yuv420p"
    video_codec: str = "libx264"
    audio_codec: str = "aac"
    preset: str = "superfast"
    crf: int = 23
    threads: int = 2
    metadata: dict[str, str] = field(default_factory=dict, hash=False)

    def time_base_for(self, path: Path) -> Fraction:
        """Return the unit of timestamps in a file of this name."""
        # A sixteenth of a frame interval's unit leaves room for the uneven steps of a variable frame rate.
        native = Fraction(1, self.rate.numerator * (1 if self.frame_durations == (1.0,) else 16))
        return _CONTAINER_TIME_BASE.get(path.suffix.lower(), native)


def render(storyboard: Storyboard, path: Path, options: RenderOptions | None = None) -> Truth:
    """Encode a storyboard.

    Memory does not grow with the video's length. The same storyboard and options give the same picture and sound.

    Parameters
    ----------
    storyboard : Storyboard
        What to show and play.
    path : Path
        The file to write; an existing one is overwritten.
    options : RenderOptions, optional
        How to encode it.

    Returns
    -------
    Truth
        What is true of the file.

    Raises
    ------
    ValueError
        If the storyboard can't be laid out, or the encoder refuses the options.
    """
    chosen = options or RenderOptions()
    schedule = Schedule.plan(storyboard, chosen.rate, chosen.frame_durations, chosen.time_base_for(path))
    with av.open(local_file(path), "w") as container:
        container.metadata.update(chosen.metadata)
        video_track = _VideoTrack(container, chosen, schedule)
        audio_track = _AudioTrack(container, chosen, storyboard) if chosen.audio else None
        _encode_all(schedule, video_track, audio_track)
        video_track.flush()
        if audio_track:
            audio_track.flush()
    return schedule.truth()


def sound_of(storyboard: Storyboard, first: int, count: int, rate: int) -> Samples:
    """Mix `count` samples of a storyboard from sample `first` on, shape ``(count,)``, clipped to [-1, 1]."""
    mix = np.zeros(count)
    begin, end = first / rate, (first + count) / rate
    for sound in storyboard.sounds:
        if sound.interval.start < end and begin < sound.interval.end:
            mix += sound.samples(first, count, rate)
    return np.clip(mix, -1.0, 1.0)


def _encode_all(schedule: Schedule, video_track: _VideoTrack, audio_track: _AudioTrack | None) -> None:
    """Encode frame and sound in turns, while the next frame is being drawn."""

    def encode(frame: av.VideoFrame, end_sec: float) -> None:
        # Sound goes first, so that the muxer never has to hold more than one frame's worth.
        if audio_track:
            audio_track.encode_until(end_sec)
        video_track.encode(frame)

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="encode") as encoder:
        pending: Future[None] | None = None
        for number, frame in enumerate(video_track.frames()):
            if pending:
                pending.result()
            pending = encoder.submit(encode, frame, schedule.time_of(number + 1))
        if pending:
            pending.result()


class _VideoTrack:
    def __init__(self, container: OutputContainer, options: RenderOptions, schedule: Schedule) -> None:
        self._container, self._options, self._schedule = container, options, schedule
        stream = container.add_stream(options.video_codec, rate=options.rate)
        assert isinstance(stream, VideoStream)  # noqa: S101 - add_stream's type follows the codec's
        stream.width, stream.height, stream.pix_fmt = options.width, options.height, options.pixel_format
        context = stream.codec_context
        context.time_base = schedule.time_base
        context.gop_size, context.max_b_frames = options.keyframe_interval, options.b_frames
        context.thread_count = options.threads
        context.options = _encoder_options(options)
        if options.rotation:
            stream.set_display_rotation(options.rotation)
        self._stream = stream
        self._offset = round(Fraction(options.start_offset_sec) / schedule.time_base)

    def frames(self) -> Iterator[av.VideoFrame]:
        """Draw the frames, each in separate memory."""
        pictures = expose(self._schedule, self._options.width, self._options.height)
        for pts, picture in zip(self._schedule.frame_pts.tolist(), pictures, strict=True):
            frame = av.VideoFrame.from_ndarray(picture.buffer, format="yuv420p")
            if self._options.pixel_format != "yuv420p":
                frame = frame.reformat(format=self._options.pixel_format)
            frame.pts, frame.time_base = pts + self._offset, self._schedule.time_base
            yield frame

    def encode(self, frame: av.VideoFrame) -> None:
        """Encode one frame."""
        self._container.mux(self._stream.encode(frame))

    def flush(self) -> None:
        """Write what the encoder still holds."""
        self._container.mux(self._stream.encode(None))


def _encoder_options(options: RenderOptions) -> dict[str, str]:
    if options.video_codec not in {"libx264", "libx265"}:
        return {}
    chosen = {"preset": options.preset, "crf": str(options.crf), "bf": str(options.b_frames)}
    if not options.scene_keyframes:
        name = "x264-params" if options.video_codec == "libx264" else "x265-params"
        chosen[name] = f"scenecut=0:keyint={options.keyframe_interval}:min-keyint={options.keyframe_interval}"
    if options.video_codec == "libx265":
        chosen["x265-params"] = ":".join(filter(None, [chosen.get("x265-params"), "log-level=error"]))
    return chosen


class _AudioTrack:
    def __init__(self, container: OutputContainer, options: RenderOptions, storyboard: Storyboard) -> None:
        self._container, self._storyboard, self._rate = container, storyboard, options.audio_rate
        self._layout = "mono" if options.audio_channels == 1 else "stereo"
        stream = container.add_stream(options.audio_codec, rate=options.audio_rate, layout=self._layout)
        assert isinstance(stream, AudioStream)  # noqa: S101 - add_stream's type follows the codec's
        self._stream = stream
        self._channels = options.audio_channels
        self._offset = round(options.start_offset_sec * options.audio_rate)
        self._total = round(storyboard.duration_sec * options.audio_rate)
        self._done = 0

    def encode_until(self, time_sec: float) -> None:
        """Encode the whole blocks that begin before a time."""
        while self._done < self._total and self._done < time_sec * self._rate:
            self._encode(min(SOUND_BLOCK, self._total - self._done))

    def flush(self) -> None:
        """Encode the rest and write what the encoder still holds."""
        self.encode_until(self._total / self._rate)
        self._container.mux(self._stream.encode(None))

    def _encode(self, count: int) -> None:
        mono = sound_of(self._storyboard, self._done, count, self._rate).astype(np.float32)
        planes = np.ascontiguousarray(np.broadcast_to(mono, (self._channels, count)))
        frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout=self._layout)
        frame.sample_rate = self._rate
        frame.pts, frame.time_base = self._done + self._offset, Fraction(1, self._rate)
        self._container.mux(self._stream.encode(frame))
        self._done += count
