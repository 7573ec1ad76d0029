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

import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from autoclip.system.processes import after_fork_in_child
from storage.catalog.unit_of_work import CurrentUnit, UnitOfWork


class Catalog(ABC):
    """Projects, sources, clips, compound clips and exports, for several processes and threads at once."""

    def __init__(self) -> None:
        self._current = CurrentUnit()
        _in_this_process.add(self)

    @property
    @abstractmethod
    def name(self) -> str:
        """Return the kind and location of the catalog, without a password."""

    @contextmanager
    def transaction(self) -> Iterator[UnitOfWork]:
        """Begin a unit that may change things: committed at the end of the block, rolled back if it raises.

        Inside another unit of this thread it becomes part of that one.

        Raises
        ------
        CatalogBusyError
            If others hold the catalog past the deadline.
        StorageError
            If the catalog can't be read or written.
        """
        inside = self._current.unit is not None
        with self._current.joined_to_write() if inside else self._begun(read_only=False) as unit:
            yield unit

    @contextmanager
    def reading(self) -> Iterator[UnitOfWork]:
        """Begin a read-only unit, concurrent with other readers, or join; raises the same errors as `transaction`."""
        if self._current.unit is not None:
            yield self._current.unit.unit
            return
        with self._begun(read_only=True) as unit:
            yield unit

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

    @abstractmethod
    def _begun(self, *, read_only: bool) -> AbstractContextManager[UnitOfWork]:
        """Begin a unit that is this thread's current one while the block runs."""

    def start_over(self) -> None:
        """Start without the resources of a parent process."""
        self._current = CurrentUnit()


_in_this_process: weakref.WeakSet[Catalog] = weakref.WeakSet()


def _start_over_after_fork() -> None:
    """Separate a forked child from its parent's resources."""
    for catalog in tuple(_in_this_process):
        catalog.start_over()


after_fork_in_child(_start_over_after_fork)
