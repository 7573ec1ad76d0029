"""Whisper by faster-whisper (the extra ``speech``): words with times and confidences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autoclip.errors import ParameterError
from autoclip.settings import SpeechSettings
from autoclip.speech.transcript import Transcript, Word

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

NAME = "faster-whisper"

SAMPLE_RATE = 16_000
"""Samples a second that Whisper was trained on (Radford et al. 2022, "Robust speech recognition")."""

INSTALL = "pip install 'autoclip[speech]'"

_CUDA, _CPU = ("cuda", "int8_float16"), ("cpu", "int8")


@dataclass(frozen=True, slots=True)
class WhisperTranscriber:
    """Whisper, with the voice-activity detection that comes with it.

    Attributes
    ----------
    model : str
        Name of a model, or a folder that holds one for CTranslate2.
    may_download : bool
        Whether a named model that is not on this machine may be fetched.
    """

    model: str
    may_download: bool = False

    @property
    def origin(self) -> str:
        """``faster-whisper`` and the model."""
        return f"{NAME} {Path(self.model).name}"

    @property
    def settings(self) -> Mapping[str, str]:
        """The model."""
        return {"model": self.model}

    def require(self) -> None:
        """Refuse when the extra or the model is missing; raises as `Transcriber.require`."""
        if find_spec("faster_whisper") is None:
            raise ParameterError(f"speech needs a transcriber: {INSTALL}")
        if not self.may_download:
            _folder_of(self.model)

    def transcribe(
        self, samples: NDArray[np.float32], language: str | None, on_progress: Callable[[float], None]
    ) -> Transcript:
        """Return the words in mono sound at 16 kHz; see `Transcriber.transcribe`."""
        self.require()
        if not _holds_speech(samples):  # told without loading the model
            return Transcript((), language, self.origin)
        model = _load(self.model, self.may_download)
        if not model.model.is_multilingual:
            language = "en"
        # Without the text before it a mistake can't repeat itself: each 30 s window is heard afresh.
        segments, found = model.transcribe(
            samples, language=language, word_timestamps=True, vad_filter=True, condition_on_previous_text=False
        )
        words = tuple(_words(segments, samples.size / SAMPLE_RATE, on_progress))
        return Transcript(words, language or (found.language if words else None), self.origin)


def transcriber(settings: SpeechSettings) -> WhisperTranscriber:
    """Make the transcriber that the settings ask for."""
    return WhisperTranscriber(settings.speech_model, settings.speech_download)


def _holds_speech(samples: NDArray[np.float32]) -> bool:
    """Whether the voice-activity detection finds speech: at 0.003 times the length of the sound on one core."""
    from faster_whisper.vad import get_speech_timestamps  # noqa: PLC0415 - only with the extra

    return bool(get_speech_timestamps(samples))


def _words(segments: Iterable[Any], length_sec: float, on_progress: Callable[[float], None]) -> Iterable[Word]:
    """Read the words of segments as they are heard; a word never begins before the one before it ends."""
    after = 0.0
    for segment in segments:
        for word in segment.words or ():
            start = max(float(word.start), after)
            after = max(float(word.end), start)
            if text := word.word.strip():
                yield Word(start, after, text, float(word.probability))
        on_progress(min(1.0, segment.end / length_sec))


@lru_cache(maxsize=1)
def _load(model: str, may_download: bool) -> WhisperModel:  # noqa: FBT001
    """Load a model: 8-bit integers on the processor, on the graphics card if there is one."""
    from ctranslate2 import get_cuda_device_count  # noqa: PLC0415 - only with the extra
    from faster_whisper import WhisperModel  # noqa: PLC0415

    device, compute_type = _CUDA if get_cuda_device_count() else _CPU
    folder = model if may_download and not _is_folder(model) else _folder_of(model)
    try:
        return WhisperModel(folder, device=device, compute_type=compute_type)
    except (RuntimeError, ValueError, OSError) as error:
        raise ParameterError(f"the speech model {model!r} can't be loaded: {error}") from error


def _is_folder(model: str) -> bool:
    """Whether a model is given as a folder; a bare name is never one, whatever lies in the current folder."""
    return Path(model).name != model and Path(model).expanduser().is_dir()


def _folder_of(model: str) -> str:
    """Return the folder a model lies in, without asking the network."""
    if _is_folder(model):
        folder = Path(model).expanduser()
        if not (folder / "model.bin").is_file():
            raise ParameterError(f"speech_model = {model!r}: the folder holds no model for CTranslate2 (model.bin)")
        return str(folder)
    from huggingface_hub import constants  # noqa: PLC0415 - only with the extra

    if not any(Path(constants.HF_HUB_CACHE).glob("models--*whisper*/snapshots/*/model.bin")):
        raise _not_here(model)  # told without loading the libraries, which takes a second
    from faster_whisper.utils import download_model  # noqa: PLC0415 - only with the extra

    try:
        return str(download_model(model, local_files_only=True))
    except OSError as error:  # before ValueError: what the hub raises is both
        raise _not_here(model) from error
    except ValueError as error:  # no model of that name, or no repository
        raise ParameterError(f"speech_model = {model!r}: {error}") from error


def _not_here(model: str) -> ParameterError:
    return ParameterError(
        f"the speech model {model!r} is not on this machine; set speech_download = true to fetch it once, or "
        "speech_model to a folder that holds it"
    )
