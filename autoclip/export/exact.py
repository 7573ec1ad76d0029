"""The exact cut: everything is encoded anew, so the first and last frame are the ones that were asked for."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from autoclip.export.encoders import MP4, frame_timing, sound_encoder, video_encoder
from autoclip.export.frame_span import FrameSpan
from autoclip.export.order import CutOrder
from autoclip.export.picture import picture_filters
from autoclip.export.sound import PREROLL_SEC, sound_filters
from autoclip.media.ffmpeg import safe_input
from autoclip.media.video import Video

_INDEXED_CONTAINERS = ("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm")
_BLIND_SEEK_SEC = 0.5


def exact_arguments(order: CutOrder, target: Path) -> tuple[str, ...]:
    """Return the ffmpeg arguments that render one cut.

    The user's own command, made exact: input is sought to the keyframe before the cut, and the cut itself is made by
    ``trim`` on the container's own timestamps, which ``-copyts`` keeps: no start offset, edit list or rounding of a
    seek moves it. Picture and sound are read apart, so that the picture's decoding starts at its keyframe while the
    sound starts a little earlier and swings in.
    """
    video, span, settings = order.video, order.span, order.settings
    inputs = picture_input(video, span)
    filters = picture_filters(video, settings, order.canvas, span.duration_sec)
    graph = [f"[0:{video.video.index}]{cut_filters(span)},{filters}[v]"]
    maps = ["-map", "[v]"]
    encoders = (*video_encoder(video, settings, order.parameter_set), *frame_timing(settings, span))
    if order.tracks:
        inputs += sound_input(video, span)
        encoders += sound_encoder(settings)
    start = span.container_seconds(span.start)
    for number, track in enumerate(order.tracks):
        graph.append(f"[1:{track.index}]{','.join(sound_filters(start, span.duration_sec, settings))}[a{number}]")
        maps += ["-map", f"[a{number}]", *track.labels(number)]
    return ("-copyts", *inputs, "-filter_complex", ";".join(graph), *maps, *encoders, *MP4, str(target))


def picture_input(video: Video, span: FrameSpan) -> tuple[str, ...]:
    """Return the input options that make decoding start at the keyframe before the span."""
    times = span.times
    key = times.keyframe_before(span.first)
    if video.container in _INDEXED_CONTAINERS:
        # Half a frame past the keyframe: microseconds, in which ffmpeg seeks, must not round to the one before it.
        target = span.container_seconds(int(times.pts[key])) + Fraction(span.frame_sec) / 2
    else:
        target = span.container_seconds(int(times.dts[key])) - Fraction(_BLIND_SEEK_SEC)
    return _sought_input(video, target)


def sound_arguments(order: CutOrder, target: Path) -> tuple[str, ...]:
    """Return the ffmpeg arguments that render the sound of a cut alone."""
    span = order.span
    start = span.container_seconds(span.start)
    graph, maps = [], []
    for number, track in enumerate(order.tracks):
        graph.append(f"[0:{track.index}]{','.join(sound_filters(start, span.duration_sec, order.settings))}[a{number}]")
        maps += ["-map", f"[a{number}]", *track.labels(number)]
    inputs = sound_input(order.video, span)
    return (
        "-copyts",
        *inputs,
        "-filter_complex",
        ";".join(graph),
        *maps,
        *sound_encoder(order.settings),
        *MP4,
        str(target),
    )


def sound_input(video: Video, span: FrameSpan, lead_sec: Fraction = Fraction(0)) -> tuple[str, ...]:
    """Return the input options for reading the span's sound, and `lead_sec` ahead of it."""
    start = (span.start - span.times.origin) * span.time_base - lead_sec
    if start <= PREROLL_SEC:
        # No seek: it could skip the packet ahead of time 0 from which the decoder swings in.
        return safe_input(video.path, video.container)
    return _sought_input(video, span.container_seconds(span.start) - lead_sec - Fraction(PREROLL_SEC))


def cut_filters(span: FrameSpan) -> str:
    """Return the filters that pass the span's frames only, the first one at time 0.

    The limits lie half-way between frames, in whole ticks: ffmpeg reads them in microseconds and rounds them to ticks,
    which reaches no frame, be ticks much shorter than a microsecond or as long as a frame.
    """
    usual = max(round(span.frame_sec / span.time_base), 1)
    before = span.before if span.before is not None else span.first - usual
    behind = span.after if span.after is not None else span.last + usual
    lower = span.container_seconds(span.first - (span.first - before) // 2)
    upper = span.container_seconds(behind - (behind - span.last) // 2)
    trim = f"trim=start={float(lower):.6f}:end={float(upper):.6f}"
    if span.starts_on_frame:
        return f"{trim},setpts=PTS-STARTPTS"
    start = float(span.container_seconds(span.start))
    return f"{trim},setpts='if(N,round(PTS-{start:.9f}/TB),0)'"


def _sought_input(video: Video, container_seconds: Fraction) -> tuple[str, ...]:
    seek = ("-seek_timestamp", "1", "-noaccurate_seek", "-ss", f"{float(container_seconds):.6f}")
    return (*seek, *safe_input(video.path, video.container))
