"""The exact cut: everything is re-encoded, so the first and last frame are the requested ones."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from autoclip.export.audio.loudness import MEASURING_FILTER
from autoclip.export.audio.tracks import PREROLL_SEC, AudioTrack, audio_graph
from autoclip.export.cuts.cut_spec import CutSpec
from autoclip.export.cuts.encoders import MP4, audio_encoder, device_options, frame_timing, video_encoder
from autoclip.export.cuts.frame_span import FrameSpan
from autoclip.export.video.filters import can_follow_changes, steady_size, video_filters
from autoclip.media.ffmpeg import local_file, safe_input
from autoclip.media.packets import PacketTimes
from autoclip.media.video import Video

_INDEXED_CONTAINERS = ("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm")
_BLIND_SEEK_SEC = 0.5
_REORDERED_SEEK_SEC = Fraction(3, 23)
"""How far before the target ffmpeg seeks if frames are reordered in a format that is sought by decoding times
(``dts_heuristic`` in its fftools/ffmpeg_demux.c).
"""
_EVERY_SAMPLE = ("-flags2", "+skip_manual")
"""Keep ffmpeg from leaving out, after a seek as well, what an edit list leaves out at the start: it may be seconds."""
_MICROSECOND = Fraction(1, 1_000_000)


def exact_arguments(spec: CutSpec, target: Path) -> tuple[str, ...]:
    """Return the ffmpeg arguments that render one cut.

    The user's own command, made exact: the input is sought to the keyframe before the cut, and ``trim`` makes the cut
    on the container's timestamps, which ``-copyts`` keeps. No start offset, edit list or rounding of a seek moves it.
    Video and audio are separate inputs, so that video decoding starts at its keyframe while audio starts a little
    earlier for the decoder to converge.
    """
    video, span, settings = spec.video, spec.span, spec.settings
    inputs = video_input(video, span)
    scripts = tuple(script for script in (spec.captions, spec.title) if script is not None)
    filters = video_filters(video, settings, spec.canvas, span.duration_sec, spec.framing, scripts=scripts)
    upload = ",format=nv12,hwupload" if settings.encoder == "vaapi" else ""
    graph = [f"[0:{video.video.index}]{cut_filters(span)},{steady_size(video)},{filters}{upload}[v]"]
    encoders = (*video_encoder(video, settings, spec.parameter_set), *frame_timing(settings, span))
    maps = ["-map", "[v]"]
    if spec.tracks:
        inputs += audio_input(spec)
        encoders += audio_encoder(settings)
        sound_graph, sound_maps = _sound_graph(spec, 1)
        graph += sound_graph
        maps += sound_maps
    devices = device_options(settings)
    return (
        "-copyts",
        *devices,
        *inputs,
        "-filter_complex",
        ";".join(graph),
        *maps,
        *encoders,
        *MP4,
        local_file(target),
    )


def video_input(video: Video, span: FrameSpan) -> tuple[str, ...]:
    """Return the input options that make decoding start at the keyframe before the span."""
    return (*_kept_graph(video), *_sought_picture(video, span))


def _kept_graph(video: Video) -> tuple[str, ...]:
    """Keep ffmpeg from rebuilding the filters, at time 0, when the frame size or colors change.

    `steady_size` handles such a change. The filters with which ffmpeg rotates frames don't, so there it must rebuild.
    """
    return ("-reinit_filter", "0") if can_follow_changes(video) else ()


def _sought_picture(video: Video, span: FrameSpan) -> tuple[str, ...]:
    times = span.times
    if not times.of_packets:
        if times.decoded_from is None:
            return safe_input(video)
        behind = _REORDERED_SEEK_SEC if times.reordered else Fraction(0)
        return _sought_input(video, span.container_seconds(times.decoded_from + Fraction(1, 4)) + behind)
    key = times.keyframe_before(span.first)
    if video.container in _INDEXED_CONTAINERS:
        target = _before_a_step_back(span, span.container_seconds(_tick_to_seek(times, key)))
    else:
        target = span.container_seconds(int(times.dts[key])) - Fraction(_BLIND_SEEK_SEC)
    if target <= span.container_seconds(times.origin):
        return safe_input(video)  # some formats refuse a time before their first
    return _sought_input(video, target)


def _before_a_step_back(span: FrameSpan, target: Fraction) -> Fraction:
    """Return the container time to seek to instead of one that may lead behind a place where edits meet."""
    back = span.times.steps_back_to
    return target if back is None else min(target, span.container_seconds(back - 1))


def _tick_to_seek(times: PacketTimes, key: int) -> Fraction:
    """Return a time that leads to a keyframe, whether an index uses presentation or decoding times.

    It lies half-way to the next frame, so that rounding to microseconds, in which ffmpeg seeks, cannot reach another
    frame, and before the next keyframe's decoding time, which at a variable rate may be long before its presentation.
    """
    start = int(times.pts[key])
    later = times.shown[times.shown > start]
    target = Fraction(start + int(later[0]), 2) if later.size else Fraction(start)
    following = np.flatnonzero(times.keyframe[key + 1 :])
    if following.size:
        next_key = key + 1 + int(following[0])
        target = min(target, Fraction(int(times.dts[next_key - 1]) + int(times.dts[next_key]), 2))
    return target


def audio_arguments(spec: CutSpec, target: Path) -> tuple[str, ...]:
    """Return the ffmpeg arguments that render only the audio of a cut."""
    graph, maps = _sound_graph(spec, 0)
    inputs = (*audio_input(spec), "-filter_complex", ";".join(graph))
    return ("-copyts", *inputs, *maps, *audio_encoder(spec.settings), *MP4, local_file(target))


def _sound_graph(spec: CutSpec, input_number: int) -> tuple[list[str], list[str]]:
    """Return the filters of all tracks, and the options that map them to the output."""
    span = spec.span
    start = span.container_seconds(span.start)
    graph: list[str] = []
    maps: list[str] = []
    for number, track in enumerate(spec.tracks):
        graph.append(f"{audio_graph(track, input_number, start, span.duration_sec, spec.settings)}[a{number}]")
        maps += ["-map", f"[a{number}]", *track.labels(number)]
    return graph, maps


def measuring_arguments(spec: CutSpec, track: AudioTrack) -> tuple[str, ...]:
    """Return the ffmpeg arguments that measure the loudness of a track of a cut, behind its filters, without output."""
    span = spec.span
    cut = audio_graph(track, 0, span.container_seconds(span.start), span.duration_sec, spec.settings)
    graph = f"{cut},{MEASURING_FILTER}[a]"
    inputs = (*audio_input(spec), "-filter_complex", graph)
    return ("-copyts", *inputs, "-map", "[a]", "-loglevel", "info", "-f", "null", "-")


def audio_input(spec: CutSpec, lead_sec: Fraction = Fraction(0)) -> tuple[str, ...]:
    """Return the input options for reading the cut's audio, and `lead_sec` before it."""
    source, span = spec.sound or spec.video, spec.span
    begin = span.container_seconds(span.start) - lead_sec - Fraction(PREROLL_SEC)
    begin = _before_a_step_back(span, begin)
    if begin <= span.container_seconds(span.times.origin):
        # No seek: it could skip the packet before time 0 that the decoder needs.
        return safe_input(source)
    return (*_EVERY_SAMPLE, *_sought_input(source, begin))


