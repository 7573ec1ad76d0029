"""The frame's own number, burned into the picture: as digits for people and as a bar code for tests.

The bar code is one row of `CELLS` cells: white, black, 20 bits of the index (highest first), 4 bits of check, black,
white. It is placed by shares of the picture, so it can be read from a frame that was scaled, but not from one that
was cropped.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synthetic_media.frame_planes import BLACK_LUMA, NEUTRAL_CHROMA, WHITE_LUMA, Color, Picture
from synthetic_media.lettering import digit_stencils

INDEX_BITS = 20
CHECK_BITS = 4
CELLS = INDEX_BITS + CHECK_BITS + 4
LEFT, TOP, CELL_WIDTH, CELL_HEIGHT = 0.02, 0.93, 0.0125, 0.04
"""Place and size as shares of the picture's width (left, cell width) and height (top, cell height)."""


def burn_frame_number(picture: Picture, index: int) -> None:
    """Draw the bar code and the digits of a frame's index at the bottom left.

    Raises
    ------
    ValueError
        If the index does not fit (0 to 2**20 - 1, eleven hours at 25 fps).
    """
    if not 0 <= index < 1 << INDEX_BITS:
        raise ValueError(f"a frame number must lie in [0, {(1 << INDEX_BITS) - 1}], got {index}")
    top, bottom = round(TOP * picture.height), round((TOP + CELL_HEIGHT) * picture.height)
    edges = _cell_edges(picture.width)
    for cell, bit in enumerate(_code(index)):
        picture.luma[top:bottom, edges[cell] : edges[cell + 1]] = WHITE_LUMA if bit else BLACK_LUMA
    for plane in (picture.cb, picture.cr):
        plane[top // 2 : (bottom + 1) // 2, edges[0] // 2 : (edges[-1] + 1) // 2] = NEUTRAL_CHROMA
    size = max(8, round(picture.height * 0.05))
    x = int(edges[-1]) + size // 2
    for digit in f"{index:06d}":
        stencil = digit_stencils(size)[int(digit)]
        picture.blend(Color(WHITE_LUMA, NEUTRAL_CHROMA, NEUTRAL_CHROMA), stencil, x, top)
        x += stencil.shape[1]


def read_frame_number(luma: NDArray[np.uint8]) -> int | None:
    """Read the bar code of a decoded frame.

    Parameters
    ----------
    luma : ndarray
        Luma (or any gray picture) of the whole frame, shape ``(height, width)``, at any size.

    Returns
    -------
    int or None
        The index that was burned in; None when there is no code or its check fails.
    """
    height, width = luma.shape
    edges = _cell_edges(width)
    rows = luma[round((TOP + 0.25 * CELL_HEIGHT) * height) : max(1, round((TOP + 0.75 * CELL_HEIGHT) * height))]
    if not rows.size:
        return None
    # The middle half of each cell: scaling and compression blur the edges.
    quarter = np.diff(edges) // 4
    means = np.array(
        [rows[:, a + q : max(b - q, a + q + 1)].mean() for a, b, q in zip(edges[:-1], edges[1:], quarter, strict=True)]
    )
    bits = (means > (BLACK_LUMA + WHITE_LUMA) / 2).astype(int).tolist()
    index = int("".join(map(str, bits[2 : 2 + INDEX_BITS])), 2)
    return index if bits == _code(index) else None


def _cell_edges(width: int) -> NDArray[np.int64]:
    return np.round((LEFT + CELL_WIDTH * np.arange(CELLS + 1)) * width).astype(np.int64)


def _code(index: int) -> list[int]:
    """Bits of the row, from the left."""
    nibbles = [(index >> shift) & 0xF for shift in range(0, INDEX_BITS, 4)]
    # Odd weights make every single wrong bit show, different ones swapped nibbles; the constant keeps an all-black
    # picture from reading as frame 0.
    check = (0b1010 + sum((2 * place + 1) * nibble for place, nibble in enumerate(nibbles))) & 0xF
    bits = [(index >> shift) & 1 for shift in range(INDEX_BITS - 1, -1, -1)]
    return [1, 0, *bits, *((check >> shift) & 1 for shift in range(CHECK_BITS - 1, -1, -1)), 0, 1]
