"""Captions: the words of a transcript in cues that can be read while they are spoken."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from autoclip.speech.line_breaks import FORBIDDEN, PHRASE, break_costs, script_of, width_of
from autoclip.speech.transcript import Transcript, Word, ends_sentence, is_unspaced, joined


@dataclass(frozen=True, slots=True)
class CaptionLimits:
    """Limits that make a caption readable: its size, and how long it is shown.

    The defaults follow large providers. Netflix, "Timed Text Style Guide: General Requirements": two lines, 5/6 s to 7
    s on screen, two frames between two cues (1/12 s at 24 frames per second). Netflix, "English Timed Text Style
    Guide": 42 characters per line, and at most 20 characters per second for adults, 17 for children; the lower speed
    suits everyone. The BBC's "Subtitle Guidelines" ask for two lines (three at most) and 160 to 180 words per minute,
    which is 15 to 17 characters per second. The EBU's documents on subtitles (Tech 3350, EBU-TT; Tech 3264, STL)
    specify files; they set neither a length nor a speed.

    Attributes
    ----------
    chars_per_line, lines : int
        Size of a cue.
    chars_per_sec : float
        Reading speed. A cue stays longer than its words if the next one leaves room. No word is left out.
    min_sec, max_sec : float
        How long a cue is shown.
    gap_sec : float
        Time without text between two cues.
    max_pause_sec : float
        A silence this long ends a cue, so that it disappears when nobody speaks.
    """

    chars_per_line: int = 42
    lines: int = 2
    chars_per_sec: float = 17.0
    min_sec: float = 5 / 6
    max_sec: float = 7.0
    gap_sec: float = 2 / 24
    max_pause_sec: float = 1.0


_LINE_OF_SCRIPT = {"japanese": 13, "korean": 16, "chinese": 16, "arabic": 42, "spaced": 42}
"""Characters per line: Netflix, "Timed Text Style Guide" for Japanese, Korean, Chinese, Arabic and English."""


_MILLISECOND = 0.001


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption.

    Attributes
    ----------
    start_sec, end_sec : float
        When it is shown, in seconds with millisecond precision. It appears with its first word.
    lines : tuple of tuple of Word
        The words of each line.
    """

    start_sec: float
    end_sec: float
    lines: tuple[tuple[Word, ...], ...]

    @property
    def words(self) -> tuple[Word, ...]:
        """Return all words, in order."""
        return tuple(word for line in self.lines for word in line)

    @property
    def texts(self) -> tuple[str, ...]:
        """Return each line as text."""
        return tuple(joined(line) for line in self.lines)

    def shifted(self, seconds: float) -> Cue:
        """Return a copy `seconds` later."""
        lines = tuple(
            tuple(replace(w, start_sec=w.start_sec + seconds, end_sec=w.end_sec + seconds) for w in line)
            for line in self.lines
        )
        return Cue(self.start_sec + seconds, self.end_sec + seconds, lines)


def make_cues(transcript: Transcript, limits: CaptionLimits = CaptionLimits()) -> tuple[Cue, ...]:
    """Divide the words of a transcript into cues.

    Of all divisions into cues and lines within the limits, the cheapest is chosen. Breaks at bad places, cues that are
    too short to read, and uneven lines cost (see `break_costs`).

    Parameters
    ----------
    transcript : Transcript
        The words. Cues use the same time origin.
    limits : CaptionLimits
        The limits of a cue. A lower limit of the script (13 characters per line in Japanese) takes precedence.

    Returns
    -------
    tuple of Cue
        Ordered by time, without overlaps. Every word is in exactly one cue. On lines shorter than the script's own, a
        line with a single longer word ("Geschwindigkeitsbegrenzung") exceeds the limit.
    """
    usual = _line_of_script(transcript)
    limits = replace(limits, chars_per_line=min(limits.chars_per_line, usual))
    words = _in_line_lengths(sorted(transcript.words, key=lambda word: word.start_sec), limits.chars_per_line, usual)
    blocks = [block for run in _runs(words, limits.max_pause_sec) for block in _Layout(run, limits).cues()]
    return tuple(_timed(blocks, limits))


