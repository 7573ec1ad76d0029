"""CMX 3600: the edit list that every editing program reads, with one source and one video track."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction

from autoclip.errors import ParameterError
from autoclip.export.interchange.edit_list import Edit, EditList, FrameRange
from autoclip.export.interchange.plain_text import one_line
from autoclip.media.timecode import TimecodeFormat, base_of
from autoclip.media.video import Video

MAX_EVENTS = 999
"""Events have three digits."""

MAX_BASE = 60
"""Two digits could count 100 frames per second, but timecode is defined up to 60 (SMPTE ST 12-3)."""

_REEL_LENGTH = 8
_UNNAMED_REEL = "AX"
"""An auxiliary source: one without a reel name."""
_MARKER_COLOR = "GREEN"


def timecode_rate(rate: Fraction) -> Fraction:
    """Return the timecode rate of a frame rate: from 100 frames per second on half of it, two frames per number."""
    while base_of(rate) > MAX_BASE:
        rate /= 2
    return rate


def edl_text(edits: EditList) -> str:
    """Return the edit list as CMX 3600.

    Video and audio are one event. Sources have their file's name (``FROM CLIP NAME``); clips have their name and reason
    as comments and as locators (``LOC``).

    Raises
    ------
    ParameterError
        If there are more events than the format can number.
    """
    if len(edits.edits) > MAX_EVENTS:
        raise ParameterError(
            f"an EDL holds {MAX_EVENTS} events, and there are {len(edits.edits)} clips; choose the best, or use otio"
        )
    counting = "DROP FRAME" if edits.record_format.drop_frame else "NON-DROP FRAME"
    lines = [f"TITLE: {one_line(edits.name)}", f"FCM: {counting}", ""]
    before: Edit | None = None
    for number, edit in enumerate(edits.edits, 1):
        lines += [*_event(edits, number, before, edit), *_comments(edits, edit), ""]
        before = edit
    return "\n".join(lines)


def reel_name(video: Video) -> str:
    """Return the reel name: that of the file, else the file name, as eight letters, digits and underscores."""
    named = video.timecode.reel if video.timecode and video.timecode.reel else video.path.stem
    plain = unicodedata.normalize("NFKD", named).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_").upper()[:_REEL_LENGTH].rstrip("_") or _UNNAMED_REEL


def _event(edits: EditList, number: int, before: Edit | None, edit: Edit) -> list[str]:
    """Return the lines of an event: one for a cut; two for a dissolve, the first of which leaves the previous clip."""
    shown = edit.source.trimmed(0, edit.next_dissolve)
    if before is None or not edit.dissolve:
        return [_line(edits, number, "C", shown, edit.record)]
    leaving = FrameRange(before.source.end - edit.dissolve, 0)
    return [
        _line(edits, number, "C", leaving, edit.record),
        _line(edits, number, f"D    {edit.dissolve:03}", shown, edit.record),
    ]


def _line(edits: EditList, number: int, kind: str, source: FrameRange, record: int) -> str:
    sources = _times(edits.source_format, source.moved(edits.media.start))
    records = _times(edits.record_format, FrameRange(edits.record_start + record, source.count))
    return f"{number:03}  {reel_name(edits.video):<8} {_channels(edits.video):<5} {kind:<8} {sources} {records}"


def _times(counting: TimecodeFormat, frames: FrameRange) -> str:
    return f"{counting.text(frames.start)} {counting.text(frames.end)}"


def _channels(video: Video) -> str:
    """Return the channels of an event: video (V), with one audio channel (B), or two (AA/V)."""
    if video.audio is None:
        return "V"
    return "B" if video.audio.channels == 1 else "AA/V"


def _comments(edits: EditList, edit: Edit) -> list[str]:
    file, name, reason = one_line(edits.video.path.name), one_line(edit.clip.name), one_line(edit.clip.reason)
    record = edit.record + edit.marker.start - edit.source.start
    marker = edits.record_format.text(edits.record_start + record)
    return [
        f"* FROM CLIP NAME: {file}",
        *([f"* TO CLIP NAME: {file}"] if edit.dissolve else []),
        f"* COMMENT: {name}",
        *([f"* COMMENT: {reason}"] if reason else []),
        f"* LOC: {marker} {_MARKER_COLOR:<7} {name}" + (f": {reason}" if reason else ""),
    ]
