"""Read text tracks in a video file: subtitles with their times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import av.error
from av.container import InputContainer
from av.packet import Packet
from av.subtitles.stream import SubtitleStream
from av.subtitles.subtitle import AssSubtitle

from autoclip.media.container import open_video
from autoclip.media.video import Video

TEXT_CODECS = frozenset({"subrip", "srt", "webvtt", "mov_text", "ass", "ssa", "text"})
"""FFmpeg's names of text subtitle codecs; the others are images."""


@dataclass(frozen=True, slots=True)
class TimedText:
    """A text and when it is shown, in seconds from the first video frame."""

    start_sec: float
    end_sec: float
    text: str


@dataclass(frozen=True, slots=True)
class TextTrack:
    """A text track with all its texts; `language` is as in the file, such as ``eng``."""

    language: str | None
    texts: tuple[TimedText, ...]


def text_tracks(video: Video) -> tuple[TextTrack, ...]:
    """Read the text tracks of a file that contain text. A file without such tracks is not read through.

    Raises
    ------
    MediaError
        If the file can't be opened.
    """
    with open_video(video) as container:
        streams = [s for s in container.streams.subtitles if s.codec_context and s.codec_context.name in TEXT_CODECS]
        if not streams:
            return ()
        found: dict[int, list[TimedText]] = {stream.index: [] for stream in streams}
        origin = float(video.video.start_pts * video.video.time_base)
        for index, text in _texts(container, streams, origin):
            found[index].append(text)
        return tuple(
            TextTrack(stream.language, tuple(found[stream.index])) for stream in streams if found[stream.index]
        )


def _texts(container: InputContainer, streams: list[SubtitleStream], origin: float) -> Iterator[tuple[int, TimedText]]:
    """Yield the texts of the tracks as far as the file can be read."""
    try:
        for packet in container.demux(*streams):
            text = _text_of(packet)
            if text and packet.pts is not None and packet.duration and packet.time_base is not None:
                start = float(packet.pts * packet.time_base) - origin
                yield packet.stream_index, TimedText(start, start + float(packet.duration * packet.time_base), text)
    except av.error.FFmpegError:
        return


def _text_of(packet: Packet) -> str:  # type: ignore[type-arg]
    """Return the lines of a packet."""
    if not packet.size:
        return ""
    try:
        parts = [part.dialogue for part in packet.decode() if isinstance(part, AssSubtitle)]
    except av.error.FFmpegError:
        return ""
    return "\n".join(part.decode(errors="replace").replace("\\N", "\n") for part in parts).strip()
