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
    """How much of a caption can be read, and for how long it must be seen.

    The defaults are what large providers ask for. Netflix, "Timed Text Style Guide: General Requirements": two lines,
    5/6 s to 7 s on screen, two frames between two cues (1/12 s at 24 a second). Its "English Timed Text Style Guide":
    42 characters a line, and at most 20 characters a second for adults, 17 for children; the lower one can be read by
    all. The BBC's "Subtitle Guidelines" ask for two lines (three at most) and 160 to 180 words a minute, which is 15 to
    17 characters a second. The EBU's documents on subtitles (Tech 3350, EBU-TT; Tech 3264, STL) are about files; they
    set neither a length nor a speed.

    Attributes
    ----------
    chars_per_line, lines : int
        Size of a cue.
    chars_per_sec : float
        Reading speed. A cue stays longer than its words where the next one leaves room; nothing is left out.
    min_sec, max_sec : float
        How long a cue is shown.
    gap_sec : float
        Time without text between two cues.
    max_pause_sec : float
        A silence this long ends a cue, so that it is gone when nobody speaks.
    """

    chars_per_line: int = 42
    lines: int = 2
    chars_per_sec: float = 17.0
    min_sec: float = 5 / 6
    max_sec: float = 7.0
    gap_sec: float = 2 / 24
    max_pause_sec: float = 1.0


_LINE_OF_SCRIPT = {"japanese": 13, "korean": 16, "chinese": 16, "arabic": 42, "spaced": 42}
"""Characters a line: Netflix, "Timed Text Style Guide" for Japanese, Korean, Chinese, Arabic and English."""


