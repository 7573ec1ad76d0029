"""The words of a clip or a compound clip: what cuts leave of transcripts, on the timeline of the cuts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from autoclip.speech.transcript import Transcript, Word
from autoclip.timeline import Interval


@dataclass(frozen=True, slots=True)
class PlacedCut:
    """A cut of a video, and its position.

    Attributes
    ----------
    transcript : Transcript or None
        The transcript of the video; None without one.
    interval : Interval
        The cut, in seconds of the video.
    at_sec : float
        Where it begins on the new timeline, in seconds.
    fade_in_sec, fade_out_sec : float
        Length of the dissolve from the previous cut, and into the next one. Words switch over in the middle.
    """

    transcript: Transcript | None
    interval: Interval
    at_sec: float = 0.0
    fade_in_sec: float = 0.0
    fade_out_sec: float = 0.0

    def words(self) -> Iterator[Word]:
        """Return its words on the new timeline; none extends beyond the cut."""
        if self.transcript is None:
            return
        start = self.interval.start + self.fade_in_sec / 2
        end = self.interval.end - self.fade_out_sec / 2
        shift = self.at_sec - self.interval.start
        for word in self.transcript.between(start, end).words:
            yield replace(word, start_sec=max(word.start_sec, start) + shift, end_sec=min(word.end_sec, end) + shift)


def place_cuts(cuts: Sequence[tuple[Transcript | None, Interval]], crossfade_sec: float = 0.0) -> tuple[PlacedCut, ...]:
    """Place cuts one after the other. Each dissolves into the next for `crossfade_sec`."""
    placed, at = [], 0.0
    for number, (transcript, interval) in enumerate(cuts):
        fade_in = crossfade_sec if number else 0.0
        fade_out = crossfade_sec if number < len(cuts) - 1 else 0.0
        placed.append(PlacedCut(transcript, interval, at, fade_in, fade_out))
        at += interval.duration - fade_out
    return tuple(placed)


def cut_transcript(cuts: Sequence[PlacedCut]) -> Transcript:
    """Return the words of cuts on their new timeline. A word belongs to the cut that contains its middle."""
    known = [cut.transcript for cut in cuts if cut.transcript is not None]
    words = tuple(word for cut in cuts for word in cut.words())
    if not known:
        return Transcript((), None, "")
    return replace(known[0], words=words)
