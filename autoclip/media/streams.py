"""Choose the main video stream of a file and its audio."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import av.error
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

_NO_FILM = Disposition.attached_pic | Disposition.still_image | Disposition.timed_thumbnails | Disposition.dependent
_STILL_CODECS = frozenset({"png", "mjpeg", "bmp", "gif", "webp", "tiff", "jpeg2000"})
_MIN_PICTURES = 3
_MINUTE_PACKETS = 1_500
"""Packets in a minute at 25 frames per second: a slide show beside the main video changes within that time."""
_SIDE_TRACK = Disposition.comment | Disposition.visual_impaired | Disposition.hearing_impaired | Disposition.karaoke


@dataclass(frozen=True, slots=True)
class AudioChoice:
    """The audio track to analyze, and warnings about the choice.

    Attributes
    ----------
    stream : av.audio.stream.AudioStream or None
        None if there is no audio track with a decoder.
    warnings : tuple of str
        One line for each track without a decoder.
    """

    stream: AudioStream | None
    warnings: tuple[str, ...]


def film_streams(container: InputContainer) -> list[VideoStream]:
    """Return the video streams that may be the main video, best first.

    Cover images, stills and thumbnail tracks are left out. A stream with the default disposition comes first, then the
    larger frame, then the lower index.
    """
    films = [stream for stream in container.streams.video if not _is_still(stream)]
    return sorted(films, key=lambda stream: (not _is_default(stream), -_area(stream), stream.index))


def has_picture(container: InputContainer) -> bool:
    """Whether a container has a picture that is no cover."""
    return any(not stream.disposition & _NO_FILM for stream in container.streams.video)


def still_streams(container: InputContainer) -> frozenset[int]:
    """Return the indices of the video streams that hold one or two frames while another one continues.

    Packets are read until every stream has shown more frames, or another one has shown `_MINUTE_PACKETS`, because the
    frame count in an AVI index is unreliable. The container's position is lost.
    """
    films = film_streams(container)
    shown = dict.fromkeys((film.index for film in films), 0)
    if len(films) > 1:
        with suppress(av.error.FFmpegError):
            for packet in container.demux(*films):
                shown[packet.stream_index] += bool(packet.size)
                if min(shown.values()) >= _MIN_PICTURES or max(shown.values()) >= _MINUTE_PACKETS:
                    break
    runs_on = max(shown.values(), default=0) >= _MIN_PICTURES
    return frozenset(index for index, count in shown.items() if runs_on and count < _MIN_PICTURES)


def has_decoder(stream: Stream) -> bool:
    """Whether FFmpeg has a decoder for a stream."""
    return stream.codec_context is not None


def choose_audio(container: InputContainer) -> AudioChoice:
    """Choose the audio track to analyze.

    Among the tracks with a decoder: the default disposition first, then no commentary or description, then the most
    channels, then the lower index.
    """
    tracks = list(container.streams.audio)
    readable = [track for track in tracks if isinstance(track.codec_context, AudioCodecContext)]
    readable.sort(key=lambda track: (not _is_default(track), _is_side_track(track), -track.channels, track.index))
    chosen = readable[0] if readable else None
    instead = f"; analyzed with track {chosen.index}" if chosen else "; analyzed without audio"
    warnings = tuple(
        f"audio stream {track.index} has no decoder here{instead}" for track in tracks if not has_decoder(track)
    )
    return AudioChoice(chosen, warnings)


def _is_still(stream: VideoStream) -> bool:
    if stream.disposition & _NO_FILM:
        return True
    return stream.frames == 1 and has_decoder(stream) and stream.codec_context.name in _STILL_CODECS


def _is_default(stream: Stream) -> bool:
    return bool(stream.disposition & Disposition.default)


def _is_side_track(stream: Stream) -> bool:
    return bool(stream.disposition & _SIDE_TRACK)


def _area(stream: VideoStream) -> int:
    return stream.codec_context.width * stream.codec_context.height if has_decoder(stream) else 0
