"""The interface to the clips of one video, its compound clips and the files rendered from them."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from autoclip.clips import Clip
from autoclip.errors import NotFoundError
from autoclip.media.video import Video
from autoclip.settings import ExportSettings
from autoclip.speech.transcript import Transcript
from autoclip.timeline import Interval
from storage.analysis_folder import AnalysisFolder
from storage.catalog.records import CompoundClip, CompoundItem, Export, ExportLayout, StoredClip, Verdict
from storage.keys import FingerprintMemory

EXISTS = "exists already, nothing was rendered"
"""The note of an export whose file already existed."""

SETTINGS_WITHOUT_EFFECT = frozenset({"parallel_exports", "export_stall_sec", "disk_reserve_mb", "overwrite"})
"""Settings that do not change the rendered file."""


@dataclass(frozen=True, slots=True)
class ExportSubject:
    """What a file is rendered from, and the path it should get.

    Attributes
    ----------
    target : Path
        Path of the file.
    source : Path
        The video.
    intervals : tuple of Interval
        The spans of the video, in order; seconds from its first frame.
    settings : ExportSettings
        The export settings.
    transcript : Transcript or None
        The transcript, if the settings need it.
    clip_id, compound_id : str or None
        The clip or the compound clip; exactly one of them.
    """

    target: Path
    source: Path
    intervals: tuple[Interval, ...]
    settings: ExportSettings
    transcript: Transcript | None = None
    clip_id: str | None = None
    compound_id: str | None = None

    @property
    def effective_settings(self) -> dict[str, object]:
        """Return the settings that change the file, as JSON values."""
        return self.settings.model_dump(mode="json", exclude=set(SETTINGS_WITHOUT_EFFECT))

    def export_key(self, source: Sequence[object], root: Path) -> str:
        """Return a digest of the file's inputs: the source, the spans, the name, the settings and the words.

        It stays the same if the folder `root` is moved together with the file.

        Parameters
        ----------
        source : sequence of object
            What tells the content of the video, by its ``repr``.
        root : Path
            The folder of the clips.
        """
        parts: list[object] = [
            *source,
            [(interval.start, interval.end) for interval in self.intervals],
            str(relative_to_folder(self.target, root)),
            self.effective_settings,
        ]
        if self.transcript is not None:
            parts.append([self.transcript.between(each.start, each.end).words for each in self.intervals])
        return hashlib.blake2s(repr(parts).encode(), digest_size=16).hexdigest()


def relative_to_folder(path: Path, root: Path) -> Path:
    """Return a path for storage: relative to a folder if it lies below it, else absolute."""
    folder, whole = root.absolute(), path.absolute()
    return whole.relative_to(folder) if whole.is_relative_to(folder) else whole


class ClipStore(ABC):
    """Clips and compound clips of one video, and a record of each file rendered from them.

    Every method accesses the store; nothing is cached. Each may raise `StorageError` if the store can't be read or
    written, and `CatalogBusyError` if others hold the catalog past the deadline.

    Attributes
    ----------
    folder : AnalysisFolder
        Features, transcript and thumbnails of the video.
    """

    folder: AnalysisFolder

    @property
    @abstractmethod
    def project_id(self) -> str:
        """Return the owner of its records: a project id or, outside the catalog, an id of the folder's path."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Return the project's name, or that of the video file."""

    @property
    @abstractmethod
    def exports_folder(self) -> Path:
        """Return the default folder of rendered files."""

    @property
    @abstractmethod
    def duration_sec(self) -> float:
        """Return the length of the video in seconds; 0 while it is unknown."""

    @property
    def layout(self) -> ExportLayout | None:
        """Return how exports fill their shape if their settings don't say; None if nobody chose a layout."""
        return None

    @abstractmethod
    def source(self) -> Path:
        """Return the video file.

        Raises
        ------
        NotFoundError
            If there is none, or it no longer exists.
        """

    @abstractmethod
    def video(self) -> Video | None:
        """Return the probed video, even if its file no longer exists; None if the probe result was not stored."""

    @property
    @abstractmethod
    def fingerprint(self) -> str | None:
        """Return the fingerprint of the video that the clips come from; None if it is unknown."""

    @property
    @abstractmethod
    def memory(self) -> FingerprintMemory:
        """Return where the fingerprint of the video file is remembered."""

    @abstractmethod
    def clips(
        self, *, verdict: Verdict | None = None, without_verdict: Verdict | None = None
    ) -> tuple[StoredClip, ...]:
        """Return the clips of this store's mode, ordered by start.

        Parameters
        ----------
        verdict, without_verdict : str, optional
            Only clips with this verdict; only those with another one.
        """

    @abstractmethod
    def clips_by_id(self, ids: Collection[str]) -> dict[str, StoredClip]:
        """Return clips of any mode by id, without those that don't exist or belong to another project."""

    @abstractmethod
    def add_clips(self, clips: Sequence[Clip]) -> tuple[StoredClip, ...]:
        """Add clips in one operation and return them; an existing clip of the same span is returned instead."""

    @abstractmethod
    def compounds(self) -> tuple[CompoundClip, ...]:
        """Return the compound clips, oldest first."""

    @abstractmethod
    def add_compound(self, name: str, items: tuple[CompoundItem, ...], crossfade_sec: float) -> CompoundClip:
        """Add a compound clip; return it."""

    @abstractmethod
    def delete_compound(self, compound_id: str) -> None:
        """Remove a compound clip, but not its clips and files.

        Raises
        ------
        NotFoundError
            If there is none with that id.
        """

    @abstractmethod
    def find_export(self, subject: ExportSubject) -> Export | None:
        """Return the record of an identical file that exists, with a note that says so.

        A file that was changed, moved or deleted since counts as missing.
        """

    @abstractmethod
    def has_export_at(self, path: Path) -> bool:
        """Whether a record refers to this file."""

    @abstractmethod
    def add_export(self, subject: ExportSubject, record: Export) -> Export:
        """Record the outcome of an export; return the record."""

    def clip(self, clip_id: str) -> StoredClip:
        """Return a clip of any mode.

        Raises
        ------
        NotFoundError
            If there is none with that id.
        """
        found = self.clips_by_id([clip_id]).get(clip_id)
        if found is None:
            raise NotFoundError(f"{self.name} has no clip {clip_id}; it was deleted, or belongs to another project")
        return found

    def compound(self, compound_id: str) -> CompoundClip:
        """Return a compound clip.

        Raises
        ------
        NotFoundError
            If there is none with that id.
        """
        found = next((each for each in self.compounds() if each.id == compound_id), None)
        if found is None:
            raise NotFoundError(
                f"{self.name} has no compound clip {compound_id}; it was deleted, or belongs to another project"
            )
        return found

    def clips_of(self, compound: CompoundClip) -> dict[str, StoredClip]:
        """Return the existing clips that a compound clip uses, by id."""
        return self.clips_by_id({item.clip_id for item in compound.items})
