"""The result of a probe: the video, its streams and its chapters."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, FiniteFloat, PlainSerializer

from autoclip.media.timecode import TimecodeFormat

Rate = Annotated[Fraction, BeforeValidator(Fraction), PlainSerializer(str, return_type=str)]
"""An exact fraction that is serialized as ``"30000/1001"``."""


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    def is_complete(self) -> bool:
        """Whether facts that were read back have all fields; an earlier version stored fewer."""
        fields = type(self).model_fields.keys()
        parts = [part for name in fields if isinstance(part := getattr(self, name), _Facts)]
        return fields <= self.model_fields_set and all(part.is_complete for part in parts)


class VideoStream(_Facts):
    """The analyzed video stream.

    `width` and `height` are coded pixels; `display_width` and `display_height` are the size that a player shows, after
    rotation and pixel aspect. A player mirrors the coded frame left to right if `mirrored`, then rotates it clockwise
    by `rotation` degrees. Colors have FFmpeg's names, `unknown` if the file does not state them.
    """

    index: int
    codec: str
    width: int
    height: int
    display_width: int
    display_height: int
    rotation: int
    mirrored: bool
    sample_aspect_ratio: Rate
    average_rate: Rate | None
    nominal_rate: Rate | None
    variable_frame_rate: bool
    time_base: Rate
    start_pts: int
    pixel_format: str
    bit_depth: int
    color_transfer: str
    hdr: bool
    interlaced: bool
    color_primaries: str = "unknown"
    color_space: str = "unknown"
    color_range: str = "unknown"


class MixedTrack(_Facts):
    """A track of a mix, and its gain."""

    index: int
    time_base: Rate
    gain_db: float


class AudioStream(_Facts):
    """The analyzed audio: one stream, or the sum of those in `mixed`."""

    index: int
    codec: str
    sample_rate: int
    channels: int
    layout: str
    time_base: Rate
    language: str | None
    mixed: tuple[MixedTrack, ...] = ()

    @property
    def indexes(self) -> tuple[int, ...]:
        """The streams that it is decoded from."""
        return tuple(track.index for track in self.mixed) or (self.index,)


class SourceTimecode(_Facts):
    """The timecode of the first video frame, with which editing programs identify footage.

    `text` is as in the file, such as `01:00:00;02`; it counts `base` frames per second, which may be half the frame
    rate (59.94p with timecode of 29.97). `reel` is the name of the tape or card, if the file has one.
    """

    text: str
    base: int
    drop_frame: bool
    reel: str | None = None

    @property
    def frame_number(self) -> int:
        """Return the number of frames since 00:00:00:00, at `base` frames per second."""
        return TimecodeFormat(self.base, self.drop_frame).frame_number(self.text)

    def frame_at(self, base: int) -> int:
        """Return the nearest frame number at another `base`."""
        return round(Fraction(self.frame_number * base, self.base))


class Chapter(_Facts):
    """A chapter mark; seconds from the first video frame."""

    start_sec: FiniteFloat
    end_sec: FiniteFloat
    title: str


class Video(_Facts):
    """A readable video file.

    `duration_sec` is derived from the frames. `start_sec` is the container time of the first video frame, which is 0 on
    our timeline. There is no `audio` if none can be decoded; `warnings` then says why. `end_byte` is the position where
    a recording's clock jumps, and the video ends, if it does.
    """

    path: Path
    container: str
    size_bytes: int
    duration_sec: float
    start_sec: float
    video: VideoStream
    audio: AudioStream | None
    audio_stream_count: int
    chapters: tuple[Chapter, ...]
    title: str | None
    warnings: tuple[str, ...]
    timecode: SourceTimecode | None = None
    end_byte: int | None = None
