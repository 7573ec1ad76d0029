"""OpenTimelineIO: the edit list as its timeline, for its own files and its adapters."""

from __future__ import annotations

from fractions import Fraction

import opentimelineio as otio
from opentimelineio.opentime import RationalTime, TimeRange

from autoclip.export.interchange.edit_list import Edit, EditList, FrameRange, editing_rate, frame_rate
from autoclip.export.interchange.plain_text import one_line
from autoclip.media.video import Video

_NEAR = Fraction(1, 200)
"""Tolerance for a constant rate to equal one of editing programs, because containers round their times."""


def counting_rate(video: Video) -> Fraction:
    """Return the rate at which OpenTimelineIO counts frames; a constant rate is kept, even an unusual one."""
    rate, usual = frame_rate(video), editing_rate(video)
    unusual = not video.video.variable_frame_rate and abs(rate / usual - 1) > _NEAR
    return rate.limit_denominator(1001) if unusual else usual


def build_timeline(edits: EditList) -> otio.schema.Timeline:
    """Return an OpenTimelineIO timeline: a video track and, if there is audio, an audio track.

    Media and clips have the source's timecode, the timeline has its own start. Each video clip has a marker over the
    highlight itself, without handles.
    """
    timeline = otio.schema.Timeline(edits.name, global_start_time=_time(edits, edits.record_start))
    timeline.metadata["autoclip"] = {"drop_frame": edits.record_format.drop_frame}
    kinds = [otio.schema.TrackKind.Video, *([otio.schema.TrackKind.Audio] if edits.video.audio else [])]
    for kind in kinds:
        track = otio.schema.Track(kind, kind=kind)
        for edit in edits.edits:
            if edit.dissolve:
                track.append(_dissolve(edits, edit))
            track.append(_clip(edits, edit, marked=kind == otio.schema.TrackKind.Video))
        timeline.tracks.append(track)
    return timeline


def _clip(edits: EditList, edit: Edit, *, marked: bool) -> otio.schema.Clip:
    facts = edit.clip.model_dump(include={"id", "start", "end", "quality_score", "reason"})
    clip = otio.schema.Clip(edit.clip.name, _media(edits), _range(edits, edit.cut_source), metadata={"autoclip": facts})
    if marked:
        clip.markers.append(_marker(edits, edit))
    return clip


def _marker(edits: EditList, edit: Edit) -> otio.schema.Marker:
    return otio.schema.Marker(
        name=edit.clip.name,
        marked_range=_range(edits, edit.marker),
        color=otio.schema.MarkerColor.GREEN,
        comment=edit.clip.reason,
    )


def _media(edits: EditList) -> otio.schema.ExternalReference:
    video = edits.video
    media = otio.schema.ExternalReference(
        target_url=video.path.absolute().as_uri(),
        available_range=_range(edits, FrameRange(0, edits.media.count)),
    )
    media.name = one_line(video.path.name)
    if video.timecode:
        media.metadata["autoclip"] = {"timecode": video.timecode.model_dump()}
    return media


def _dissolve(edits: EditList, edit: Edit) -> otio.schema.Transition:
    return otio.schema.Transition(
        "Cross Dissolve",
        otio.schema.TransitionTypes.SMPTE_Dissolve,
        in_offset=_time(edits, edit.before_cut),
        out_offset=_time(edits, edit.dissolve - edit.before_cut),
    )


def _range(edits: EditList, frames: FrameRange) -> TimeRange:
    return TimeRange(_time(edits, edits.source_frame(frames.start)), _time(edits, frames.count))


def _time(edits: EditList, frames: int) -> RationalTime:
    return RationalTime(frames, float(edits.rate))
