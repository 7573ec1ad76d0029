"""Remove silence: the spans of a clip that remain when long pauses and fillers are removed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Literal

from autoclip.speech.transcript import Transcript, Word
from autoclip.timeline import Interval

BREATH_SEC = 0.3
"""Length of a shortened pause: within clauses speakers pause 0.15 to 0.5 s (Campione & Véronis 2002)."""
MIN_KEPT_SEC = 0.2
"""A shorter span between two cuts is a flash, not a shot. It is removed with them unless it contains a word."""

_FILLER = re.compile(
    r"^(?:u+h*m+|u+h+|e+r+m+|e+h+m+|h+m+|m+h*m+|ä+h*m*|ö+h*m*|e+u+h+|えー+と?|あのー+)$", re.IGNORECASE
)
"""Hesitations that carry no meaning in English, German, French and Japanese. "Like" and "well" are words."""


@dataclass(frozen=True, slots=True)
class Removal:
    """A span that is removed.

    Attributes
    ----------
    interval : Interval
        In seconds of the video.
    reason : str
        ``pause`` or ``filler``.
    text : str
        The filler.
    """

    interval: Interval
    reason: Literal["pause", "filler"]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Tightening:
    """A clip without its silences.

    Attributes
    ----------
    kept : tuple of Interval
        The remaining spans, ascending and disjoint; the whole clip if nothing was removed.
    removed : tuple of Removal
        The removed spans, ordered by time; together with `kept` they make up the clip.
    """

    kept: tuple[Interval, ...]
    removed: tuple[Removal, ...]

    @property
    def removed_sec(self) -> float:
        """Return how many seconds were removed."""
        return sum(removal.interval.duration for removal in self.removed)

    def details(self) -> str:
        """Return a summary in a few words, with the times of what was removed."""
        gone = ", ".join(
            f"{r.interval.start:.2f} to {r.interval.end:.2f} s ({r.text or r.reason})" for r in self.removed
        )
        return f"{self}: {gone}" if gone else str(self)

    def __str__(self) -> str:
        """Return a summary in a few words."""
        pauses = sum(removal.reason == "pause" for removal in self.removed)
        fillers = len(self.removed) - pauses
        removed = [
            f"{count} {noun}{'s' if count > 1 else ''}"
            for count, noun in ((pauses, "pause"), (fillers, "filler"))
            if count
        ]
        return (
            f"{' and '.join(removed)} taken out, {self.removed_sec:.1f} s"
            if removed
            else "no pause was long enough to take out"
        )


def tighten(interval: Interval, transcript: Transcript, pause_sec: float, *, fillers: bool = False) -> Tightening:
    """Find the spans to remove from a clip.

    Parameters
    ----------
    interval : Interval
        The clip, in seconds of the video.
    transcript : Transcript
        The transcript of the video.
    pause_sec : float
        A pause longer than this is shortened to `BREATH_SEC`, half of it on either side. Pauses shorter than a breath
        are never cut.
    fillers : bool
        Whether to remove hesitations ("um"), too.

    Returns
    -------
    Tightening
        If nobody speaks in the clip, nothing is removed.
    """
    words = _words_in(transcript, interval)
    if not words:
        return Tightening((interval,), ())
    wanted = [word for word in words if not (fillers and is_filler(word))]
    found = list(_pauses(interval, words, max(pause_sec, BREATH_SEC)))
    if fillers and wanted:
        found.extend(_fillers(words))
    removed = _apart(sorted(found, key=lambda removal: removal.interval), wanted, interval)
    return Tightening(tuple(_rest(interval, removed)), tuple(removed))


def is_filler(word: Word) -> bool:
    """Whether a word is a hesitation without meaning."""
    return bool(_FILLER.match(word.text.strip(".,!?…-–—。、")))


def _words_in(transcript: Transcript, interval: Interval) -> list[Word]:
    inside = (word for word in transcript.words if word.end_sec > interval.start and word.start_sec < interval.end)
    return sorted(inside, key=lambda word: word.start_sec)


def _pauses(interval: Interval, words: Sequence[Word], pause_sec: float) -> Iterator[Removal]:
    """Find what is removed of each pause: all but half a breath next to each word, and the ends of the clip."""
    ends = [interval.start, *accumulate((word.end_sec for word in words), max)]  # words may overlap
    begins = [*(word.start_sec for word in words), interval.end]
    for place, (end, begin) in enumerate(zip(ends, begins, strict=True)):
        if begin - end <= pause_sec:
            continue
        left = end if place == 0 else end + BREATH_SEC / 2
        right = begin if place == len(words) else begin - BREATH_SEC / 2
        yield Removal(Interval(left, right), "pause")


def _fillers(words: Sequence[Word]) -> Iterator[Removal]:
    """Find each filler that overlaps no other word."""
    for place, word in enumerate(words):
        before = words[place - 1].end_sec if place else word.start_sec
        behind = words[place + 1].start_sec if place + 1 < len(words) else word.end_sec
        if is_filler(word) and before <= word.start_sec and word.end_sec <= behind and word.end_sec > word.start_sec:
            yield Removal(Interval(word.start_sec, word.end_sec), "filler", word.text)


def _apart(removed: Sequence[Removal], wanted: Sequence[Word], interval: Interval) -> list[Removal]:
    """Merge spans that are too short to show into the removals beside them, unless they contain a word."""
    grown: list[Removal] = []
    for removal in removed:
        before = grown[-1].interval.end if grown else interval.start
        if _is_flash(before, removal.interval.start, wanted):
            removal = replace(removal, interval=Interval(before, removal.interval.end))  # noqa: PLW2901
        grown.append(removal)
    if grown and _is_flash(grown[-1].interval.end, interval.end, wanted):
        grown[-1] = replace(grown[-1], interval=Interval(grown[-1].interval.start, interval.end))
    return grown


def _is_flash(start: float, end: float, wanted: Sequence[Word]) -> bool:
    return end - start < MIN_KEPT_SEC and not any(word.end_sec > start and word.start_sec < end for word in wanted)


def _rest(interval: Interval, removed: Sequence[Removal]) -> Iterator[Interval]:
    bounds = [interval.start, *(edge for r in removed for edge in (r.interval.start, r.interval.end)), interval.end]
    for start, end in list(pairwise(bounds))[::2]:
        if end - start > 1e-3:  # noqa: PLR2004 - rounding of sums
            yield Interval(start, end)
