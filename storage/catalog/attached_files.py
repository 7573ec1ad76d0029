"""Files attached for reading until they change."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autoclip.system.files import REPLACES_OPEN_FILES
from storage.catalog.duckdb_session import Access, DuckDBSession
from storage.catalog.layout import stamp_of
from storage.catalog.statements import Row
from storage.migrations import is_current, known_migrations

MAX_ATTACHED = 16
"""Maximum number of attached files; each takes some memory and a descriptor."""


@dataclass(frozen=True, slots=True)
class _Attached:
    alias: str
    stamp: str
    current: bool


class AttachedFiles:
    """A DuckDB that reads several files; for one thread at a time.

    A file with a final name never changes; it is only replaced. It therefore stays attached from unit to unit, and
    within a unit the version seen first is used until the end.
    """

    def __init__(self) -> None:
        self._session = DuckDBSession()
        self._files: OrderedDict[Path, _Attached] = OrderedDict()
        self._pinned: set[Path] = set()
        self._numbers = itertools.count()

    def begin(self) -> None:
        """Begin a unit: check for changed files again."""
        self._pinned.clear()

    def end(self) -> None:
        """End a unit: on systems that can't replace open files, release all of them."""
        if not REPLACES_OPEN_FILES:
            for path in tuple(self._files):
                self._close(path)

    def open(self, path: Path, deadline: float) -> bool | None:
        """Attach a file if needed; return whether its tables are of this version, or None if it does not exist."""
        if path not in self._pinned:
            stamp = stamp_of(path)
            known = self._files.get(path)
            if known is not None and (known.stamp != stamp or not self._session.holds(known.alias)):
                self._close(path)
            if stamp is None:
                return None
            if path not in self._files:
                self._attach(path, stamp, deadline)
            self._pinned.add(path)
        self._files.move_to_end(path)
        return self._files[path].current

    def is_open(self, path: Path) -> bool:
        """Whether the current version of a file is attached, with tables of this version."""
        known = self._files.get(path)
        return known is not None and known.current and (path in self._pinned or known.stamp == stamp_of(path))

    def rows(self, path: Path, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run one statement on an attached file."""
        self._session.use(self._files[path].alias)
        return self._session.execute(sql, parameters)

    def types(self, path: Path, table: str) -> dict[str, str]:
        """Return the columns of a table with their types."""
        self._session.use(self._files[path].alias)
        return self._session.types(table)

    def forget(self, path: Path) -> None:
        """Release a file that is about to change."""
        if path in self._files:
            self._close(path)

    def abandon_after_fork(self) -> None:
        """Start over in a forked child."""
        self._session.abandon_after_fork()
        self._files.clear()
        self._pinned.clear()

    def _attach(self, path: Path, stamp: str, deadline: float) -> None:
        surplus = max(0, len(self._files) - MAX_ATTACHED + 1)
        for other in [other for other in self._files if other not in self._pinned][:surplus]:
            self._close(other)
        alias = f"file{next(self._numbers)}"
        self._session.attach(path, alias, Access.READ, deadline)
        self._session.use(alias)
        current = is_current(self._session.execute, known_migrations())
        self._files[path] = _Attached(alias, stamp, current)

    def _close(self, path: Path) -> None:
        self._session.detach(self._files.pop(path).alias)
        self._pinned.discard(path)
