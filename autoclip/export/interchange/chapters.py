"""Chapters of concatenated clips: for files (ffmetadata) and for a video's description (YouTube)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from autoclip.clips import Clip
from autoclip.durations import clock
from autoclip.errors import ParameterError
from autoclip.export.interchange.plain_text import one_line

_NO_TAGS = str.maketrans("<>", "\u2039\u203a")
"""YouTube Data API, `videos`: a description with a character of ``<>`` is refused."""
_MIN_CHAPTERS, _MIN_CHAPTER_SEC = 3, 10
"""YouTube Help, "Video chapters": at least three, the first at 0:00, each at least 10 seconds long."""


def ffmetadata(clips: Sequence[Clip], title: str, crossfade_sec: float = 0.0) -> str:
    """Return FFmpeg's metadata file with one chapter per clip (FFmpeg formats documentation, "Metadata").

    If clips overlap by `crossfade_sec`, a chapter begins with the dissolve into its clip.
    """
    lines = [";FFMETADATA1", f"title={_escaped(title)}"]
    for number, (clip, start) in enumerate(zip(clips, _starts(clips, crossfade_sec), strict=True), 1):
        overlap = crossfade_sec if number < len(clips) else 0.0
        begin, end = round(start * 1000), round((start + clip.duration - overlap) * 1000)
        lines += ["[CHAPTER]", "TIMEBASE=1/1000", f"START={begin}", f"END={end}", f"title={_escaped(clip.name)}"]
    return "\n".join([*lines, ""])


def youtube_chapters(clips: Sequence[Clip], crossfade_sec: float = 0.0) -> str:
    """Return lines for the description of a YouTube video: a time and a name each; clips overlap by `crossfade_sec`.

    Raises
    ------
    ParameterError
        If YouTube would ignore them: too few, or one is too short.
    """
    if len(clips) < _MIN_CHAPTERS:
        raise ParameterError(f"YouTube takes {_MIN_CHAPTERS} chapters or more; there are {len(clips)} clips")
    lengths = [clip.duration - crossfade_sec for clip in clips[:-1]] + [clips[-1].duration]
    short = next((place for place, length in enumerate(lengths) if length < _MIN_CHAPTER_SEC), None)
    if short is not None:
        too_short = f"{clips[short].name!r} has {lengths[short]:.1f} s"
        raise ParameterError(
            f"YouTube takes chapters from {_MIN_CHAPTER_SEC} s on; {too_short}: leave it out or lengthen it"
        )
    lines = [
        f"{clock(int(start))} {one_line(clip.name).translate(_NO_TAGS)}"
        for clip, start in zip(clips, _starts(clips, crossfade_sec), strict=True)
    ]
    return "\n".join([*lines, ""])


def _starts(clips: Sequence[Clip], crossfade_sec: float) -> list[float]:
    return list(accumulate((clip.duration - crossfade_sec for clip in clips[:-1]), initial=0.0))


def _escaped(text: str) -> str:
    for character in "\\=;#\n":
        text = text.replace(character, f"\\{character}")
    return text
