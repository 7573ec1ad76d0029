"""A video on paper: shots in a row, sounds beside them, and marks on what a good choice must find or leave."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from autoclip.timeline import Interval
from synthetic_media.audio import Sound
from synthetic_media.scenery import Plain, Scene

MarkKind = Literal["highlight", "decoy"]


@dataclass(frozen=True, slots=True)
class Freeze:
    """A still within a shot: the picture stands for a while; what moved is found where it would have been, afterwards.

    `start_sec` counts from the start of the shot.
    """

    start_sec: float
    duration_sec: float


@dataclass(frozen=True, slots=True)
class Flash:
    """A burst of light within a shot; `start_sec` counts from the start of the shot."""

    start_sec: float
    frames: int = 2
    strength: float = 0.9


@dataclass(frozen=True, slots=True)
class Caption:
    """A line of text.

    Attributes
    ----------
    text : str
        Latin letters, digits, punctuation (the font is Pillow's own).
    size, x, y : float
        Height of the letters as a share of the picture's height; center of the line as shares of the picture's sides.
    """

    text: str
    size: float = 0.08
    x: float = 0.5
    y: float = 0.5


@dataclass(frozen=True, slots=True)
class Shot:
    """A take of one scene.

    Attributes
    ----------
    duration_sec : float
        Length in seconds; the next shot's first frame is the first one at or after its end.
    scene : Scene
        What is seen.
    dissolve_frames : int
        How many of its first frames still show the shot before, less and less; 0 makes a hard cut. From or to a
        black `Plain` a dissolve is what editors call a fade. The first shot dissolves from black.
    freezes, flashes, captions : tuple
        What happens in it.
    grain : float
        Standard deviation of film grain, in levels of 255; new on every frame, also on still and black ones.
    letterbox : float
        Share of the height that is covered by black bars, both together.
    """

    duration_sec: float
    scene: Scene
    dissolve_frames: int = 0
    freezes: tuple[Freeze, ...] = ()
    flashes: tuple[Flash, ...] = ()
    captions: tuple[Caption, ...] = ()
    grain: float = 0.0
    letterbox: float = 0.0


@dataclass(frozen=True, slots=True)
class Mark:
    """What an interval is meant to be.

    Attributes
    ----------
    kind : str
        ``highlight`` belongs in a clip, ``decoy`` does not.
    interval : Interval
        The moment itself, in seconds from the first frame.
    label : str
        What it is, for people.
    weight : float
        How much it counts, in (0, 1]; used by evaluations.
    """

    kind: MarkKind
    interval: Interval
    label: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Storyboard:
    """A whole video.

    Attributes
    ----------
    shots : tuple of Shot
        In order; the video is as long as they are together.
    sounds : tuple of Sound
        Mixed; none means a silent track (to have no track at all, say so when rendering).
    marks : tuple of Mark
        The planted truth about highlights.
    frame_numbers : bool
        Burn each frame's index into the picture, readable by `read_frame_number`.

    Raises
    ------
    ValueError
        If there is no shot, or one has no length.
    """

    shots: tuple[Shot, ...]
    sounds: tuple[Sound, ...] = ()
    marks: tuple[Mark, ...] = ()
    frame_numbers: bool = False

    def __post_init__(self) -> None:
        if not self.shots or any(shot.duration_sec <= 0 for shot in self.shots):
            raise ValueError("a storyboard needs at least one shot, and each a positive duration")

    @property
    def duration_sec(self) -> float:
        """Length in seconds."""
        return float(sum(shot.duration_sec for shot in self.shots))


def fade_through_black(shot: Shot, *, frames: int = 12, black_sec: float = 0.5) -> tuple[Shot, Shot]:
    """Return black and then `shot`, with a fade of `frames` frames out of what came before and another into `shot`.

    The fade out takes its frames from the start of the black, which lasts `black_sec` beyond them at 25 frames/s.
    """
    black = Shot(black_sec + frames / 25, Plain(), dissolve_frames=frames)
    return black, replace(shot, dissolve_frames=frames)
