"""What a child process costs, as the kernel counts it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU (user and system, its own waited-for children included), wall time and peak memory of a process."""

    cpu_sec: float
    wall_sec: float
    peak_mb: float

    def __add__(self, other: Cost) -> Cost:
        """Cost of one after the other."""
        return Cost(self.cpu_sec + other.cpu_sec, self.wall_sec + other.wall_sec, max(self.peak_mb, other.peak_mb))


def cost_of(command: Sequence[str | Path]) -> Cost:
    """Run a command to its end.

    Raises
    ------
    RuntimeError
        If it fails.
    """
    begun = time.monotonic()
    with subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        tail = process.stderr.read()[-2000:] if process.stderr else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - begun
    if process.returncode != 0:
        raise RuntimeError(f"{command} failed: {tail.decode(errors='replace')}")
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)
