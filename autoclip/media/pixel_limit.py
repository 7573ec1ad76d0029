"""The largest frame that this process decodes.

FFmpeg allocates what a header declares, and a JPEG of 3 MB can declare gigabytes. FFmpeg's own ``max_pixels`` refuses
such a frame before anything is allocated, anywhere in a stream.
"""

from __future__ import annotations

DEFAULT_MAX_PIXELS = 8192 * 8192
"""Default limit in pixels: nearly twice the 35.7 million that the highest levels of current codecs allow: H.264 level
6.2 (139,264 macroblocks, ITU-T H.264 table A-1), HEVC level 6.2 (ITU-T H.265 table A.8) and AV1 level 6.3 (AV1
specification, annex A.3).
"""

_limit = [DEFAULT_MAX_PIXELS]


def max_pixels() -> int:
    """Return the limit in coded pixels per frame."""
    return _limit[0]


def limit_pixels(pixels: int) -> None:
    """Set the limit for every file that this process opens from now on."""
    _limit[0] = pixels


def decoder_options(**further: str) -> dict[str, str]:
    """Return the options that every PyAV video decoder gets, plus the given ones."""
    return {"max_pixels": str(max_pixels()), **further}
