"""Pools of processes of which one may be lost at any moment: killed, or out of memory."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.process import BaseProcess
from typing import Self

_LOOK_SEC = 0.2


class LossWatch:
    """Kills what is left of a pool as soon as one of its processes is lost; a context around that of the pool.

    Python's pool ends the others itself, but not one that is just being started: it waits for that one forever, and may
    never tell what became of its tasks.
    """

    def __init__(self) -> None:
        self._processes: Mapping[int, BaseProcess] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="LossWatch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()
        self._kill_rest()

    def follow(self, pool: ProcessPoolExecutor) -> None:
        """Look after a pool from now on, and no longer after the one before."""
        processes = pool._processes  # noqa: SLF001 - the public way to kill them comes with Python 3.14
        self._processes = {} if processes is None else processes  # the pool's own: those that come are in it, too

    @property
    def lost(self) -> bool:
        """Whether a process of the pool has ended without being asked to."""
        return any(process.exitcode for process in list(self._processes.values()))

    def _look(self) -> None:
        while not self._over.wait(_LOOK_SEC):
            self._kill_rest()

    def _kill_rest(self) -> None:
        if self.lost:
            for process in list(self._processes.values()):
                process.kill()
