"""Get the words of a video: from its subtitles or from a transcriber, where they are needed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

from autoclip.errors import ParameterError
from autoclip.media.audio_tracks import with_analysis_audio
from autoclip.media.decoding.speech_audio import AudioChunk, audio_chunks
from autoclip.progress import Progress, ProgressListener, ignore_progress
from autoclip.selection import pipeline as selection
from autoclip.selection.pauses import find_pauses
from autoclip.settings import DEFAULT_TRACK, Settings
from autoclip.signals.speech_activity import audible_spans
from autoclip.signals.table import ENVELOPE_STEP_SEC
from autoclip.speech.subtitle_delay import subtitle_delay
from autoclip.speech.transcribers import Transcriber, transcriber_for
from autoclip.speech.transcript import Transcript, Word
from autoclip.speech.whisper import SAMPLE_RATE
from autoclip.timeline import Interval
from stages.find_subtitles import Subtitles, find_subtitles
from stages.results import ExtractedFeatures, RegisteredVideo
from stages.spoken_words import spoken_words
from storage.keys import transcript_key
from storage.transcripts import StoredTranscript

TRANSCRIPTION_VERSION = 2
"""Raise it whenever the same audio and settings would give other words."""

AROUND_CLIP_SEC = 20.0
"""Seconds of audio transcribed before and after a clip: a sentence takes about 5 s, and an edge may move by several."""

_JOIN_SEC = 10.0
"""Spans closer together than this, in seconds, are transcribed as one."""

Slot = Callable[[], AbstractContextManager[None]]


def transcribe(
    features: ExtractedFeatures,
    settings: Settings,
    on_progress: ProgressListener = ignore_progress,
    *,
    slot: Slot = nullcontext,
) -> ExtractedFeatures:
    """Transcribe a video as far as the settings require; the words are written to its folder.

    Subtitles that came with the video are used first, without a model. Otherwise a transcriber processes the whole
    video, or the surroundings of its clips, except for inaudible stretches. Each chunk is saved when it is done, so an
    interrupted run continues where it stopped.

    Parameters
    ----------
    features : ExtractedFeatures
        Features of the video.
    settings : Settings
        `speech`, and how to select the clips whose surroundings are transcribed.
    on_progress : ProgressListener
        Called with the progress of the stage ``transcribe``; may raise to stop the work.
    slot : callable
        Entered only for the work of a transcriber.

    Returns
    -------
    ExtractedFeatures
        The same features, with a warning if words were requested and there are none.

    Raises
    ------
    ParameterError
        If speech was requested (``speech = clips`` or ``all``) and a transcriber or its model is missing.
    MediaError, StorageError
        If the audio can't be read, or the words can't be saved.
    """
    source, speech = features.source, settings.speech
    if speech.speech == "off":
        return features
    if (subtitles := find_subtitles(source.video, speech.speech_language)) is not None:
        return _with_subtitles(features, subtitles)
    if source.video.audio is None:
        return features
    transcriber = transcriber_for(speech)
    try:
        transcriber.require()
    except ParameterError as error:
        if speech.speech == "auto":
            return _without_words(features, settings, str(error))
        raise
    audio = settings.extraction.analysis_audio
    heard = replace(source, video=with_analysis_audio(source.video, audio))
    hearing = _Hearing.of(heard, transcriber, speech.speech_language, audio)
    missing = _without(_wanted(features, settings), hearing.stored.heard)
    audible = _within(missing, _audible(features))
    if silent := _without(missing, audible):
        hearing.pass_over(silent)
    if audible:
        with slot():
            hearing.hear(audible, on_progress)
    on_progress(Progress("transcribe", 1.0))
    return features


def _without_words(features: ExtractedFeatures, settings: Settings, reason: str) -> ExtractedFeatures:
    """Continue with the words of an earlier analysis, or without; if they would have decided the clips, warn."""
    earlier, _ = spoken_words(features.source.folder, settings)
    if settings.speech.speech_role == "edges" or earlier is not None:
        return features
    warning = f"clips are selected by audio and video, without words: {reason}"
    return replace(features, warnings=(*features.warnings, warning))


def _with_subtitles(features: ExtractedFeatures, found: Subtitles) -> ExtractedFeatures:
    """Save subtitles, in step with the audio; warn if that moves them."""
    envelope, end = features.source.folder.read_features().envelope_dbfs, features.source.video.duration_sec
    pauses = find_pauses(envelope, beside_silence=True).intervals()
    delay = subtitle_delay(found.transcript, found.starts_sec, pauses, end)
    _keep_subtitles(features.source, found.transcript.shifted(-delay) if delay else found.transcript)
    if not delay:
        return features
    side = "late" if delay > 0 else "early"
    finding = f"{found.transcript.origin}: shown {abs(delay):.1f} s too {side} for the audio"
    warning = f"{finding}; autoclip corrects this in its transcript, and leaves the subtitles themselves as they are"
    return replace(features, warnings=(*features.warnings, warning))


def _keep_subtitles(source: RegisteredVideo, subtitles: Transcript) -> None:
    """Save subtitles unless they are saved already."""
    said = hashlib.sha256(repr(subtitles).encode()).hexdigest()
    key = transcript_key(source.fingerprint, "subtitles", {"content": said}, TRANSCRIPTION_VERSION)
    if source.folder.transcript_key() != key:
        whole = (Interval(0.0, source.video.duration_sec),)
        source.folder.write_transcript(StoredTranscript(subtitles, key, whole, source.fingerprint))


def _wanted(features: ExtractedFeatures, settings: Settings) -> tuple[Interval, ...]:
    """Return the spans to transcribe, by time: all, or around the clips that are selected without words."""
    duration = features.source.video.duration_sec
    if settings.speech.transcribes_all:
        return (Interval(0.0, duration),)
    clips = selection.select(features.source.folder.read_features(), settings, scope="").clips
    around = (
        Interval(max(0.0, clip.start - AROUND_CLIP_SEC), min(duration, clip.end + AROUND_CLIP_SEC)) for clip in clips
    )
    return _joined(around, _JOIN_SEC)


def _audible(features: ExtractedFeatures) -> tuple[Interval, ...]:
    """Return the audible spans; all of it if that was not measured."""
    envelope, duration = features.source.folder.read_features().envelope_dbfs, features.source.video.duration_sec
    if envelope is None:
        return (Interval(0.0, duration),)
    return audible_spans(envelope, ENVELOPE_STEP_SEC, duration)


@dataclass
class _Hearing:
    """A transcript that grows, and the state needed to extend it."""

    source: RegisteredVideo
    transcriber: Transcriber
    language: str | None
    stored: StoredTranscript

    @classmethod
    def of(cls, source: RegisteredVideo, transcriber: Transcriber, language: str, audio: str) -> _Hearing:
        """Return the saved transcript of the same key, or an empty one."""
        asked = {**transcriber.settings, "language": language}
        if audio != DEFAULT_TRACK:
            asked["audio"] = audio
        key = transcript_key(source.fingerprint, transcriber.origin, asked, TRANSCRIPTION_VERSION)
        if source.folder.transcript_key() == key:
            stored = source.folder.read_transcript()
        else:
            stored = StoredTranscript(Transcript((), language or None, transcriber.origin), key, (), source.fingerprint)
        return cls(source, transcriber, language or stored.transcript.language, stored)

    def hear(self, spans: Sequence[Interval], on_progress: ProgressListener) -> None:
        """Transcribe spans chunk by chunk, and save each chunk."""
        total, done = sum(span.duration for span in spans), 0.0
        for span in spans:
            reached = span.start
            for chunk in audio_chunks(self.source.video, span, SAMPLE_RATE):
                self._hear_chunk(chunk, _share(on_progress, done, chunk.end_sec - chunk.start_sec, total))
                reached, done = chunk.end_sec, done + chunk.end_sec - chunk.start_sec
            if reached < span.end:  # the audio ends before the video
                self._save((), Interval(reached, span.end))

    def pass_over(self, spans: Sequence[Interval]) -> None:
        """Record that nothing is said in spans, and save."""
        self._save((), *spans)

    def _hear_chunk(self, chunk: AudioChunk, on_progress: Callable[[float], None]) -> None:
        on_progress(0.0)
        heard = self.transcriber.transcribe(chunk.samples, self.language, on_progress)
        self.language = self.language or heard.language
        self._save(heard.shifted(chunk.start_sec).words, Interval(chunk.start_sec, chunk.end_sec))

    def _save(self, words: Iterable[Word], *spans: Interval) -> None:
        before = self.stored
        merged = tuple(sorted((*before.transcript.words, *words), key=lambda word: (word.start_sec, word.end_sec)))
        transcript = replace(before.transcript, words=merged, language=self.language)
        heard = _joined((*before.heard, *spans), 0.0)
        self.stored = replace(before, transcript=transcript, heard=heard)
        self.source.folder.write_transcript(self.stored)


def _share(on_progress: ProgressListener, done: float, length: float, total: float) -> Callable[[float], None]:
    """Return a listener that converts the progress of one chunk to that of the whole."""
    return lambda part: on_progress(Progress("transcribe", min(1.0, (done + part * length) / total)))


def _joined(spans: Iterable[Interval], reach: float) -> tuple[Interval, ...]:
    """Return the union of spans, joining those at most `reach` apart; ordered by time."""
    joined: list[Interval] = []
    for span in sorted(spans):
        if joined and span.start <= joined[-1].end + reach:
            joined[-1] = Interval(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return tuple(joined)


def _within(spans: Iterable[Interval], others: Sequence[Interval]) -> tuple[Interval, ...]:
    """Return the intersection of spans with others, without slivers from rounding."""
    common = (
        Interval(max(span.start, other.start), min(span.end, other.end))
        for span in spans
        for other in others
        if min(span.end, other.end) > max(span.start, other.start) + _SLIVER_SEC
    )
    return tuple(common)


def _without(spans: Iterable[Interval], heard: Sequence[Interval]) -> tuple[Interval, ...]:
    """Return spans without others, and without slivers from rounding."""
    rest: list[Interval] = []
    for span in spans:
        start = span.start
        for known in heard:
            if known.end <= start or known.start >= span.end:
                continue
            if known.start > start:
                rest.append(Interval(start, known.start))
            start = max(start, known.end)
        if start < span.end:
            rest.append(Interval(start, span.end))
    return tuple(span for span in rest if span.duration > _SLIVER_SEC)


_SLIVER_SEC = 0.05
