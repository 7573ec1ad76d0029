"""The interchange formats; separate, because naming them needs none of the modules that write them."""

from __future__ import annotations

from typing import Literal

TimelineFormat = Literal["otio", "edl", "fcpxml", "xmeml", "csv", "ffmetadata", "youtube"]

FORMAT_HELP = (
    "otio (OpenTimelineIO), edl (CMX 3600), fcpxml (Final Cut Pro) or xmeml (Final Cut Pro 7 XML, for Premiere Pro) "
    "for editing programs; csv for tables; ffmetadata or youtube: chapters of the clips joined one after the other."
)

SUFFIXES: dict[TimelineFormat, str] = {
    "otio": ".otio",
    "edl": ".edl",
    "fcpxml": ".fcpxml",
    "xmeml": ".xml",
    "csv": ".csv",
    "ffmetadata": ".ffmeta",
    "youtube": ".txt",
}
"""File suffix of each format."""

EDITING_FORMATS: frozenset[TimelineFormat] = frozenset({"otio", "edl", "fcpxml", "xmeml"})
"""Formats that editing programs read, which support handles."""

MEDIA_TYPES: dict[TimelineFormat, str] = {
    "otio": "application/json",
    "edl": "text/plain",
    "fcpxml": "application/xml",
    "xmeml": "application/xml",
    "csv": "text/csv",
    "ffmetadata": "text/plain",
    "youtube": "text/plain",
}
"""Media types of the formats; a format without its own has that of the format it is based on."""
