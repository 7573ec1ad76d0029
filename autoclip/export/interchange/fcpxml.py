"""FCPXML 1.10, which Final Cut Pro 10.6 and later and DaVinci Resolve read.

Structure and attributes follow Apple's "FCPXML Reference" and its document type definition of version 1.10. Times are
rational seconds, each a whole number of frames of the sequence. Footage starts at its start timecode, converted to
seconds.
"""

from __future__ import annotations

from fractions import Fraction
from xml.etree import ElementTree as ET

from autoclip.export.interchange.edit_list import Edit, EditList, frame_rate
from autoclip.export.interchange.plain_text import one_line
from autoclip.media.timecode import TimecodeFormat
from autoclip.media.video import Video

_VERSION = "1.10"
_CROSS_DISSOLVE = "FxPlug:4731E73A-8DAC-4113-9A30-AE85B1761265"
_AUDIO_CROSSFADE = "FFAudioTransition"
"""The names of Final Cut Pro's standard transitions in files that it writes."""
_AUDIO_RATES = {32_000: "32k", 44_100: "44.1k", 48_000: "48k", 88_200: "88.2k", 96_000: "96k", 176_400: "176.4k",
                192_000: "192k"}  # fmt: skip
_LAYOUTS = {1: "mono", 2: "stereo"}
_STEADY = Fraction(1, 200)
"""Tolerance for a rate to equal the sequence's: Matroska's milliseconds turn 59.94 into 59.937."""


def fcpxml_text(edits: EditList) -> str:
    """Return the edit list as FCPXML: one project with one sequence of one asset."""
    root = ET.Element("fcpxml", version=_VERSION)
    _add_resources(ET.SubElement(root, "resources"), edits)
    name = one_line(edits.name)
    event = ET.SubElement(ET.SubElement(root, "library"), "event", name=name)
    _add_sequence(ET.SubElement(event, "project", name=name), edits)
    ET.indent(root)
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n{body}\n'


def _add_resources(resources: ET.Element, edits: EditList) -> None:
    picture = edits.video.video
    size = {"width": str(picture.display_width), "height": str(picture.display_height)}
    # No name: the names of Final Cut Pro's formats stand for one size and rate each, and few files match one exactly.
    ET.SubElement(resources, "format", {"id": "r1", "frameDuration": frame_duration(edits.rate), **size})
    asset_format = "r1"
    if not _has_rate_of(edits):
        asset_format = "r3"
        ET.SubElement(resources, "format", {"id": asset_format, **_asset_rate(edits.video), **size})
    _add_asset(resources, edits, asset_format)
    if any(edit.dissolve for edit in edits.edits):
        ET.SubElement(resources, "effect", id="r4", name="Cross Dissolve", uid=_CROSS_DISSOLVE)
        if edits.video.audio:
            ET.SubElement(resources, "effect", id="r5", name="Audio Crossfade", uid=_AUDIO_CROSSFADE)


def _add_asset(resources: ET.Element, edits: EditList, asset_format: str) -> None:
    video = edits.video
    facts = {
        "name": one_line(video.path.name),
        "start": _seconds(edits, edits.media.start),
        "duration": _seconds(edits, edits.media.count),
        "hasVideo": "1",
        "format": asset_format,
        "videoSources": "1",
    }
    if video.audio:
        facts |= {
            "hasAudio": "1",
            "audioSources": "1",
            "audioChannels": str(video.audio.channels),
            "audioRate": str(video.audio.sample_rate),
        }
    asset = ET.SubElement(resources, "asset", {"id": "r2", **facts})
    ET.SubElement(asset, "media-rep", kind="original-media", src=video.path.absolute().as_uri())


def _add_sequence(project: ET.Element, edits: EditList) -> None:
    sound = edits.video.audio
    facts = {
        "format": "r1",
        "duration": _seconds(edits, edits.length),
        "tcStart": _seconds(edits, edits.record_start),
        "tcFormat": _tc_format(edits.record_format),
    }
    if sound:
        facts["audioLayout"] = _LAYOUTS.get(sound.channels, "surround")
    if sound and sound.sample_rate in _AUDIO_RATES:
        facts["audioRate"] = _AUDIO_RATES[sound.sample_rate]
    spine = ET.SubElement(ET.SubElement(project, "sequence", facts), "spine")
    for edit in edits.edits:
        if edit.dissolve:
            _add_dissolve(spine, edits, edit)
        _add_clip(spine, edits, edit)


def _add_clip(spine: ET.Element, edits: EditList, edit: Edit) -> None:
    name, reason = one_line(edit.clip.name), one_line(edit.clip.reason)
    shown = edit.cut_source
    facts = {
        "ref": "r2",
        "offset": _seconds(edits, edits.record_start + edit.cut_record),
        "name": name,
        "start": _seconds(edits, edits.source_frame(shown.start)),
        "duration": _seconds(edits, shown.count),
        "tcFormat": _tc_format(edits.source_format),
    }
    clip = ET.SubElement(spine, "asset-clip", facts)
    if reason:
        ET.SubElement(clip, "note").text = reason
    marker = {
        "start": _seconds(edits, edits.source_frame(edit.marker.start)),
        "duration": _seconds(edits, 1),
        "value": name,
    }
    ET.SubElement(clip, "marker", marker | ({"note": reason} if reason else {}))


def _add_dissolve(spine: ET.Element, edits: EditList, edit: Edit) -> None:
    """Add a dissolve centered on the cut; the clips have the footage for it beyond the cut."""
    facts = {
        "name": "Cross Dissolve",
        "offset": _seconds(edits, edits.record_start + edit.record),
        "duration": _seconds(edits, edit.dissolve),
    }
    transition = ET.SubElement(spine, "transition", facts)
    ET.SubElement(transition, "filter-video", ref="r4", name="Cross Dissolve")
    if edits.video.audio:
        ET.SubElement(transition, "filter-audio", ref="r5", name="Audio Crossfade")


def frame_duration(rate: Fraction) -> str:
    """Return the duration of a frame as Final Cut Pro writes it: ``1001/30000s``, ``100/2500s``."""
    return f"1001/{rate.numerator}s" if rate.denominator == 1001 else f"100/{rate * 100}s"  # noqa: PLR2004 - NTSC


def _seconds(edits: EditList, frames: int) -> str:
    time = frames / edits.rate
    if time.denominator == 1:
        return f"{time.numerator}s"
    return f"{frames * edits.rate.denominator}/{edits.rate.numerator}s"


def _tc_format(counting: TimecodeFormat) -> str:
    return "DF" if counting.drop_frame else "NDF"


def _has_rate_of(edits: EditList) -> bool:
    steady = not edits.video.video.variable_frame_rate
    return steady and abs(frame_rate(edits.video) / edits.rate - 1) <= _STEADY


def _asset_rate(video: Video) -> dict[str, str]:
    """Return the attributes of a format whose rate no sequence has; a variable rate gets only a name."""
    if video.video.variable_frame_rate:
        return {"name": "FFVideoFormatRateUndefined"}
    rate = frame_rate(video).limit_denominator(1001)
    return {"frameDuration": f"{rate.denominator}/{rate.numerator}s"}
