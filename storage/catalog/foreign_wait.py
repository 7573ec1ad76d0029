"""Wait for a program that ignores our lock and has a file of the catalog open, such as DuckDB's shell."""

from __future__ import annotations

import logging
import re
import time
from pathlib import Path

from autoclip.errors import CatalogBusyError

logger = logging.getLogger(__name__)

POLL_SEC = 0.05
"""Seconds between attempts to open the file."""

NOTICE_SEC = 2.0
"""Seconds after which a warning says what is being waited for."""

_HOLDER = re.compile(r"held in (?P<program>[^\s(]+)? ?\(PID (?P<process>\d+)\)")


class ForeignWait:
    """One wait for a file.

    Parameters
    ----------
    path : Path
        The file.
    deadline : float
        When to give up, on the clock of ``time.monotonic``.
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
    """Return the process that holds a file, as far as DuckDB's message says."""
    found = _HOLDER.search(reason)
    if found is None:
        return "another program"
    program = Path(found["program"] or "").name
    return f"process {found['process']}" + (f" ({program})" if program else "")
