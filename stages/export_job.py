"""What an export of a project works with, and the account it keeps of every file in the catalog."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
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
from stages.finished_files import EXISTS, UNSEEN_SETTINGS
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
    """

    catalog: Catalog
    project: Project
    folder: Path
    settings: ExportSettings
    job_id: str
    ffmpeg: Path | None = None
    roots: tuple[Path, ...] = ()

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

    def begun(
        self,
        unit: Unit,
        target: Path,
        before: Export | None,
        *,
        clip_id: str | None = None,
        compound_id: str | None = None,
        changed_at: datetime | None = None,
    ) -> Export:
        """Return the record of a file that is to be made: that of an earlier attempt of this job, or a new one.

        A file that an earlier attempt has made is not made again: its record is returned as it is, completed. Nor is
        one that another job has made of the same thing under the same name with the same settings, unless they say
        ``overwrite``: its record is returned with a note that it exists.

        Parameters
        ----------
        unit : Unit
            The transaction to keep it in.
        target : Path
            The name the file should have.
        before : Export or None
            What this very job noted about it before it was interrupted.
        clip_id, compound_id : str or None
            What is rendered: one of the two.
        changed_at : datetime, optional
            When what is rendered was last changed; files made before are no longer of it.
        """
        if before is not None and before.state == "completed" and before.path is not None and before.path.exists():
            return before
        if before is not None:
            return unit.exports.save(before.changed(state="running", error=None, name=target.name, path=target))
        made = None if self.settings.overwrite else self._made_before(unit, target, clip_id or compound_id, changed_at)
        if made is not None:
            return made
        return unit.exports.add(
            Export(
                project_id=self.project.id,
                clip_id=clip_id,
                compound_id=compound_id,
                name=target.name,
                state="running",
                path=target,
                settings=self.settings.model_dump(mode="json"),
                job_id=self.job_id,
            )
        )

    def _made_before(self, unit: Unit, target: Path, wanted: str | None, changed_at: datetime | None) -> Export | None:
        """Return the record of the same export by another job, if its file is there as it was made."""
        settings = self.settings.model_dump(mode="json", exclude=set(UNSEEN_SETTINGS))
        for export in unit.exports.page(self.project.id, state="completed").items:
            if wanted not in {export.clip_id, export.compound_id} or export.path is None:
                continue
            same = {name: value for name, value in export.settings.items() if name not in UNSEEN_SETTINGS} == settings
            is_current = changed_at is None or export.created_at >= changed_at
            # A name that was taken got a counter.
            named = export.path.parent == target.parent and export.path.stem.startswith(target.stem)
            if same and is_current and named and _is_as_made(export):
                return export.changed(note="; ".join(filter(None, (export.note, EXISTS))))
        return None

    def save(self, record: Export) -> Export:
        """Store a changed record."""
        with self.catalog.transaction() as unit:
            return unit.exports.save(record)

    def give_up(self, records: Iterable[Export]) -> None:
        """Note that files were not made because the work was stopped."""
        with self.catalog.transaction() as unit:
            for record in records:
                unit.exports.save(record.changed(state="cancelled", error="stopped before it was finished"))


def _is_as_made(export: Export) -> bool:
    """Whether the file of an export is there, at the size it had."""
    return export.path is not None and export.path.is_file() and export.path.stat().st_size == export.size_bytes


def completed(record: Export, result: ExportResult, folder: OpenedFolder) -> Export:
    """Return the record of a file that was made in an opened folder."""
    return record.changed(
        state="completed",
        name=result.path.name,
        path=folder.named(result.path),
        command=tuple(map(folder.told, one_command(result.commands))),
        note="; ".join(result.notes),
        size_bytes=result.size_bytes,
        duration_sec=result.actual.duration,
        error=None,
    )


def failed(record: Export, error: AutoclipError, folder: OpenedFolder | None = None) -> Export:
    """Return the record of a file that could not be made, in an opened folder if in any, with the reason."""
    reason = str(error) if folder is None else folder.told(str(error))
    return record.changed(state="failed", error=reason, path=None)


def one_command(commands: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Write several commands as a shell would run them one after the other."""
    return tuple(itertools.chain.from_iterable((("&&",) if number else ()) + c for number, c in enumerate(commands)))
