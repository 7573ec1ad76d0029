"""The largest picture that this process decodes.

FFmpeg allocates what a header promises, and a JPEG of 3 MB can promise gigabytes. FFmpeg's own ``max_pixels`` refuses
such a picture before anything is allocated, wherever in a stream it comes.
"""

from __future__ import annotations

DEFAULT_MAX_PIXELS = 8192 * 8192
"""Nearly twice the 35.7 million that the highest levels for pictures of today allow: H.264 level 6.2 (139,264
macroblocks, ITU-T H.264 table A-1), HEVC level 6.2 (ITU-T H.265 table A.8) and AV1 level 6.3 (AV1 specification, annex
A.3)."""

_limit = [DEFAULT_MAX_PIXELS]


def max_pixels() -> int:
    """Return the limit in pixels of a picture as it is coded."""
    return _limit[0]


def limit_pixels(pixels: int) -> None:
    """Set the limit for every file that this process opens from now on."""
    _limit[0] = pixels


def decoder_options(**further: str) -> dict[str, str]:
    """Return the options that every video decoder of PyAV gets, and further ones."""
    return {"max_pixels": str(max_pixels()), **further}
