"""Which tracks of sound an export keeps, and the filters each goes through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from av.audio.stream import AudioStream

from autoclip.errors import ParameterError
from autoclip.media.audio_tracks import is_meant, track_title, tracks_told
from autoclip.media.container import open_container
from autoclip.media.video import Video
from autoclip.settings import ExportSettings, read_track_gains

GAP_SEC = 0.01
"""A hole or overlap in the sound's timestamps from which it is mended, in seconds: half of what may be heard as out of
step (20 ms), and far above the rounding of Matroska's milliseconds."""

MAX_AAC_CHANNELS = 8
"""Most channels that FFmpeg's AAC encoder takes in a usual layout (7.1)."""

MIX_RATE = 48_000
"""Samples a second of a mix: what recorders write."""

MIX_LIMIT = 0.98
"""Level, as a share of full scale, that the sum of a mix is held below."""

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
    leveling : str
        The filter that brings it to its loudness; empty to leave it as it is.
    title : str or None
        Its name in the file.
    layout : tuple of str
        FFmpeg's name of each channel.
    parts : tuple of MixPart
        What it is mixed of; empty for a track of the file. A mix bears the index of its first part.
    """

    index: int
    codec: str
    language: str | None
    sample_rate: int
    channels: int
    leveling: str = ""
    title: str | None = None
    layout: tuple[str, ...] = ()
    parts: tuple[MixPart, ...] = ()

    def labels(self, number: int) -> tuple[str, ...]:
        """Return the options that write language and title on the output's audio stream of that number."""
        options: list[str] = []
        if self.language and self.language != "und":
            options += [f"-metadata:s:a:{number}", f"language={self.language}"]
        if self.title:
            options += [f"-metadata:s:a:{number}", f"title={self.title}"]
        return tuple(options)


@dataclass(frozen=True, slots=True)
class MixPart:
    """A track of a mix, and its gain in decibels."""

    track: AudioTrack
    gain_db: float


@dataclass(frozen=True, slots=True)
class TrackChoice:
    """The tracks that are kept, and what the user should know: which were left out or mixed down, and why."""

    tracks: tuple[AudioTrack, ...]
    notes: tuple[str, ...] = ()


def choose_tracks(video: Video, settings: ExportSettings) -> TrackChoice:
    """Return the tracks of sound the settings ask for.

    Raises
    ------
    ParameterError
        If there is no such track, or it has no decoder.
    """
    wanted, known = settings.audio_tracks, video.audio
    if not settings.audio_mix and (wanted == "none" or (wanted == "default" and known is None)):
        return TrackChoice(())
    tracks = _audio_tracks(video)
    if settings.audio_mix:
        return TrackChoice((_mix(video, settings, tracks),))
    readable = tuple(track for track in tracks if isinstance(track, AudioTrack))
    notes: list[str] = []
    if wanted == "default":
        chosen = tuple(track for track in readable if known is not None and track.index == known.index)
    elif wanted == "all":
        chosen = readable
        notes += [str(track) for track in tracks if isinstance(track, _NoDecoder)]
    else:
        chosen = tuple(_named(video, name.strip(), tracks) for name in wanted.split(","))
    notes += [f"{track.channels} channels are mixed down to stereo" for track in chosen if _is_mixed_down(track)]
    return TrackChoice(chosen, tuple(notes))


def _mix(video: Video, settings: ExportSettings, tracks: list[AudioTrack | _NoDecoder]) -> AudioTrack:
    """Return the one track that the tracks of `audio_mix` make together: stereo, at `MIX_RATE`."""
    parts = tuple(
        MixPart(_named(video, gain.name, tracks), gain.gain_db) for gain in read_track_gains(settings.audio_mix)
    )
    first = parts[0].track
    return AudioTrack(first.index, "mix", first.language, MIX_RATE, 2, title="Mix", layout=("FL", "FR"), parts=parts)


def _named(video: Video, name: str, tracks: list[AudioTrack | _NoDecoder]) -> AudioTrack:
    """Return the track that is meant by a number, a language or a title."""
    known = [(number, track) for number, track in enumerate(tracks, 1) if isinstance(track, AudioTrack)]
    for number, track in known:
        if is_meant(name, number, track.language, track.title):
            return track
    told = tracks_told((number, track.language, track.title) for number, track in known)
    raise ParameterError(
        f"{video.path.name} has no readable audio track {name}; it has {len(tracks)} in all, of which {len(known)} can "
        f"be decoded: {told}"
    )


def mixed_down(track: AudioTrack) -> tuple[str, ...]:
    """Return the filter that mixes more channels than AAC takes down to two; none if there are fewer.

    What stands on the left goes left, on the right right, in the middle to both; so does what has no place. The
    subwoofers are left out, as ITU-R BS.775 does.
    """
    if not _is_mixed_down(track):
        return ()
    sides = {side: "+".join(f"c{number}" for number in _heard_on(side, track.layout)) for side in ("L", "R")}
    mixes = (f"F{side}<{mix}" for side, mix in sides.items())
    return (f"pan=stereo|{'|'.join(mixes)}",)


