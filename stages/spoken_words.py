"""The corrected transcript of an analyzed video."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from autoclip.errors import NotFoundError, RevisionError
from autoclip.settings import Settings
from autoclip.speech.caption_files import read_captions
from autoclip.speech.captions import with_short_words
from autoclip.speech.corrections import Correction, corrected, corrections_between, merged, with_replaced
from autoclip.speech.ratings import RatedSpan
from autoclip.speech.transcript import Transcript, joined
from autoclip.timeline import Interval
from storage.analysis_folder import AnalysisFolder
from storage.corrections import read_corrections, write_corrections
from storage.ratings import read_ratings

_MILLISECOND = 0.001


def transcript_of(folder: AnalysisFolder) -> Transcript:
    """Return the transcript of an analysis with its corrections.

    Raises
    ------
    NotFoundError
        If the video was analyzed without speech.
    StorageError
        If a file is damaged.
    """
    return corrected(_heard(folder), read_corrections(folder.features))


def spoken_words(folder: AnalysisFolder, settings: Settings) -> tuple[Transcript | None, tuple[RatedSpan, ...]]:
    """Return the corrected words for a selection, and their ratings; empty if speech is off.

    Raises
    ------
    StorageError
        If a file is damaged.
    """
    origin = folder.features_origin()
    if settings.speech.speech == "off" or origin is None:
        return None, ()
    try:
        transcript = transcript_of(folder)
    except NotFoundError:
        return None, ()
    ratings = read_ratings(folder.features)
    return transcript, ratings.spans if ratings is not None and ratings.fingerprint == origin.fingerprint else ()


def correct(folder: AnalysisFolder, corrections: Sequence[Correction]) -> Transcript:
    """Add corrections to an analysis; return the corrected transcript. Raises the same errors as `transcript_of`."""
    heard = _heard(folder)
    return corrected(heard, _add(folder, [with_replaced(each, heard) for each in corrections]))


def correct_word(folder: AnalysisFolder, span: Interval, text: str, was: str | None = None) -> Transcript:
    """Correct a span of a transcript that the caller has read; return the new words of that span.

    Parameters
    ----------
    folder : AnalysisFolder
        The analysis.
    span : Interval
        From the start of the first word to the end of the last; may be rounded to milliseconds.
    text : str
        The correct text; empty if nothing is said.
    was : str, optional
        The text of the span when the caller read it.

    Raises
    ------
    NotFoundError
        If there is no word in the span, or as in `transcript_of`.
    RevisionError
        If the text of the span is no longer `was`.
    """
    here = transcript_of(folder).between(span.start - _MILLISECOND, span.end + _MILLISECOND)
    if not here.words:
        raise NotFoundError(f"nothing is said from {span.start:g} to {span.end:g} s; read the transcript again")
    if was is not None and joined(here.words) != was:
        raise RevisionError(
            f"“{joined(here.words)[:100]}” is said from {span.start:g} to {span.end:g} s now, not “{was[:100]}”; "
            "read the transcript again"
        )
    start, end = here.words[0].start_sec, here.words[-1].end_sec
    return correct(folder, [Correction(start, end, text)]).between(start, max(end, start + _MILLISECOND))


def correct_from_file(folder: AnalysisFolder, edited: Path) -> tuple[Correction, ...]:
    """Apply the changes in an edited subtitle file of the whole video; return the corrections.

    Raises
    ------
    MediaError
        If `edited` contains no subtitles.
    NotFoundError, StorageError
        As in `transcript_of`.
    """
    heard = _heard(folder)
    changes = corrections_between(corrected(heard, read_corrections(folder.features)), read_captions(edited))
    found = tuple(with_replaced(each, heard) for each in changes)
    if found:
        _add(folder, found)
    return found


def _add(folder: AnalysisFolder, corrections: Sequence[Correction]) -> tuple[Correction, ...]:
    """Save corrections with the earlier ones; return all of them."""
    kept = merged(read_corrections(folder.features), corrections)
    write_corrections(folder.features, kept)
    return kept


def _heard(folder: AnalysisFolder) -> Transcript:
    stored, origin = folder.read_transcript(), folder.features_origin()
    if origin is not None and origin.fingerprint != stored.fingerprint:
        raise NotFoundError(f"{folder.root}: its transcript is of another video; analyze this one with speech = all")
    return with_short_words(stored.transcript)
