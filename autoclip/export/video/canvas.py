"""The picture an export has."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Canvas:
    """Size and kind of pixels.

    Attributes
    ----------
    width, height : int
        Size in pixels, even.
    square_pixels : bool
        Whether it was scaled to square pixels; otherwise it keeps the source's.
    padded : bool
        Whether a picture of another aspect is fitted in between black bars.
    """

    width: int
    height: int
    square_pixels: bool
    padded: bool = False


def even(size: int) -> int:
    """Return the nearest even number below: 4:2:0 knows no odd sides."""
    return max(2, size - size % 2)


def square_canvas(width: int, height: int) -> Canvas:
    """Return a picture of square pixels, its sides made even."""
    return Canvas(even(width), even(height), square_pixels=True)
