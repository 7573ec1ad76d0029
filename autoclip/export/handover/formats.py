"""The formats clips are handed over in; apart, since naming them needs none of what writes them."""

from __future__ import annotations

from typing import Literal

TimelineFormat = Literal["otio", "edl", "fcpxml", "csv", "ffmetadata", "youtube"]

SUFFIXES: dict[TimelineFormat, str] = {
    "otio": ".otio",
    "edl": ".edl",
    "fcpxml": ".fcpxml",
    "csv": ".csv",
    "ffmetadata": ".ffmeta",
    "youtube": ".txt",
}
"""The ending each format goes by."""
