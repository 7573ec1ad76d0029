"""Transcribers turn audio into words.

Packages can add others as entry points of the group ``autoclip.transcribers``: callables that take settings and return
a `Transcriber`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from autoclip.errors import ParameterError
from autoclip.extensions import ExtensionPoint
from autoclip.settings import SpeechSettings
from autoclip.speech import whisper
from autoclip.speech.transcript import Transcript

GROUP = "autoclip.transcribers"

_TRANSCRIBERS = ExtensionPoint(
    GROUP, "transcriber", ("require", "transcribe"), "docs/speech.md", attributes=("origin", "settings")
)

Samples = NDArray[np.float32]
"""Mono audio at `autoclip.speech.whisper.SAMPLE_RATE`, full scale = 1."""


class Transcriber(Protocol):
    """Recognizes words in audio."""

    @property
    def origin(self) -> str:
        """Return its name in a transcript, such as ``faster-whisper base``."""

    @property
    def settings(self) -> Mapping[str, str]:
        """Return everything that changes the recognized words, for the transcript's key."""

    def require(self) -> None:
        """Raise an error if something is missing on this machine.

        Raises
        ------
        ParameterError
            The message says what to install or to set.
        """

    def transcribe(self, samples: Samples, language: str | None, on_progress: Callable[[float], None]) -> Transcript:
        """Return the words in `samples`, in seconds from their start.

        Parameters
        ----------
        samples : ndarray
            Mono, 16 kHz, float32.
        language : str or None
            ISO 639-1 code; None to detect it.
        on_progress : callable
            Called with the completed share several times a minute; may raise to stop the work.
        """


def transcriber_for(settings: SpeechSettings) -> Transcriber:
    """Return the transcriber that `speech_transcriber` names.

    Raises
    ------
    ParameterError
        If there is none by that name, or it can't be created. Methods of a package's transcriber raise it, too, for any
        failure of the package's code.
    """
    name = settings.speech_transcriber
    if name == whisper.NAME:
        return whisper.transcriber(settings)
    found = _TRANSCRIBERS.installed()
    if name not in found:
        known = ", ".join(sorted({whisper.NAME, *found}))
        raise ParameterError(f"there is no transcriber {name!r}; there are {known}")
    return _AddedTranscriber(name, cast("Transcriber", _TRANSCRIBERS.made(found[name], settings)))


@dataclass(frozen=True, slots=True)
class _AddedTranscriber:
    """A transcriber of a package. Errors name the package."""

    name: str
    made: Transcriber

    @property
    def origin(self) -> str:
        with _TRANSCRIBERS.calling(self.name):
            return str(self.made.origin)

    @property
    def settings(self) -> Mapping[str, str]:
        with _TRANSCRIBERS.calling(self.name):
            return dict(self.made.settings)

    def require(self) -> None:
        with _TRANSCRIBERS.calling(self.name):
            self.made.require()

    def transcribe(self, samples: Samples, language: str | None, on_progress: Callable[[float], None]) -> Transcript:
        stops: list[Exception] = []

        def on_share(share: float) -> None:
            try:
                on_progress(share)
            except Exception as error:
                stops.append(error)
                raise

        try:
            with _TRANSCRIBERS.calling(self.name):
                heard: object = self.made.transcribe(samples, language, on_share)
                if not isinstance(heard, Transcript):
                    raise TypeError(f"transcribe() returned {type(heard).__name__} instead of a Transcript")
        finally:
            if stops:  # the listener stopped the work, whatever error the package made of that
                raise stops[0]
        return heard