def cut_filters(span: FrameSpan) -> str:
    """Return the filters that pass only the span's frames, the first one at time 0.

    The limits lie half-way between frames, in whole ticks: ffmpeg parses them in microseconds and rounds them to ticks,
    which reaches no frame, whether ticks are much shorter than a microsecond or as long as a frame. If packets have no
    times, frames are counted from where decoding starts; at an even rate, so are their times.
    """
    if not span.times.of_packets:
        number = span.times.number_of(span.first)
        held = float((span.start - span.first) * span.time_base)
        shown = f"N*{float(span.duration_sec / span.count):.9f}/TB" if span.is_even else f"PTS-STARTPTS-{held:.9f}/TB"
        times = f"max(round({shown}),0)"
        return f"trim=start_frame={number}:end_frame={number + span.count},setpts='{times}'"
    # Nothing is known about the time before the keyframe the span starts with, so allow only for rounding.
    room = (span.first - span.before) // 2 if span.before is not None else int(_MICROSECOND / span.time_base)
    behind = span.after if span.after is not None else span.last + max(round(span.frame_sec / span.time_base), 1)
    lower = span.container_seconds(span.first - room)
    upper = span.container_seconds(behind - (behind - span.last) // 2)
    trim = f"trim=start={float(lower):.6f}:end={float(upper):.6f}"
    if span.leaves_out:
        trim += r",select='isnan(prev_selected_pts)+gt(pts\,prev_selected_pts)'"
    start = float(span.container_seconds(span.start))
    return f"{trim},setpts='max(round(PTS-{start:.9f}/TB),0)'"


def _sought_input(video: Video, container_seconds: Fraction) -> tuple[str, ...]:
    seek = ("-seek_timestamp", "1", "-noaccurate_seek", "-ss", f"{float(container_seconds):.6f}")
    return (*seek, *safe_input(video))
