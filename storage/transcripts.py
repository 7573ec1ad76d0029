"""The transcript on disk: ``transcript.parquet``, one row per word, beside the signals.

The footer has the key (content, transcriber, settings), the language, and the spans of the video transcribed so far. A
transcriber saves after every chunk, so interrupted work continues where it stopped. Corrections by people are in
another file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from autoclip.errors import NotFoundError, StorageError
from autoclip.speech.transcript import Transcript, Word
from autoclip.timeline import Interval
from storage.atomic import replacing
from storage.parquet_files import damaged, footer_in, metadata_in, read_table, reading, with_units, write_table

TRANSCRIPT = "transcript.parquet"
TRANSCRIPT_FORMAT_VERSION = 1
_COLUMNS = ("start_sec", "end_sec", "text", "confidence")
_ESTIMATED = "estimated"
"""A column that older files lack; in those, words without confidence came from subtitles."""


@dataclass(frozen=True, slots=True)
class StoredTranscript:
    """A transcript on disk.

    Attributes
    ----------
    transcript : Transcript
        The words so far.
    key : str
        See `storage.keys.transcript_key`.
    heard : tuple of Interval
        Transcribed spans of the video, ascending and disjoint.
    fingerprint : str
        Fingerprint of the video's content: a folder used for another video may still contain the words of the first.
    """

    transcript: Transcript
    key: str
    heard: tuple[Interval, ...]
    fingerprint: str


class _Footer(BaseModel):
    model_config = ConfigDict(frozen=True)

    format_version: int
    key: str
    language: str | None
    origin: str
    heard: tuple[tuple[float, float], ...]
    fingerprint: str


def write_transcript(folder: Path, stored: StoredTranscript) -> None:
    """Write a transcript, replacing the whole file in `folder`.

    Raises
    ------
    StorageError
        If the disk is full or the folder is not writable; the older one is then unchanged.
    """
    transcript = stored.transcript
    footer = _Footer(
        format_version=TRANSCRIPT_FORMAT_VERSION,
        key=stored.key,
        language=transcript.language,
        origin=transcript.origin,
        heard=tuple((span.start, span.end) for span in stored.heard),
        fingerprint=stored.fingerprint,
    )
    with replacing(folder / TRANSCRIPT) as partial:
        write_table(_table(transcript.words), footer, partial)


def read_transcript(folder: Path) -> StoredTranscript:
    """Read what `write_transcript` wrote, with equal values.

    Raises
    ------
    NotFoundError
        If there is none.
    StorageError
        If it is damaged, or its format is unknown to this version.
    """
    path = folder / TRANSCRIPT
    with _opened(path) as file:
        table = read_table(path, file)
    footer = footer_in(path, table.schema.metadata, _Footer, TRANSCRIPT_FORMAT_VERSION)
    if missing := [name for name in _COLUMNS if name not in table.column_names]:
        raise damaged(path, f"no column {', '.join(missing)}")
    words = _words_in(table)
    heard = tuple(Interval(start, end) for start, end in footer.heard)
    return StoredTranscript(Transcript(words, footer.language, footer.origin), footer.key, heard, footer.fingerprint)


def transcript_key_in(folder: Path) -> str | None:
    """Return the key of the transcript in `folder`; None if there is none that can be reused."""
    path = folder / TRANSCRIPT
    try:
        with _opened(path) as file:
            return footer_in(path, metadata_in(path, file), _Footer, TRANSCRIPT_FORMAT_VERSION).key
    except StorageError:
        return None


def _opened(path: Path) -> pa.NativeFile:
    with reading(path):
        try:
            return pa.OSFile(str(path))
        except FileNotFoundError as error:
            raise NotFoundError(
                f"{path.parent}: contains no transcript; analyze the video with speech = all"
            ) from error


def _words_in(table: pa.Table) -> tuple[Word, ...]:
    """Read the rows of `_table`."""
    columns = [table[name].to_pylist() for name in _COLUMNS]
    if _ESTIMATED in table.column_names:
        estimated = table[_ESTIMATED].to_pylist()
    else:
        estimated = [confidence is None for confidence in columns[-1]]
    return tuple(Word(*row) for row in zip(*columns, estimated, strict=True))


def _table(words: tuple[Word, ...]) -> pa.Table:
    """Return one row per word, ordered by time."""
    columns = {
        "start_sec": pa.array([word.start_sec for word in words], pa.float64()),
        "end_sec": pa.array([word.end_sec for word in words], pa.float64()),
        "text": pa.array([word.text for word in words], pa.string()),
        "confidence": pa.array([word.confidence for word in words], pa.float64()),
        _ESTIMATED: pa.array([word.estimated for word in words], pa.bool_()),
    }
    return with_units(columns, {"start_sec": "s", "end_sec": "s"})
