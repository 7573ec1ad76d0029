"""Exposes frames: a schedule in, pictures out, one at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from synthetic_media.frame_code import burn_frame_number
from synthetic_media.frame_planes import BLACK_LUMA, NEUTRAL_CHROMA, WHITE_LUMA, Color, Picture
from synthetic_media.lettering import text_stencil
from synthetic_media.scenery import painter_of
from synthetic_media.schedule import FrameView, Schedule, ShotView
from synthetic_media.storyboard import Caption

INK = Color(WHITE_LUMA, NEUTRAL_CHROMA, NEUTRAL_CHROMA)
_GRAIN_MARGIN = 64


def expose(schedule: Schedule, width: int, height: int) -> Iterator[Picture]:
    """Draw every frame of a schedule.

    Yields
    ------
    Picture
        The same object each time, overwritten: copy what you keep.
    """
    picture, before = Picture(width, height), Picture(width, height)
    grain = _GrainStock(width, height)
    for frame in schedule.frames():
        _draw_view(picture, frame.view)
        if frame.before is not None:
            _draw_view(before, frame.before)
            picture.mix(before, frame.before_share)
        _finish(picture, frame, grain)
        if schedule.storyboard.frame_numbers:
            burn_frame_number(picture, frame.index)
        yield picture


def _draw_view(picture: Picture, view: ShotView) -> None:
    painter_of(view.shot.scene, picture.width, picture.height).paint(picture, view.scene_sec)
    if view.flash:
        picture.lighten(view.flash)
    for caption in view.shot.captions:
        _write(picture, caption)


def _write(picture: Picture, caption: Caption) -> None:
    stencil = text_stencil(caption.text, max(6, round(caption.size * picture.height)))
    rows, columns = stencil.shape
    picture.blend(
        INK, stencil, round(caption.x * picture.width) - columns // 2, round(caption.y * picture.height) - rows // 2
    )


def _finish(picture: Picture, frame: FrameView, grain: _GrainStock) -> None:
    """Lay on what belongs to the film, not to the scene."""
    shot = frame.view.shot
    if shot.grain:
        grain.develop(picture, shot.grain, frame.index)
    bar = round(picture.height * shot.letterbox / 2) & ~1
    if bar:
        for rows in (slice(None, bar), slice(picture.height - bar, None)):
            picture.luma[rows] = BLACK_LUMA
        for rows in (slice(None, bar // 2), slice((picture.height - bar) // 2, None)):
            picture.cb[rows] = picture.cr[rows] = NEUTRAL_CHROMA


class _GrainStock:
    """One field of normal noise, larger than the picture; each frame sees another part of it."""

    def __init__(self, width: int, height: int) -> None:
        self._shape = (height, width)
        self._field: NDArray[np.float32] | None = None
        self._levels: dict[float, NDArray[np.int16]] = {}

    def develop(self, picture: Picture, strength: float, index: int) -> None:
        """Add grain to a picture's luma."""
        if strength not in self._levels:
            self._levels = {strength: np.round(strength * self._normal()).astype(np.int16)}
        # Multiplicative hashing spreads the offsets of neighboring frames (Knuth, TAOCP 3, section 6.4).
        spread = (index * 2654435761) & 0xFFFFFFFF
        x, y = spread % _GRAIN_MARGIN, (spread >> 16) % _GRAIN_MARGIN
        grain = self._levels[strength][y : y + self._shape[0], x : x + self._shape[1]]
        picture.luma[...] = np.clip(grain + picture.luma, 0, 255)

    def _normal(self) -> NDArray[np.float32]:
        if self._field is None:
            shape = (self._shape[0] + _GRAIN_MARGIN, self._shape[1] + _GRAIN_MARGIN)
            self._field = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
        return self._field
