"""What a made-up camera looks at: scenes of any size, drawn from a seed, the same on every machine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from synthetic_media.frame_planes import BLACK_LUMA, NEUTRAL_CHROMA, Color, Picture, Plane

CACHED_SCENES = 4
"""A frame shows two scenes at most (in a dissolve); a few more make cutting to and fro free. Bounds the memory."""


class Painter(Protocol):
    """Draws one scene at one size."""

    def paint(self, picture: Picture, time_sec: float) -> None:
        """Cover the whole picture with the scene as it is `time_sec` after the start of its shot."""


class Scene(Protocol):
    """What a shot shows; a hashable value, so that its painter can be kept."""

    def __hash__(self) -> int:
        """Tell scenes apart by value."""

    @property
    def is_still(self) -> bool:
        """Whether nothing in it ever moves."""

    def painter(self, width: int, height: int) -> Painter:
        """Return what draws this scene at a size in pixels."""


@lru_cache(maxsize=CACHED_SCENES)
def painter_of(scene: Scene, width: int, height: int) -> Painter:
    """Return the painter of a scene, prepared once."""
    return scene.painter(width, height)


@dataclass(frozen=True, slots=True)
class Plain:
    """One color and nothing else; black by default."""

    luma: int = BLACK_LUMA
    cb: int = NEUTRAL_CHROMA
    cr: int = NEUTRAL_CHROMA

    def painter(self, width: int, height: int) -> Painter:  # noqa: ARG002
        """Return what fills the picture."""
        return _PlainPainter(Color(self.luma, self.cb, self.cr))

    @property
    def is_still(self) -> bool:
        """Always: nothing in it moves."""
        return True

    @property
    def is_black(self) -> bool:
        """Whether nothing but black is seen."""
        return self.luma <= BLACK_LUMA


@dataclass(frozen=True, slots=True)
class _PlainPainter:
    color: Color

    def paint(self, picture: Picture, time_sec: float) -> None:  # noqa: ARG002
        picture.fill(self.color)


@dataclass(frozen=True, slots=True)
class Texture:
    """A landscape of smooth noise the camera moves over, with discs that move on their own.

    Attributes
    ----------
    seed : int
        Decides landscape, colors, discs. Scenes with other seeds look clearly different.
    pan, tilt : float
        Camera movement in picture widths (heights) a second; 0.02 is slow, 2 a whip pan. Both 0 with no moving disc
        make a still scene.
    discs : int
        Number of moving discs.
    disc_speed : float
        Their typical speed in picture widths a second.
    contrast : float
        Standard deviation of the landscape's luma, in levels of 255.
    detail : float
        Exponent of the amplitude spectrum's fall ``1 / f ** detail``: 1 is like natural pictures (Field 1987),
        2 like clouds.
    """

    seed: int = 0
    pan: float = 0.05
    tilt: float = 0.0
    discs: int = 5
    disc_speed: float = 0.2
    contrast: float = 40.0
    detail: float = 1.4

    def painter(self, width: int, height: int) -> Painter:
        """Return what draws the landscape."""
        return _TexturePainter(self, width, height)

    @property
    def is_still(self) -> bool:
        """Whether nothing in it ever moves."""
        return self.pan == 0 and self.tilt == 0 and (self.discs == 0 or self.disc_speed == 0)


class _TexturePainter:
    def __init__(self, scene: Texture, width: int, height: int) -> None:
        rng = np.random.default_rng(scene.seed)
        self._scene = scene
        base_luma, base_cb, base_cr = rng.uniform(70, 170), rng.uniform(98, 158), rng.uniform(98, 158)
        self._luma = _doubled(base_luma + scene.contrast * _smooth_noise(rng, width, height, scene.detail))
        half = (width // 2, height // 2)
        self._cb = _doubled(base_cb + 12 * _smooth_noise(rng, *half, scene.detail + 0.6))
        self._cr = _doubled(base_cr + 12 * _smooth_noise(rng, *half, scene.detail + 0.6))
        self._place = rng.uniform(0, 1, (scene.discs, 2))
        heading = rng.uniform(0, 2 * np.pi, scene.discs)
        speed = scene.disc_speed * rng.uniform(0.6, 1.4, scene.discs)
        self._velocity = np.stack([speed * np.cos(heading), speed * np.sin(heading) * width / height], axis=1)
        self._discs = [disc(max(4, round(height * share))) for share in rng.uniform(0.04, 0.12, scene.discs)]
        self._colors = [
            Color(int(luma), int(cb), int(cr))
            for luma, cb, cr in rng.uniform((40, 60, 60), (230, 200, 200), (scene.discs, 3))
        ]

    def paint(self, picture: Picture, time_sec: float) -> None:
        """Scroll the landscape and lay the discs on it."""
        width, height = picture.width, picture.height
        x = int(self._scene.pan * time_sec * width) % width
        y = int(self._scene.tilt * time_sec * height) % height
        picture.luma[...] = self._luma[y : y + height, x : x + width]
        rows, columns = slice(y // 2, y // 2 + height // 2), slice(x // 2, x // 2 + width // 2)
        picture.cb[...], picture.cr[...] = self._cb[rows, columns], self._cr[rows, columns]
        # Discs leave at one side and come back at the other, 20 % of the picture beyond its edge.
        places = (self._place + self._velocity * time_sec) % 1.0 * 1.4 - 0.2
        for (across, down), stencil, color in zip(places, self._discs, self._colors, strict=True):
            radius = stencil.shape[0] // 2
            picture.blend(color, stencil, int(across * width) - radius, int(down * height) - radius)


def _smooth_noise(rng: np.random.Generator, width: int, height: int, detail: float) -> NDArray[np.float64]:
    """Periodic noise of unit variance with amplitude ``1 / f ** detail``, shape ``(height, width)``."""
    spectrum = np.fft.rfft2(rng.standard_normal((height, width)))
    rows = np.fft.fftfreq(height)[:, np.newaxis] * height
    columns = np.fft.rfftfreq(width)[np.newaxis, :] * height
    frequency = np.hypot(rows, columns)
    frequency[0, 0] = np.inf
    field = np.fft.irfft2(spectrum / frequency**detail, s=(height, width))
    return np.asarray(field / field.std())


def _doubled(field: NDArray[np.float64]) -> Plane:
    """Lay a periodic field out twice each way, so that every scrolled view of it is one slice."""
    return np.tile(np.clip(field, BLACK_LUMA, 240).astype(np.uint8), (2, 2))


@lru_cache(maxsize=64)
def disc(radius: int, softness: float = 1.5) -> Plane:
    """Return the stencil of a disc, shape ``(2 * radius, 2 * radius)``, uint8, with an edge `softness` pixels wide."""
    axis = np.arange(2 * radius) - radius + 0.5
    distance = np.hypot(axis[:, np.newaxis], axis[np.newaxis, :])
    return np.asarray(np.clip((radius - distance) / softness, 0, 1) * 255).astype(np.uint8)


@lru_cache(maxsize=64)
def glow(radius: int, sharpness: float = 2.0) -> Plane:
    """Return the stencil of a soft light, shape ``(2 * radius, 2 * radius)``, uint8, that falls off to its rim."""
    axis = (np.arange(2 * radius) - radius + 0.5) / radius
    distance = np.hypot(axis[:, np.newaxis], axis[np.newaxis, :])
    return np.asarray(np.clip(1 - distance, 0, 1) ** sharpness * 255).astype(np.uint8)
