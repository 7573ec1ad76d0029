"""Which tracks of sound an export keeps, and the filters each goes through."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from av.audio.stream import AudioStream

from autoclip.errors import ParameterError
from autoclip.media.container import open_container
from autoclip.media.video import Video
from autoclip.settings import ExportSettings

GAP_SEC = 0.01
"""A hole or overlap in the sound's timestamps from which it is mended, in seconds: half of what may be heard as out of
step (20 ms), and far above the rounding of Matroska's milliseconds."""

PREROLL_SEC = 0.3
"""How far ahead of a cut its sound is read: codecs need a few packets (of at most 0.12 s, Opus) to swing in."""


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """A track of sound that is kept.

    Attributes
    ----------
    index : int
        Its stream's index in the file.
    codec : str
        Its codec, as FFmpeg names it.
    language : str or None
        What the file says of its language.
    sample_rate, channels : int
        Samples a second, and how many channels.
    levelling : str
        The filter that brings it to its loudness; empty to leave it as it is.
    """

    index: int
    codec: str
    language: str | None
    sample_rate: int
    channels: int
    levelling: str = ""

    def labels(self, number: int) -> tuple[str, ...]:
        """Return the options that write the language on the output's audio stream of that number."""
        known = self.language and self.language != "und"
        return (f"-metadata:s:a:{number}", f"language={self.language}") if known else ()


def choose_tracks(video: Video, settings: ExportSettings) -> tuple[AudioTrack, ...]:
    """Return the tracks of sound the settings ask for.

    Raises
    ------
    ParameterError
        If there is no such track, or it has no decoder.
    """
    wanted, known = settings.audio_tracks, video.audio
    if wanted == "none" or (wanted == "default" and known is None):
        return ()
    if wanted == "default" and known is not None:
        return (AudioTrack(known.index, known.codec, known.language, known.sample_rate, known.channels),)
    tracks = _readable_tracks(video)
    if wanted == "all":
        return tuple(track for track in tracks if track is not None)
    chosen = tracks[int(wanted) - 1] if 1 <= int(wanted) <= len(tracks) else None
    if chosen is None:
        raise ParameterError(f"{video.path.name} has no readable audio track {wanted}; it has {len(tracks)} in all")
    return (chosen,)


def audio_filters(track: AudioTrack, start: Fraction, duration: Fraction, settings: ExportSettings) -> tuple[str, ...]:
    """Return the filters that cut a track to a span.

    The sound keeps its place beside the picture: what is missing, at the start, within or at the end, becomes silence.

    Parameters
    ----------
    track : AudioTrack
        What it is, and how it is levelled.
    start : Fraction
        Container time of the cut, in seconds.
    duration : Fraction
        Its length in seconds.
    settings : ExportSettings
        Fades.
    """
    begin, length = f"{float(start):.6f}", f"{float(duration):.6f}"
    chain = [
        f"atrim=start={begin}:end={float(start + duration):.6f}",
        f"asetpts=round(PTS-{begin}/TB)",
        f"aresample=async=1:min_hard_comp={GAP_SEC}:first_pts=0",
        f"apad=whole_dur={length}",
        f"atrim=end={length}",
        *([track.levelling] if track.levelling else []),
        "asetpts=N/SR/TB",
    ]
    if settings.platform != "none":
        chain.append("aformat=channel_layouts=mono|stereo")  # none of the platforms takes more channels
    return (*chain, *fade_filters("afade", float(duration), settings))


def fade_filters(name: str, duration_sec: float, settings: ExportSettings) -> tuple[str, ...]:
    """Return the fades the settings ask for; `name` is ``fade`` (picture) or ``afade`` (sound)."""
    fades = []
    if settings.fade_in_sec:
        fades.append(f"{name}=t=in:st=0:d={min(settings.fade_in_sec, duration_sec):.6f}")
    if settings.fade_out_sec:
        length = min(settings.fade_out_sec, duration_sec)
        fades.append(f"{name}=t=out:st={duration_sec - length:.6f}:d={length:.6f}")
    return tuple(fades)


def _readable_tracks(video: Video) -> list[AudioTrack | None]:
    """Return all audio tracks in the file's order; None for one without a decoder."""
    with open_container(video.path) as container:
        return [_track(stream) for stream in container.streams.audio]


def _track(stream: AudioStream) -> AudioTrack | None:
    if stream.codec_context is None:
        return None
    context = stream.codec_context
    return AudioTrack(
        stream.index, context.name, stream.metadata.get("language"), context.sample_rate, context.channels
    )
