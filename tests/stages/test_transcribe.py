"""Words come from subtitles first, else from a transcriber, only where they are wanted, and each chunk once."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import av
import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from spoken import features_of, talk

from autoclip.errors import ParameterError
from autoclip.media.decoding.speech_audio import CHUNK_SEC, audio_chunks
from autoclip.settings import ExtractionSettings, Settings
from autoclip.speech.caption_files import caption_text
from autoclip.speech.transcript import Transcript, Word
from autoclip.timeline import Interval
from stages import transcribe as transcribing
from stages.analyze import analyze, open_video
from stages.extract_features import extract_features
from stages.find_subtitles import find_subtitles, short_code
from stages.results import ExtractedFeatures
from stages.retune import retune
from stages.spoken_words import correct_word, transcript_of
from stages.transcribe import transcribe
from storage.analysis_folder import AnalysisFolder
from storage.features import Origin

RATE = 16_000
LONG_SEC = 150.0


def render(
    path: Path, seconds: float = LONG_SEC, *, sound_from: float = 0.0, loud_from: float = np.inf, text: tuple = ()
) -> Path:
    """Write a small video: grey pictures, tone bursts every second, six of them loud, and text if there is any."""
    times = np.arange(round((seconds - sound_from) * RATE)) / RATE
    level = np.where((times >= loud_from) & (times < loud_from + 6.0), 0.9, 0.3)
    tone = np.where(times % 1.0 < 0.6, level * np.sin(2 * np.pi * 440 * times), 0.0)
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=5, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio = container.add_stream("pcm_s16le" if path.suffix == ".mkv" else "aac", rate=RATE, layout="mono")
        for index in range(round(seconds * 5)):
            picture = np.full((48, 64, 3), 40 + index * 7 % 150, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(video.encode())
        for first in range(0, tone.size, 1024):
            block = (tone[first : first + 1024] * 32767).astype(np.int16)[np.newaxis]
            frame = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
            frame.sample_rate, frame.pts = RATE, first + round(sound_from * RATE)
            container.mux(audio.encode(frame))
        container.mux(audio.encode())
    return path


class Listener:
    """A transcriber for tests: hears a word wherever a tone begins, as loud as it is; remembers what it was given."""

    origin = "listener 1"

    def __init__(self, fail_after: int = 99):
        self.settings = {"model": "1"}
        self.heard: list[float] = []
        self.fail_after = fail_after

    def require(self):
        """Nothing is missing."""

    def transcribe(self, samples, language, on_progress):
        if len(self.heard) == self.fail_after:
            raise KeyboardInterrupt
        self.heard.append(samples.size / RATE)
        on_progress(0.5)
        loud = np.abs(samples) > 0.1
        level = np.convolve(loud, np.ones(800), "same") > 200
        starts = np.flatnonzero(np.diff(np.concatenate(([False], level)).astype(int)) == 1) / RATE
        words = tuple(
            Word(float(s), float(s) + 0.5, f"Beep{'.' if n % 5 == 4 else ''}", 0.9) for n, s in enumerate(starts)
        )
        return Transcript(words, language or "en", self.origin)


@pytest.fixture(scope="module")
def long_video(tmp_path_factory):
    return render(tmp_path_factory.mktemp("media") / "beeps.mkv")


@pytest.fixture
def listener(monkeypatch):
    made = Listener()
    monkeypatch.setattr(transcribing, "transcriber_for", lambda _settings: made)
    return made


def extracted(video: Path, folder: AnalysisFolder) -> ExtractedFeatures:
    return extract_features(open_video(video, folder), Settings().extraction)


def chosen(**values) -> Settings:
    return Settings.from_flat(values)


def test_sound_comes_in_chunks_that_end_where_it_is_quiet(long_video, tmp_path):
    video = open_video(long_video, AnalysisFolder(tmp_path)).video
    chunks = list(audio_chunks(video, Interval(0.0, LONG_SEC), RATE))
    assert len(chunks) == 2
    assert chunks[0].end_sec <= CHUNK_SEC
    assert 0.6 < chunks[0].end_sec % 1.0 < 1.0  # in a gap between two tones
    assert chunks[1].start_sec == chunks[0].end_sec
    assert chunks[1].end_sec == pytest.approx(LONG_SEC, abs=0.1)


@pytest.mark.parametrize("start", [0.0, 7.25, 100.5])
def test_a_chunk_lies_where_it_is_heard(long_video, tmp_path, start):
    video = open_video(long_video, AnalysisFolder(tmp_path)).video
    (chunk,) = audio_chunks(video, Interval(start, start + 5), RATE)
    assert chunk.samples.size == 5 * RATE
    tone = np.abs(chunk.samples) > 0.1
    at = start + np.flatnonzero(tone) / RATE
    assert np.all((at % 1.0 < 0.61) | (at % 1.0 > 0.999))


def test_sound_that_sets_in_late_is_silent_before(tmp_path):
    path = render(tmp_path / "late.mp4", 6.0, sound_from=2.0)
    video = open_video(path, AnalysisFolder(tmp_path / "out")).video
    (chunk,) = audio_chunks(video, Interval(0.0, 6.0), RATE)
    assert np.abs(chunk.samples[: round(1.9 * RATE)]).max() < 0.01
    assert np.abs(chunk.samples[round(2.1 * RATE) : round(2.5 * RATE)]).max() > 0.1


def test_a_transcriber_hears_the_whole_video_once(long_video, tmp_path, listener):
    folder = AnalysisFolder(tmp_path)
    told = []
    features = extracted(long_video, folder)
    transcribe(features, chosen(speech="all"), told.append)
    stored = folder.read_transcript()
    assert sum(listener.heard) == pytest.approx(LONG_SEC, abs=0.1)
    assert [round(word.start_sec) for word in stored.transcript.words] == list(range(150))
    assert stored.heard == (Interval(0.0, features.source.video.duration_sec),)
    assert [step.fraction for step in told] == sorted(step.fraction for step in told)
    transcribe(features, chosen(speech="all"))
    assert len(listener.heard) == 2


def test_work_that_was_ended_goes_on_behind_the_last_chunk(long_video, tmp_path, listener):
    folder = AnalysisFolder(tmp_path)
    features = extracted(long_video, folder)
    listener.fail_after = 1
    with pytest.raises(KeyboardInterrupt):
        transcribe(features, chosen(speech="all"))
    assert 100 < folder.read_transcript().heard[0].end < CHUNK_SEC
    listener.fail_after = 99
    transcribe(features, chosen(speech="all"))
    assert sum(listener.heard) == pytest.approx(LONG_SEC, abs=0.1)
    assert len(folder.read_transcript().transcript.words) == 150


def test_only_the_surroundings_of_clips_are_heard(tmp_path, listener):
    path = tmp_path / "long.mkv"
    folder = AnalysisFolder(tmp_path / "out")
    features = extracted(render(path, loud_from=60.0), folder)
    settings = chosen(speech="clips", count=1, max_clip_seconds=20.0)
    transcribe(features, settings)
    clips = transcribing.selection.select(folder.read_features(), settings, "").clips
    heard = folder.read_transcript().heard
    assert all(any(span.start <= clip.start and clip.end <= span.end for span in heard) for clip in clips)
    assert sum(listener.heard) == pytest.approx(sum(span.duration for span in heard), abs=0.2)
    assert 0 < sum(listener.heard) < LONG_SEC / 2
    before = len(listener.heard)
    transcribe(features, chosen(speech="all"))
    assert sum(listener.heard[:before]) + sum(listener.heard[before:]) == pytest.approx(LONG_SEC, abs=0.3)


def test_silence_is_not_given_to_a_transcriber(tmp_path, listener):
    path, folder = tmp_path / "late.mkv", AnalysisFolder(tmp_path / "out")
    features = extracted(render(path, 30.0, sound_from=20.0), folder)
    transcribe(features, chosen(speech="all"))
    assert sum(listener.heard) == pytest.approx(12.0, abs=0.3)
    stored = folder.read_transcript()
    assert len(stored.transcript.words) == 10
    assert stored.heard == (Interval(0.0, features.source.video.duration_sec),)
    transcribe(features, chosen(speech="all"))
    assert len(listener.heard) == 1


@pytest.fixture
def short_video(tmp_path):
    return render(tmp_path / "talk.mp4", 12.0)


def subtitle(path: Path, text: str) -> Path:
    path.write_text(f"1\n00:00:01,000 --> 00:00:03,000\n{text}\n", encoding="utf-8")
    return path


def said_in(video: Path, language: str = "") -> str:
    found = find_subtitles(open_video(video, AnalysisFolder(video.parent / "out")).video, language)
    return " ".join(word.text for word in found.transcript.words) if found else ""


def test_subtitles_beside_a_video_are_its_words_and_no_model_is_asked(short_video, tmp_path, listener):
    subtitle(tmp_path / "talk.en.srt", "Good morning.")
    folder = AnalysisFolder(tmp_path / "out")
    transcribe(extracted(short_video, folder), chosen())
    transcript = folder.read_transcript().transcript
    assert [word.text for word in transcript.words] == ["Good", "morning."]
    assert (transcript.language, transcript.origin) == ("en", "subtitles talk.en.srt")
    assert listener.heard == []


def test_the_right_subtitles_are_chosen(short_video, tmp_path):
    subtitle(tmp_path / "talk.de.srt", "Guten Morgen.")
    subtitle(tmp_path / "talk.en.srt", "Good morning.")
    subtitle(tmp_path / "talk2.srt", "Another video.")
    assert said_in(short_video) == "Good morning."
    assert said_in(short_video, "de") == "Guten Morgen."
    assert said_in(short_video, "fr") == ""


@pytest.mark.parametrize("delay_sec", [0.0, 3.0])
def test_subtitles_that_are_late_are_used_in_step_with_the_audio(short_video, tmp_path, delay_sec):
    said, folder = talk(), AnalysisFolder(tmp_path / "out")
    features = extracted(short_video, folder)
    made = features_of(said)
    folder.write_features(made, Origin("content", ExtractionSettings(), 1))
    video = features.source.video.model_copy(update={"duration_sec": made.duration_sec})
    (tmp_path / "talk.srt").write_text(caption_text(said.shifted(delay_sec), "srt"), encoding="utf-8")
    warnings = transcribe(replace(features, source=replace(features.source, video=video)), chosen()).warnings
    assert [warning for warning in warnings if "3.0 s too late for the audio" in warning] == list(warnings)
    assert len(warnings) == (delay_sec > 0)
    spoken = folder.read_transcript().transcript.words
    assert spoken[0].start_sec == pytest.approx(said.words[0].start_sec, abs=0.2)
    assert spoken[-1].start_sec == pytest.approx(said.words[-1].start_sec, abs=0.5)


def test_a_download_brings_its_subtitles(tmp_path):
    video = render(tmp_path / "video.mp4", 6.0)
    (tmp_path / "subtitles.en-US.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:02.000\nHello.\n")
    assert said_in(video) == "Hello."


def test_automatic_captions_give_words_with_times_after_those_by_people(tmp_path):
    video = render(tmp_path / "video.mp4", 6.0)
    automatic = tmp_path / "subtitles.de-x-autogen.vtt"
    automatic.write_text("WEBVTT\n\n00:01.000 --> 00:03.000\nguten<00:00:01.400><c> Morgen</c>\n")
    (tmp_path / "subtitles.en.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:02.000\nGood morning.\n")
    found = find_subtitles(open_video(video, AnalysisFolder(tmp_path / "out")).video).transcript
    assert [(word.text, word.start_sec, word.estimated) for word in found.words] == [
        ("guten", 1.0, False),
        ("Morgen", 1.4, False),
    ]
    assert (found.language, found.origin) == ("de", f"automatic captions {automatic.name}")
    (tmp_path / "subtitles.de.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:02.000\nGuten Morgen!\n")
    assert said_in(video) == "Guten Morgen!"


def test_links_and_damaged_files_are_passed_over(short_video, tmp_path):
    secret = subtitle(tmp_path / "secret.txt", "Secret.")
    (tmp_path / "talk.srt").symlink_to(secret)
    (tmp_path / "talk.en.srt").write_bytes(b"\x00\xff" * 100)
    (tmp_path / "talk.fr.srt").mkdir()
    assert said_in(short_video) == ""


@pytest.mark.parametrize("text", ["", "[Music]", "[laughter]", "♪♪", "...", "- - -"])
def test_subtitles_in_which_nobody_speaks_are_passed_over(short_video, tmp_path, text):
    subtitle(tmp_path / "talk.srt", text)
    assert said_in(short_video) == ""


def test_subtitles_that_begin_behind_the_end_are_passed_over(short_video, tmp_path):
    (tmp_path / "talk.srt").write_text("1\n01:00:01,000 --> 01:00:03,000\nOf another video.\n")
    assert said_in(short_video) == ""


def test_other_encodings_are_read(short_video, tmp_path):
    text = "1\n00:00:01,000 --> 00:00:03,000\nGrüße.\n"
    (tmp_path / "talk.srt").write_bytes(text.encode("cp1252"))
    assert said_in(short_video) == "Grüße."
    (tmp_path / "talk.srt").write_bytes(text.encode("utf-16"))
    assert said_in(short_video) == "Grüße."


def test_text_tracks_inside_the_file_are_read(short_video, tmp_path):
    srt = subtitle(tmp_path / "other.srt", "Inside the file.")
    muxed = tmp_path / "muxed.mkv"
    command = [get_ffmpeg_exe(), "-loglevel", "error", "-i", short_video, "-i", srt, "-c", "copy", "-c:s", "srt"]
    subprocess.run([*map(str, command), "-metadata:s:s:0", "language=eng", str(muxed)], check=True)
    assert said_in(muxed) == "Inside the file."
    assert said_in(muxed, "en") == "Inside the file."


@pytest.mark.parametrize(
    ("tag", "code"), [("eng", "en"), ("pt-BR", "pt"), ("ger", "de"), ("und", None), (None, None), ("full", None)]
)
def test_language_tags_are_told_in_two_letters(tag, code):
    assert short_code(tag) == code


def test_words_of_another_video_are_never_used(short_video, tmp_path):
    folder = AnalysisFolder(tmp_path / "out")
    words = subtitle(tmp_path / "talk.srt", "Good morning.")
    analyze(short_video, folder, chosen())
    words.unlink()
    other = render(tmp_path / "other.mp4", 13.0)
    assert all("Good" not in clip.name for clip in analyze(other, folder, chosen()).clips_file.clips)


def test_choosing_again_needs_no_new_transcription(short_video, tmp_path, listener):
    folder = AnalysisFolder(tmp_path / "out")
    analyze(short_video, folder, chosen(speech="all"))
    heard = len(listener.heard)
    retune(folder, chosen(speech="all", preset="talk", min_clip_seconds=3.0))
    retune(folder, chosen(speech="off"))
    assert len(listener.heard) == heard == 1


def test_corrected_words_reach_names_reasons_and_report_and_outlive_another_analysis(short_video, tmp_path):
    folder, settings = AnalysisFolder(tmp_path / "out"), chosen(preset="talk", min_clip_seconds=3.0)
    said = "1\n00:00:01,000 --> 00:00:09,000\nWhy did nobody tell the mare of Boston? She was out of the building.\n"
    (tmp_path / "talk.srt").write_text(said, encoding="utf-8")
    (clip,) = analyze(short_video, folder, settings).clips_file.clips
    assert clip.name == "Why did nobody tell the mare of Boston?"
    wrong = next(word for word in transcript_of(folder).words if word.text == "mare")
    correct_word(folder, Interval(wrong.start_sec, wrong.end_sec), "mayor", was="mare")
    heard_anew = said.replace("building", "house")
    for again in (lambda: retune(folder, settings), lambda: analyze(short_video, folder, settings)):
        (clip,) = again().clips_file.clips
        assert clip.name == "Why did nobody tell the mayor of Boston?"
        assert "mayor" in clip.reason
        report = (folder.root / "report.html").read_text(encoding="utf-8")
        assert "the mayor of" in report
        assert "the mare of" not in report
        (tmp_path / "talk.srt").write_text(heard_anew, encoding="utf-8")
    assert "house." in {word.text for word in transcript_of(folder).words}


def test_speech_that_is_off_or_absent_costs_nothing(short_video, tmp_path, listener):
    folder = AnalysisFolder(tmp_path / "out")
    features = extracted(short_video, folder)
    transcribe(features, chosen(speech="off"))
    silent = features.source.video.model_copy(update={"audio": None})
    transcribe(replace(features, source=replace(features.source, video=silent)), chosen(speech="all"))
    assert listener.heard == []
    assert folder.transcript_key() is None


NO_EXTRA = """
import sys
sys.modules["faster_whisper"] = None
from pathlib import Path
from interfaces.cli.app import main
sys.argv = ["autoclip", "analyze", *sys.argv[1:]]
main()
"""


def run_without_extra(*arguments):
    command = [sys.executable, "-c", NO_EXTRA, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_without_the_extra_everything_else_works_and_asking_says_what_to_install(short_video, tmp_path):
    done = run_without_extra(short_video, "--output-dir", tmp_path / "out", "--preset", "talk")
    assert done.returncode == 0, done.stderr
    assert "without words: speech needs a transcriber: pip install 'autoclip[speech]'" in done.stderr
    refused = run_without_extra(short_video, "--output-dir", tmp_path / "out", "--set", "speech=all")
    assert refused.returncode != 0
    assert "pip install 'autoclip[speech]'" in refused.stderr


def test_words_of_an_earlier_analysis_are_used_without_a_warning(short_video, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    features = extracted(short_video, AnalysisFolder(tmp_path / "out"))
    assert "without words" in transcribe(features, chosen(preset="talk")).warnings[-1]
    said = subtitle(tmp_path / "talk.srt", "Good morning.")
    transcribe(features, chosen(preset="talk"))
    said.unlink()
    assert transcribe(features, chosen(preset="talk")).warnings == features.warnings


@pytest.mark.skipif(find_spec("faster_whisper") is None, reason="the extra 'speech' is not installed")
def test_a_model_that_is_not_there_is_never_fetched_unasked(short_video, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    folder = AnalysisFolder(tmp_path / "out")
    features = extracted(short_video, folder)
    transcribe(features, chosen())  # auto: goes without
    with pytest.raises(ParameterError, match="speech_download = true"):
        transcribe(features, chosen(speech="all", speech_model="medium"))


def test_an_unknown_transcriber_is_named(short_video, tmp_path):
    features = extracted(short_video, AnalysisFolder(tmp_path / "out"))
    with pytest.raises(ParameterError, match=r"no transcriber 'ears'.*faster-whisper"):
        transcribe(features, chosen(speech="all", speech_transcriber="ears"))
