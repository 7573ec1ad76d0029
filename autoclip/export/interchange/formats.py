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
