"""The clips of a project in the catalog."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from typing_extensions import override

from autoclip.clips import Clip
from autoclip.errors import NotFoundError
from autoclip.media.video import Video
from autoclip.settings import SegmentationMode
from autoclip.system.files import is_file_of
from storage.catalog.interface import Catalog
from storage.catalog.memory import CatalogMemory
from storage.catalog.records import CompoundClip, CompoundItem, Export, ExportLayout, Project, StoredClip, Verdict
from storage.catalog.unit_of_work import UnitOfWork
from storage.clip_store.interface import EXISTS, SETTINGS_WITHOUT_EFFECT, ClipStore, ExportSubject
from storage.data_folder import ProjectFolder
from storage.keys import FingerprintMemory


@dataclass(frozen=True, slots=True)
class CatalogClips(ClipStore):
    """The clips of a project.

    Attributes
    ----------
    catalog : Catalog
        The catalog of the records.
    project : Project
        The project of the clips.
    folder : ProjectFolder
        The project's folder.
    mode : str or None
        The mode whose clips `clips` returns; None for all modes.
    """

    catalog: Catalog
    project: Project
    folder: ProjectFolder
    mode: SegmentationMode | None = None

    @property
    @override
    def project_id(self) -> str:
        return self.project.id

    @property
    @override
    def name(self) -> str:
        return self.project.name

    @property
    @override
    def exports_folder(self) -> Path:
        return self.project.output_folder or self.folder.exports

    @property
    @override
    def layout(self) -> ExportLayout | None:
        return self.project.layout

    @property
    @override
    def duration_sec(self) -> float:
        return self.project.duration_sec or 0.0

    @override
    def source(self) -> Path:
        if self.project.path is None:
            raise NotFoundError(f"the project {self.project.id} has no video yet; download it first")
        return self.folder.fetch(self.project.path)

    @override
    def video(self) -> Video | None:
        return self.project.video

    @property
    @override
    def fingerprint(self) -> str | None:
        return self.project.fingerprint

    @property
    @override
    def memory(self) -> FingerprintMemory:
        return CatalogMemory(self.catalog)

    @override
    def clips(
        self, *, verdict: Verdict | None = None, without_verdict: Verdict | None = None
    ) -> tuple[StoredClip, ...]:
        with self.catalog.reading() as view:
            return view.clips.page(
                self.project.id, mode=self.mode, verdict=verdict, without_verdict=without_verdict
            ).items

    @override
    def clips_by_id(self, ids: Collection[str]) -> dict[str, StoredClip]:
        with self.catalog.reading() as view:
            return self._clips(view, ids)

    def _clips(self, view: UnitOfWork, ids: Collection[str]) -> dict[str, StoredClip]:
        found = {}
        for clip_id in ids:
            with suppress(NotFoundError):
                clip = view.clips.get(clip_id)
                if clip.project_id == self.project.id:
                    found[clip_id] = clip
        return found

    @override
    def add_clips(self, clips: Sequence[Clip]) -> tuple[StoredClip, ...]:
        with self.catalog.transaction() as unit:
            spans = {each.interval: each for each in unit.clips.page(self.project.id).items}
            for clip in clips:
                if clip.interval not in spans:
                    spans[clip.interval] = unit.clips.add(StoredClip.of(clip, self.project.id))
        return tuple(spans[clip.interval] for clip in clips)

    @override
    def compounds(self) -> tuple[CompoundClip, ...]:
        with self.catalog.reading() as view:
            return view.compounds.page(self.project.id).items

    @override
    def add_compound(self, name: str, items: tuple[CompoundItem, ...], crossfade_sec: float) -> CompoundClip:
        compound = CompoundClip(project_id=self.project.id, name=name, items=items, crossfade_sec=crossfade_sec)
        with self.catalog.transaction() as unit:
            return unit.compounds.add(compound)

    @override
    def delete_compound(self, compound_id: str) -> None:
        with self.catalog.transaction() as unit:
            unit.compounds.delete(compound_id)

    @override
    def find_export(self, subject: ExportSubject) -> Export | None:
        with self.catalog.reading() as view:
            records = view.exports.page(
                self.project.id, state="completed", clip_id=subject.clip_id, compound_id=subject.compound_id
            ).items
            changed_at = self._changed_at(view, subject) if any(each.export_key is None for each in records) else None
        if not records:
            return None
        key = self._export_key(subject)

        def is_wanted(export: Export) -> bool:
            return export.export_key == key if export.export_key else _is_made_of(export, subject, changed_at)

        latest = {each.path: each for each in reversed(records)}  # a file may have been replaced by a later export
        wanted = (each for each in records if latest[each.path] is each and is_wanted(each))
        found = next(filter(self._is_there, wanted), None)
        return found and found.changed(note="; ".join(filter(None, (found.note, EXISTS))))

    def _export_key(self, subject: ExportSubject) -> str:
        return subject.export_key((self.project.id,), self.folder.root)

    def _is_there(self, export: Export) -> bool:
        """Whether a record's file exists unchanged, here or in the store."""
        path, size_bytes = export.path, export.size_bytes
        return path is not None and size_bytes is not None and is_file_of(self.folder.fetch(path), size_bytes)

    def _changed_at(self, view: UnitOfWork, subject: ExportSubject) -> datetime | None:
        """Return when the inputs of an export last changed, for records without a key; None if one no longer exists."""
        times = [self.folder.words_changed_at()] if subject.transcript is not None else []
        if subject.clip_id is not None:
            clips = self._clips(view, [subject.clip_id])
            if not clips:
                return None
        else:
            compound = view.compounds.get(subject.compound_id or "")
            clips = self._clips(view, {item.clip_id for item in compound.items})
            times.append(compound.updated_at)
        edited = self._edited(view)
        for clip in clips.values():
            # The id of any other clip depends only on its span, however often it was found again.
            by_hand = clip.created_by == "manual" or clip.trimmed or clip.renamed or clip.id in edited
            times.append(clip.updated_at if by_hand else self.project.created_at)
        return max(time for time in times if time is not None)

    def _edited(self, view: UnitOfWork) -> frozenset[str]:
        """Return the ids of clips whose span or name was ever changed; deciding about a clip changes no file."""
        changes = (change for operation in view.operations.page(self.project.id).items for change in operation.changes)
        keys = {"start", "end", "name"}
        return frozenset(each.id for each in changes if each.before and each.after and keys & each.after.keys())

    @override
    def has_export_at(self, path: Path) -> bool:
        with self.catalog.reading() as view:
            return any(export.path == path for export in view.exports.page(self.project.id).items)

    @override
    def add_export(self, subject: ExportSubject, record: Export) -> Export:
        """Add the record of a file, replacing failures of the same job for the same subject.

        The file is put where other machines can find it first.
        """
        if record.state == "completed":
            self.folder.keep()
            record = record.changed(export_key=self._export_key(subject))
        with self.catalog.transaction() as unit:
            failures = unit.exports.page(
                self.project.id,
                job_id=record.job_id,
                state="failed",
                clip_id=subject.clip_id,
                compound_id=subject.compound_id,
            ).items
            for failure in failures:
                unit.exports.delete(failure.id)
            return unit.exports.add(record)


def _is_made_of(export: Export, subject: ExportSubject, changed_at: datetime | None) -> bool:
    """Whether a record without a key was made from what has not changed since, with the same settings and name."""
    path = export.path
    return (
        path is not None
        and changed_at is not None
        and export.created_at >= changed_at
        and path.parent == subject.target.parent
        and _without_counter(path.name) == subject.target.name
        and {k: v for k, v in export.settings.items() if k not in SETTINGS_WITHOUT_EFFECT} == subject.effective_settings
    )


def _without_counter(name: str) -> str:
    """Return a name without the counter, such as " (2)", that distinguishes it from another file."""
    return re.sub(r" \(\d+\)(?=\.[^.]*$|$)", "", name)
