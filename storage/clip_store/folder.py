"""The clips of an analysis folder, which needs no catalog."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError
from typing_extensions import override

from autoclip.clips import Clip, ClipsFile
from autoclip.errors import NotFoundError, StorageError
from autoclip.media.video import Video
from autoclip.settings import SegmentationMode
from storage.analysis_folder import AnalysisFolder
from storage.catalog.records import CompoundClip, CompoundItem, Export, StoredClip, Verdict
from storage.clip_store.compounds_file import CompoundsFile
from storage.clip_store.export_receipts import ExportReceipts
from storage.clip_store.interface import ClipStore, ExportSubject
from storage.keys import FingerprintMemory
from storage.source_memory import SourceMemory


@dataclass(frozen=True, slots=True)
class FolderClips(ClipStore):
    """The clips of an analysis folder.

    Compound clips are in its ``compounds.json``, rendered files in its ``exports.json``; failures are not recorded.

    Attributes
    ----------
    folder : AnalysisFolder
        The folder.
    mode : str or None
        The mode whose clips `clips` returns; None for the mode of the last analysis.
    """

    folder: AnalysisFolder
    mode: SegmentationMode | None = None

    @property
    @override
    def project_id(self) -> str:
        return hashlib.blake2s(str(self.folder.root.absolute()).encode(), digest_size=8).hexdigest()

    @property
    @override
    def name(self) -> str:
        return self._video().path.stem

    @property
    @override
    def exports_folder(self) -> Path:
        return self.folder.root / "exports"

    @property
    @override
    def duration_sec(self) -> float:
        return self._video().duration_sec

    @override
    def source(self) -> Path:
        video = self._video()
        return self.folder.find_source(video.path, video.size_bytes)

    @override
    def video(self) -> Video | None:
        if "timecode" not in self.folder.read_clips(self.mode).video:
            return None  # probed by a version that did not detect it
        video = self._video()
        with suppress(NotFoundError):
            return video.model_copy(update={"path": self.source()})
        return video if video.path.is_absolute() else None

    @property
    @override
    def fingerprint(self) -> str | None:
        origin = self.folder.features_origin()
        return None if origin is None else origin.fingerprint

    @property
    @override
    def memory(self) -> FingerprintMemory:
        return SourceMemory(self.folder.root)

    def _video(self) -> Video:
        return Video.model_validate(self.folder.read_clips(self.mode).video)

    @override
    def clips(
        self, *, verdict: Verdict | None = None, without_verdict: Verdict | None = None
    ) -> tuple[StoredClip, ...]:
        found = self._stored(self.folder.read_clips(self.mode))
        return tuple(clip for clip in found if verdict in {None, clip.verdict} and clip.verdict != without_verdict)

    @override
    def clips_by_id(self, ids: Collection[str]) -> dict[str, StoredClip]:
        clips = (clip for mode in self.folder.modes() for clip in self._stored(self.folder.read_clips(mode)))
        return {clip.id: clip for clip in clips if clip.id in ids}

    def _stored(self, clips_file: ClipsFile) -> tuple[StoredClip, ...]:
        """Return the clips of a file as records, created when the file was written."""
        path = self.folder.clips_path(clips_file.mode)
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        times = {"created_at": written, "updated_at": written}
        try:
            return tuple(StoredClip.of(clip, self.project_id).model_copy(update=times) for clip in clips_file.clips)
        except ValidationError as error:
            raise StorageError(f"{path}: is not a clips file; remove it and analyze the video again") from error

    @override
    def add_clips(self, clips: Sequence[Clip]) -> tuple[StoredClip, ...]:
        clips_file = self.folder.read_clips(self.mode)
        known = {clip.interval: clip for clip in clips_file.clips}
        added = {clip.interval: clip for clip in clips if clip.interval not in known}
        if added:
            merged = sorted((*clips_file.clips, *added.values()), key=lambda each: each.start)
            self.folder.write_clips(clips_file.model_copy(update={"clips": tuple(merged)}))
        return tuple(StoredClip.of((known | added)[clip.interval], self.project_id) for clip in clips)

    @override
    def compounds(self) -> tuple[CompoundClip, ...]:
        return CompoundsFile(self.folder.root).read(self.project_id)

    @override
    def add_compound(self, name: str, items: tuple[CompoundItem, ...], crossfade_sec: float) -> CompoundClip:
        compound = CompoundClip(project_id=self.project_id, name=name, items=items, crossfade_sec=crossfade_sec)
        CompoundsFile(self.folder.root).write((*self.compounds(), compound))
        return compound

    @override
    def delete_compound(self, compound_id: str) -> None:
        gone = self.compound(compound_id)
        CompoundsFile(self.folder.root).write([each for each in self.compounds() if each.id != gone.id])

    @override
    def find_export(self, subject: ExportSubject) -> Export | None:
        return ExportReceipts(self.folder.root).find(subject, self.project_id)

    @override
    def has_export_at(self, path: Path) -> bool:
        return path.absolute() in ExportReceipts(self.folder.root).paths()

    @override
    def add_export(self, subject: ExportSubject, record: Export) -> Export:
        """Record a rendered file; a failure is returned but not stored."""
        if record.state == "completed":
            ExportReceipts(self.folder.root).add(subject, record)
        return record
