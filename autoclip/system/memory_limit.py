"""The memory that this process may take."""

from __future__ import annotations

import math
import sys


def memory_limit_bytes() -> float:
    """Return the limit of the address space (``ulimit -v``) in bytes; infinity if there is none."""
    if sys.platform != "win32":
        try:
            import resource  # noqa: PLC0415 - not every system has it
        except ImportError:
            return math.inf
        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit != resource.RLIM_INFINITY:
            return limit
    return math.inf
