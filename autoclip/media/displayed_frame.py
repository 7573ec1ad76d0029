"""Convert frames to what a player shows: upright, with square pixels, in the right colors."""

from __future__ import annotations

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from numpy.typing import NDArray
from PIL import Image

from autoclip.media import color, tone_mapping
from autoclip.media.frames import TimedFrame
from autoclip.media.orientation import Orientation, Size, fitted
from autoclip.media.video import Video

HD_HEIGHT = 720
HD_WIDTH = 1280
"""Height from which a frame without declared colors is BT.709; below, it is BT.601. Players assume the same."""


SAME_SHAPE = 0.01
"""Relative difference of aspect ratios that counts as equal, so that rounding adds no bars."""


def frame_as_displayed(found: TimedFrame, video: Video, box: Size | None = None) -> Image.Image:
    """Return a decoded frame as a player shows it.

    It is rotated and mirrored according to the display matrix, has square pixels and the right color matrix and range,
    and high dynamic range is mapped to SDR. A frame whose shape differs from the video's first gets black bars.

    Parameters
    ----------
    found : TimedFrame
        A decoded frame of the video.
    video : Video
        The probed video it comes from.
    box : Size, optional
        The frame is scaled, up or down, to the largest size that fits; without a box it has the display size.

    Returns
    -------
    PIL.Image.Image
        RGB (sRGB), at most as large as `box`.
    """
    facts = video.video
    orientation = Orientation(facts.rotation, facts.mirrored)
    shown = Size(facts.display_width, facts.display_height)
    shown = fitted(shown, box) if box is not None else shown
    unturned = Size(shown.height, shown.width) if orientation.swaps_sides else shown
    pixels = _padded(_srgb_pixels(found.frame, _inner_size(found, video, unturned)), unturned)
    return Image.fromarray(np.ascontiguousarray(orientation.apply(pixels)), mode=None)


def _inner_size(found: TimedFrame, video: Video, canvas: Size) -> Size:
    """Return the size that a frame has on a canvas of the video's shape."""
    facts = video.video
    shape = found.frame.width * found.pixel_aspect / found.frame.height
    if abs(shape / (facts.width * facts.sample_aspect_ratio / facts.height) - 1) <= SAME_SHAPE:
        return canvas
    return fitted(Size(round(shape * found.frame.height), found.frame.height), canvas)


def _padded(pixels: NDArray[np.uint8], canvas: Size) -> NDArray[np.uint8]:
    """Add black bars around an image, shape ``(height, width, 3)``."""
    above, beside = canvas.height - pixels.shape[0], canvas.width - pixels.shape[1]
    if not above and not beside:
        return pixels
    return np.pad(pixels, ((above // 2, above - above // 2), (beside // 2, beside - beside // 2), (0, 0)))


def _srgb_pixels(frame: VideoFrame, size: Size) -> NDArray[np.uint8]:
    transfer = color.TRANSFERS.get(frame.color_trc, color.UNKNOWN)
    primaries = color.PRIMARIES.get(frame.color_primaries, color.UNKNOWN)
    if tone_mapping.needs_mapping(transfer, primaries):
        return tone_mapping.to_srgb(_scaled(frame, size, "rgb48le").astype(np.uint16), transfer, primaries)
    return _scaled(frame, size, "rgb24").astype(np.uint8, copy=False)


def _scaled(frame: VideoFrame, size: Size, pixel_format: str) -> NDArray[np.generic]:
    """Return full-range R'G'B' of shape ``(height, width, 3)`` with the transfer curve unchanged."""
    return frame.reformat(
        width=size.width,
        height=size.height,
        format=pixel_format,
        src_colorspace=_matrix(frame),
        src_color_range=_range(frame),
        dst_color_range=ColorRange.JPEG,
        interpolation=_SCALING,
    ).to_ndarray()


# Area averaging uses every source pixel when a frame shrinks to a thumbnail, which avoids aliasing.
_SCALING = Interpolation.AREA | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


def _matrix(frame: VideoFrame) -> Colorspace | None:
    if color.SPACES.get(frame.colorspace) is not None:
        return None
    hd = frame.width >= HD_WIDTH or frame.height >= HD_HEIGHT
    return Colorspace.ITU709 if hd else Colorspace.ITU601


def _range(frame: VideoFrame) -> ColorRange | None:
    return None if frame.color_range in color.RANGES or frame.format.name.startswith("yuvj") else ColorRange.MPEG
