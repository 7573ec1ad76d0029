"""Orientation: how a player rotates and mirrors a decoded frame."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_PIXEL_ASPECT = 16
"""A sample aspect ratio beyond this, or its inverse, is damage; the widest in use is 64:33 (ITU-T H.264 table E-1)."""


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in pixels."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Orientation:
    """How a player shows a decoded frame: mirrored left to right if `mirrored`, then rotated.

    Attributes
    ----------
    rotation : int
        Clockwise rotation in degrees: 0, 90, 180 or 270.
    mirrored : bool
        Whether the frame is mirrored left to right before it is rotated.
    """

    rotation: int = 0
    mirrored: bool = False

    @classmethod
    def from_display_matrix(cls, matrix: bytes) -> Orientation:
        """Convert the display matrix of a stream.

        The matrix (ISO/IEC 14496-12, 6.2.2; FFmpeg's ``libavutil/display.h``) holds nine native 32-bit integers ``a b u
        c d v x y w`` and maps a source point (p, q), q pointing down, to (a p + c q, b p + d q). A mirror left to right
        followed by a clockwise rotation by t is ``a = -cos t, b = -sin t, c = -sin t, d = cos t``; without the mirror,
        `a` and `b` change sign. So the determinant gives the mirror, and ``t = atan2(-c, d)`` in both cases. Rotations
        between right angles are rounded to the nearest one.

        Parameters
        ----------
        matrix : bytes
            The 36 bytes of FFmpeg's display matrix side data.
        """
        a, b, _, c, d, *_ = struct.unpack("=9i", matrix[:36])
        quarter_turns = round(math.degrees(math.atan2(-c, d)) / 90)
        return cls(rotation=quarter_turns % 4 * 90, mirrored=a * d - b * c < 0)

    @property
    def swaps_sides(self) -> bool:
        """Whether the rotation swaps width and height."""
        return self.rotation in {90, 270}

    def apply(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """Return a frame, shape ``(height, width, ...)``, as a player shows it."""
        mirrored = np.fliplr(pixels) if self.mirrored else pixels
        return np.rot90(mirrored, -self.rotation // 90)  # rot90 turns counter-clockwise


def display_size(coded: Size, sample_aspect_ratio: Fraction, orientation: Orientation) -> Size:
    """Return the size at which a player shows a frame: width scaled to square pixels, then rotated."""
    width, height = max(1, round(coded.width * sample_aspect_ratio)), coded.height
    return Size(height, width) if orientation.swaps_sides else Size(width, height)


def sane_aspect_ratio(declared: Fraction | None) -> Fraction:
    """Return the declared sample aspect ratio, or 1 if it is unknown or must be damage."""
    if declared is None or not Fraction(1, MAX_PIXEL_ASPECT) <= declared <= MAX_PIXEL_ASPECT:
        return Fraction(1)
    return declared


def fitted(size: Size, box: Size) -> Size:
    """Return `size` scaled, up or down, to the largest size of the same aspect that fits into `box`."""
    scale = min(box.width / size.width, box.height / size.height)
    return Size(
        min(box.width, max(1, round(size.width * scale))),
        min(box.height, max(1, round(size.height * scale))),
    )
