"""Final Cut Pro 7 XML (``xmeml``), which Premiere Pro and DaVinci Resolve read, written by OpenTimelineIO's adapter.

This module supplies what the adapter takes from metadata: sizes, channels, comments, and which video and audio items
belong together. Element names are those of Apple's "Final Cut Pro XML Interchange Format".
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

import opentimelineio as otio
from opentimelineio.opentime import RationalTime, TimeRange

from autoclip.export.interchange.edit_list import EditList
from autoclip.export.interchange.opentimeline import build_timeline
from autoclip.export.interchange.plain_text import one_line
from autoclip.media.timecode import TimecodeFormat
from autoclip.media.video import AudioStream

_SPACE = "fcp_xml"
"""Key under which the adapter reads metadata."""
_AUDIO_CROSSFADE = {
    "name": "Cross Fade (+3dB)",
    "effectid": "KGAudioTransCrossFade3dB",
    "effecttype": "transition",
    "mediatype": "audio",
}


def xmeml_text(edits: EditList) -> str:
    """Return the edit list as Final Cut Pro 7 XML.

    Raises
    ------
    opentimelineio.exceptions.OTIOError, ValueError
        If the adapter can't write it.
    """
    timeline = _timeline(edits)
    root = ET.fromstring(otio.adapters.write_to_string(timeline, "fcp_xml"))  # noqa: S314 - written a moment ago
    _link(root, len(edits.edits))
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n{ET.tostring(root, encoding="unicode")}\n'


def _timeline(edits: EditList) -> otio.schema.Timeline:
    timeline = build_timeline(edits)
    timeline.metadata[_SPACE] = {"timecode": _display(edits.record_format), "media": _sequence_media(edits)}
    sound = edits.video.audio
    for _ in range(1, sound.channels if sound else 1):
        timeline.tracks.append(deepcopy(timeline.tracks[1]))
    # Every item needs a number: the adapter merges equal items, and links refer to the number.
    numbers = iter(range(1, 1 + len(edits.edits) * len(timeline.tracks)))
    for channel, track in enumerate(timeline.tracks):
        for item in track:
            if isinstance(item, otio.schema.Clip):
                _complete(item, edits, next(numbers), channel)
            elif channel:
                item.metadata[_SPACE] = {"effect": _AUDIO_CROSSFADE}
    return timeline


def _complete(clip: otio.schema.Clip, edits: EditList, number: int, channel: int) -> None:
    """Give a clip what the adapter takes from metadata; `channel` is 0 for video, else the audio channel."""
    reason = one_line(clip.metadata["autoclip"]["reason"])
    clip.name = one_line(clip.name)
    clip.metadata[_SPACE] = {"@id": f"clipitem-{number}", "comments": {"mastercomment1": reason}}
    if channel:
        clip.metadata[_SPACE]["sourcetrack"] = {"mediatype": "audio", "trackindex": channel}
    for marker in clip.markers:
        marker.name, marker.metadata[_SPACE] = one_line(marker.name), {"comment": reason}
        # Here markers count from the first frame of the media, not from its timecode.
        start = marker.marked_range.start_time - RationalTime(edits.media.start, float(edits.rate))
        marker.marked_range = TimeRange(start, marker.marked_range.duration)
    media = clip.media_reference
    media.target_url = edits.video.path.absolute().as_uri().replace("file:///", "file://localhost/", 1)
    reel = edits.video.timecode.reel if edits.video.timecode else None
    timecode = _display(edits.source_format) | ({"reel": {"name": one_line(reel)}} if reel else {})
    media.metadata[_SPACE] = {"timecode": timecode, "media": _file_media(edits)}


def _display(counting: TimecodeFormat) -> dict[str, Any]:
    return {"displayformat": "DF" if counting.drop_frame else "NDF"}


def _sequence_media(edits: EditList) -> dict[str, Any]:
    media: dict[str, Any] = {"video": {"format": {"samplecharacteristics": _size(edits)}}}
    sound = edits.video.audio
    if sound:
        media["audio"] = {"numOutputChannels": max(2, sound.channels), "format": _samples(sound)}
    return media


def _file_media(edits: EditList) -> dict[str, Any]:
    media: dict[str, Any] = {"video": {"samplecharacteristics": _size(edits)}}
    sound = edits.video.audio
    if sound:
        media["audio"] = {**_samples(sound), "channelcount": sound.channels}
    return media


def _size(edits: EditList) -> dict[str, Any]:
    picture = edits.video.video
    return {"width": picture.display_width, "height": picture.display_height, "pixelaspectratio": "square"}


def _samples(sound: AudioStream) -> dict[str, Any]:
    return {"samplecharacteristics": {"depth": 16, "samplerate": sound.sample_rate}}


def _link(root: ET.Element, count: int) -> None:
    """Link each edit's video and audio items, so that they are moved and trimmed together."""
    tracks = [
        _Track(kind, number, track.findall("clipitem"))
        for kind in ("video", "audio")
        for number, track in enumerate(root.findall(f".//sequence/media/{kind}/track"), 1)
    ]
    for index in range(count if len(tracks) > 1 else 0):
        links = [_link_to(track, index) for track in tracks]
        for track in tracks:
            track.items[index].extend(deepcopy(links))


@dataclass(frozen=True, slots=True)
class _Track:
    kind: str
    number: int
    items: list[ET.Element]


def _link_to(track: _Track, index: int) -> ET.Element:
    link = ET.Element("link")
    ET.SubElement(link, "linkclipref").text = track.items[index].get("id")
    ET.SubElement(link, "mediatype").text = track.kind
    ET.SubElement(link, "trackindex").text = str(track.number)
    ET.SubElement(link, "clipindex").text = str(index + 1)
    return link
