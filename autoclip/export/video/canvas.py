"""The frame of an export."""

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
        Whether it is scaled to square pixels; otherwise it keeps the source's pixel aspect.
    padded : bool
        Whether a frame of another aspect is fitted in with black bars.
    """

    width: int
    height: int
    square_pixels: bool
    padded: bool = False


def even(size: int) -> int:
    """Return the nearest even number at or below: 4:2:0 needs even sides."""
    return max(2, size - size % 2)


def square_canvas(width: int, height: int) -> Canvas:
    """Return a canvas of square pixels with even sides."""
    return Canvas(even(width), even(height), square_pixels=True)
