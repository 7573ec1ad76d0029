"""Words and numbers on the picture, with Pillow's own scalable font; rasters are kept, so a caption costs one blend."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from synthetic_media.frame_planes import Plane


@lru_cache(maxsize=256)
def text_stencil(text: str, size: int) -> Plane:
    """Return the stencil of one line of text, `size` pixels high, uint8, shape ``(rows, columns)``."""
    font = ImageFont.load_default(size=size)
    left, top, right, bottom = font.getbbox(text)
    image = Image.new("L", (max(2, round(right - left) + 2), max(2, round(bottom - top) + 2)))
    ImageDraw.Draw(image).text((1 - left, 1 - top), text, fill=255, font=font)
    return np.asarray(image, np.uint8)


@lru_cache(maxsize=16)
def digit_stencils(size: int) -> tuple[Plane, ...]:
    """Return the stencils of the digits 0 to 9, all of one shape ``(size, columns)``."""
    font = ImageFont.load_default(size=size)
    columns = max(round(font.getbbox(str(digit))[2]) for digit in range(10)) + 1
    stencils = []
    for digit in range(10):
        image = Image.new("L", (columns + columns % 2, size + size % 2))
        ImageDraw.Draw(image).text((0, -round(size * 0.18)), str(digit), fill=255, font=font)
        stencils.append(np.asarray(image, np.uint8))
    return tuple(stencils)
