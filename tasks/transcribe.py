"""The task that gets the words of a video, from subtitles or a transcriber."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from autoclip.progress import Progress
from autoclip.settings import Settings
from stages.rate_speech import chat_model_of, rate_speech
from stages.results import ExtractedFeatures
from stages.transcribe import transcribe as find_words
from storage.environment import read_environment
from tasks.machine_limits import decoding
from tasks.progress_reporter import report_progress
from tasks.source_video import registered_video
from tasks.stage_task import mark_as_cached, run_logger, stage_task


@stage_task("transcribe", "Find the words that are said, unless they are known or not wanted")
def transcribe(features: ExtractedFeatures, settings: Settings | None = None) -> ExtractedFeatures:
    """Transcribe a video into its folder, unless that was done; raises as `stages.transcribe.transcribe`."""
    chosen, source = settings or read_environment().settings, features.source
    before, begun = source.folder.transcript_key(), time.monotonic()
    heard = False

    @contextmanager
    def slot() -> Iterator[None]:
        nonlocal heard
        report_progress(Progress("transcribe", 0.0, "waiting for a free decoder"))
        with decoding(report_progress):
            heard = True
            yield

    with registered_video(source):
        found = find_words(features, chosen, report_progress, slot=slot)
        found = rate_speech(found, chosen, chat_model_of(read_environment()), report_progress)
    for warning in found.warnings[len(features.warnings) :]:
        run_logger().warning("%s: %s", source.name, warning)
    now = source.folder.transcript_key()
    if now is None or chosen.speech.speech == "off":
        run_logger().info("%s: no words are known", source.name)
        return found
    if now == before and not heard:
        mark_as_cached()
    words = len(source.folder.read_transcript().transcript.words)
    run_logger().info("%s: %d words are known, after %.1f s", source.name, words, time.monotonic() - begun)
    return found
