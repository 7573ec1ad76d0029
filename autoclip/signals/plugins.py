"""Signals added by installed packages: sound classifiers, scoreboards, telemetry.

A package adds a signal through an entry point of the group `ENTRY_POINT_GROUP`; docs/signals.md has an example. The
entry point names a function without arguments that returns a new signal for each video.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import Protocol, cast, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from autoclip.errors import ParameterError
from autoclip.extensions import ExtensionPoint
from autoclip.signals.table import SIGNAL_UNITS, Features

ENTRY_POINT_GROUP = "autoclip.signals"

_SIGNALS = ExtensionPoint(ENTRY_POINT_GROUP, "signal", ("series",), "docs/signals.md", attributes=("unit",))

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class AudioSamples:
    """Samples of the analyzed track, in order of time.

    Attributes
    ----------
    start_sec : float
        Time of the first sample, in seconds from the first video frame; may be negative.
    rate : int
        Sample rate in Hz.
    samples : ndarray
        Shape ``(channels, count)``, float32, full scale = 1.
    """

    start_sec: float
    rate: int
    samples: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class VideoFrames:
    """Decoded frames, reduced, in order of time.

    Attributes
    ----------
    seconds : ndarray
        Presentation times, shape ``(n,)``, float64.
    luma : ndarray
        Shape ``(n, height, width)``, uint8, of the width in the setting `motion_width`.
    """

    seconds: NDArray[np.float64]
    luma: NDArray[np.uint8]


class AddedSignal(Protocol):
    """A signal of a package.

    It may also take samples or frames during the pass: see `AudioListener` and `FrameListener`.
    """

    unit: str
    """Unit of the values, such as ``share``; empty for a plain number."""

    def series(self, features: Features) -> NDArray[np.float32]:
        """Return the signal on the grid of the finished features, shape ``(grid.count,)``; NaN without a value."""


@runtime_checkable
class AudioListener(Protocol):
    """A signal that takes audio as it is decoded."""

    def hear(self, audio: AudioSamples) -> None:
        """Take the next samples; keep no more than the signal needs."""


@runtime_checkable
class FrameListener(Protocol):
    """A signal that takes frames as they are decoded."""

    def see(self, frames: VideoFrames) -> None:
        """Take the next frames; keep no more than the signal needs."""


class AddedSignals:
    """The signals of all installed packages, for one video."""

    def __init__(self) -> None:
        self._signals = {point.name: _loaded(point) for point in _installed()}

    def hear(self, audio: AudioSamples) -> None:
        """Pass samples to all signals that take audio; raise ParameterError if one fails."""
        for name, signal in self._signals.items():
            if isinstance(signal, AudioListener):
                with _SIGNALS.calling(name):
                    signal.hear(audio)

    def see(self, frames: VideoFrames) -> None:
        """Pass frames to all signals that take them; raise ParameterError if one fails."""
        for name, signal in self._signals.items():
            if isinstance(signal, FrameListener):
                with _SIGNALS.calling(name):
                    signal.see(frames)

    def series(self, features: Features) -> dict[str, NDArray[np.float32]]:
        """Return every signal by name, on the grid.

        Raises
        ------
        ParameterError
            If one fails, or returns something of another shape.
        """
        return {name: _series(name, signal, features) for name, signal in self._signals.items()}


def listening_signals() -> tuple[str, ...]:
    """Return the names of the added signals that take frames or audio during decoding.

    Raises
    ------
    ParameterError
        If one can't be loaded.
    """
    signals = {point.name: _loaded(point) for point in _installed()}
    return tuple(name for name, signal in signals.items() if isinstance(signal, AudioListener | FrameListener))


def require_known_signals(names: Collection[str]) -> None:
    """Raise ParameterError if a signal is neither autoclip's nor an installed package's: before hours are decoded."""
    added = [point.name for point in _installed()]
    if unknown := sorted(name for name in names if name not in SIGNAL_UNITS and name not in added):
        raise ParameterError(
            f"signal_weights names {', '.join(unknown)}, which nothing here measures; there are "
            f"{', '.join(sorted([*SIGNAL_UNITS, *added]))}. Check the spelling, or install the package that adds it"
        )


def added_version() -> str:
    """Return the packages that add signals, with their versions, as part of the features' key."""
    return "+".join(f"{point.name}={_version(point)}" for point in _installed())


def _installed() -> Sequence[EntryPoint]:
    return tuple(_SIGNALS.installed().values())


def _version(point: EntryPoint) -> str:
    return point.dist.version if point.dist is not None else "0"


def _loaded(point: EntryPoint) -> AddedSignal:
    """Create the signal of an entry point."""
    if not _NAME.fullmatch(point.name) or point.name in SIGNAL_UNITS:
        raise ParameterError(
            f"signal {point.name!r} ({point.value}) needs a unique name of lowercase letters, digits and underscores"
        )
    return cast("AddedSignal", _SIGNALS.made(point))


def _series(name: str, signal: AddedSignal, features: Features) -> NDArray[np.float32]:
    with _SIGNALS.calling(name):
        values = np.asarray(signal.series(features), dtype=np.float32)
    if values.shape != (features.grid.count,):
        raise ParameterError(f"signal {name!r} has shape {values.shape}, not ({features.grid.count},)")
    return values
