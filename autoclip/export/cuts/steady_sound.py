"""Sound whose sample rate or channels change on the way, as at an advertisement, given one format before it is cut.

ffmpeg builds its filters anew at such a change, as if the sound began again there. An MP4 states a track's format once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from pathlib import Path

from av.audio.frame import AudioFrame
from av.error import FFmpegError

from autoclip.export.audio.copied import audio_packets
from autoclip.export.audio.tracks import AudioTrack
from autoclip.export.cuts.cut_spec import CutSpec
from autoclip.export.cuts.exact import audio_input
from autoclip.export.render_context import RenderContext, temporary_path
from autoclip.media.container import open_video
from autoclip.media.ffmpeg import local_file

_CHANGING_CONTAINERS = frozenset({"mpegts", "mpeg", "flv"})
"""Formats of broadcasts, in which the format of any codec may change."""

_CHANGING_CODECS = frozenset({"ac3", "eac3", "dca", "mp2", "mp2float", "mp3", "mp3float"})
"""Decoders of codecs that state their format in each frame, whatever the container states."""

_TRIED_PACKETS = 16
"""To notice a change, one packet in this many is decoded: one every third of a second or more often."""


def with_steady_sound(
    spec: CutSpec,
    context: RenderContext,
    stack: ExitStack,
    lead_sec: Fraction = Fraction(0),
    trail_sec: Fraction = Fraction(0),
) -> CutSpec:
    """Return a cut whose tracks keep their format: if one doesn't, all are decoded to a file, which `stack` removes.

    Parameters
    ----------
    spec : CutSpec
        The cut.
    context : RenderContext
        Runs ffmpeg.
    stack : ExitStack
        Removes the file.
    lead_sec, trail_sec : Fraction
        Seconds of sound that are needed before and behind the cut.
    """
    span = spec.span
    start = span.container_seconds(span.start) - lead_sec
    end = span.container_seconds(span.end) + trail_sec
    tracks = {track.index: track for track in _read_tracks(spec)}
    if not any(_changes(spec, track, start, end) for track in tracks.values()):
        return spec
    path = stack.enter_context(temporary_path(context.rendered.parent))
    context.run(_arguments(spec, list(tracks.values()), lead_sec, end, path))
    places = {index: place for place, index in enumerate(tracks)}
    steady = spec.video.model_copy(update={"path": path, "container": "matroska,webm", "end_byte": None})
    return replace(spec, sound=steady, tracks=tuple(_moved(track, places) for track in spec.tracks))


def _read_tracks(spec: CutSpec) -> Iterator[AudioTrack]:
    for track in spec.tracks:
        yield from (part.track for part in track.parts) if track.parts else (track,)


def _changes(spec: CutSpec, track: AudioTrack, start: Fraction, end: Fraction) -> bool:
    """Whether the sample rate or the channels of a track change between two times of the container."""
    if spec.video.container not in _CHANGING_CONTAINERS and track.codec not in _CHANGING_CODECS:
        return False
    found = set()
    with open_video(spec.video) as container:
        for packet in islice(audio_packets(container, track, start, end), None, None, _TRIED_PACKETS):
            with suppress(FFmpegError):  # it lacks the packets before
                frames = (frame for frame in packet.decode() if isinstance(frame, AudioFrame))
                found |= {(frame.sample_rate, frame.layout.name) for frame in frames}
    return len(found) > 1


def _arguments(
    spec: CutSpec, tracks: list[AudioTrack], lead_sec: Fraction, end: Fraction, target: Path
) -> tuple[str, ...]:
    """Return the ffmpeg arguments that decode tracks to a file, each in the format it was probed with."""
    outputs: list[str] = []
    for place, track in enumerate(tracks):
        even = f"aresample={track.sample_rate},aformat=channel_layouts={'+'.join(track.layout)}"
        outputs += ["-map", f"0:{track.index}", f"-filter:a:{place}", f"atrim=end={float(end):.6f},{even}"]
    inputs = audio_input(spec, lead_sec)
    return ("-copyts", *inputs, *outputs, "-c:a", "pcm_s24le", "-f", "matroska", local_file(target))


def _moved(track: AudioTrack, places: dict[int, int]) -> AudioTrack:
    parts = tuple(replace(part, track=_moved(part.track, places)) for part in track.parts)
    return replace(track, index=places.get(track.index, track.index), codec="pcm_s24le", parts=parts)
