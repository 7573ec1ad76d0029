"""What is said in an analyzed video, as people corrected it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from autoclip.clips import Clip
from autoclip.errors import NotFoundError, RevisionError
from autoclip.export.tightened import tightened, tightens
from autoclip.settings import ExportSettings, Settings
from autoclip.speech.caption_files import read_captions
from autoclip.speech.captions import with_short_words
from autoclip.speech.corrections import Correction, corrected, corrections_between, merged
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
    """Return the words a choice of clips goes by, corrected, and their ratings; nothing where speech is off.

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


def transcript_for_export(folder: AnalysisFolder, settings: ExportSettings) -> Transcript | None:
    """Return the transcript if an export needs it; None where it doesn't, or there is none.

    Raises
    ------
    StorageError
        If a file is damaged.
    """
    if not needs_words(settings):
        return None
    try:
        return transcript_of(folder)
    except NotFoundError:
        return None


def needs_words(settings: ExportSettings) -> bool:
    """Whether an export depends on what is said."""
    return settings.captions != "off" or tightens(settings)


def kept_parts(clip: Clip, transcript: Transcript, settings: ExportSettings) -> tuple[tuple[Clip, ...], str]:
    """Return what is kept of a clip when its pauses are taken out, each part as a clip; and what went."""
    found = tightened(clip.interval, transcript, settings)
    gone = ", ".join(f"{r.interval.start:.2f} to {r.interval.end:.2f} s ({r.text or r.reason})" for r in found.removed)
    parts = tuple(
        clip.model_copy(update={"id": f"{clip.id}-{number}", "start": kept.start, "end": kept.end})
        for number, kept in enumerate(found.kept, 1)
    )
    return parts, f"{found}: {gone}" if gone else str(found)


def correct(folder: AnalysisFolder, corrections: Sequence[Correction]) -> Transcript:
    """Add corrections to an analysis; return the transcript as it is then. Raises as `transcript_of`."""
    heard = _heard(folder)
    kept = merged(read_corrections(folder.features), corrections)
    write_corrections(folder.features, kept)
    return corrected(heard, kept)


def correct_word(folder: AnalysisFolder, span: Interval, text: str, was: str | None = None) -> Transcript:
    """Correct what is said in a span of a transcript as it was read; return the words that stand there now.

    Parameters
    ----------
    folder : AnalysisFolder
        The analysis.
    span : Interval
        From the start of the first word to the end of the last, rounded to the millisecond at most.
    text : str
        What is said there in truth; empty if nothing is.
    was : str, optional
        What stood there when it was read.

    Raises
    ------
    NotFoundError
        If no word is there, or as `transcript_of`.
    RevisionError
        If something else than `was` stands there by now.
    """
    here = transcript_of(folder).between(span.start - _MILLISECOND, span.end + _MILLISECOND)
    if not here.words:
        raise NotFoundError(f"nothing is said from {span.start:g} to {span.end:g} s; read the transcript again")
    if was is not None and joined(here.words) != was:
        raise RevisionError(
            f"“{joined(here.words)[:100]}” is said from {span.start:g} to {span.end:g} s by now, not “{was[:100]}”; "
            "read the transcript again"
        )
    start, end = here.words[0].start_sec, here.words[-1].end_sec
    return correct(folder, [Correction(start, end, text)]).between(start, max(end, start + _MILLISECOND))


def correct_from_file(folder: AnalysisFolder, edited: Path) -> tuple[Correction, ...]:
    """Take over what somebody changed in a subtitle file of the whole video; return what differed.

    Raises
    ------
    MediaError
        If `edited` holds no subtitles.
    NotFoundError, StorageError
        As `transcript_of`.
    """
    found = corrections_between(transcript_of(folder), read_captions(edited))
    if found:
        correct(folder, found)
    return found


def _heard(folder: AnalysisFolder) -> Transcript:
    stored, origin = folder.read_transcript(), folder.features_origin()
    if origin is not None and origin.fingerprint != stored.fingerprint:
        raise NotFoundError(f"{folder.root}: its transcript is of another video; analyze this one with speech = all")
    return with_short_words(stored.transcript)
