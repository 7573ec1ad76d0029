"""What a catalog is to those who use it, whatever database lies beneath.

::

    with catalog.reading() as view:
        page = view.projects.page(limit=20)
    with catalog.transaction() as unit:
        clip = unit.clips.get(clip_id, revision=3)
        unit.clips.save(clip.changed(name="Goal"))

A unit sees one state of each project, and all of its changes are kept or none. Other writers wait meanwhile: do nothing
slow inside. Readers wait for nobody. A unit begun inside another on the same thread is part of it.
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
        """Make the repositories of a unit; what they change of clips goes into one log. `home` says where files are."""
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
        """What and where it is, without a password."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[UnitOfWork]:
        """Begin a unit that may change things; kept when the block ends well, undone when it raises.

        Raises
        ------
        CatalogBusyError
            If others hold the catalog past the deadline.
        StorageError
            If the catalog can't be read or written.
        """

    @abstractmethod
    def reading(self) -> AbstractContextManager[UnitOfWork]:
        """Begin a unit that only reads, together with other readers; raises as `transaction` does."""

    def sole_writer(self, project_id: str, while_waiting: Callable[[], None]) -> AbstractContextManager[None]:  # noqa: ARG002
        """Hold the right to write a project's files, among all machines that share the catalog.

        A catalog that belongs to one machine leaves that to the lock in its data folder.

        Parameters
        ----------
        project_id : str
            The project.
        while_waiting : callable
            Called again and again as long as another machine holds it; may raise to give up.

        Raises
        ------
        StorageError
            If the catalog can't be reached.
        """
        return nullcontext()

    @abstractmethod
    def backup(self, target: Path) -> None:
        """Write the whole catalog, as it is at one moment, to one file; an older copy there is replaced.

        Raises
        ------
        CatalogBusyError, StorageError
            As `transaction`.
        """

    @abstractmethod
    def files(self) -> AbstractContextManager[tuple[Path, ...]]:
        """Give DuckDB files that together hold all projects as they are at one moment, to be read while the block runs.

        Raises
        ------
        CatalogBusyError, StorageError
            As `transaction`.
        """

    @abstractmethod
    def restore(self, source: Path) -> None:
        """Put what a backup holds in place of the whole catalog; others see all of it at once.

        Raises
        ------
        CatalogBusyError, StorageError
            As `transaction`; the catalog is then as it was.
        """