def with_short_words(transcript: Transcript) -> Transcript:
    """Return a transcript without words longer than a line, which subtitles in scripts without spaces contain.

    Each is cut after punctuation, else near half a line. The parts share its time in proportion to their lengths.
    """
    usual = _line_of_script(transcript)
    return replace(transcript, words=tuple(_in_line_lengths(transcript.words, usual, usual)))


def cues_between(cues: Sequence[Cue], start_sec: float, end_sec: float) -> tuple[Cue, ...]:
    """Return the cues within a span, with times from its start."""
    return tuple(
        replace(
            cue.shifted(-start_sec),
            start_sec=max(cue.start_sec - start_sec, 0.0),
            end_sec=min(cue.end_sec, end_sec) - start_sec,
        )
        for cue in cues
        if cue.start_sec < end_sec and cue.end_sec > start_sec
    )


def _line_of_script(transcript: Transcript) -> int:
    return _LINE_OF_SCRIPT[script_of("".join(word.text for word in transcript.words[:2000]))]


_Lines = tuple[tuple[Word, ...], ...]


class _Layout:
    """The cheapest division of words that have no long pause between them."""

    def __init__(self, words: Sequence[Word], limits: CaptionLimits) -> None:
        self._words = words
        self._limits = limits
        self._costs = break_costs(words)
        self._widths = [width_of(word.text) for word in words]
        spaces = [width_of(joined(pair)) - width_of(pair[0].text) - width_of(pair[1].text) for pair in pairwise(words)]
        self._begins = list(accumulate((w + s for w, s in zip(self._widths, [*spaces, 0], strict=True)), initial=0))
        self._sentences = list(accumulate((ends_sentence(word.text) for word in words), initial=0))

    def cues(self) -> Iterator[_Lines]:
        """Divide the words: dynamic programming over the places where a cue may begin."""
        count = len(self._words)
        best = [0.0] + [math.inf] * count
        came_from = [(0, 0)] * (count + 1)
        for first in range(count):
            for end in range(first + 1, count + 1):
                if end > first + 1 and not self._fits(first, end):
                    break
                line_cost, split = self._split(first, end)
                total = best[first] + line_cost + self._cue_cost(first, end)
                if total < best[end]:
                    best[end], came_from[end] = total, (first, split)
        yield from reversed(list(self._traced_back(came_from)))

    def _traced_back(self, came_from: Sequence[tuple[int, int]]) -> Iterator[_Lines]:
        end = len(self._words)
        while end:
            first, split = came_from[end]
            lines = (self._words[first:split], self._words[split:end])
            yield tuple(tuple(line) for line in lines if line)
            end = first

    def _width(self, first: int, end: int) -> int:
        return self._begins[end - 1] + self._widths[end - 1] - self._begins[first]

    def _fits(self, first: int, end: int) -> bool:
        long_enough = self._limits.lines * self._limits.chars_per_line + 1
        shown = self._words[end - 1].end_sec - self._words[first].start_sec
        return self._width(first, end) <= long_enough and shown <= self._limits.max_sec

    def _split(self, first: int, end: int) -> tuple[float, int]:
        """Return the cost of the best two lines, and the word at which the second one begins (`end`: one line)."""
        if self._fits_line(first, end):
            return 0.0, end
        options = [
            (self._costs[at] + _unevenness(self._width(first, at), self._width(at, end)), at)
            for at in range(first + 1, end)
            if self._limits.lines > 1 and self._fits_line(first, at) and self._fits_line(at, end)
        ]
        return min(options, default=(math.inf, end))

    def _fits_line(self, first: int, end: int) -> bool:
        return end == first + 1 or self._width(first, end) <= self._limits.chars_per_line

    def _cue_cost(self, first: int, end: int) -> float:
        """Return the cost of a cue: where it ends, how many sentences it crosses, and the time there is to read it."""
        limits = self._limits
        cost = 4.0 + 2 * self._costs[end] + 5.0 * (self._sentences[end - 1] - self._sentences[first])
        if end == len(self._words):
            return cost
        room = max(self._words[end].start_sec - limits.gap_sec - self._words[first].start_sec, 1e-3)
        needed = self._width(first, end) / limits.chars_per_sec
        too_short = 8.0 if room < limits.min_sec else 0.0
        return cost + too_short + min(6.0 * max(needed / room - 1.0, 0.0), FORBIDDEN)


