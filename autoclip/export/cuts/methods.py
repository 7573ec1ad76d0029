"""The three cut methods. Each renders a file under a temporary name and states the properties it must have."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np

from autoclip.errors import ExportError
from autoclip.export.audio.copied import audio_packets, can_copy
from autoclip.export.audio.loudness import Leveling, find_leveling
from autoclip.export.audio.tracks import AudioTrack
from autoclip.export.captions.burning import caption_notes
from autoclip.export.checks.file_check import Expected
from autoclip.export.cuts.cut_spec import CutSpec, picture_changes
from autoclip.export.cuts.encoders import encodes_in_hardware
from autoclip.export.cuts.exact import audio_arguments, exact_arguments, measuring_arguments
from autoclip.export.cuts.hardware import choose_encoder
from autoclip.export.cuts.keyframe_copy import copied_picture, plan_copy
from autoclip.export.cuts.mux import MuxTrack, encoded_tracks, mux_tracks, shifted, stamped
from autoclip.export.cuts.smart import (
    NotSmartError,
    SmartPlan,
    as_exact_cut,
    encoded_data,
    encoded_times,
    part_arguments,
    plan_smart,
    shown_times,
    smart_configuration,
    smart_data,
)
from autoclip.export.cuts.steady_sound import with_steady_sound
from autoclip.export.render_context import RenderContext, TracedRun, temporary_path
from autoclip.media.container import open_container, open_video
from autoclip.media.ffmpeg import knows_encoder
from autoclip.settings import CutMethod, EncoderName, ExportSettings
from autoclip.timeline import Interval

CODEC_NAMES = {"h264": "h264", "h265": "hevc", "av1": "av1"}
"""Our names of codecs, and FFmpeg's."""

Command = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rendering:
    """A rendered file before its check.

    Attributes
    ----------
    method : str
        The method that was used in the end.
    actual : Interval
        The interval in the file, in seconds of the source.
    expected : Expected
        The properties to check.
    commands : tuple of tuple of str
        The ffmpeg command lines that were run.
    notes : tuple of str
        Notes for the user.
    suffix : str
        The suffix its name needs; empty if the requested one is right.
    ends : tuple of CutSpec or None
        The cuts whose first and last frame it starts and ends with, for `wrong_ends`; None if ffmpeg has traced them,
        or they were changed too much to compare.
    faults : tuple of str
        Faults found while rendering.
    """

    method: CutMethod
    actual: Interval
    expected: Expected
    commands: tuple[Command, ...]
    notes: tuple[str, ...] = ()
    suffix: str = ""
    ends: tuple[CutSpec, CutSpec] | None = None
    faults: tuple[str, ...] = ()


def cut_by_method(spec: CutSpec, context: RenderContext) -> Rendering:
    """Cut by the method in the settings. A cut that can't be smart becomes an exact one; its notes say why."""
    if spec.settings.cut == "copy":
        return cut_by_copy(spec, context)
    with ExitStack() as stack:
        spec = with_steady_sound(spec, context, stack)
        level = _leveled(spec, context) if spec.settings.normalize_loudness else _Leveled(spec)
        rendering = _encoded(level.spec, context)
    commands = (*chain.from_iterable(each.commands for each in level.found), *rendering.commands)
    return replace(rendering, commands=commands, notes=(*(each.note for each in level.found), *rendering.notes))


def _encoded(spec: CutSpec, context: RenderContext) -> Rendering:
    if spec.settings.cut == "exact":
        return cut_exactly(spec, context)
    try:
        return cut_smartly(spec, context)
    except NotSmartError as reason:
        made = cut_exactly(as_exact_cut(spec), context)
        return replace(made, notes=(f"cut exactly, not smartly: {reason}", *made.notes))


@dataclass(frozen=True, slots=True)
class _Leveled:
    """A cut whose tracks have loudness filters, and how they were found."""

    spec: CutSpec
    found: tuple[Leveling, ...] = ()


def _leveled(spec: CutSpec, context: RenderContext) -> _Leveled:
    """Measure every track, and find its filter."""

    def of(track: AudioTrack) -> Leveling:
        def arguments(filters: str) -> tuple[str, ...]:
            return measuring_arguments(spec, replace(track, leveling=filters))

        return find_leveling(context.run_once, arguments, spec.settings.target_lufs, track.sample_rate)

    found = tuple(map(of, spec.tracks))
    tracks = tuple(replace(track, leveling=each.filter) for track, each in zip(spec.tracks, found, strict=True))
    return _Leveled(replace(spec, tracks=tracks), found)


def cut_exactly(spec: CutSpec, context: RenderContext) -> Rendering:
    """Encode the whole cut."""
    encoded = _encode(spec, context)
    made = encoded.run
    whole, spec = spec, replace(spec, span=made.span)
    if not (spec.settings.frame_rate or made.faults) and (made.span is not whole.span or not made.span.is_even):
        _set_times(spec, context)
    return Rendering(
        method="exact",
        actual=spec.span.interval,
        expected=encoded_expectation(spec),
        commands=(made.run.command,),
        notes=(
            *encoded.notes,
            *lost_frames_note(whole.span.count, made.span.count),
            *caption_notes(spec.settings, [spec.captions], made.run.log),
        ),
        ends=None if made.traced or altered(spec.settings) else (spec, spec),
        faults=made.faults,
    )


