"""The unit of work that a thread is in: a unit begun inside it is part of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from autoclip.errors import StorageError
from storage.catalog.interface import UnitOfWork


class OpenUnit(Protocol):
    """A unit that has begun, whatever database it is in."""

    unit: UnitOfWork
    read_only: bool

    def joined(self) -> AbstractContextManager[None]:
        """Run a block as part of the unit: if it fails, the whole unit does."""

    def keep(self) -> None:
        """Keep what the unit changed; raise `StorageError` if that can't be."""

    def undo(self) -> None:
        """Forget what the unit changed."""


class CurrentUnit(threading.local):
    """One catalog's unit of work in each thread, None outside of any."""

    unit: OpenUnit | None = None

    @contextmanager
    def begun(self, unit: OpenUnit) -> Iterator[None]:
        """Run a unit: kept if the block and every statement in it went well, undone otherwise."""
        self.unit = unit
        try:
            yield
            unit.keep()
        except BaseException:
            unit.undo()
            raise
        finally:
            self.unit = None

    @contextmanager
    def joined_to_write(self) -> Iterator[UnitOfWork]:
        """Be part of the unit this thread is in.

        Raises
        ------
        StorageError
            If that unit only reads.
        """
        assert self.unit is not None  # noqa: S101 - the caller has looked
        if self.unit.read_only:
            raise StorageError("a unit that only reads can't become one that writes; begin a transaction around both")
        with self.unit.joined():
            yield self.unit.unit