def _heard_on(side: str, layout: tuple[str, ...]) -> list[int]:
    other = "R" if side == "L" else "L"
    heard = [number for number, name in enumerate(layout) if "LFE" not in name and not name.endswith(other)]
    return heard or list(range(len(layout)))


def _is_mixed_down(track: AudioTrack) -> bool:
    return track.channels > MAX_AAC_CHANNELS


def audio_graph(
    track: AudioTrack, input_number: int, start: Fraction, duration: Fraction, settings: ExportSettings
) -> str:
    """Return the filters that cut a track of an input to a span, its own or those it is mixed of; `audio_filters`."""
    if not track.parts:
        return f"[{input_number}:{track.index}]{','.join(audio_filters(track, start, duration, settings))}"
    cuts = [",".join(_cut_filters(part.track, start, duration)) for part in track.parts]
    return f"{mixed(track, input_number, cuts, 'part')},{','.join(_finishing_filters(track, duration, settings))}"


def mixed(track: AudioTrack, input_number: int, cuts: Sequence[str], label: str) -> str:
    """Return the filters that add the parts of a mix, each cut by filters of its own, and keep the sum from clipping.

    `label` is what links between them are called.
    """
    links = [f"[{label}{place}]" for place in range(len(track.parts))]
    graph = [
        f"[{input_number}:{part.track.index}]{_centered(part.track)}{cut},volume={part.gain_db:g}dB,"
        f"aformat=sample_fmts=fltp:sample_rates={MIX_RATE}:channel_layouts=stereo{link}"
        for part, cut, link in zip(track.parts, cuts, links, strict=True)
    ]
    total = f"amix=inputs={len(links)}:normalize=0:dropout_transition=0,alimiter=limit={MIX_LIMIT}:level=0:latency=1"
    return ";".join([*graph, "".join(links) + total])


def _centered(track: AudioTrack) -> str:
    """Return the filter that puts one channel on both sides as it is: FFmpeg itself would take 3 dB away."""
    return "pan=stereo|c0=c0|c1=c0," if track.channels == 1 else ""


def audio_filters(track: AudioTrack, start: Fraction, duration: Fraction, settings: ExportSettings) -> tuple[str, ...]:
    """Return the filters that cut a track to a span.

    The sound keeps its place beside the picture: what is missing, at the start, within or at the end, becomes silence.

    Parameters
    ----------
    track : AudioTrack
        What it is, and how it is leveled.
    start : Fraction
        Container time of the cut, in seconds.
    duration : Fraction
        Its length in seconds.
    settings : ExportSettings
        Fades.
    """
    return (*_cut_filters(track, start, duration), *_finishing_filters(track, duration, settings))


def _cut_filters(track: AudioTrack, start: Fraction, duration: Fraction) -> tuple[str, ...]:
    begin, length = f"{float(start):.6f}", f"{float(duration):.6f}"
    return (
        *mixed_down(track),
        f"atrim=start={begin}:end={float(start + duration):.6f}",
        f"asetpts=round(PTS-{begin}/TB)",
        f"aresample=async=1:min_hard_comp={GAP_SEC}:first_pts=0",
        f"apad=whole_dur={length}",
        f"atrim=end={length}",
    )


def _finishing_filters(track: AudioTrack, duration: Fraction, settings: ExportSettings) -> tuple[str, ...]:
    # None of the platforms takes more than two channels.
    layouts = ("aformat=channel_layouts=mono|stereo",) if settings.platform != "none" else ()
    leveling = (track.leveling,) if track.leveling else ()
    return (*leveling, "asetpts=N/SR/TB", *layouts, *fade_filters("afade", float(duration), settings))


def fade_filters(name: str, duration_sec: float, settings: ExportSettings) -> tuple[str, ...]:
    """Return the fades the settings ask for; `name` is ``fade`` (picture) or ``afade`` (sound)."""
    fades = []
    if settings.fade_in_sec:
        fades.append(f"{name}=t=in:st=0:d={min(settings.fade_in_sec, duration_sec):.6f}")
    if settings.fade_out_sec:
        length = min(settings.fade_out_sec, duration_sec)
        fades.append(f"{name}=t=out:st={duration_sec - length:.6f}:d={length:.6f}")
    return tuple(fades)


@dataclass(frozen=True, slots=True)
class _NoDecoder:
    """An audio track that can't be decoded."""

    number: int

    def __str__(self) -> str:
        return f"audio track {self.number} has no decoder here and is left out"


def _audio_tracks(video: Video) -> list[AudioTrack | _NoDecoder]:
    """Return all audio tracks in the file's order."""
    with open_container(video.path) as container:
        return [_track(number, stream) for number, stream in enumerate(container.streams.audio, 1)]


def _track(number: int, stream: AudioStream) -> AudioTrack | _NoDecoder:
    context = stream.codec_context
    if context is None:
        return _NoDecoder(number)
    return AudioTrack(
        stream.index,
        context.name,
        stream.metadata.get("language"),
        context.sample_rate,
        context.channels,
        title=track_title(stream),
        layout=tuple(channel.name for channel in context.layout.channels),
    )
