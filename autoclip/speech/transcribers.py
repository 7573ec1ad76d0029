"""Transcribers: what turns sound into words.

Packages can bring further ones as entry points of the group ``autoclip.transcribers``: callables that make a
`Transcriber` of settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from autoclip.errors import ParameterError
from autoclip.settings import SpeechSettings
from autoclip.speech import whisper
from autoclip.speech.transcript import Transcript

GROUP = "autoclip.transcribers"

Samples = NDArray[np.float32]
"""Mono sound at `autoclip.speech.whisper.SAMPLE_RATE`, full scale = 1."""


class Transcriber(Protocol):
    """Hears words in sound."""

    @property
    def origin(self) -> str:
        """What it is called in a transcript, such as ``faster-whisper base``."""

    @property
    def settings(self) -> Mapping[str, str]:
        """Whatever changes the words it hears, for the transcript's key."""

    def require(self) -> None:
        """Refuse to begin when something is missing on this machine.

        Raises
        ------
        ParameterError
            It says what to install or to set.
        """

    def transcribe(self, samples: Samples, language: str | None, on_progress: Callable[[float], None]) -> Transcript:
        """Return the words in `samples`, in seconds from their start.

        Parameters
        ----------
        samples : ndarray
            Mono, 16 kHz, float32.
        language : str or None
            ISO 639-1 code; None to find out.
        on_progress : callable
            Told the share that is done, several times a minute; may raise to stop the work.
        """


def transcriber_for(settings: SpeechSettings) -> Transcriber:
    """Return the transcriber that `speech_transcriber` names.

    Raises
    ------
    ParameterError
        If there is none by that name.
    """
    name = settings.speech_transcriber
    if name == whisper.NAME:
        return whisper.transcriber(settings)
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in found:
        known = ", ".join(sorted({whisper.NAME, *found}))
        raise ParameterError(f"there is no transcriber {name!r}; there are {known}")
    made: Transcriber = found[name].load()(settings)
    return made
