"""Which of a file's streams are the film and its sound."""

from __future__ import annotations

from dataclasses import dataclass

from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

_NO_FILM = Disposition.attached_pic | Disposition.still_image | Disposition.timed_thumbnails | Disposition.dependent
_STILL_CODECS = frozenset({"png", "mjpeg", "bmp", "gif", "webp", "tiff", "jpeg2000"})
_SIDE_TRACK = Disposition.comment | Disposition.visual_impaired | Disposition.hearing_impaired | Disposition.karaoke


@dataclass(frozen=True, slots=True)
class AudioChoice:
    """The sound to analyse, and what the user should know about the choice.

    Attributes
    ----------
    stream : av.audio.stream.AudioStream or None
        None when there is no sound or none of it has a decoder.
    warnings : tuple of str
        One line for each track passed over for want of a decoder.
    """

    stream: AudioStream | None
    warnings: tuple[str, ...]


def film_streams(container: InputContainer) -> list[VideoStream]:
    """Return the video streams that may be the film, best first.

    Cover pictures, stills and thumbnail tracks are left out. A stream with the default disposition comes first, then
    the larger picture, then the lower index.
    """
    films = [stream for stream in container.streams.video if not _is_still(stream)]
    return sorted(films, key=lambda stream: (not _is_default(stream), -_area(stream), stream.index))


def has_decoder(stream: Stream) -> bool:
    """Whether FFmpeg has a decoder for a stream."""
    return stream.codec_context is not None


def choose_audio(container: InputContainer) -> AudioChoice:
    """Choose the sound to analyse.

    Among the tracks with a decoder: the default disposition first, then no commentary or description, then the most
    channels, then the lower index.
    """
    tracks = list(container.streams.audio)
    readable = [track for track in tracks if isinstance(track.codec_context, AudioCodecContext)]
    readable.sort(key=lambda track: (not _is_default(track), _is_side_track(track), -track.channels, track.index))
    chosen = readable[0] if readable else None
    instead = f"; analyzed with track {chosen.index}" if chosen else "; analyzed without sound"
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
