"""Ask a language model which parts of a talk are worth showing, if the owner of this machine configured one.

Only sentences leave the machine, and only to that address. If anything fails, the built-in score is used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from autoclip.progress import Progress, ProgressListener, ignore_progress
from autoclip.settings import Settings
from autoclip.speech.ratings import ANSWER_SCHEMA, RatedSpan, instructions, numbered, read_answer
from autoclip.speech.transcript import Sentence
from stages.chat_completions import ChatModel, NoAnswerError, complete
from stages.results import ExtractedFeatures
from stages.select_clips import selection_input
from storage.environment import Environment
from storage.ratings import StoredRatings, read_ratings, write_ratings

MAX_SENTENCES = 400
"""Sentences per request: some 40 minutes and 10,000 tokens, which fit into the context of small models."""

MAX_QUESTION_CHARS = 80_000


def chat_model_of(environment: Environment) -> ChatModel | None:
    """Return the model configured in the environment; None without one."""
    if not environment.rater_url:
        return None
    key = environment.rater_key.get_secret_value() if environment.rater_key is not None else ""
    return ChatModel(environment.rater_url, environment.rater_model, key, environment.rater_timeout_sec)


def rate_speech(
    features: ExtractedFeatures,
    settings: Settings,
    chat_model: ChatModel | None,
    on_progress: ProgressListener = ignore_progress,
) -> ExtractedFeatures:
    """Get a model's ratings of a talk into its folder, if words decide the clips and a model is configured.

    Parameters
    ----------
    features : ExtractedFeatures
        Features of the video; its folder contains the words.
    settings : Settings
        How clips are selected.
    chat_model : ChatModel or None
        The model; None for none.
    on_progress : ProgressListener
        Called with the progress of the stage ``transcribe``; may raise to stop the work.

    Returns
    -------
    ExtractedFeatures
        The same features, with a warning if a model was asked and gave no usable answer.

    Raises
    ------
    StorageError
        If the words can't be read, or the ratings can't be saved.
    """
    if chat_model is None or settings.speech.speech_role != "thoughts":
        return features
    speech = selection_input(features, settings).speech
    if speech is None:
        return features
    sentences, folder = speech.edges.sentences, features.source.folder.features
    lengths = settings.lengths()
    asked = instructions(lengths.min_clip_seconds, lengths.max_clip_seconds)
    key = _key(asked, sentences, chat_model)
    known = read_ratings(folder)
    if known is not None and known.key == key:
        return features
    try:
        spans = tuple(_rated(sentences, asked, chat_model, on_progress))
    except (NoAnswerError, ValueError) as error:
        reason = (
            f"clips are chosen by the built-in scoring: the rater {chat_model.model} gave no usable answer: {error}"
        )
        return replace(features, warnings=(*features.warnings, reason))
    write_ratings(folder, StoredRatings(key=key, fingerprint=features.source.fingerprint, spans=spans))
    return features


def _rated(
    sentences: Sequence[Sentence], asked: str, chat_model: ChatModel, on_progress: ProgressListener
) -> Iterator[RatedSpan]:
    """Ask about consecutive groups of sentences."""
    for first, part in _parts(sentences):
        share = first / len(sentences)
        progress = Progress("transcribe", share, f"asking {chat_model.model}")
        question, check = numbered(part, first + 1), partial(on_progress, progress)
        content = complete(chat_model, asked, question, ANSWER_SCHEMA, check)
        yield from read_answer(content, part, first + 1)


def _parts(sentences: Sequence[Sentence]) -> Iterator[tuple[int, Sequence[Sentence]]]:
    """Split sentences into groups for one request, each with the position of its first."""
    first, chars = 0, 0
    for at, sentence in enumerate(sentences):
        if at > first and (at - first == MAX_SENTENCES or chars + len(sentence.text) > MAX_QUESTION_CHARS):
            yield first, sentences[first:at]
            first, chars = at, 0
        chars += len(sentence.text)
    if first < len(sentences):
        yield first, sentences[first:]


def _key(asked: str, sentences: Sequence[Sentence], chat_model: ChatModel) -> str:
    parts = repr((asked, numbered(sentences), chat_model.url, chat_model.model))
    return hashlib.blake2s(parts.encode(), digest_size=16).hexdigest()
