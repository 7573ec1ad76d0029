"""Select audio tracks by number, language or title: recorders keep game, microphone and chat on separate tracks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from av.audio.stream import AudioStream as AudioTrack
from av.stream import Stream

from autoclip.errors import ParameterError
from autoclip.media.container import open_video
from autoclip.media.video import AudioStream, MixedTrack, Video
from autoclip.settings import DEFAULT_TRACK, is_track_mix, read_track_gains

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


def matches_track(wanted: str, number: int, language: str | None, title: str | None) -> bool:
    """Whether a number from 1, ``language:CODE`` or ``title:TEXT`` refers to a track; compared case-insensitively."""
    kind, _, value = wanted.partition(":")
    if kind == "language":
        return (language or "").lower() == value.strip().lower()
    if kind == "title":
        return (title or "").lower() == " ".join(value.split()).lower()
    return wanted == str(number)


def describe_tracks(tracks: Iterable[tuple[int, str | None, str | None]]) -> str:
    """Return the numbers, languages and titles of tracks for a message."""
    descriptions = [
        " ".join(filter(None, (str(number), language, title and repr(title)))) for number, language, title in tracks
    ]
    return "; ".join(descriptions) or "none"


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
    with open_video(video) as container:
        tracks = container.streams.audio
        if is_track_mix(wanted):
            gains = read_track_gains(wanted)
            parts = [(_named(video, tracks, gain.name), gain.gain_db) for gain in gains]
            if len({track.index for track, _ in parts}) < len(parts):
                raise ParameterError(f"{video.path.name}: {wanted!r} mixes a track with itself; name each track once")
            audio = _mix(parts)
        else:
            audio = audio_facts(_named(video, tracks, wanted))
    return video.model_copy(update={"audio": audio})


def _named(video: Video, tracks: Iterable[AudioTrack], wanted: str) -> AudioTrack:
    numbered = list(enumerate(tracks, 1))
    for number, track in numbered:
        if matches_track(wanted, number, track_language(track), track_title(track)):
            if track.codec_context is None:
                raise ParameterError(f"{video.path.name}: audio track {number} has no decoder here; name another")
            return track
    known = describe_tracks((number, track_language(track), track_title(track)) for number, track in numbered)
    raise ParameterError(f"{video.path.name} has no audio track {wanted!r} to analyze; it has {known}")


def _mix(parts: Sequence[tuple[AudioTrack, float]]) -> AudioStream:
    """Return the facts of tracks that are added up, each with its gain in dB: stereo, at the first one's rate."""
    first = audio_facts(parts[0][0])
    mixed = tuple(MixedTrack(index=track.index, time_base=track.time_base, gain_db=gain) for track, gain in parts)
    return first.model_copy(update={"codec": "mix", "channels": 2, "layout": "stereo", "mixed": mixed})
