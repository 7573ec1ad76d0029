"""What a child process costs, as the kernel counts it."""

from __future__ import annotations

import json
import subprocess
import sys
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


_LAUNCHER = """
import json, os, sys, time
begun = time.monotonic()
quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
_, status, usage = os.wait4(pid, 0)
cost = [usage.ru_utime + usage.ru_stime, time.monotonic() - begun, usage.ru_maxrss / 1024]
print(json.dumps([os.waitstatus_to_exitcode(status), *cost]))
"""
# Linux counts the memory of whoever starts a process into the process's peak: a small one starts it.


def cost_of(command: Sequence[str | Path]) -> Cost:
    """Run a command to its end.

    Raises
    ------
    RuntimeError
        If it fails.
    """
    launch = [sys.executable, "-S", "-c", _LAUNCHER, *(str(part) for part in command)]
    done = subprocess.run(launch, capture_output=True, check=True)
    code, *cost = json.loads(done.stdout)
    if code != 0:
        raise RuntimeError(f"{command} failed: {done.stderr[-2000:].decode(errors='replace')}")
    return Cost(*cost)
