"""Search what is said, over any number of analyses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autoclip.clips import Clip, clip_id
from autoclip.system.files import facts_of
from autoclip.timeline import Interval
from stages.spoken_words import transcript_of
from storage.analysis_folder import AnalysisFolder
from storage.catalog import StoredClip
from storage.clip_store import ClipStore
from storage.corrections import CORRECTIONS
from storage.speech_index import SpeechIndex
from storage.transcripts import TRANSCRIPT

INDEX_NAME = "speech-index.sqlite"
PADDING_SEC = 0.3
"""Seconds that a clip of a sentence has before and after it: a breath."""
_NAME_CHARS = 60


@dataclass(frozen=True, slots=True)
class SearchPlace:
    """An analysis to search.

    Attributes
    ----------
    folder : AnalysisFolder
        The folder with its transcript.
    name : str
        Name of the project, or of the folder.
    project_id : str or None
        The project; None for a folder outside the catalog.
    """

    folder: AnalysisFolder
    name: str
    project_id: str | None = None

    @property
    def key(self) -> str:
        """Return its key in the index."""
        return self.project_id or str(self.folder.root.absolute())


@dataclass(frozen=True, slots=True)
class Moment:
    """A sentence that was found, and its place.

    Attributes
    ----------
    place : SearchPlace
        The analysis.
    interval : Interval
        The span of the sentence, in seconds of the video.
    text : str
        The sentence.
    """

    place: SearchPlace
    interval: Interval
    text: str

    def clip(self, duration_sec: float) -> Clip:
        """Return a clip of the sentence, named after it, within a video of that length."""
        span = Interval(self.interval.start - PADDING_SEC, self.interval.end + PADDING_SEC)
        span = span.clamped(Interval(0.0, max(duration_sec, self.interval.end)))
        name = self.text if len(self.text) <= _NAME_CHARS else self.text[:_NAME_CHARS].rsplit(" ", 1)[0] + "…"
        return Clip(
            id=clip_id(self.place.key, "manual", span),
            name=name,
            start=span.start,
            end=span.end,
            reason=f"“{self.text}”",
            created_by="manual",
        )


@dataclass(frozen=True, slots=True)
class Findings:
    """The results of a search, best first, and the number of analyses with a transcript."""

    moments: tuple[Moment, ...]
    searched: int


def find_speech(words: str, places: Sequence[SearchPlace], index_folder: Path, limit: int = 20) -> Findings:
    """Find sentences that contain all given words.

    New or changed transcripts and corrections are indexed first. For the others only their file status is read.

    Parameters
    ----------
    words : str
        Words in any order; quoted words must be adjacent. Case, accents and inflection don't matter.
    places : sequence of SearchPlace
        The analyses to search.
    index_folder : Path
        Folder of the index.
    limit : int
        Maximum number of results.

    Raises
    ------
    ParameterError
        If there is no word to search for.
    StorageError
        If a transcript is damaged, or the index can't be written.
    """
    index = SpeechIndex(index_folder / INDEX_NAME)
    known = index.stamps()
    by_key = {place.key: (place, stamp) for place, stamp in _with_transcripts(places)}
    for key, (place, stamp) in by_key.items():
        if known.get(key) != stamp:
            index.put(key, stamp, transcript_of(place.folder))
    found = index.find(words, list(by_key), limit)
    moments = (Moment(by_key[f.key][0], Interval(f.start_sec, max(f.end_sec, f.start_sec)), f.text) for f in found)
    return Findings(tuple(moments), len(by_key))


def make_moment_clips(moments: Sequence[Moment], stores: Mapping[SearchPlace, ClipStore]) -> dict[Moment, StoredClip]:
    """Make a clip of each moment, named after its sentence; an existing clip of that span is unchanged.

    The clips of one analysis are added together, so that one undo removes them all.

    Parameters
    ----------
    moments : sequence of Moment
        The moments.
    stores : mapping of SearchPlace to ClipStore
        The store of the clips of each place.

    Raises
    ------
    StorageError
        If the clips can't be written.
    """
    made: dict[Moment, StoredClip] = {}
    for place in dict.fromkeys(moment.place for moment in moments):
        here, store = [moment for moment in moments if moment.place == place], stores[place]
        clips = store.add_clips([moment.clip(store.duration_sec) for moment in here])
        made.update(zip(here, clips, strict=True))
    return made


def _with_transcripts(places: Sequence[SearchPlace]) -> Iterator[tuple[SearchPlace, str]]:
    """Return the places with a transcript, each with a token that changes with it or its corrections."""
    for place in places:
        files = [place.folder.features / name for name in (TRANSCRIPT, CORRECTIONS)]
        facts = [facts_of(path) for path in files]
        if facts[0] is not None:
            yield place, repr([(f.st_mtime_ns, f.st_size) if f else None for f in facts])