@dataclass(frozen=True, slots=True)
class _Encoded:
    """An encoded cut, and notes about its encoder."""

    run: TracedRun
    notes: tuple[str, ...] = ()


def _encode(spec: CutSpec, context: RenderContext) -> _Encoded:
    """Encode a cut in hardware if selected and possible; otherwise, or if that fails, in software."""
    choice = choose_encoder(spec.settings, context.ffmpeg)
    notes = (f"encoder = auto: {_found(choice.encoder)} is used from now on",) if choice.was_tried else ()
    if choice.encoder == "x264":
        return _Encoded(_encode_by(spec, context, "x264"), notes)
    settings = spec.settings.model_copy(update={"encoder": choice.encoder})
    if not encodes_in_hardware(spec.video, settings):
        note = f"{choice.encoder} has no encoder for {settings.video_codec} of this kind, so software encoded it"
        return _Encoded(_encode_by(spec, context, "x264"), (*notes, note))
    try:
        made = _encode_by(spec, context, choice.encoder)
        reason = "; ".join(made.faults)
    except ExportError as error:
        reason = str(error)
    if not reason:
        return _Encoded(made, notes)
    context.report(0.0, "again by software")  # raises here if the export was cancelled, which killed the encoder
    note = f"the encoder {choice.encoder} failed, so software encoded the clip: {reason}"
    return _Encoded(_encode_by(spec, context, "x264"), (*notes, note))


def _found(encoder: EncoderName) -> str:
    return "no hardware encoder works on this machine, so software" if encoder == "x264" else encoder


def _encode_by(spec: CutSpec, context: RenderContext, encoder: EncoderName) -> TracedRun:
    chosen = replace(spec, settings=spec.settings.model_copy(update={"encoder": encoder}))
    return context.render(exact_arguments(chosen, context.rendered), chosen, context.count_frames(chosen.span.count))


def lost_frames_note(asked: int, found: int) -> tuple[str, ...]:
    """Return a note on how many frames of a damaged source are missing, if any."""
    if found == asked:
        return ()
    return (f"{asked - found} of {asked} frames can't be decoded; the frame before them is shown longer instead",)


def _set_times(spec: CutSpec, context: RenderContext) -> None:
    """Give the packets of an encoded cut the times of its frames.

    An encoder that reorders frames of uneven length can't express in its packets' durations when the last one ends.
    """
    span = spec.span
    with ExitStack() as stack:
        path = stack.enter_context(temporary_path(context.rendered.parent))
        context.rendered.replace(path)
        container = stack.enter_context(open_container(path))
        shown = encoded_times(path, span)
        packets = stamped(encoded_data(path, span.count), shown, span.end - span.start, span.time_base)
        picture = MuxTrack(container.streams.video[0], packets)
        mux_tracks(context.rendered, [picture, *encoded_tracks(path, len(spec.tracks), stack)])


def cut_smartly(spec: CutSpec, context: RenderContext) -> Rendering:
    """Encode the edges and copy the rest.

    Raises
    ------
    NotSmartError
        If nothing can be copied.
    """
    plan = plan_smart(spec)
    if not plan.packets:
        raise NotSmartError(f"no keyframe of its {spec.video.video.codec} lies within the clip")
    with ExitStack() as stack:
        parts = encode_parts(spec, plan, context, stack)
        sound_commands, sounds = _sound(spec, context, stack)
        source = stack.enter_context(open_video(spec.video))
        span = spec.span
        data = smart_data(spec, plan, parts.paths)
        picture = MuxTrack(
            template=source.streams[spec.video.video.index],
            packets=stamped(data, shown_times(plan), span.end - span.start, span.time_base),
            extradata=smart_configuration(plan.stream, ((path, plan.number) for path in parts.paths.values())),
        )
        mux_tracks(context.rendered, [picture, *sounds])
    return Rendering(
        method="smart",
        actual=span.interval,
        expected=copied_expectation(spec, len(sounds)),
        commands=(*parts.commands, *sound_commands),
        notes=(f"{len(plan.packets)} of {span.count} frames copied", *codec_note(spec), *turned_note(spec)),
        ends=(spec, spec),
        faults=parts.faults,
    )


def turned_note(spec: CutSpec) -> tuple[str, ...]:
    """Return a note that the player rotates a copied video, as it does the source."""
    facts = spec.video.video
    if not (facts.rotation or facts.mirrored):
        return ()
    how = f"rotated by {facts.rotation} degrees" if facts.rotation else "mirrored"
    return (
        f"stored as in the source and {how} by the player; some editors don't do that; cut = exact rotates the frames",
    )