_MILLISECOND = 0.001


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption.

    Attributes
    ----------
    start_sec, end_sec : float
        When it is shown, in seconds, to the millisecond; it appears with its first word.
    lines : tuple of tuple of Word
        The words of each line.
    """

    start_sec: float
    end_sec: float
    lines: tuple[tuple[Word, ...], ...]

    @property
    def words(self) -> tuple[Word, ...]:
        """All words, in order."""
        return tuple(word for line in self.lines for word in line)

    @property
    def texts(self) -> tuple[str, ...]:
        """Each line as text."""
        return tuple(joined(line) for line in self.lines)

    def shifted(self, seconds: float) -> Cue:
        """Return the same cue, `seconds` later."""
        lines = tuple(
            tuple(replace(w, start_sec=w.start_sec + seconds, end_sec=w.end_sec + seconds) for w in line)
            for line in self.lines
        )
        return Cue(self.start_sec + seconds, self.end_sec + seconds, lines)


def make_cues(transcript: Transcript, limits: CaptionLimits = CaptionLimits()) -> tuple[Cue, ...]:
    """Lay the words of a transcript out in cues.

    Of all ways to cut the words into cues and lines that keep the limits, the one is taken that costs least: breaks at
    bad places, cues that are too short to be read, and uneven lines cost (see `break_costs`).

    Parameters
    ----------
    transcript : Transcript
        The words; times in seconds, from wherever the captions are counted.
    limits : CaptionLimits
        How much a cue may hold. The script's own limit of a line counts where it is lower (13 characters in Japanese).

    Returns
    -------
    tuple of Cue
        By time; no two overlap. Every word is in exactly one of them. On lines shorter than the script's own, one that
        holds a single longer word ("Geschwindigkeitsbegrenzung") exceeds the limit.
    """
    usual = _line_of_script(transcript)
    limits = replace(limits, chars_per_line=min(limits.chars_per_line, usual))
    words = _in_line_lengths(sorted(transcript.words, key=lambda word: word.start_sec), limits.chars_per_line, usual)
    blocks = [block for run in _runs(words, limits.max_pause_sec) for block in _Layout(run, limits).cues()]
    return tuple(_timed(blocks, limits))


def with_short_words(transcript: Transcript) -> Transcript:
    """Return a transcript without words that fill more than a line, as subtitles of scripts without spaces have them.

    Each is cut behind its marks, else near half a line; the pieces share its time by their lengths.
    """
    usual = _line_of_script(transcript)
    return replace(transcript, words=tuple(_in_line_lengths(transcript.words, usual, usual)))


def cues_between(cues: Sequence[Cue], start_sec: float, end_sec: float) -> tuple[Cue, ...]:
    """Return what is shown of cues in a span, counted from its start."""
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
    """The cheapest way to cut words that follow each other without a long pause."""

    def __init__(self, words: Sequence[Word], limits: CaptionLimits) -> None:
        self._words = words
        self._limits = limits
        self._costs = break_costs(words)
        self._widths = [width_of(word.text) for word in words]
        spaces = [width_of(joined(pair)) - width_of(pair[0].text) - width_of(pair[1].text) for pair in pairwise(words)]
        self._begins = list(accumulate((w + s for w, s in zip(self._widths, [*spaces, 0], strict=True)), initial=0))
        self._sentences = list(accumulate((ends_sentence(word.text) for word in words), initial=0))

    def cues(self) -> Iterator[_Lines]:
        """Cut them: dynamic programming over the places where a cue may begin."""
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
        """Rate a cue by where it ends, the sentences it runs over, and the time there is to read it."""
        limits = self._limits
        cost = 4.0 + 2 * self._costs[end] + 5.0 * (self._sentences[end - 1] - self._sentences[first])
        if end == len(self._words):
            return cost
        room = max(self._words[end].start_sec - limits.gap_sec - self._words[first].start_sec, 1e-3)
        needed = self._width(first, end) / limits.chars_per_sec
        too_short = 8.0 if room < limits.min_sec else 0.0
        return cost + too_short + min(6.0 * max(needed / room - 1.0, 0.0), FORBIDDEN)


def _unevenness(upper: int, lower: int) -> float:
    """Rate two lines: as long as each other is best, and the lower one may rather be the longer.

    The shorter upper line hides less of the picture (Karamitroglou 1998, "A proposed set of subtitling standards in
    Europe").
    """
    return 0.002 * (upper - lower) ** 2 + (0.3 if upper > lower else 0.0)


def _runs(words: Sequence[Word], max_pause_sec: float) -> Iterator[Sequence[Word]]:
    """Cut words at long pauses."""
    begin = 0
    for at in range(1, len(words) + 1):
        if at == len(words) or words[at].start_sec - words[at - 1].end_sec >= max_pause_sec:
            yield words[begin:at]
            begin = at


def _in_line_lengths(words: Sequence[Word], longest: int, longest_whole: int) -> list[Word]:
    """Cut words that no line can hold: those of scripts without spaces, and addresses; times go by length.

    Between spaces, words of up to `longest_whole` letters stay whole.
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
    """Cut a long word behind a mark, else between phrases, else near the limit.

    A mark or small letter never starts a piece.
    """
    pieces: list[str] = []
    rest = text
    while width_of(rest) > longest:
        # Half a line leaves the layout room to choose; the piece ends at the last of the best places in it.
        at = _longest_start(rest, max(longest // 2, 1))
        costs = {i: break_costs((Word(0, 0, rest[:i]), Word(0, 0, rest[i:])))[1] for i in range(1, at + 1)}
        at = next((places[-1] for most in (1, PHRASE) if (places := [i for i in costs if costs[i] <= most])), at)
        while at < len(rest) and break_costs((Word(0, 0, "x"), Word(0, 0, rest[at:])))[1] >= FORBIDDEN:
            at += 1
        pieces.append(rest[:at])
        rest = rest[at:]
    return [*pieces, *([rest] if rest else [])]


def _longest_start(text: str, columns: int) -> int:
    """Return how many letters fill a number of columns, not ending ahead of a mark that sits on the last one."""
    at, width = 0, 0
    while at < len(text) and width + width_of(text[at]) <= columns:
        width += width_of(text[at])
        at += 1
    return max(at, 1)


def _timed(blocks: Sequence[_Lines], limits: CaptionLimits) -> Iterator[Cue]:
    """Give each cue its time: from its first word until it is read, but never into the next one."""
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
            # Words that follow each other within a frame leave no room for the gap.
            yield Cue(start, min(max(end, start + _MILLISECOND), next_start), lines)
