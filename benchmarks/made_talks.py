"""Talks that espeak-ng speaks, with the time of every word: texts of our own, planted pauses, two voices, music."""

from __future__ import annotations

import ctypes
import re
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from autoclip.speech.transcript import Word

TEXTS = Path(__file__).parent / "talk_texts"
"""A paragraph is followed by a long pause; ``A:`` and ``B:`` at the start of a line are the speakers."""

VOICES = {"A": "en-us", "B": "en-gb-scotland"}
SENTENCE_PAUSE_SEC, PARAGRAPH_PAUSE_SEC = (0.15, 0.5), (0.8, 1.6)
_CHORDS = ((220.0, 261.63, 329.63), (174.61, 220.0, 261.63))
_SENTENCE = re.compile(r"[^.?!]+[.?!]+")
_WORD_EVENT, _SYNCHRONOUS = 1, 2


@dataclass(frozen=True, slots=True)
class MadeTalk:
    """A recording, and its words where they are spoken; each ends where the next one begins, or the voice falls still.

    Attributes
    ----------
    path : Path
        A WAV file.
    words : tuple of Word
        By time.
    """

    path: Path
    words: tuple[Word, ...]


def make_talks(folder: Path) -> list[MadeTalk]:
    """Speak every text; every second one over music."""
    return [_made(path, folder, music=bool(number % 2)) for number, path in enumerate(sorted(TEXTS.glob("*.txt")))]


def _made(text: Path, folder: Path, *, music: bool) -> MadeTalk:
    random = np.random.default_rng(len(text.name))
    rate = _espeak().rate
    parts: list[NDArray[np.float32]] = [np.zeros(rate, np.float32)]
    words: list[Word] = []
    for voice, sentence, pause_range in _sentences(text.read_text(encoding="utf-8")):
        at_sec = sum(part.size for part in parts) / rate
        samples, spoken = _espeak().speak(sentence, voice)
        words.extend(Word(at_sec + w.start_sec, at_sec + w.end_sec, w.text) for w in spoken)
        parts += [samples, np.zeros(round(random.uniform(*pause_range) * rate), np.float32)]
    sound = np.concatenate(parts)
    sound += random.normal(0, 10 ** (-60 / 20), sound.size).astype(np.float32)
    sound += _music(sound.size, rate) if music else 0
    path = folder / f"{text.stem}.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return MadeTalk(path, tuple(words))


def _sentences(text: str) -> Iterator[tuple[str, str, tuple[float, float]]]:
    """Tell voice and text of each sentence, and how long the pause behind it may be."""
    voice = VOICES["A"]
    for paragraph in text.split("\n\n"):
        turns = re.split(r"^([AB]): ", paragraph, flags=re.MULTILINE)
        spoken = [(turns[0], ""), *zip(turns[2::2], turns[1::2], strict=True)]
        found = [(name, s.strip()) for turn, name in spoken for s in _SENTENCE.findall(turn.replace("\n", " "))]
        for number, (name, sentence) in enumerate(found, 1):
            voice = VOICES.get(name, voice)
            yield voice, sentence, PARAGRAPH_PAUSE_SEC if number == len(found) else SENTENCE_PAUSE_SEC


def _music(count: int, rate: int) -> NDArray[np.float32]:
    """Two chords in turn, 30 dB below full scale."""
    times = np.arange(count) / rate
    chords = [sum(np.sin(2 * np.pi * tone * times) for tone in chord) for chord in _CHORDS]
    return (np.where(times // 2 % 2 == 0, *chords) / 3 * 10 ** (-30 / 20)).astype(np.float32)


class _EventId(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    """``espeak_EVENT`` of speak_lib.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    )


class _Espeak:
    """espeak-ng by its library, which tells at which sample each word begins."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("libespeak-ng.so.1")
        self.rate: int = self._library.espeak_Initialize(_SYNCHRONOUS, 0, None, 0)
        self._samples: list[NDArray[np.int16]] = []
        self._starts: list[tuple[int, int, int]] = []
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))
        self._callback = kind(self._take)
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(self, text: str, voice: str) -> tuple[NDArray[np.float32], list[Word]]:
        """Return the samples of a sentence without silence around them, and its words."""
        self._samples, self._starts = [], []
        self._library.espeak_SetVoiceByName(voice.encode())
        encoded = text.encode()
        self._library.espeak_Synth(encoded, len(encoded) + 1, 0, 1, 0, 1, None, None)
        self._library.espeak_Synchronize()
        samples = np.concatenate(self._samples).astype(np.float32) / 32768 * 0.5
        loud = np.flatnonzero(np.abs(samples) > 1e-3)  # 60 dB below full scale
        first, end = int(loud[0]), int(loud[-1]) + 1
        found = [(text[place - 1 : place - 1 + length].strip(), sample) for place, length, sample in self._starts]
        starts = [max(0, sample - first) / self.rate for word, sample in found if word]
        ends = [*starts[1:], (end - first) / self.rate]
        texts = [word for word, _ in found if word]
        words = [Word(a, max(a, b), t) for a, b, t in zip(starts, ends, texts, strict=True)]
        return samples[first:end], words

    def _take(self, samples, count, events) -> int:  # type: ignore[no-untyped-def]  # noqa: ANN001 - C calls it
        if count:
            self._samples.append(np.ctypeslib.as_array(samples, (count,)).copy())
        at = 0
        while events[at].type:
            if events[at].type == _WORD_EVENT:
                self._starts.append((events[at].text_position, events[at].length, events[at].sample))
            at += 1
        return 0


@cache
def _espeak() -> _Espeak:
    return _Espeak()
