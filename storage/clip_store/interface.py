"""The port to the clips of one video, its compound clips and the files rendered of them."""

from __future__ import annotations

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

EXISTS = "exists already, nothing was rendered"
"""The note of a file that was found instead of rendered."""

SETTINGS_WITHOUT_EFFECT = frozenset({"parallel_exports", "export_stall_sec", "disk_reserve_mb", "overwrite"})
"""Settings that do not change the rendered file."""


@dataclass(frozen=True, slots=True)
class ExportSubject:
    """What a file is rendered from, and the name it should get.

    Attributes
    ----------
    target : Path
        Where the file should go.
    source : Path
        The video.
    intervals : tuple of Interval
        The spans of the video, in order; seconds from its first frame.
    settings : ExportSettings
        How it is rendered.
    transcript : Transcript or None
        What is said, where the settings need it.
    clip_id, compound_id : str or None
        The clip or the compound clip; one of the two.
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
        """The settings that change the file, as JSON holds them."""
        return self.settings.model_dump(mode="json", exclude=set(SETTINGS_WITHOUT_EFFECT))


class ClipStore(ABC):
    """Clips and compound clips of one video, and a record of each file rendered of them.

    Every method accesses the store; nothing is cached. Each may raise `StorageError` if the store can't be
    read or written, and `CatalogBusyError` if others hold the catalog past the deadline.

    Attributes
    ----------
    folder : AnalysisFolder
        Features, transcript and thumbnails of the video.
    """

    folder: AnalysisFolder

    @property
    @abstractmethod
    def project_id(self) -> str:
        """What its records belong to: a project's id, or one made of the folder's path outside the catalog."""

    @property
    @abstractmethod
    def name(self) -> str:
        """The project's name, or that of the video file."""

    @property
    @abstractmethod
    def exports_folder(self) -> Path:
        """Where rendered files go unless the caller says otherwise."""

    @property
    @abstractmethod
    def duration_sec(self) -> float:
        """Length of the video in seconds; 0 while it is unknown."""

    @property
    def layout(self) -> ExportLayout | None:
        """How its exports fill their shape where their settings don't say; None where nobody chose one."""
        return None

    @abstractmethod
    def source(self) -> Path:
        """Return the video file.

        Raises
        ------
        NotFoundError
            If there is none, or it is gone.
        """

    @abstractmethod
    def video(self) -> Video | None:
        """Return what probing found in the video, even if its file is gone; None where that was not kept."""

    @abstractmethod
    def clips(
        self, *, verdict: Verdict | None = None, without_verdict: Verdict | None = None
    ) -> tuple[StoredClip, ...]:
        """Return the clips of the mode that the store was opened for, in order of their start.

        Parameters
        ----------
        verdict, without_verdict : str, optional
            Only clips with this verdict; only those with another one.
        """

    @abstractmethod
    def clips_by_id(self, ids: Collection[str]) -> dict[str, StoredClip]:
        """Return clips of any mode by id; those that are gone or of another project are left out."""

    @abstractmethod
    def add_clips(self, clips: Sequence[Clip]) -> tuple[StoredClip, ...]:
        """Add clips in one operation and return them; where there is one of that span already, return that one."""

    @abstractmethod
    def compounds(self) -> tuple[CompoundClip, ...]:
        """Return the compound clips, oldest first."""

    @abstractmethod
    def add_compound(self, name: str, items: tuple[CompoundItem, ...], crossfade_sec: float) -> CompoundClip:
        """Add a compound clip; return it."""

    @abstractmethod
    def delete_compound(self, compound_id: str) -> None:
        """Remove a compound clip; its clips and files stay.

        Raises
        ------
        NotFoundError
            If there is none of that id.
        """

    @abstractmethod
    def find_export(self, subject: ExportSubject) -> Export | None:
        """Return the record of a whole file made of the same thing in the same way, with a note that says so.

        A file that was changed, moved or deleted since counts as missing.
        """

    @abstractmethod
    def has_export_at(self, path: Path) -> bool:
        """Whether a record names this file."""

    @abstractmethod
    def add_export(self, subject: ExportSubject, record: Export) -> Export:
        """Record what became of a file; return the record."""

    def clip(self, clip_id: str) -> StoredClip:
        """Return a clip of any mode.

        Raises
        ------
        NotFoundError
            If there is none of that id.
        """
        found = self.clips_by_id([clip_id]).get(clip_id)
        if found is None:
            raise NotFoundError(f"{self.name} has no clip {clip_id}; it is gone or of another project")
        return found

    def compound(self, compound_id: str) -> CompoundClip:
        """Return a compound clip.

        Raises
        ------
        NotFoundError
            If there is none of that id.
        """
        found = next((each for each in self.compounds() if each.id == compound_id), None)
        if found is None:
            raise NotFoundError(f"{self.name} has no compound clip {compound_id}; it is gone or of another project")
        return found

    def clips_of(self, compound: CompoundClip) -> dict[str, StoredClip]:
        """Return the clips that a compound clip uses, by id; those that are gone are left out."""
        return self.clips_by_id({item.clip_id for item in compound.items})
