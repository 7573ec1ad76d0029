"""The malloc arena that FFmpeg, NumPy and Python share, set up so that memory stays flat however long a video is.

glibc gives each thread an arena of its own, and keeps what was freed in the middle of one. Decoding threads and the
index of a long file then held on to tens of megabytes nobody used. Other C libraries are left as they are.
"""

from __future__ import annotations

import ctypes
import platform

_M_ARENA_MAX = -8  # malloc.h of glibc


def share_one_arena() -> None:
    """Let threads that begin from now on share one arena.

    They hardly wait for each other: large blocks are few, and Python's small objects don't come from here.
    """
    if _is_glibc():
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def return_free_memory() -> None:
    """Give the memory of everything freed back to the system (``malloc_trim``); takes milliseconds."""
    if _is_glibc():
        ctypes.CDLL(None).malloc_trim(0)


def _is_glibc() -> bool:
    return platform.libc_ver()[0] == "glibc"
