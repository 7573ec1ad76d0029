"""Waiting for a program that has a file of the catalog open and doesn't know our lock, such as DuckDB's own shell."""

from __future__ import annotations

import logging
import re
import time
from pathlib import Path

from autoclip.errors import CatalogBusyError

logger = logging.getLogger(__name__)

POLL_SEC = 0.05
"""Pause between attempts to open the file."""

NOTICE_SEC = 2.0
"""After so long a person is told what is waited for."""

_HOLDER = re.compile(r"held in (?P<program>[^\s(]+)? ?\(PID (?P<process>\d+)\)")


class ForeignWait:
    """One wait.

    Parameters
    ----------
    path : Path
        The file.
    deadline : float
        When to give up, on ``time.monotonic``'s clock.
    """

    def __init__(self, path: Path, deadline: float) -> None:
        self._path, self._deadline = path, deadline
        self._notice_at = time.monotonic() + NOTICE_SEC

    def again(self, error: CatalogBusyError) -> None:
        """Pause before the next attempt; raise `error` when the deadline has passed."""
        now = time.monotonic()
        if now >= self._deadline:
            raise error
        if now >= self._notice_at:
            self._notice_at = float("inf")
            logger.warning("waiting for %s, which has %s open; close it there", _holder(str(error)), self._path)
        time.sleep(POLL_SEC)


def _holder(reason: str) -> str:
    """Name the process that holds a file, as far as DuckDB's message tells."""
    found = _HOLDER.search(reason)
    if found is None:
        return "another program"
    program = Path(found["program"] or "").name
    return f"process {found['process']}" + (f" ({program})" if program else "")
