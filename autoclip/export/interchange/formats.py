"""The formats clips are handed over in; apart, since naming them needs none of what writes them."""

from __future__ import annotations

from typing import Literal

TimelineFormat = Literal["otio", "edl", "fcpxml", "xmeml", "csv", "ffmetadata", "youtube"]

SUFFIXES: dict[TimelineFormat, str] = {
    "otio": ".otio",
    "edl": ".edl",
    "fcpxml": ".fcpxml",
    "xmeml": ".xml",
    "csv": ".csv",
    "ffmetadata": ".ffmeta",
    "youtube": ".txt",
}
"""The ending each format goes by."""

EDITING_FORMATS: frozenset[TimelineFormat] = frozenset({"otio", "edl", "fcpxml", "xmeml"})
"""Those that editing programs read, which know of handles."""

MEDIA_TYPES: dict[TimelineFormat, str] = {
    "otio": "application/json",
    "edl": "text/plain",
    "fcpxml": "application/xml",
    "xmeml": "application/xml",
    "csv": "text/csv",
    "ffmetadata": "text/plain",
    "youtube": "text/plain",
}
"""What each is over HTTP; those that have no type of their own are what they are made of."""
