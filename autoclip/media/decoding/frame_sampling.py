"""Reduce a decoded frame to the few samples that the signals need, directly from its planes.

Nothing is converted or copied at full size: every k-th pixel of every k-th line is read from each plane. A sample is
one pixel, not a mean, so shares of dark pixels, color histograms and mean absolute differences are unbiased estimates
of the values over all pixels, including noise and grain. Only motion needs means, because a single pixel of fine
texture changes as soon as anything moves; they are computed for the few frames used for motion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from numpy.typing import NDArray

POINTS_A_CELL = 2
"""Points along each side of a cell that are averaged for motion: enough that static fine texture does not flicker."""

_NEUTRAL_CHROMA = 128
_BYTE_BITS = 8
_FULL_RANGE = 2  # AVCOL_RANGE_JPEG, libavutil/pixfmt.h
_LIMITED_RANGE = 1  # AVCOL_RANGE_MPEG


@dataclass(frozen=True, slots=True)
class SampleGrid:
    """The pixels that are read.

    Attributes
    ----------
    picture_width, picture_height : int
        Size of the frames. A frame of another size is scaled to this first.
    stride : int
        Distance between sampled pixels and lines.
    width, height : int
        Luma samples along each side, an even number; chroma has half as many.
    """

    picture_width: int
    picture_height: int
    stride: int
    width: int
    height: int

    @classmethod
    def of(cls, picture_width: int, picture_height: int, longest: int) -> SampleGrid:
        """Return the grid whose longer side has about `longest` samples, rounded to a whole stride."""
        stride = max(1, round(max(picture_width, picture_height) / longest))
        width, height = (max(2, side // stride // 2 * 2) for side in (picture_width, picture_height))
        return cls(picture_width, picture_height, stride, width, height)


class FrameSampler:
    """Reduces frames to a grid, whatever their size, pixel format and padding.

    Parameters
    ----------
    grid : SampleGrid
        The pixels that are read.
    """

    def __init__(self, grid: SampleGrid) -> None:
        self._grid = grid

    def readable(self, frame: VideoFrame) -> VideoFrame:
        """Return a frame that the other methods can read: the same, or a converted one if size or layout differ."""
        grid = self._grid
        if (frame.width, frame.height) == (grid.picture_width, grid.picture_height) and _is_planar_yuv(frame):
            return frame
        target_range = _FULL_RANGE if is_full_range(frame) and not frame.format.is_rgb else _LIMITED_RANGE
        return frame.reformat(
            max(2, grid.picture_width), max(2, grid.picture_height), "yuv420p", dst_color_range=target_range
        )

    def sample(self, frame: VideoFrame, luma: NDArray[np.uint8], chroma: NDArray[np.uint8]) -> None:
        """Read the samples of a frame.

        Parameters
        ----------
        frame : VideoFrame
            A frame that `readable` returned.
        luma : ndarray
            Receives the luma samples, shape ``(height, width)``, uint8.
        chroma : ndarray
            Receives the samples of Cb and Cr, shape ``(2, height / 2, width / 2)``, uint8.
        """
        bits = frame.format.components[0].bits
        planes = frame.planes
        stride = self._grid.stride
        _read(planes[0], bits, (stride, stride), (stride // 2, stride // 2), luma)
        if len(planes) == 1:
            chroma[...] = _NEUTRAL_CHROMA
            return
        # Twice the distance in luma pixels, whatever the chroma subsampling.
        down = 2 * stride * planes[1].height // planes[0].height or 1
        right = 2 * stride * planes[1].width // planes[0].width or 1
        for index in (0, 1):
            _read(planes[1 + index], bits, (down, right), (down // 2, right // 2), chroma[index])

    def cell_means(self, frame: VideoFrame) -> NDArray[np.uint8]:
        """Return the mean luma of each cell of a frame that `readable` returned, shape ``(height, width)``, uint8."""
        bits, stride = frame.format.components[0].bits, self._grid.stride
        points = np.empty((self._grid.height, self._grid.width), np.uint8)
        total = np.full(points.shape, POINTS_A_CELL**2 // 2, np.uint16)
        offsets = [int((index + 0.5) * stride / POINTS_A_CELL) for index in range(POINTS_A_CELL)]
        for down in offsets:
            for right in offsets:
                _read(frame.planes[0], bits, (stride, stride), (down, right), points)
                total += points
        return (total // POINTS_A_CELL**2).astype(np.uint8)


def is_full_range(frame: VideoFrame) -> bool:
    """Whether luma runs over 0..255 instead of 16..235 (ITU-R BT.601, 2.5.3)."""
    return frame.color_range == _FULL_RANGE or frame.format.name.startswith("yuvj")


def _is_planar_yuv(frame: VideoFrame) -> bool:
    """Whether luma and chroma are in separate planes, as integers in native byte order."""
    name = frame.format.name
    if not name.startswith(("yuv", "gray")) or "f" in name or name.endswith("be"):
        return False
    planes = [component.plane for component in frame.format.components if not component.is_alpha]
    return planes == list(range(len(planes))) and frame.planes[0].line_size > 0


def _read(plane: VideoPlane, bits: int, step: tuple[int, int], offset: tuple[int, int], out: NDArray[np.uint8]) -> None:
    """Read the pixels at `offset` and every `step` (lines, pixels) after it, as 8 bits."""
    wide = bits > _BYTE_BITS
    buffer = np.frombuffer(plane, np.uint16 if wide else np.uint8)  # type: ignore[call-overload]
    lines = buffer.reshape(-1, plane.line_size // (2 if wide else 1))[:, : plane.width]
    # A frame with an extreme aspect ratio may be shorter than half a step along one side.
    top, left = (min(wanted, size - 1) for wanted, size in zip(offset, lines.shape, strict=True))
    picked = lines[top :: step[0], left :: step[1]][: out.shape[0], : out.shape[1]]
    rows, columns = picked.shape
    out[:rows, :columns] = picked >> (bits - _BYTE_BITS) if wide else picked
    # Chroma of odd sizes, and tiny frames, may lack the last line or column.
    out[rows:] = out[rows - 1 : rows]
    out[:, columns:] = out[:, columns - 1 : columns]
