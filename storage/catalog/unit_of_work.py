"""Units of work: the repositories of a catalog in one transaction, and the unit that each thread is in."""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from autoclip.errors import StorageError
from storage.catalog.analyses import Analyses
from storage.catalog.change_log import ChangeLog
from storage.catalog.clips import Clips
from storage.catalog.compounds import Compounds
from storage.catalog.exports import Exports
from storage.catalog.home import Home
from storage.catalog.operations import Operations
from storage.catalog.projects import Projects
from storage.catalog.statements import Statements, require_project
from storage.catalog.tables import ProjectIndex, Tables
from storage.keys import FingerprintMemory


@dataclass(frozen=True, slots=True)
class UnitOfWork:
    """One unit of work: the repositories of the catalog, all in the same transaction."""

    projects: Projects
    analyses: Analyses
    clips: Clips
    compounds: Compounds
    exports: Exports
    fingerprints: FingerprintMemory
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
            tables.index,
            Operations(tables, log, {"clip": clips, "compound": compounds, "analysis": analyses}),
        )


class OpenUnit(ABC):
    """A unit that has begun, in any database. Only the process that began it may use it.

    Parameters
    ----------
    read_only : bool
        Whether changes are forbidden.
    """

    unit: UnitOfWork
    index: ProjectIndex

    def __init__(self, *, read_only: bool) -> None:
        self.read_only = read_only
        self._process, self._failed = os.getpid(), False

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Run a block as part of this unit; if it fails, the whole unit fails."""
        try:
            yield
        except BaseException:
            self._failed = True
            raise

    def keep(self) -> None:
        """Commit the changes; raise `StorageError` if that fails, or if a part of the unit has failed."""
        self._require_own_process()
        if not self.read_only:
            if self._failed:
                raise StorageError("nothing of this unit of work was kept, because a part of it failed before")
            self.unit.operations.flush()
        self._commit()

    def undo(self) -> None:
        """Roll back all changes, except in a forked child, which must not touch its parent's unit."""
        if os.getpid() == self._process:
            self._roll_back()

    @abstractmethod
    def of_project(self, project_id: str) -> Statements:
        """Return the tables of a project; see `Tables`."""

    def existing(self, project_id: str) -> Statements:
        """Return the tables of a project that exists; see `Tables`."""
        statements = self.of_project(project_id)
        require_project(statements, project_id)
        return statements

    def holding(self, identity: str) -> Statements:
        """Return the tables of the project that contains a record; see `Tables`."""
        return self.of_project(self.index.owners([identity]).get(identity, ""))

    @abstractmethod
    def _commit(self) -> None: ...

    @abstractmethod
    def _roll_back(self) -> None: ...

    def _require_own_process(self) -> None:
        if os.getpid() != self._process:
            raise StorageError("this unit of work belongs to the parent process; begin one of your own")


class CurrentUnit(threading.local):
    """One catalog's unit of work in each thread; None outside a unit."""

    unit: OpenUnit | None = None

    @contextmanager
    def begun(self, unit: OpenUnit) -> Iterator[UnitOfWork]:
        """Run a unit: committed if the block and every statement in it succeeded, otherwise rolled back."""
        self.unit = unit
        try:
            yield unit.unit
            unit.keep()
        except BaseException:
            unit.undo()
            raise
        finally:
            self.unit = None

    @contextmanager
    def joined_to_write(self) -> Iterator[UnitOfWork]:
        """Join the unit that this thread is in.

        Raises
        ------
        StorageError
            If that unit is read-only.
        """
        assert self.unit is not None  # noqa: S101 - the caller has looked
        if self.unit.read_only:
            raise StorageError("a unit that only reads can't become one that writes; begin a transaction around both")
        with self.unit.joined():
            yield self.unit.unit
