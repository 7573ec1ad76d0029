"""Reducing a decoded picture to the few samples the signals need, straight from its planes.

Nothing is converted or copied at full size: a table of positions is looked up in each plane. A sample is one pixel, not
a mean, so shares of dark pixels, colour histograms and mean absolute differences are unbiased estimates of those over
every pixel, noise and grain included. Motion alone needs means (a pixel of fine texture changes as soon as anything
moves); they are taken of the few pictures that motion looks at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from numpy.typing import NDArray

POINTS_A_CELL = 2
"""Points along each side of a cell that are averaged for motion; see docs/benchmarks.md for what more would change."""

_NEUTRAL_CHROMA = 128
_BYTE_BITS = 8
_FULL_RANGE = 2  # AVCOL_RANGE_JPEG, libavutil/pixfmt.h


@dataclass(frozen=True, slots=True)
class SampleGrid:
    """Size of a reduced picture.

    Attributes
    ----------
    width, height : int
        Samples of luma along each side; chroma has half as many.
    """

    width: int
    height: int

    @classmethod
    def of(cls, width: int, height: int, longest: int) -> SampleGrid:
        """Return the grid with the picture's aspect whose longer side has `longest` samples, or all there are.

        Both sides are even, so that chroma has exactly half.
        """
        scale = min(1.0, longest / max(width, height))
        return cls(max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2))


@dataclass(frozen=True, slots=True)
class _PlaneTable:
    """Positions of the samples in one plane's buffer, counted in its items."""

    positions: NDArray[np.intp]
    dtype: np.dtype[Any]
    shift: int

    def take(self, plane: VideoPlane, out: NDArray[np.uint8]) -> None:
        """Look the samples up into `out`, as 8 bits."""
        buffer = np.frombuffer(plane, self.dtype)  # type: ignore[call-overload]
        if self.dtype.itemsize == 1:
            np.take(buffer, self.positions, out=out, mode="clip")
        else:
            out[...] = buffer[self.positions] >> self.shift


@dataclass(frozen=True, slots=True)
class _Layout:
    """The tables for one kind of frame: luma, its cells' points for motion, and the two chroma planes."""

    luma: _PlaneTable
    cells: _PlaneTable
    chroma: tuple[_PlaneTable, ...]


class PictureSampler:
    """Reduces frames to a grid, whatever their size, pixel format and padding; one for each thread.

    Parameters
    ----------
    grid : SampleGrid
        Size of the reduced pictures. A frame of another size (a change in mid-stream) is reduced to the same grid.
    """

    def __init__(self, grid: SampleGrid) -> None:
        self._grid = grid
        self._layouts: dict[tuple[str, int, int, tuple[int, ...]], _Layout] = {}

    def sample(self, frame: VideoFrame, luma: NDArray[np.uint8], chroma: NDArray[np.uint8]) -> VideoFrame:
        """Write a frame's samples.

        Parameters
        ----------
        frame : VideoFrame
            A decoded frame.
        luma : ndarray
            Receives the luma samples, shape ``(height, width)``, uint8.
        chroma : ndarray
            Receives the samples of Cb and Cr, shape ``(2, height / 2, width / 2)``, uint8.

        Returns
        -------
        VideoFrame
            The frame the samples were read from, for `cell_means`: `frame` itself, or its conversion.
        """
        planar = frame if _is_planar_yuv(frame) else self._converted(frame)
        layout = self._layout(planar)
        layout.luma.take(planar.planes[0], luma)
        for index, table in enumerate(layout.chroma):
            table.take(planar.planes[1 + index], chroma[index])
        if not layout.chroma:
            chroma[...] = _NEUTRAL_CHROMA
        return planar

    def cell_means(self, planar: VideoFrame) -> NDArray[np.uint8]:
        """Return the mean luma of each cell of the grid, shape ``(height, width)``, uint8."""
        table = self._layout(planar).cells
        points = np.empty((POINTS_A_CELL**2, self._grid.height, self._grid.width), np.uint8)
        table.take(planar.planes[0], points)
        means: NDArray[np.uint16] = points.sum(axis=0, dtype=np.uint16)
        return ((means + POINTS_A_CELL**2 // 2) // POINTS_A_CELL**2).astype(np.uint8)

    def _converted(self, frame: VideoFrame) -> VideoFrame:
        """Reduce a frame whose samples can't be looked up (RGB, packed, palette) with libswscale."""
        width, height = self._grid.width * POINTS_A_CELL, self._grid.height * POINTS_A_CELL
        return frame.reformat(width, height, "yuv420p", interpolation="AREA", dst_color_range=_destination_range(frame))

    def _layout(self, frame: VideoFrame) -> _Layout:
        lines = tuple(plane.line_size for plane in frame.planes)
        key = (frame.format.name, frame.width, frame.height, lines)
        if key not in self._layouts:
            self._layouts[key] = self._make_layout(frame)
        return self._layouts[key]

    def _make_layout(self, frame: VideoFrame) -> _Layout:
        grid = self._grid
        luma = frame.planes[0]
        bits = frame.format.components[0].bits
        return _Layout(
            luma=_table(luma, bits, _centres(luma.height, grid.height), _centres(luma.width, grid.width)),
            cells=_cell_table(luma, bits, grid),
            chroma=tuple(
                _table(plane, bits, _centres(plane.height, grid.height // 2), _centres(plane.width, grid.width // 2))
                for plane in frame.planes[1:3]
            ),
        )


def is_full_range(frame: VideoFrame) -> bool:
    """Whether luma runs over 0..255 instead of 16..235 (ITU-R BT.601, 2.5.3)."""
    return frame.color_range == _FULL_RANGE or frame.format.name.startswith("yuvj")


def _is_planar_yuv(frame: VideoFrame) -> bool:
    """Whether luma and chroma each lie in a plane of their own, in native byte order."""
    pixel_format = frame.format
    name = pixel_format.name
    if not name.startswith(("yuv", "gray")) or pixel_format.is_big_endian or "f" in name.removeprefix("yuv"):
        return False
    planes = [component.plane for component in pixel_format.components[:3]]
    return planes == list(range(len(planes))) and frame.planes[0].line_size > 0


def _destination_range(frame: VideoFrame) -> int:
    return _FULL_RANGE if is_full_range(frame) and not frame.format.is_rgb else 1


def _centres(length: int, count: int, phase: float = 0.5) -> NDArray[np.intp]:
    """Return `count` positions spread evenly over `length` items, each at `phase` of its cell."""
    positions = np.minimum((np.arange(count) + phase) * (length / count), length - 1)
    return np.asarray(positions, np.intp)


def _table(plane: VideoPlane, bits: int, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> _PlaneTable:
    wide = bits > _BYTE_BITS
    line = plane.line_size // (2 if wide else 1)
    positions = rows[:, None] * line + columns[None, :]
    return _PlaneTable(positions, np.dtype(np.uint16 if wide else np.uint8), bits - _BYTE_BITS if wide else 0)


def _cell_table(plane: VideoPlane, bits: int, grid: SampleGrid) -> _PlaneTable:
    phases = (np.arange(POINTS_A_CELL) + 0.5) / POINTS_A_CELL
    tables = [
        _table(plane, bits, _centres(plane.height, grid.height, y), _centres(plane.width, grid.width, x))
        for y in phases
        for x in phases
    ]
    return _PlaneTable(np.stack([table.positions for table in tables]), tables[0].dtype, tables[0].shift)
