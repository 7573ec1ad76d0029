"""Whisper by faster-whisper (the extra ``speech``): words with times and confidences."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autoclip.errors import ParameterError
from autoclip.settings import SpeechSettings
from autoclip.speech.transcript import Transcript, Word, ends_sentence, is_unspaced
from autoclip.timeline import Interval

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

NAME = "faster-whisper"

SAMPLE_RATE = 16_000
"""Sample rate in Hz that Whisper was trained on (Radford et al. 2022, "Robust speech recognition")."""

MISSED_SEC = 4.0
"""A span of speech this long without a word is transcribed again: the voice-activity detection bridges silences of 2 s
and adds 0.4 s on both sides.
"""

WORDS_WITHOUT_MARK = 50
"""More words than this without sentence punctuation are a fault: spoken sentences have about 15."""

INSTALL = "pip install 'autoclip[speech]'"

_CUDA, _CPU = ("cuda", "int8_float16"), ("cpu", "int8")


@dataclass(frozen=True, slots=True)
class WhisperTranscriber:
    """Whisper, with the voice-activity detection of faster-whisper.

    Attributes
    ----------
    model : str
        Name of a model, or a folder with one for CTranslate2.
    may_download : bool
        Whether a named model that is not on this machine may be downloaded.
    """

    model: str
    may_download: bool = False

    @property
    def origin(self) -> str:
        """Return ``faster-whisper`` and the model."""
        return f"{NAME} {Path(self.model).name}"

    @property
    def settings(self) -> Mapping[str, str]:
        """Return the model."""
        return {"model": self.model}

    def require(self) -> None:
        """Raise an error if the extra or the model is missing, as `Transcriber.require`."""
        if find_spec("faster_whisper") is None:
            raise ParameterError(f"speech needs a transcriber: {INSTALL}")
        if not self.may_download:
            _folder_of(self.model)

    def transcribe(
        self, samples: NDArray[np.float32], language: str | None, on_progress: Callable[[float], None]
    ) -> Transcript:
        """Return the words in mono sound at 16 kHz; see `Transcriber.transcribe`."""
        self.require()
        speech = _speech_in(samples)
        if not speech:  # fails early, without loading the model
            return Transcript((), language, self.origin)
        heard = self._decode(samples, language, on_progress)
        for doubtful in (*missed_spans(heard.words, speech), *unmarked_spans(heard.words)):
            first, end = (round(at * SAMPLE_RATE) for at in (doubtful.start, doubtful.end))
            again = self._decode(samples[first:end], language or heard.language, _ignore, with_context=False)
            heard = replace(heard, words=better_words(heard.words, doubtful, again.shifted(doubtful.start).words))
        return heard

    def _decode(
        self,
        samples: NDArray[np.float32],
        language: str | None,
        on_progress: Callable[[float], None],
        *,
        with_context: bool = True,
    ) -> Transcript:
        """Transcribe in one go. Each window of 30 s gets the text before it, or not."""
        model = _load(self.model, self.may_download)
        if not model.model.is_multilingual:
            language = "en"
        segments, found = model.transcribe(
            samples, language=language, word_timestamps=True, vad_filter=True, condition_on_previous_text=with_context
        )
        words = words_in(segments, samples.size / SAMPLE_RATE, on_progress)
        return Transcript(words, language or (found.language if words else None), self.origin)


def unmarked_spans(words: Sequence[Word]) -> tuple[Interval, ...]:
    """Return the spans in which `WORDS_WITHOUT_MARK` or more words have no sentence punctuation.

    Given the previous text, Whisper continues without punctuation once it has left it out; without that text, it
    restores it. In scripts without capitals small models write no punctuation at all.
    """
    bounds = [0, *(at + 1 for at, word in enumerate(words) if ends_sentence(word.text)), len(words)]
    runs = (words[first:end] for first, end in pairwise(bounds) if end - first >= WORDS_WITHOUT_MARK)
    return tuple(
        Interval(run[0].start_sec, run[-1].end_sec) for run in runs if any(word.text[:1].islower() for word in run)
    )


def better_words(words: Sequence[Word], span: Interval, again: Sequence[Word]) -> tuple[Word, ...]:
    """Return words with a span replaced by its second transcription if that has more sentences and loses no text."""
    old = [word for word in words if span.contains((word.start_sec + word.end_sec) / 2)]
    if len(again) < 0.8 * len(old) or (old and _sentences_in(again) <= _sentences_in(old)):
        return tuple(words)
    kept = [word for word in words if word not in old]
    free = [word for word in again if not any(w.start_sec < word.end_sec and word.start_sec < w.end_sec for w in kept)]
    return tuple(sorted((*kept, *free), key=lambda word: (word.start_sec, word.end_sec)))


def _sentences_in(words: Iterable[Word]) -> int:
    return sum(ends_sentence(word.text) for word in words)


def missed_spans(words: Sequence[Word], speech: Sequence[Interval]) -> tuple[Interval, ...]:
    """Return the spans of at least `MISSED_SEC` that contain speech but no words.

    Whisper may stop after the first sentence of a 30 s window and lose the others.
    """
    found = []
    ends, starts = (0.0, *(word.end_sec for word in words)), (*(word.start_sec for word in words), math.inf)
    for end, start in zip(ends, starts, strict=True):
        if start - end < MISSED_SEC:
            continue
        inside = [
            Interval(max(each.start, end), min(each.end, start))
            for each in speech
            if each.start < start and each.end > end
        ]
        if sum(each.duration for each in inside) >= MISSED_SEC:
            found.append(Interval(inside[0].start, inside[-1].end))
    return tuple(found)


def transcriber(settings: SpeechSettings) -> WhisperTranscriber:
    """Create the transcriber that the settings name."""
    return WhisperTranscriber(settings.speech_model, settings.speech_download)


def _speech_in(samples: NDArray[np.float32]) -> tuple[Interval, ...]:
    """Return where the voice-activity detection finds speech; takes 0.003 times the audio's length on one core.

    The model's own filter detects it again, which is 2 % of the time a transcription takes. Passing the spans as
    ``clip_timestamps`` instead costs more: each span then fills windows of its own. On 57 s of speech in five spans it
    gave the same words in 1.6 times the time.
    """
    from faster_whisper.vad import get_speech_timestamps  # noqa: PLC0415 - only with the extra

    spans = get_speech_timestamps(samples)
    return tuple(Interval(span["start"] / SAMPLE_RATE, span["end"] / SAMPLE_RATE) for span in spans)


def _ignore(_share: float) -> None:
    """Ignore the progress."""


def words_in(segments: Iterable[Any], length_sec: float, on_progress: Callable[[float], None]) -> tuple[Word, ...]:
    """Yield the words of faster-whisper's segments as they are recognized.

    A word never begins before the previous one ends. Text that follows without a space, as in "on-stage" and "4%",
    belongs to the word before it.
    """
    words: list[Word] = []
    for segment in segments:
        for number, heard in enumerate(segment.words or ()):
            word = _word_of(heard, words[-1].end_sec if words else 0.0)
            if number and words and not heard.word[:1].isspace() and not _is_unspaced_between(words[-1], word):
                word = _glued(words.pop(), word)
            words += [word] if word.text else []
        on_progress(min(1.0, segment.end / length_sec))
    return tuple(words)


def _word_of(heard: Any, after_sec: float) -> Word:  # noqa: ANN401 - faster-whisper's word
    start = max(float(heard.start), after_sec)
    return Word(start, max(float(heard.end), start), heard.word.strip(), float(heard.probability))


def _is_unspaced_between(before: Word, word: Word) -> bool:
    return is_unspaced(before.text[-1]) or is_unspaced(word.text[:1])


def _glued(before: Word, word: Word) -> Word:
    sure = min(before.confidence or 0.0, word.confidence or 0.0)
    return Word(before.start_sec, word.end_sec, before.text + word.text, sure)


@lru_cache(maxsize=1)
def _load(model: str, may_download: bool) -> WhisperModel:  # noqa: FBT001
    """Load a model: as 8-bit integers on the CPU, or on the GPU if there is one."""
    from ctranslate2 import get_cuda_device_count  # noqa: PLC0415 - only with the extra
    from faster_whisper import WhisperModel  # noqa: PLC0415

    device, compute_type = _CUDA if get_cuda_device_count() else _CPU
    folder = model if may_download and not _is_folder(model) else _folder_of(model)
    try:
        return WhisperModel(folder, device=device, compute_type=compute_type)
    except (RuntimeError, ValueError, OSError) as error:
        raise ParameterError(f"the speech model {model!r} can't be loaded: {error}") from error


def _is_folder(model: str) -> bool:
    """Whether a model is given as a folder.

    A bare name never is, even if the current folder contains a folder of that name.
    """
    return Path(model).name != model and Path(model).expanduser().is_dir()


def _folder_of(model: str) -> str:
    """Return the folder that contains a model, without network access."""
    if _is_folder(model):
        folder = Path(model).expanduser()
        if not (folder / "model.bin").is_file():
            raise ParameterError(f"speech_model = {model!r}: the folder contains no model for CTranslate2 (model.bin)")
        return str(folder)
    from huggingface_hub import constants  # noqa: PLC0415 - only with the extra

    if not any(Path(constants.HF_HUB_CACHE).glob("models--*whisper*/snapshots/*/model.bin")):
        raise _not_here(model)  # fails early, without loading the libraries, which takes a second
    from faster_whisper.utils import download_model  # noqa: PLC0415 - only with the extra

    try:
        return str(download_model(model, local_files_only=True))
    except OSError as error:  # before ValueError: the hub's errors are both
        raise _not_here(model) from error
    except ValueError as error:  # no model of that name, or no repository
        raise ParameterError(f"speech_model = {model!r}: {error}") from error


def _not_here(model: str) -> ParameterError:
    return ParameterError(
        f"the speech model {model!r} is not on this machine; set speech_download = true to fetch it once, or "
        "speech_model to a folder that holds it"
    )
