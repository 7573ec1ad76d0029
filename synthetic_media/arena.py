"""The demo's own scenes: an abstract night match of lights, with goals, stands and a studio."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from synthetic_media.frame_planes import NEUTRAL_CHROMA, WHITE_LUMA, Color, Picture, Plane
from synthetic_media.scenery import Painter, disc, glow

NIGHT, TURF, DUSK = Color.from_hex("#0a1024"), Color.from_hex("#11605c"), Color.from_hex("#3a1d5c")
CORAL, MINT, GOLD, ICE = (Color.from_hex(text) for text in ("#ff6b5a", "#5ef0cf", "#ffd166", "#dff6ff"))
CHALK = Color(WHITE_LUMA, NEUTRAL_CHROMA, NEUTRAL_CHROMA)

_WORLD = 1.5
"""In a wide shot the pitch is this many pictures wide and high; the camera shows a part of it."""
_TEAM = 6
_BALL = 2 * _TEAM
_TRAIL = 9
_SPARKS = 70


@dataclass(frozen=True, slots=True)
class Match:
    """Two teams of lights on a pitch, seen from above; with a goal in it, or without.

    Attributes
    ----------
    seed : int
        Decides who runs where.
    pace : float
        How fast players, ball and camera move; 0.2 strolls, 2 rushes.
    goal_sec : float or None
        When, in the shot, the goal falls: from then on rays, rings and sparks burst from it. None for no goal.
    zoom : float
        1 for a wide shot; more brings the camera closer.
    turf, night : Color
        Color of the pitch in the light, and of its far corners.
    """

    seed: int = 0
    pace: float = 0.3
    goal_sec: float | None = None
    zoom: float = 1.0
    turf: Color = TURF
    night: Color = NIGHT

    @property
    def is_still(self) -> bool:
        """Whether nobody runs and no goal falls."""
        return self.pace == 0 and self.goal_sec is None

    def painter(self, width: int, height: int) -> Painter:
        """Return what draws the match."""
        return _MatchPainter(self, width, height)


class _MatchPainter:
    def __init__(self, scene: Match, width: int, height: int) -> None:
        rng = np.random.default_rng(scene.seed)
        self._scene = scene
        world = _WORLD * scene.zoom / 4
        self._ground = _pitch(round(width * world) * 4, round(height * world) * 4, scene.turf, scene.night)
        self._phases = rng.uniform(0, 2 * np.pi, (_BALL + 1, 4))
        self._rates = rng.uniform(0.5, 1.1, (_BALL + 1, 2))
        self._burst = _Burst(scene.seed, width, height) if scene.goal_sec is not None else None

    def paint(self, picture: Picture, time_sec: float) -> None:
        """Move camera, players and ball; then let the goal burst."""
        clock = self._clock(time_sec)
        places = self._places(clock)
        x, y = self._camera(picture, places[_BALL])
        picture.luma[...] = self._ground.luma[y : y + picture.height, x : x + picture.width]
        rows, columns = slice(y // 2, (y + picture.height) // 2), slice(x // 2, (x + picture.width) // 2)
        picture.cb[...], picture.cr[...] = self._ground.cb[rows, columns], self._ground.cr[rows, columns]
        unit = picture.height / 360 * self._scene.zoom
        for number, (across, down) in enumerate(places[:_BALL]):
            team = CORAL if number < _TEAM else MINT
            _light(picture, team, (round(across) - x, round(down) - y), halo=round(34 * unit), core=round(10 * unit))
        for age in range(_TRAIL, -1, -1):
            across, down = self._places(clock - 0.03 * age, first=_BALL)[0]
            radius = max(3, round((_TRAIL - 0.7 * age) * unit))
            place = (round(across) - x, round(down) - y)
            _light(picture, GOLD if age else ICE, place, halo=2 * radius, core=radius // 2)
        if self._burst and self._scene.goal_sec is not None and time_sec >= self._scene.goal_sec:
            self._burst.paint(picture, time_sec - self._scene.goal_sec)

    def _clock(self, time_sec: float) -> float:
        """Inner time: an attack gathers speed until the goal, and the players celebrate slower behind it."""
        goal = self._scene.goal_sec
        if goal is None:
            return self._scene.pace * time_sec
        before, after = min(time_sec, goal), max(0.0, time_sec - goal)
        return self._scene.pace * (0.4 * before + 0.6 * before**2 / (2 * goal) + 0.7 * after)

    def _places(self, clock: float, first: int = 0) -> NDArray[np.float64]:
        """Pixels on the ground of the players and, last, the ball, shape ``(n, 2)``: all run on Lissajous curves."""
        angle = 2 * np.pi * self._rates[first:] * clock * 0.5 + self._phases[first:, :2]
        share = 0.5 + 0.36 * np.sin(angle) + 0.08 * np.sin(2.3 * angle + self._phases[first:, 2:])
        places: NDArray[np.float64] = share * np.array([self._ground.width, self._ground.height])
        return places

    def _camera(self, picture: Picture, ball: NDArray[np.float64]) -> tuple[int, int]:
        """Corner of the picture on the ground: the camera follows the ball."""
        room = np.array([self._ground.width - picture.width, self._ground.height - picture.height])
        corner = np.clip(ball - np.array([picture.width, picture.height]) / 2, 0, room)
        x, y = (corner.astype(int) & ~1).tolist()
        return x, y


class _Burst:
    """Rays, rings and sparks about the middle of the picture."""

    def __init__(self, seed: int, width: int, height: int) -> None:
        rng = np.random.default_rng(seed + 1)
        rows = (np.arange(height) - height / 2)[:, np.newaxis] / height
        columns = (np.arange(width) - width / 2)[np.newaxis, :] / height
        turn = np.arctan2(rows, columns) / (2 * np.pi) + 0.5
        self._turn = np.minimum((turn * 1024).astype(np.uint16), 1023)
        self._radius = np.minimum((np.hypot(rows, columns) * 900).astype(np.uint16), 1023)
        beams = np.sin(2 * np.pi * 9 * np.arange(1024) / 1024) + 0.6 * np.sin(2 * np.pi * 14 * np.arange(1024) / 1024)
        self._beams = np.clip(beams / 1.6, 0, 1) ** 1.5
        self._heading = rng.uniform(0, 2 * np.pi, _SPARKS)
        self._speed = rng.uniform(0.15, 1.1, _SPARKS)
        self._colors = [(GOLD, ICE, CORAL, MINT)[i] for i in rng.integers(0, 4, _SPARKS)]

    def paint(self, picture: Picture, age_sec: float) -> None:
        """Lay the burst, `age_sec` old, over the picture."""
        power = float(np.exp(-age_sec / 2.2))
        beams = np.roll(self._beams, round(age_sec * 90)) * 130 * power
        reach = np.arange(1024)
        rings = sum(
            150 * power * np.exp(-(((reach - (age_sec - delay) * 620) / 22) ** 2))
            for delay in (0.0, 0.35, 0.9, 1.6, 2.4)
        )
        core = 200 * power * np.exp(-reach / 110)
        light = beams.astype(np.uint16)[self._turn] + np.asarray(rings + core).astype(np.uint16)[self._radius]
        alpha = np.minimum(light, 235).astype(np.uint8)
        picture.blend(GOLD, alpha, 0, 0)
        unit = picture.height / 360
        distance = self._speed * picture.height * (1 - np.exp(-1.6 * age_sec))
        across = picture.width / 2 + 1.3 * distance * np.cos(self._heading)
        down = picture.height / 2 + distance * np.sin(self._heading) + 60 * unit * age_sec**2 * 0.25
        for x, y, color in zip(across, down, self._colors, strict=True):
            _light(picture, color, (round(x), round(y)), halo=round(9 * unit), core=max(1, round(2.4 * unit)))


@dataclass(frozen=True, slots=True)
class Stands:
    """A crowd as lights out of focus, swaying.

    Attributes
    ----------
    seed : int
        Decides where the lights are.
    sway : float
        How fast they move; 0 keeps them still.
    """

    seed: int = 0
    sway: float = 0.8

    @property
    def is_still(self) -> bool:
        """Whether the lights stand."""
        return self.sway == 0

    def painter(self, width: int, height: int) -> Painter:
        """Return what draws the crowd."""
        return _StandsPainter(self, width, height)


class _StandsPainter:
    def __init__(self, scene: Stands, width: int, height: int) -> None:
        rng = np.random.default_rng(scene.seed)
        self._scene = scene
        self._ground = _gradient(width, height, DUSK, NIGHT)
        self._place = rng.uniform((0, 0.05), (1, 1), (46, 2))
        self._phase = rng.uniform(0, 2 * np.pi, (46, 2))
        sizes = np.sort(rng.uniform(0.02, 0.075, 46))
        # Lights blended at a quarter to a half of their strength look like discs of confusion.
        self._stencils = [
            (disc(max(3, round(size * height)), 3.0) * rng.uniform(0.2, 0.5)).astype(np.uint8) for size in sizes
        ]
        self._colors = [(CORAL, MINT, GOLD, ICE, DUSK)[i] for i in rng.integers(0, 5, 46)]

    def paint(self, picture: Picture, time_sec: float) -> None:
        """Sway the lights."""
        picture.buffer[...] = self._ground.buffer
        swing = np.sin(self._phase + 2 * np.pi * 0.45 * self._scene.sway * time_sec) * (0.03, 0.045)
        for (across, down), stencil, color in zip(self._place + swing, self._stencils, self._colors, strict=True):
            radius = stencil.shape[0] // 2
            picture.blend(color, stencil, round(across * picture.width) - radius, round(down * picture.height) - radius)


@dataclass(frozen=True, slots=True)
class Studio:
    """A still picture for someone who talks: concentric rings beside a band of color. Nothing moves."""

    accent: Color = CORAL

    @property
    def is_still(self) -> bool:
        """Always: it is a card."""
        return True

    def painter(self, width: int, height: int) -> Painter:
        """Return what draws the card."""
        return _StudioPainter(self, width, height)


class _StudioPainter:
    def __init__(self, scene: Studio, width: int, height: int) -> None:
        self._card = _gradient(width, height, Color.from_hex("#2f5674"), NIGHT)
        for size, color in ((0.36, scene.accent), (0.29, NIGHT), (0.25, GOLD), (0.17, NIGHT), (0.11, ICE)):
            radius = round(size * height)
            self._card.blend(color, disc(radius), round(0.3 * width) - radius, height // 2 - radius)
        bar = np.full((max(2, height // 40), width // 3), 255, np.uint8)
        self._card.blend(scene.accent, bar, round(0.58 * width), round(0.62 * height))

    def paint(self, picture: Picture, time_sec: float) -> None:  # noqa: ARG002
        picture.buffer[...] = self._card.buffer


def _light(picture: Picture, color: Color, place: tuple[int, int], *, halo: int, core: int) -> None:
    """Draw a glowing point: a soft halo and a bright core."""
    picture.blend(color, _orb(max(2, halo), max(1, core)), place[0] - halo, place[1] - halo)


@lru_cache(maxsize=64)
def _orb(halo: int, core: int) -> Plane:
    stencil, pad = glow(halo).copy(), max(0, halo - core)
    inner = stencil[pad : stencil.shape[0] - pad, pad : stencil.shape[1] - pad]
    np.maximum(inner, disc(min(core, halo)), out=inner)
    return stencil


def _gradient(width: int, height: int, center: Color, rim: Color) -> Picture:
    """Draw a radial gradient, dithered so that no bands show."""
    picture = Picture(width, height)
    for plane, inner, outer in (
        (picture.luma, center.luma, rim.luma),
        (picture.cb, center.cb, rim.cb),
        (picture.cr, center.cr, rim.cr),
    ):
        rows = (np.arange(plane.shape[0]) / plane.shape[0] - 0.45)[:, np.newaxis]
        columns = (np.arange(plane.shape[1]) / plane.shape[1] - 0.5)[np.newaxis, :]
        share = np.clip(np.hypot(rows, columns) / 0.66, 0, 1) ** 1.2
        dither = np.random.default_rng(0).uniform(0, 1, plane.shape)
        plane[...] = (inner + (outer - inner) * share + dither).astype(np.uint8)
    return picture


def _pitch(width: int, height: int, turf: Color, night: Color) -> Picture:
    """Draw a pitch from above: mown stripes under a light, and chalk lines."""
    picture = _gradient(width, height, turf, night)
    stripes = ((np.arange(width) * 12 // width) % 2 * 9).astype(np.uint8)
    picture.luma += stripes[np.newaxis, :]
    picture.blend(CHALK, _chalk(width, height), 0, 0)
    return picture


def _chalk(width: int, height: int) -> Plane:
    """Stencil of the lines: touch lines, halfway line, center circle, penalty areas."""
    rows, columns = np.arange(height)[:, np.newaxis], np.arange(width)[np.newaxis, :]
    line = max(1.0, height / 270)
    left, right, top, bottom = 0.05 * width, 0.95 * width, 0.07 * height, 0.93 * height
    circle = np.abs(np.hypot(rows - height / 2, columns - width / 2) - 0.16 * height) < line
    drawn = circle | (np.abs(columns - width / 2) < line) & (rows > top) & (rows < bottom)
    for x1, x2, y1, y2 in (
        (left, right, top, bottom),
        (left, 0.19 * width, 0.27 * height, 0.73 * height),
        (0.81 * width, right, 0.27 * height, 0.73 * height),
    ):
        drawn |= ((np.abs(columns - x1) < line) | (np.abs(columns - x2) < line)) & (rows >= y1) & (rows <= y2)
        drawn |= ((np.abs(rows - y1) < line) | (np.abs(rows - y2) < line)) & (columns >= x1) & (columns <= x2)
    stencil: Plane = drawn.astype(np.uint8) * 110
    return stencil
