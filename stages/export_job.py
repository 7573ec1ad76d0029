"""What an export of a project works with, and the account it keeps of every file in the catalog."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from autoclip.confinement import OpenedFolder, folder_beneath
from autoclip.errors import AutoclipError, ExportError, NotFoundError, ParameterError
from autoclip.export.cuts.cut_spec import ExportResult
from autoclip.media.probe import probe
from autoclip.media.video import Video
from autoclip.settings import ExportSettings
from autoclip.speech.transcript import Transcript
from stages.finished_files import EXISTS, UNSEEN_SETTINGS
from stages.spoken_words import needs_words, transcript_for_export, words_changed_at
from storage.analysis_folder import AnalysisFolder
from storage.catalog import Catalog, Export, Project, Unit


@dataclass(frozen=True, slots=True)
class ExportJob:
    """A job that renders files of one project.

    Attributes
    ----------
    catalog : Catalog
        Where clips and records are.
    project : Project
        Whose clips they are; its file is rendered from.
    folder : Path
        Where the files go, unless the project has an output folder of its own.
    settings : ExportSettings
        How to render and how to name.
    job_id : str
        Whose work it is: the flow run's id, or a name of the command's own.
    ffmpeg : Path or None
        The ffmpeg to render with; the one installed along when None.
    roots : tuple of Path
        Folders below which the project's own output folder must lie; none where the owner of this machine named it.
    analysis : AnalysisFolder or None
        Where it stands what is said in the video, for captions and for taking silence out.
    attempts_since : datetime or None
        When the first attempt of this run began, if this is another one.
    """

    catalog: Catalog
    project: Project
    folder: Path
    settings: ExportSettings
    job_id: str
    ffmpeg: Path | None = None
    roots: tuple[Path, ...] = ()
    attempts_since: datetime | None = None
    analysis: AnalysisFolder | None = None

    def transcript(self) -> Transcript | None:
        """Return what is said, if the settings need it and it is known; raises as `transcript_for_export`."""
        return None if self.analysis is None else transcript_for_export(self.analysis, self.settings)

    def latest_change(self, changed_at: datetime) -> datetime:
        """Return when a file's subject was last changed: itself, or what is said in it where the settings need that."""
        words = words_changed_at(self.analysis) if self.analysis is not None and needs_words(self.settings) else None
        return changed_at if words is None else max(changed_at, words)

    @property
    def target(self) -> Path:
        """The folder the files go to."""
        return self.project.output_folder or self.folder

    @contextmanager
    def open_target(self) -> Iterator[OpenedFolder]:
        """Open the folder the files go to, made when missing; what is written through it lands there and nowhere else.

        Raises
        ------
        ParameterError
            If it leads out of its root, or through a link.
        ExportError
            If it can't be made or opened.
        """
        root = self._root()
        known = self.target.exists()
        try:
            if root == self.target:
                root.mkdir(parents=True, exist_ok=True)
            with folder_beneath(root, self.target, make=True) as folder:
                yield folder
        except OSError as error:
            raise ExportError(f"{self.target} can't be used: {error.strerror}; choose another output folder") from error
        finally:
            if not known:
                with suppress(OSError):  # it stays if anything is in it
                    self.target.rmdir()

    def _root(self) -> Path:
        """Return the folder that the target must not lead out of."""
        if self.project.output_folder is None or not self.roots:
            return self.target
        places = [place for root in self.roots for place in (root, root.resolve())]
        found = next((place for place in places if self.target.is_relative_to(place)), None)
        if found is None:
            raise ParameterError(
                f"{self.target}: is not below a folder that is open to exports any more; choose another output folder"
            )
        return found

    def probed(self) -> Video:
        """Probe the project's file.

        Raises
        ------
        NotFoundError
            If the project has none.
        MediaError
            If it can't be read any more.
        """
        if self.project.path is None:
            raise NotFoundError(f"the project {self.project.id} has no video yet; download it first")
        return probe(self.project.path)

    def made_before(self, view: Unit, subject: ExportSubject) -> Export | None:
        """Return the record of a file that is there already, made of the same thing in the same way; None if none is.

        Whichever job made it: the same export again is the same file. The record is returned with a note that says so.
        """
        if self.settings.overwrite:
            return None
        exports = view.exports.page(self.project.id, state="completed").items
        found = next((export for export in exports if self._is_same(export, subject)), None)
        return found and found.changed(note="; ".join(filter(None, (found.note, EXISTS))))

    def _is_same(self, export: Export, subject: ExportSubject) -> bool:
        return (
            (export.clip_id, export.compound_id) == (subject.clip_id, subject.compound_id)
            and export.created_at >= subject.changed_at
            and _look(export.settings) == _look(self.settings.model_dump(mode="json"))
            and export.path is not None
            and export.path.parent == self.target
            and _without_counter(export.path.name) == subject.target.name
            and _is_whole(export)
        )

    def left_by_killed_attempt(self, view: Unit, subject: ExportSubject) -> Export | None:
        """Note a file that an earlier attempt of this run gave its name, and was killed before it could note it.

        A file gets its name only once it has passed its check. One that the catalog knows, or that was there before
        this run began, is somebody else's.
        """
        since, path = self.attempts_since, subject.target
        if since is None or not path.exists() or path.stat().st_mtime < since.timestamp():
            return None
        if any(export.path == path for export in view.exports.page(self.project.id).items):
            return None
        video = probe(path)
        return self._record(subject).changed(
            state="completed",
            path=path,
            size_bytes=path.stat().st_size,
            duration_sec=video.duration_sec,
            note="made by an attempt of this job that was killed right after",
        )

    def completed(self, subject: ExportSubject, result: ExportResult, folder: OpenedFolder) -> Export:
        """Note a file that was made and checked in an opened folder; return its record."""
        return self._kept(
            self._record(subject).changed(
                state="completed",
                name=result.path.name,
                path=folder.named(result.path),
                command=tuple(map(folder.told, one_command(result.commands))),
                note="; ".join(result.notes),
                size_bytes=result.size_bytes,
                duration_sec=result.actual.duration,
            )
        )

    def failed(self, subject: ExportSubject, error: AutoclipError, folder: OpenedFolder | None = None) -> Export:
        """Note why a file could not be made; return its record."""
        reason = str(error) if folder is None else folder.told(str(error))
        return self._kept(self._record(subject).changed(state="failed", error=reason))

    def _record(self, subject: ExportSubject) -> Export:
        return Export(
            project_id=self.project.id,
            clip_id=subject.clip_id,
            compound_id=subject.compound_id,
            name=subject.target.name,
            settings=self.settings.model_dump(mode="json"),
            job_id=self.job_id,
        )

    def _kept(self, record: Export) -> Export:
        """Store what became of a file; what an earlier attempt of the same job failed at is not told any more."""
        with self.catalog.transaction() as unit:
            return self.keep(unit, record)

    def keep(self, unit: Unit, record: Export) -> Export:
        """Store a record within a transaction, in place of a failure of the same job at the same thing."""
        for before in unit.exports.page(self.project.id, job_id=self.job_id, state="failed").items:
            if (before.clip_id, before.compound_id) == (record.clip_id, record.compound_id):
                unit.exports.delete(before.id)
        return unit.exports.add(record)


@dataclass(frozen=True, slots=True)
class ExportSubject:
    """What a file is made of, and the name it should have.

    Attributes
    ----------
    target : Path
        Where it should go.
    changed_at : datetime
        When what it is made of last changed.
    clip_id, compound_id : str or None
        The clip or compound clip; one of the two.
    """

    target: Path
    changed_at: datetime
    clip_id: str | None = None
    compound_id: str | None = None


def _look(settings: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in settings.items() if name not in UNSEEN_SETTINGS}


def _without_counter(name: str) -> str:
    """Return a name as it was before a counter, such as " (2)", kept it apart from another file."""
    return re.sub(r" \(\d+\)(?=\.[^.]*$|$)", "", name)


def _is_whole(export: Export) -> bool:
    return export.path is not None and export.path.is_file() and export.path.stat().st_size == export.size_bytes


def one_command(commands: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Write several commands as a shell would run them one after the other."""
    return tuple(itertools.chain.from_iterable((("&&",) if number else ()) + c for number, c in enumerate(commands)))
