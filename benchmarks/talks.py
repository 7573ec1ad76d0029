"""Talks: how clips of preset ``talk`` keep to words and sentences, by the words that another run of Whisper hears.

``python -m benchmarks talks --folder FOLDER [--model MODEL] [--graded-by MODEL]`` scores talks of yours: videos or
recordings of speech; MODEL is a folder with a Whisper model for CTranslate2. Without options three talks are made:
espeak-ng speaks texts with several voices, and says when it speaks each word, so the error of the words' times is
known as well.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path
from statistics import median

from imageio_ffmpeg import get_ffmpeg_exe

from autoclip.clips import Clip
from autoclip.settings import Settings
from autoclip.speech.interest import is_dangling
from autoclip.speech.transcript import Transcript, Word
from autoclip.speech.vocabulary import vocabulary_of
from benchmarks.made_talks import MadeTalk, make_talks
from benchmarks.speech import join_base
from stages.analyze import analyze
from storage.analysis_folder import AnalysisFolder

TOLERANCE_SEC = 0.5
"""How far a clip may begin before its first word, and end behind its last one."""

SHORTEST_SEC, LONGEST_SEC = 15.0, 60.0
_PICTURE = "color=c=0x405060:s=160x90:r=5"


@dataclass(frozen=True, slots=True)
class TalkScore:
    """How the clips of a talk keep to its words; shares are of `clips`, or of twice as many edges.

    Attributes
    ----------
    talk : str
        Its name.
    minutes : float
        Its length.
    clips : int
        How many clips there are.
    outside_words, at_starts, at_ends : float
        Share of edges inside no word, of starts at a sentence's start, of ends at a sentence's end.
    dangling : int
        Clips that begin by pointing back.
    odd : int
        Clips shorter than 15 s or longer than 60 s, pairs that overlap, and clips beyond one a minute.
    """

    talk: str
    minutes: float
    clips: int
    outside_words: float
    at_starts: float
    at_ends: float
    dangling: int
    odd: int


def run(arguments: Sequence[str] = ()) -> str:
    """Score talks; return the section."""
    options = _options(arguments)
    if importlib.util.find_spec("faster_whisper") is None:
        return "## Talks\n\nNot measured: it needs the extras `speech` and `speech-test`.\n"
    with tempfile.TemporaryDirectory() as work:
        models = _Models.of(options, Path(work))
        if options.folder is not None:
            made: Sequence[MadeTalk] = ()
            paths = sorted(path for path in options.folder.iterdir() if path.suffix in {".mp4", ".mkv", ".wav", ".mp3"})
        elif shutil.which("espeak-ng") is None:
            return "## Talks\n\nNot measured: it needs espeak-ng.\n"
        else:
            made = make_talks(Path(work))
            paths = [talk.path for talk in made]
        results = [_scored(path, models, Path(work)) for path in paths]
        errors = {
            talk.path.stem: word_time_error(talk.words, heard) for talk, (_, heard) in zip(made, results, strict=False)
        }
        return _section([score for score, _ in results], errors, models)


def grade(talk: str, minutes: float, clips: Sequence[Clip], heard: Transcript) -> TalkScore:
    """Score the clips of a talk by the words of `heard`; sentences end with a mark."""
    edges = [edge for clip in clips for edge in (clip.start, clip.end)]
    firsts, lasts = _sentence_bounds(heard.words)
    vocabulary = vocabulary_of(heard.language)
    starts = [_first_word(clip, heard.words) for clip in clips]
    ends = [_last_word(clip, heard.words) for clip in clips]
    openings = {sentence.words[0]: sentence for sentence in heard.sentences}
    apart = sorted(clips, key=lambda clip: clip.start)
    overlaps = sum(one.end > other.start + 1e-6 for one, other in pairwise(apart))
    return TalkScore(
        talk=talk,
        minutes=minutes,
        clips=len(clips),
        outside_words=_mean(not any(w.start_sec < edge < w.end_sec for w in heard.words) for edge in edges),
        at_starts=_mean(
            word in firsts and abs(clip.start - word.start_sec) <= TOLERANCE_SEC
            for clip, word in zip(clips, starts, strict=True)
        ),
        at_ends=_mean(
            word in lasts and abs(clip.end - word.end_sec) <= TOLERANCE_SEC
            for clip, word in zip(clips, ends, strict=True)
        ),
        dangling=sum(word in openings and is_dangling(openings[word], vocabulary) for word in starts if word),
        odd=sum(not SHORTEST_SEC <= clip.duration <= LONGEST_SEC for clip in clips)
        + overlaps
        + max(0, len(clips) - max(1, int(minutes))),
    )


def word_time_error(spoken: Sequence[Word], heard: Transcript) -> tuple[float, float]:
    """Return the median and the 95th percentile of how far words were heard from where they are spoken, in seconds.

    Words are paired in order where their texts agree; their starts count.
    """
    one, other = ([_plain(word.text) for word in words] for words in (spoken, heard.words))
    pairs = [
        (spoken[block.a + n], heard.words[block.b + n])
        for block in SequenceMatcher(a=one, b=other, autojunk=False).get_matching_blocks()
        for n in range(block.size)
    ]
    errors = sorted(abs(a.start_sec - b.start_sec) for a, b in pairs)
    return median(errors), errors[int(0.95 * (len(errors) - 1))]


def _plain(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


@dataclass(frozen=True, slots=True)
class _Models:
    used: Path
    grader: Path

    @classmethod
    def of(cls, options: argparse.Namespace, work: Path) -> _Models:
        base = join_base(work / "whisper-base") if None in {options.model, options.graded_by} else None
        return cls(options.model or base, options.graded_by or base)


def _scored(path: Path, models: _Models, work: Path) -> tuple[TalkScore, Transcript]:
    video = path if path.suffix in {".mp4", ".mkv"} else _with_picture(path, work / f"{path.stem}.mkv")
    settings = Settings.from_flat({"preset": "talk", "speech": "all", "speech_model": str(models.used)})
    folder = AnalysisFolder(work / "out" / path.stem)
    done = analyze(video, folder, settings)
    heard = _heard_by_grader(video, models.grader)
    minutes = done.features.source.video.duration_sec / 60
    return grade(path.stem, minutes, done.clips_file.clips, heard), folder.read_transcript().transcript


def _with_picture(sound: Path, target: Path) -> Path:
    command = [get_ffmpeg_exe(), "-loglevel", "error", "-f", "lavfi", "-i", _PICTURE, "-i", str(sound), "-shortest"]
    subprocess.run([*command, "-c:a", "pcm_s16le", "-preset", "ultrafast", "-y", str(target)], check=True)
    return target


def _heard_by_grader(video: Path, model: Path) -> Transcript:
    """Hear a talk as faster-whisper does by default: in one go, each window with the text before it."""
    from faster_whisper import WhisperModel  # noqa: PLC0415 - the extra

    segments, found = WhisperModel(str(model), device="cpu", compute_type="int8").transcribe(
        str(video), word_timestamps=True
    )
    words = (word for segment in segments for word in segment.words or ())
    return Transcript(
        tuple(Word(float(w.start), float(w.end), w.word.strip(), float(w.probability)) for w in words),
        found.language,
        "grader",
    )


def _sentence_bounds(words: Sequence[Word]) -> tuple[frozenset[Word], frozenset[Word]]:
    """Return the first and the last words of sentences; of what Whisper hears each ends with a mark."""
    ends = [index for index, word in enumerate(words) if word.text.rstrip("\"'”’)").endswith((".", "?", "!", "…"))]
    firsts = {words[0], *(words[index + 1] for index in ends if index + 1 < len(words))} if words else set()
    return frozenset(firsts), frozenset({words[index] for index in ends} | set(words[-1:]))


def _first_word(clip: Clip, words: Sequence[Word]) -> Word | None:
    return next((word for word in words if (word.start_sec + word.end_sec) / 2 >= clip.start), None)


def _last_word(clip: Clip, words: Sequence[Word]) -> Word | None:
    return next((word for word in reversed(words) if (word.start_sec + word.end_sec) / 2 < clip.end), None)


def _mean(values: Iterable[bool]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 1.0


def _section(scores: Sequence[TalkScore], errors: Mapping[str, tuple[float, float]], models: _Models) -> str:
    head = (
        f"## Talks\n\nClips of preset `talk`, words by {models.used.name}; scored by the words and marks of another "
        f"run: {models.grader.name} in one go, as faster-whisper does by default. A start counts if the first word of "
        f"the clip opens a sentence and lies within {TOLERANCE_SEC:g} s of it; ends likewise.\n\n"
        "| talk | minutes | clips | edges outside words | starts at a sentence's | ends at a sentence's | dangling | "
        "length, overlap, number not kept | word starts off, median, p95 |\n|---|---|---|---|---|---|---|---|---|\n"
    )
    total = TalkScore(
        "all",
        sum(score.minutes for score in scores),
        sum(score.clips for score in scores),
        *(
            sum(getattr(score, name) * score.clips for score in scores) / max(1, sum(score.clips for score in scores))
            for name in ("outside_words", "at_starts", "at_ends")
        ),
        sum(score.dangling for score in scores),
        sum(score.odd for score in scores),
    )
    return head + "".join(_row(score, errors.get(score.talk)) for score in (*scores, total))


def _row(score: TalkScore, error: tuple[float, float] | None) -> str:
    distances = f"{error[0]:.2f} s, {error[1]:.2f} s" if error else ""
    return (
        f"| {score.talk} | {score.minutes:.1f} | {score.clips} | {score.outside_words:.2f} | {score.at_starts:.2f} | "
        f"{score.at_ends:.2f} | {score.dangling} | {score.odd} | {distances} |\n"
    )


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks talks")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--graded-by", type=Path)
    return parser.parse_args(list(arguments))
