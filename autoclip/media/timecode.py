"""SMPTE timecode: frames counted as hours, minutes, seconds and frames, with and without drop-frame."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

_PATTERN = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})([:;.,])(\d{2,3})", re.ASCII)
_DROPPED_PER_30 = 2
"""Frame numbers dropped at the start of a minute, per 30 frames counted in a second (SMPTE ST 12-1, section 5.2.2)."""


@dataclass(frozen=True, slots=True)
class TimecodeFormat:
    """How frames are counted.

    Drop-frame counting skips frame *numbers*, not frames: the first two of each minute (for a base of 30; four for 60,
    eight for 120) except every tenth minute, so that timecode keeps up with the clock at 29.97 frames per second.

    Attributes
    ----------
    base : int
        Frame numbers per second of timecode: 30 for 29.97 frames per second.
    drop_frame : bool
        Whether numbers are dropped; only with a base that is a multiple of 30.
    """

    base: int
    drop_frame: bool = False

    def __post_init__(self) -> None:
        if self.base < 1:
            raise ValueError(f"timecode counts at least one frame a second, got {self.base}")
        if self.drop_frame and not can_drop_frames(self.base):
            raise ValueError(f"drop-frame timecode counts 30, 60 or 120 frames a second, not {self.base}")

    @property
    def frames_per_day(self) -> int:
        """Return the number of frames until timecode wraps to 00:00:00:00."""
        return 24 * 6 * self._per_ten_minutes

    def text(self, frame: int) -> str:
        """Return the timecode of a frame number: ``01:00:00:00``, with ``;`` before the frames for drop-frame.

        The count wraps at 24 hours, like a clock.
        """
        tens, rest = divmod(frame % self.frames_per_day, self._per_ten_minutes)
        # The first minute of ten has all numbers; each later one lacks the dropped numbers.
        minutes = max(0, rest - self._dropped) // (60 * self.base - self._dropped)
        number = frame % self.frames_per_day + self._dropped * (9 * tens + minutes)
        seconds, frames = divmod(number, self.base)
        separator = ";" if self.drop_frame else ":"
        digits = max(2, len(str(self.base - 1)))
        clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        return f"{clock}{separator}{frames:0{digits}}"

    def frame_number(self, text: str) -> int:
        """Return the frame number of a timecode with either separator.

        Raises
        ------
        ValueError
            If the text is not a timecode, or is a number that drop-frame counting skips.
        """
        match = _PATTERN.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"{text!r} is not a timecode such as 01:00:00:00")
        hours, minutes, seconds, frames = (int(match[group]) for group in (1, 2, 3, 5))
        if hours > 23 or minutes > 59 or seconds > 59 or frames >= self.base:  # noqa: PLR2004 - a clock's limits
            raise ValueError(f"{text!r} is not a timecode of {self.base} frames a second")
        whole_minutes = 60 * hours + minutes
        if seconds == 0 and minutes % 10 and frames < self._dropped:
            raise ValueError(
                f"{text!r} does not exist in drop-frame timecode; the next is {text[:-2]}{self._dropped:02}"
            )
        number = (60 * whole_minutes + seconds) * self.base + frames
        return number - self._dropped * (whole_minutes - whole_minutes // 10)

    @property
    def _dropped(self) -> int:
        return self.base // 30 * _DROPPED_PER_30 if self.drop_frame else 0

    @property
    def _per_ten_minutes(self) -> int:
        return 600 * self.base - 9 * self._dropped


def can_drop_frames(base: int) -> bool:
    """Whether drop-frame timecode is defined for this many frames per second."""
    return base % 30 == 0


def says_drop_frame(text: str) -> bool:
    """Whether a timecode is written as drop-frame: with anything but a colon before its frames, as FFmpeg parses it."""
    match = _PATTERN.fullmatch(text.strip())
    return match is not None and match[4] != ":"


def base_of(rate: Fraction) -> int:
    """Return the frame numbers per second of timecode at a frame rate: 30 at 29.97."""
    return max(1, round(rate))
