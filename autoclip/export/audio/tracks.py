"""Select the audio tracks of an export, and build the filters of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from av.audio.stream import AudioStream

from autoclip.errors import ParameterError
from autoclip.media.audio_tracks import describe_tracks, matches_track, track_title
from autoclip.media.container import open_video
from autoclip.media.video import Video
from autoclip.settings import ExportSettings, read_track_gains

GAP_SEC = 0.01
"""Gap or overlap in audio timestamps, in seconds, from which it is corrected: half of the offset that may be noticed
(20 ms), and far above the rounding of Matroska's milliseconds.
"""

MAX_AAC_CHANNELS = 8
"""Most channels that FFmpeg's AAC encoder accepts in a common layout (7.1)."""

MIX_RATE = 48_000
"""Sample rate of mixes and compound clips in Hz, the one that recorders and platforms use."""

MIX_LIMIT = 0.98
"""Limit of the sum of a mix, as a share of full scale."""

PREROLL_SEC = 0.3
"""How many seconds before a cut its audio is read: decoders need a few packets (of at most 0.12 s, Opus) to converge.
"""


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """An audio track that is kept.

    Attributes
    ----------
    index : int
        Its stream's index in the file.
    codec : str
        Its codec, as FFmpeg names it.
    language : str or None
        Its language according to the file.
    sample_rate, channels : int
        Sample rate in Hz, and number of channels.
    leveling : str
        The filter that normalizes its loudness; empty to leave it unchanged.
    title : str or None
        Its name in the file.
    layout : tuple of str
        FFmpeg's name of each channel.
    parts : tuple of MixPart
        The parts of a mix; empty for a track of the file. A mix has the index of its first part.
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
        """Return the options that write language and title to the output's audio stream with that number."""
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
    """The tracks that are kept, and notes for the user on tracks that were left out or mixed down, and why."""

    tracks: tuple[AudioTrack, ...]
    notes: tuple[str, ...] = ()


def choose_tracks(video: Video, settings: ExportSettings) -> TrackChoice:
    """Return the audio tracks that the settings select.

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
    """Return the track that results from mixing the tracks of `audio_mix`: stereo, at `MIX_RATE`."""
    parts = tuple(
        MixPart(_named(video, gain.name, tracks), gain.gain_db) for gain in read_track_gains(settings.audio_mix)
    )
    first = parts[0].track
    return AudioTrack(first.index, "mix", first.language, MIX_RATE, 2, title="Mix", layout=("FL", "FR"), parts=parts)


def _named(video: Video, name: str, tracks: list[AudioTrack | _NoDecoder]) -> AudioTrack:
    """Return the track that a number, a language or a title refers to."""
    known = [(number, track) for number, track in enumerate(tracks, 1) if isinstance(track, AudioTrack)]
    for number, track in known:
        if matches_track(name, number, track.language, track.title):
            return track
    descriptions = describe_tracks((number, track.language, track.title) for number, track in known)
    raise ParameterError(
        f"{video.path.name} has no readable audio track {name}; it has {len(tracks)} in all, of which {len(known)} can "
        f"be decoded: {descriptions}"
    )


def mixed_down(track: AudioTrack) -> tuple[str, ...]:
    """Return the filter that mixes down to stereo if there are more channels than AAC accepts; else an empty text.

    Channels on the left go to the left, those on the right to the right, those in the middle and without a position to
    both. The subwoofers are left out, as in ITU-R BS.775.
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
    """Return the filters that cut a track of an input, or the tracks of its mix, to a span; see `audio_filters`."""
    if not track.parts:
        return f"[{input_number}:{track.index}]{','.join(audio_filters(track, start, duration, settings))}"
    cuts = [",".join(_cut_filters(part.track, start, duration)) for part in track.parts]
    return f"{mixed(track, input_number, cuts, 'part')},{','.join(_finishing_filters(track, duration, settings))}"


def mixed(track: AudioTrack, input_number: int, cuts: Sequence[str], label: str) -> str:
    """Return the filters that add the parts of a mix, each cut by its own filters, and keep the sum from clipping.

    `label` is the prefix of the links between them.
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
    """Return the filter that puts one channel on both sides at full level: FFmpeg's default attenuates it by 3 dB."""
    return "pan=stereo|c0=c0|c1=c0," if track.channels == 1 else ""


def audio_filters(track: AudioTrack, start: Fraction, duration: Fraction, settings: ExportSettings) -> tuple[str, ...]:
    """Return the filters that cut a track to a span.

    The audio stays aligned with the video: gaps at the start, inside or at the end become silence.

    Parameters
    ----------
    track : AudioTrack
        The track, with its loudness filter.
    start : Fraction
        Container time of the cut, in seconds.
    duration : Fraction
        Its length in seconds.
    settings : ExportSettings
        Supplies the fades.
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
    # None of the platforms accepts more than two channels.
    layouts = ("aformat=channel_layouts=mono|stereo",) if settings.platform != "none" else ()
    leveling = (track.leveling,) if track.leveling else ()
    return (*leveling, "asetpts=N/SR/TB", *layouts, *fade_filters("afade", float(duration), settings))


def fade_filters(name: str, duration_sec: float, settings: ExportSettings) -> tuple[str, ...]:
    """Return the fades of the settings; `name` is ``fade`` (video) or ``afade`` (audio)."""
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
    """Return all audio tracks in file order."""
    with open_video(video) as container:
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
