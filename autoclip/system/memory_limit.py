"""The memory that this process may take."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager


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


@contextmanager
def growth_limited_to(size_bytes: int) -> Iterator[None]:
    """Let this process take only so much more address space in the block; an allocation beyond that fails.

    The limit holds for all of its threads. Only Linux supports it; elsewhere this does nothing.

    Parameters
    ----------
    size_bytes : int
        How much more, in bytes. What libraries reserve without using it counts as well.
    """
    if sys.platform != "linux":
        yield
        return
    try:
        import resource  # noqa: PLC0415 - as above
    except ImportError:
        yield
        return
    import psutil  # noqa: PLC0415 - only this needs it

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = min(memory_limit_bytes(), psutil.Process().memory_info().vms + size_bytes)
    resource.setrlimit(resource.RLIMIT_AS, (int(wanted), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
