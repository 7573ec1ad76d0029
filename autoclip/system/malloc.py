"""Configure glibc's malloc arenas so that memory stays flat for videos of any length.

glibc gives each thread its own arena, and does not return memory that was freed in the middle of one. Decoding threads
and the index of a long file then kept tens of megabytes of unused memory. Other C libraries are left as they are.
"""

from __future__ import annotations

import ctypes
import platform

_M_ARENA_MAX = -8  # malloc.h of glibc


def share_one_arena() -> None:
    """Make all threads that start from now on share one arena.

    They hardly wait for each other: large blocks are few, and Python's small objects use another allocator.
    """
    if _is_glibc():
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def return_free_memory() -> None:
    """Return all freed memory to the system (``malloc_trim``); takes milliseconds."""
    if _is_glibc():
        ctypes.CDLL(None).malloc_trim(0)


def _is_glibc() -> bool:
    return platform.libc_ver()[0] == "glibc"
