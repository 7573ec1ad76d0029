"""Select audio tracks by number, language or title: recorders keep game, microphone and chat on separate tracks."""

from __future__ import annotations

import re
from collections.abc import Iterable

from av.audio.stream import AudioStream as AudioTrack
from av.stream import Stream

from autoclip.errors import ParameterError
from autoclip.media.container import open_container
from autoclip.media.video import AudioStream, Video
from autoclip.settings import DEFAULT_TRACK

_PROGRAMS_OWN = re.compile("handler|core media|apple|gpac|google|mainconcept|lavf", re.IGNORECASE)
"""Track names that encoders write by default."""


def audio_facts(track: AudioTrack) -> AudioStream:
    """Return the facts about an audio track that has a decoder."""
    return AudioStream(
        index=track.index,
        codec=track.codec_context.codec.canonical_name,
        sample_rate=track.sample_rate,
        channels=track.channels,
        layout=track.layout.name,
        time_base=track.time_base,
        language=track_language(track),
    )


def track_language(track: Stream) -> str | None:
    """Return the language that a file states for a track, if any."""
    return None if track.language in {None, "", "und"} else track.language


def track_title(track: Stream) -> str | None:
    """Return a track's title on one line, or MP4's handler name. Names that encoders write by default are ignored."""
    tags = {name: " ".join(text.split()) for name, text in track.metadata.items()}
    handler = tags.get("handler_name", "")
    named = handler if not _PROGRAMS_OWN.search(handler) else ""
    return tags.get("title") or tags.get("name") or named or None


def is_meant(wanted: str, number: int, language: str | None, title: str | None) -> bool:
    """Whether a number from 1, ``language:CODE`` or ``title:TEXT`` refers to a track; compared case-insensitively."""
    kind, _, value = wanted.partition(":")
    if kind == "language":
        return (language or "").lower() == value.strip().lower()
    if kind == "title":
        return (title or "").lower() == " ".join(value.split()).lower()
    return wanted == str(number)


def tracks_told(tracks: Iterable[tuple[int, str | None, str | None]]) -> str:
    """Return the numbers, languages and titles of tracks for a message."""
    told = [
        " ".join(filter(None, (str(number), language, title and repr(title)))) for number, language, title in tracks
    ]
    return "; ".join(told) or "none"


def with_analysis_audio(video: Video, wanted: str) -> Video:
    """Return a copy of a video whose analyzed audio is the selected track.

    Parameters
    ----------
    video : Video
        The probed video, with the default track.
    wanted : str
        The setting `analysis_audio`.

    Raises
    ------
    ParameterError
        If there is no such track, or it has no decoder.
    MediaError
        If the file can't be read.
    """
    if wanted == DEFAULT_TRACK:
        return video
    with open_container(video.path) as container:
        tracks = list(enumerate(container.streams.audio, 1))
        for number, track in tracks:
            if is_meant(wanted, number, track_language(track), track_title(track)):
                if track.codec_context is None:
                    raise ParameterError(f"{video.path.name}: audio track {number} has no decoder here; name another")
                return video.model_copy(update={"audio": audio_facts(track)})
        known = tracks_told((number, track_language(track), track_title(track)) for number, track in tracks)
    raise ParameterError(f"{video.path.name} has no audio track {wanted!r} to analyze; it has {known}")
