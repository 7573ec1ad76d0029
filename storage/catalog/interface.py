"""The interface of a catalog, for any database.

::

    with catalog.reading() as view:
        page = view.projects.page(limit=20)
    with catalog.transaction() as unit:
        clip = unit.clips.get(clip_id, revision=3)
        unit.clips.save(clip.changed(name="Goal"))

A unit sees one state of each project, and all of its changes are committed or none. Other writers wait meanwhile, so do
nothing slow inside. Readers never wait. A unit that begins inside another one on the same thread is part of it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from storage.catalog.analyses import Analyses
from storage.catalog.change_log import ChangeLog
from storage.catalog.clips import Clips
from storage.catalog.compounds import Compounds
from storage.catalog.exports import Exports
from storage.catalog.fingerprints import Fingerprints
from storage.catalog.home import Home
from storage.catalog.operations import Operations
from storage.catalog.projects import Projects
from storage.catalog.tables import Tables


@dataclass(frozen=True, slots=True)
class UnitOfWork:
    """One unit of work: the repositories of the catalog, all in the same transaction."""

    projects: Projects
    analyses: Analyses
    clips: Clips
    compounds: Compounds
    exports: Exports
    fingerprints: Fingerprints
    operations: Operations

    @classmethod
    def over(cls, tables: Tables, home: Home = Home()) -> UnitOfWork:  # noqa: B008 - frozen
        """Create the repositories of a unit. Their changes to clips share one log; `home` locates files."""
        log = ChangeLog()
        analyses, clips, compounds = Analyses(tables, log), Clips(tables, log), Compounds(tables, log)
        return cls(
            Projects(tables, home),
            analyses,
            clips,
            compounds,
            Exports(tables, home),
            Fingerprints(tables.index),
            Operations(tables, log, {"clip": clips, "compound": compounds, "analysis": analyses}),
        )


class Catalog(ABC):
    """Projects, sources, clips, compound clips and exports, for several processes and threads at once."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Return the kind and location of the catalog, without a password."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[UnitOfWork]:
        """Begin a unit that may change things: committed at the end of the block, rolled back if it raises.

        Raises
        ------
        CatalogBusyError
            If others hold the catalog past the deadline.
        StorageError
            If the catalog can't be read or written.
        """

    @abstractmethod
    def reading(self) -> AbstractContextManager[UnitOfWork]:
        """Begin a read-only unit, concurrent with other readers; raises the same errors as `transaction`."""

    def sole_writer(self, project_id: str, while_waiting: Callable[[], None]) -> AbstractContextManager[None]:  # noqa: ARG002
        """Hold the lock for writing a project's files, among all machines that share the catalog.

        A catalog of a single machine relies on the lock in its data folder instead.

        Parameters
        ----------
        project_id : str
            The project.
        while_waiting : callable
            Called repeatedly while another machine holds the lock; may raise to give up.

        Raises
        ------
        StorageError
            If the catalog can't be reached.
        """
        return nullcontext()

    @abstractmethod
    def backup(self, target: Path) -> None:
        """Write a consistent copy of the whole catalog to one file, replacing an older copy.

        Raises
        ------
        CatalogBusyError, StorageError
            As in `transaction`.
        """

    @abstractmethod
    def files(self) -> AbstractContextManager[tuple[Path, ...]]:
        """Yield DuckDB files that together contain a consistent state of all projects, readable while the block runs.

        Raises
        ------
        CatalogBusyError, StorageError
            As in `transaction`.
        """

    @abstractmethod
    def restore(self, source: Path) -> None:
        """Replace the whole catalog with the content of a backup, atomically for others.

        Raises
        ------
        CatalogBusyError, StorageError
            As in `transaction`; the catalog is then unchanged.
        """