def codec_note(spec: CutSpec) -> tuple[str, ...]:
    """Return a note that a smart cut kept a codec that differs from an exact cut's."""
    kept, made = spec.video.video.codec, CODEC_NAMES[as_exact_cut(spec).settings.video_codec]
    return () if kept == made else (f"the video codec is {kept} as in the source; cut = exact makes it {made}",)


def altered(settings: ExportSettings) -> bool:
    """Whether frames or their times are changed so much that they can't be compared with the source's."""
    return not set(picture_changes(settings)) <= {"export_height"}


@dataclass(frozen=True, slots=True)
class EncodedParts:
    """The encoded head and tail of a smart cut: their files by name, the commands that rendered them, and faults."""

    paths: Mapping[str, Path]
    commands: tuple[Command, ...]
    faults: tuple[str, ...]


def encode_parts(spec: CutSpec, plan: SmartPlan, context: RenderContext, stack: ExitStack) -> EncodedParts:
    """Encode the head and the tail of a smart cut; `stack` removes them at the end.

    Raises
    ------
    NotSmartError
        If this ffmpeg has no suitable encoder.
    """
    if (plan.head or plan.tail) and not knows_encoder(plan.stream.encoder, context.ffmpeg):
        raise NotSmartError(f"this ffmpeg has no {plan.stream.encoder} to encode its edges")
    paths: dict[str, Path] = {}
    made: list[TracedRun] = []
    for name, part in (("head", plan.head), ("tail", plan.tail)):
        if part is not None:
            paths[name] = stack.enter_context(temporary_path(context.rendered.parent))
            made.append(context.render(part_arguments(spec, part, plan, paths[name]), replace(spec, span=part)))
    faults = tuple(fault for each in made for fault in each.faults)
    return EncodedParts(paths, tuple(each.run.command for each in made), faults)


def cut_by_copy(spec: CutSpec, context: RenderContext) -> Rendering:
    """Copy all packets from the keyframe at or before the start."""
    plan = plan_copy(spec)
    with ExitStack() as stack:
        commands, sounds = _sound(with_steady_sound(plan.spec, context, stack), context, stack)
        mux_tracks(context.rendered, [copied_picture(plan, stack), *sounds], plan.container_format)
    actual = plan.spec.span.interval
    return Rendering(
        method="copy",
        actual=actual,
        expected=copied_expectation(plan.spec, len(sounds)),
        commands=tuple(commands),
        notes=(f"starts at the keyframe at {actual.start:.3f} s, ends at {actual.end:.3f} s", *turned_note(spec)),
        suffix=plan.suffix,
        ends=(plan.spec, plan.spec),
    )


def encoded_expectation(spec: CutSpec) -> Expected:
    """Return the expected properties of an encoded cut."""
    span = spec.span
    resampled = spec.settings.frame_rate > 0
    return Expected(
        frame_count=None if resampled else span.count,
        duration_sec=float(span.duration_sec),
        frame_sec=1 / spec.settings.frame_rate if resampled else span.frame_sec,
        codec=CODEC_NAMES[spec.settings.video_codec],
        width=spec.canvas.width,
        height=spec.canvas.height,
        audio_count=len(spec.tracks),
        gaps_sec=None if resampled else _gaps(spec),
    )


def copied_expectation(spec: CutSpec, audio_count: int) -> Expected:
    """Return the expected properties of a copied cut, which are those of the source."""
    facts = spec.video.video
    return Expected(
        frame_count=spec.span.count,
        duration_sec=float(spec.span.duration_sec),
        frame_sec=spec.span.frame_sec,
        codec=facts.codec,
        width=facts.width,
        height=facts.height,
        audio_count=audio_count,
        gaps_sec=_gaps(spec),
    )


def _gaps(spec: CutSpec) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    span = spec.span
    times: np.ndarray[tuple[int], np.dtype[np.float64]] = np.maximum(np.array(span.pts), span.start).astype(np.float64)
    times[0] = span.start  # frames missing before this point could no longer be decoded
    return np.diff(times) * float(span.time_base)


def _sound(spec: CutSpec, context: RenderContext, stack: ExitStack) -> tuple[list[Command], list[MuxTrack]]:
    """Return the audio of a cut as packets: copied if possible for all tracks, encoded otherwise."""
    if not spec.tracks:
        return [], []
    span = spec.span
    start, end = span.container_seconds(span.start), span.container_seconds(span.end)
    unchanged = spec.sound is None and not spec.settings.normalize_loudness
    if not (unchanged and all(can_copy(spec.video, span, track) for track in spec.tracks)):
        path = stack.enter_context(temporary_path(context.rendered.parent))
        run = context.run(audio_arguments(spec, path))
        return [run.command], encoded_tracks(path, len(spec.tracks), stack)
    copied = []
    for track in spec.tracks:
        container = stack.enter_context(open_video(spec.video))
        packets = shifted(audio_packets(container, track, start, end), start)
        copied.append(MuxTrack(container.streams[track.index], packets, title=track.title))
    return [], copied
