"""The current unit of work of a thread: a unit that begins inside it is part of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from autoclip.errors import StorageError
from storage.catalog.interface import UnitOfWork


class OpenUnit(Protocol):
    """A unit that has begun, in any database."""

    unit: UnitOfWork
    read_only: bool

    def joined(self) -> AbstractContextManager[None]:
        """Run a block as part of the unit; if it fails, the whole unit fails."""

    def keep(self) -> None:
        """Commit the unit's changes; raise `StorageError` if that fails."""

    def undo(self) -> None:
        """Roll back the unit's changes."""


class CurrentUnit(threading.local):
    """One catalog's unit of work in each thread; None outside a unit."""

    unit: OpenUnit | None = None

    @contextmanager
    def begun(self, unit: OpenUnit) -> Iterator[None]:
        """Run a unit: committed if the block and every statement in it succeeded, otherwise rolled back."""
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
