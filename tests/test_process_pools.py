"""A pool of which a process is killed while it starts another one ends all the same."""

from __future__ import annotations

import multiprocessing
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress

import pytest

from autoclip.system.process_pools import LossWatch

SOON_SEC = 120


def kill_first(pool: ProcessPoolExecutor) -> None:
    while not pool._processes:
        time.sleep(0.001)
    next(iter(pool._processes.values())).kill()


@pytest.mark.parametrize("_time", range(5))
def test_a_process_that_is_killed_at_once_leaves_none_behind(_time: int) -> None:
    """Without the watch, one in a few waits here forever, or when Python ends."""
    with LossWatch() as watch:
        pool = ProcessPoolExecutor(3, multiprocessing.get_context("spawn"))
        watch.follow(pool)
        threading.Thread(target=kill_first, args=(pool,), daemon=True).start()
        with suppress(BrokenProcessPool, OSError):
            for _ in range(6):
                pool.submit(time.sleep, 0.1)
        started, begun = dict(pool._processes or {}), time.monotonic()
        while not watch.lost:
            assert time.monotonic() - begun < SOON_SEC
            time.sleep(0.01)
        ended = threading.Thread(target=pool.shutdown, daemon=True)
        ended.start()
        ended.join(SOON_SEC)
        assert not ended.is_alive()
    for process in started.values():
        process.join(SOON_SEC)
        assert process.exitcode is not None


def test_a_pool_that_ends_as_it_should_lost_nothing() -> None:
    with LossWatch() as watch, ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        watch.follow(pool)
        assert pool.submit(abs, -1).result(SOON_SEC) == 1
        assert not watch.lost
    assert not watch.lost
