"""The context of an export, and the record it keeps of each file."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from autoclip.confinement import OpenedFolder, folder_beneath
from autoclip.errors import AutoclipError, ExportError, MediaError, ParameterError
from autoclip.export.cuts.cut_spec import ExportResult
from autoclip.export.mounts import require_mounted
from autoclip.export.tightened import tightens
from autoclip.media.probe import probe
from autoclip.settings import ExportSettings
from autoclip.speech.transcript import Transcript
from autoclip.system.files import facts_of
from stages.tighten_clips import words_or_sound
from storage.catalog import Export, ExportLayout
from storage.clip_store import ClipStore, ExportSubject


@dataclass(frozen=True, slots=True)
class ExportJob:
    """A job that renders files of one video.

    Attributes
    ----------
    store : ClipStore
        The store of clips and records.
    target : Path
        Output folder.
    settings : ExportSettings
        Render settings and name template.
    job_id : str
        The job: the flow run's id, or a name that the command chooses.
    ffmpeg : Path or None
        The ffmpeg to render with; None uses the installed one.
    roots : tuple of Path
        Folders below which `target` must lie; empty if the owner of this machine chose it.
    attempts_since : datetime or None
        Start of the run's first attempt, if this is a later one.
    """

    store: ClipStore
    target: Path
    settings: ExportSettings
    job_id: str
    ffmpeg: Path | None = None
    roots: tuple[Path, ...] = ()
    attempts_since: datetime | None = None

    def transcript(self) -> Transcript | None:
        """Return the transcript if the settings need it; raises the same errors as `words_or_sound`."""
        if self.settings.captions == "off" and not tightens(self.settings):
            return None
        return words_or_sound(self.store.folder, self.settings)

    @contextmanager
    def open_target(self) -> Iterator[OpenedFolder]:
        """Open the output folder, creating it if missing. Files written through it can't end up anywhere else.

        Raises
        ------
        ParameterError
            If its path leads out of its root, or through a link.
        ExportError
            If it can't be created or opened.
        """
        root = self._root()
        known = self.target.exists()
        try:
            require_mounted(self.target)
            if root == self.target:
                root.mkdir(parents=True, exist_ok=True)
            with folder_beneath(root, self.target, make=True) as folder:
                yield folder
        except OSError as error:
            raise ExportError(f"{self.target} can't be used: {error.strerror}; choose another output folder") from error
        finally:
            if not known:
                with suppress(OSError):  # it stays if it is not empty
                    self.target.rmdir()

    def _root(self) -> Path:
        """Return the folder that the target must not leave."""
        if not self.roots:
            return self.target
        places = [place for root in self.roots for place in (root, root.resolve())]
        found = next((place for place in places if self.target.is_relative_to(place)), None)
        if found is None:
            raise ParameterError(
                f"{self.target}: is no longer below a folder that is open to exports; choose another output folder"
            )
        return found

    def find(self, subject: ExportSubject) -> Export | None:
        """Return the record of an identical export that exists, whichever job made it."""
        if not self.settings.overwrite and (found := self.store.find_export(subject)):
            return found
        left = self._left_by_killed_attempt(subject)
        return None if left is None else self.store.add_export(subject, left)

    def _left_by_killed_attempt(self, subject: ExportSubject) -> Export | None:
        """Describe a file that an earlier attempt of this run finished, but did not record because it was killed.

        A file gets its name only after it has passed its check. A file that a record names, that existed before this
        run began, or that can't be read belongs to somebody else.
        """
        since, path = self.attempts_since, subject.target
        facts = facts_of(path)
        if since is None or facts is None or facts.st_mtime < since.timestamp():
            return None
        if self.store.has_export_at(path):
            return None
        with suppress(MediaError):
            return self._record(subject).changed(
                state="completed",
                path=path,
                size_bytes=facts.st_size,
                duration_sec=probe(path).duration_sec,
                note="made by an attempt of this job that was killed right after",
            )
        return None

    def completed(self, subject: ExportSubject, result: ExportResult, folder: OpenedFolder) -> Export:
        """Record a file that was rendered and checked in an opened folder; return its record."""
        record = self._record(subject).changed(
            state="completed",
            name=result.path.name,
            path=folder.named(result.path),
            command=tuple(map(folder.with_opened_name, one_command(result.commands))),
            note="; ".join(result.notes),
            size_bytes=result.size_bytes,
            duration_sec=result.actual.duration,
        )
        return self.store.add_export(subject, record)

    def failed(self, subject: ExportSubject, error: AutoclipError, folder: OpenedFolder) -> Export:
        """Record why a file could not be rendered; return its record."""
        record = self._record(subject).changed(state="failed", error=folder.with_opened_name(str(error)))
        return self.store.add_export(subject, record)

    def _record(self, subject: ExportSubject) -> Export:
        return Export(
            project_id=self.store.project_id,
            clip_id=subject.clip_id,
            compound_id=subject.compound_id,
            name=subject.target.name,
            settings=self.settings.model_dump(mode="json"),
            job_id=self.job_id,
        )


def with_layout(settings: ExportSettings, layout: ExportLayout | None, given: Collection[str]) -> ExportSettings:
    """Return settings with the project's layout if they set a shape but not how it is filled.

    Parameters
    ----------
    settings : ExportSettings
        The settings of an export.
    layout : ExportLayout or None
        The layout of the project.
    given : collection of str
        Names of the settings that were given explicitly; the others are defaults.
    """
    if layout is None or (settings.shape == "original" and settings.platform == "none"):
        return settings
    open_fields = {name: value for name, value in layout if name not in given}
    return settings.model_copy(update=open_fields)


def one_command(commands: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Join several commands as a shell would run them one after the other."""
    return tuple(itertools.chain.from_iterable((("&&",) if number else ()) + c for number, c in enumerate(commands)))
