"""A picture as the encoder takes it, three planes of limited-range YCbCr, and the strokes scenes are painted with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]

BLACK_LUMA = 16
WHITE_LUMA = 235
NEUTRAL_CHROMA = 128
"""Limited range of 8-bit video: luma 16 to 235, chroma centered on 128 (ITU-R BT.601-7, section 2.5.3)."""


@dataclass(frozen=True, slots=True)
class Color:
    """A color in limited-range YCbCr, each part in [0, 255]."""

    luma: int
    cb: int
    cr: int

    @classmethod
    def from_hex(cls, text: str) -> Color:
        """Convert ``"#rrggbb"`` with the matrix of ITU-R BT.601-7, section 2.5.1.

        BT.601 because players take it for granted below 720 lines when a stream does not name its matrix.
        """
        red, green, blue = (int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))
        luma = 0.299 * red + 0.587 * green + 0.114 * blue
        return cls(
            round(16 + 219 * luma),
            round(128 + 224 * (blue - luma) / 1.772),
            round(128 + 224 * (red - luma) / 1.402),
        )


class Picture:
    """One frame under the brush, YCbCr 4:2:0.

    Attributes
    ----------
    buffer : ndarray
        All planes one after the other, shape ``(height * 3 // 2, width)``, uint8: the layout of ``yuv420p``.
    luma : ndarray
        View of shape ``(height, width)``.
    cb, cr : ndarray
        Views of shape ``(height // 2, width // 2)``.

    Raises
    ------
    ValueError
        If a side is odd or not positive: 4:2:0 has one chroma sample for two pixels.
    """

    def __init__(self, width: int, height: int) -> None:
        if width <= 0 or height <= 0 or width % 2 or height % 2:
            raise ValueError(f"a picture's sides must be positive and even, got {width}x{height}")
        self.buffer: Plane = np.empty((height * 3 // 2, width), np.uint8)
        flat, area = self.buffer.reshape(-1), width * height
        self.luma: Plane = flat[:area].reshape(height, width)
        self.cb: Plane = flat[area : area + area // 4].reshape(height // 2, width // 2)
        self.cr: Plane = flat[area + area // 4 :].reshape(height // 2, width // 2)

    @property
    def width(self) -> int:
        """Pixels a row."""
        return int(self.luma.shape[1])

    @property
    def height(self) -> int:
        """Rows of pixels."""
        return int(self.luma.shape[0])

    def fill(self, color: Color) -> None:
        """Paint everything in one color."""
        self.luma[...], self.cb[...], self.cr[...] = color.luma, color.cb, color.cr

    def blend(self, color: Color, alpha: Plane, x: int, y: int) -> None:
        """Blend a color in through a stencil whose top left corner lies at pixel (`x`, `y`).

        Parts outside the picture are cropped. `alpha` is uint8 (255 covers), shape ``(rows, columns)``; the corner is
        rounded down to an even pixel so that chroma stays aligned.
        """
        x, y = x - x % 2, y - y % 2
        top, left = max(0, -y), max(0, -x)
        bottom, right = min(alpha.shape[0], self.height - y), min(alpha.shape[1], self.width - x)
        if top >= bottom or left >= right:
            return
        part = alpha[top:bottom, left:right]
        _blend_plane(self.luma[y + top : y + bottom, x + left : x + right], color.luma, part)
        half = part[::2, ::2]
        rows, columns = (
            slice((y + top) // 2, (y + top) // 2 + half.shape[0]),
            slice((x + left) // 2, (x + left) // 2 + half.shape[1]),
        )
        half = half[: self.cb[rows, columns].shape[0], : self.cb[rows, columns].shape[1]]
        _blend_plane(self.cb[rows, columns], color.cb, half)
        _blend_plane(self.cr[rows, columns], color.cr, half)

    def mix(self, other: Picture, share: float) -> None:
        """Cross-fade: let `other` shine through with `share` in [0, 1]."""
        weight = round(256 * min(max(share, 0.0), 1.0))
        mixed = self.buffer.astype(np.uint16) * (256 - weight) + other.buffer.astype(np.uint16) * weight
        np.right_shift(mixed, 8, out=mixed)
        self.buffer[...] = mixed

    def lighten(self, strength: float) -> None:
        """Wash the picture towards white; 0 leaves it, 1 makes it white."""
        for plane, target in ((self.luma, WHITE_LUMA), (self.cb, NEUTRAL_CHROMA), (self.cr, NEUTRAL_CHROMA)):
            table = np.arange(256) + (target - np.arange(256)) * min(max(strength, 0.0), 1.0)
            plane[...] = table.round().astype(np.uint8)[plane]


def _blend_plane(plane: Plane, value: int, alpha: Plane) -> None:
    """Move `plane`, in place, towards `value` by ``alpha / 256``."""
    step = (value - plane.astype(np.int32)) * alpha
    plane += (step >> 8).astype(np.uint8)  # wraps round for negative steps, which is the subtraction wanted