def _unevenness(upper: int, lower: int) -> float:
    """Return the cost of two lines: equal lengths are best; otherwise the lower line should be the longer one.

    The shorter upper line hides less of the picture (Karamitroglou 1998, "A proposed set of subtitling standards in
    Europe").
    """
    return 0.002 * (upper - lower) ** 2 + (0.3 if upper > lower else 0.0)


def _runs(words: Sequence[Word], max_pause_sec: float) -> Iterator[Sequence[Word]]:
    """Split words at long pauses."""
    begin = 0
    for at in range(1, len(words) + 1):
        if at == len(words) or words[at].start_sec - words[at - 1].end_sec >= max_pause_sec:
            yield words[begin:at]
            begin = at


def _in_line_lengths(words: Sequence[Word], longest: int, longest_whole: int) -> list[Word]:
    """Split words longer than a line: scripts without spaces, and addresses.

    The parts share the time by their lengths. Words of up to `longest_whole` letters between spaces stay whole.
    """
    found: list[Word] = []
    for word in words:
        if width_of(word.text) <= (longest if any(map(is_unspaced, word.text)) else longest_whole):
            found.append(word)
            continue
        pieces = _pieces(word.text, longest)
        bounds = [0, *accumulate(map(len, pieces))]
        unit = (word.end_sec - word.start_sec) / len(word.text)
        for piece, (begin, end) in zip(pieces, pairwise(bounds), strict=True):
            start, last = word.start_sec + begin * unit, word.start_sec + end * unit
            found.append(replace(word, start_sec=start, end_sec=last, text=piece))
    return found


def _pieces(text: str, longest: int) -> list[str]:
    """Split a long word after punctuation, else between phrases, else near the limit.

    Combining marks and small letters never start a part.
    """
    pieces: list[str] = []
    rest = text
    while width_of(rest) > longest:
        # Half a line leaves the layout room to choose. The part ends at the last of the best places in it.
        at = _longest_start(rest, max(longest // 2, 1))
        costs = {i: break_costs((Word(0, 0, rest[:i]), Word(0, 0, rest[i:])))[1] for i in range(1, at + 1)}
        at = next((places[-1] for most in (1, PHRASE) if (places := [i for i in costs if costs[i] <= most])), at)
        while at < len(rest) and break_costs((Word(0, 0, "x"), Word(0, 0, rest[at:])))[1] >= FORBIDDEN:
            at += 1
        pieces.append(rest[:at])
        rest = rest[at:]
    return [*pieces, *([rest] if rest else [])]


def _longest_start(text: str, columns: int) -> int:
    """Return how many letters fit into a number of columns, without separating a combining mark from its letter."""
    at, width = 0, 0
    while at < len(text) and width + width_of(text[at]) <= columns:
        width += width_of(text[at])
        at += 1
    return max(at, 1)


def _timed(blocks: Sequence[_Lines], limits: CaptionLimits) -> Iterator[Cue]:
    """Give each cue its times: from its first word until it is read, but not beyond the start of the next."""
    for lines, following in zip(blocks, (*blocks[1:], None), strict=False):
        start, spoken = lines[0][0].start_sec, max(word.end_sec for line in lines for word in line)
        chars = sum(width_of(joined(line)) for line in lines)
        end = max(spoken, start + limits.min_sec, start + chars / limits.chars_per_sec)
        end = min(end, max(spoken, start + limits.max_sec))
        start = round(start, 3)
        if following is None:
            yield Cue(start, max(round(end, 3), start + _MILLISECOND), lines)
        else:
            next_start = round(following[0][0].start_sec, 3)
            end = round(min(end, next_start - limits.gap_sec), 3)
            # Words that follow each other within one frame leave no room for the gap.
            yield Cue(start, min(max(end, start + _MILLISECOND), next_start), lines)
