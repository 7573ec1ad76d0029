"""The subtitles that came with a video: in its file, beside it, or downloaded with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from autoclip.confinement import location_of, open_beneath
from autoclip.errors import AutoclipError
from autoclip.media.text_tracks import text_tracks
from autoclip.media.video import Video
from autoclip.speech.subtitles import SUBTITLE_SUFFIXES, Cue, cues_in, transcript_of
from autoclip.speech.transcript import Transcript

MAX_FILE_BYTES = 20_000_000
"""Subtitles of a day of speech take about 5 MB."""

DOWNLOADED = "subtitles"
"""What a download calls its subtitles, before the language."""

_LANGUAGE = re.compile(r"^[a-z]{2,3}(?:-[A-Za-z0-9-]+)?$")
_THREE_LETTERS = {
    "ara": "ar", "chi": "zh", "deu": "de", "dut": "nl", "eng": "en", "fra": "fr", "fre": "fr", "ger": "de",
    "hin": "hi", "ita": "it", "jpn": "ja", "kor": "ko", "nld": "nl", "pol": "pl", "por": "pt", "rus": "ru",
    "spa": "es", "swe": "sv", "tur": "tr", "ukr": "uk", "zho": "zh",
}  # fmt: skip
"""ISO 639-2 codes, as containers have them, by ISO 639-1 codes."""


def find_subtitles(video: Video, language: str = "") -> Transcript | None:
    """Return what the video's subtitles say; None when it has none, or none in the language asked for.

    Of several, those in the language of the sound come first, then English, then those that name no language; of
    these, files before tracks. A file that can't be read as subtitles is skipped.

    Parameters
    ----------
    video : Video
        What probing the file found.
    language : str
        ISO 639-1 code of the only language that counts; empty: any.
    """
    found = [transcript for transcript in (*_files(video.path), *_tracks(video)) if transcript.words]
    if language:
        found = [transcript for transcript in found if transcript.language in {language, None}]
    spoken = short_code(video.audio.language) if video.audio else None
    order = [language or spoken, "en", None]
    ranks = {code: rank for rank, code in reversed(list(enumerate(order)))}
    return min(found, key=lambda transcript: ranks.get(transcript.language, len(order)), default=None)


def short_code(language: str | None) -> str | None:
    """Return the ISO 639-1 code of a language tag such as ``eng`` or ``pt-BR``; None for one that says nothing."""
    if not language or language == "und" or not _LANGUAGE.match(language):
        return None
    base = language.split("-")[0].lower()
    return _THREE_LETTERS.get(base, base)


def _files(video: Path) -> Iterator[Transcript]:
    """Read the files beside a video that are named after it, or that came with its download."""
    folder = video.absolute().parent
    try:
        names = sorted(path.name for path in folder.iterdir() if path.suffix.lower() in SUBTITLE_SUFFIXES)
    except OSError:
        return
    for name in names:
        stem = Path(name).stem
        base, _, tag = stem.rpartition(".")
        owners = {video.stem, DOWNLOADED} if video.stem == "video" else {video.stem}
        if stem in owners or base in owners:
            cues = _cues_of(folder, name)
            yield transcript_of(cues, language=short_code(tag) if base else None, origin=f"subtitles {name}")


def _cues_of(folder: Path, name: str) -> tuple[Cue, ...]:
    """Read one file, without following links; nothing of one that can't be read."""
    try:
        opened = open_beneath(folder, folder / name)
        with closing(opened), opened.pinned() as path:
            return cues_in(_text_of(path))
    except (AutoclipError, OSError, ValueError):
        return ()


def _text_of(path: Path) -> str:
    """Read the text of a pinned file: UTF-8, UTF-16 with its mark, else Windows' western alphabet."""
    with location_of(path).open("rb") as file:
        content = file.read(MAX_FILE_BYTES)
    encoding = "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _tracks(video: Video) -> Iterator[Transcript]:
    """Read the text tracks of the file."""
    for number, track in enumerate(text_tracks(video), start=1):
        cues = [Cue(text.start_sec, text.end_sec, text.text) for text in track.texts]
        yield transcript_of(cues, language=short_code(track.language), origin=f"subtitles, text track {number}")
