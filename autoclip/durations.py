"""Parse lengths of time as people type them (``90``, ``90s``, ``1:30``, ``1m30s``), and ranges such as ``20-40``."""

from __future__ import annotations

import re

_CLOCK = re.compile(r"(?:(?:(\d+):)?([0-5]?\d):(?=[0-5]?\d(?:\.|$)))?(\d+(?:\.\d*)?)")
_UNITS = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m(?:in)?)?(?:(\d+(?:\.\d+)?)s(?:ec)?)?")


def read_seconds(text: str) -> float:
    """Parse a length or an instant: seconds (``83.2``), a clock time (``1:23.2``, ``1:02:03``) or units (``1m30s``).

    Raises
    ------
    ValueError
        If it is none of these.
    """
    compact = "".join(text.split()).lower()
    match = (_CLOCK.fullmatch(compact) or _UNITS.fullmatch(compact)) if compact else None
    if match is None:
        raise ValueError(f"{text!r} is not a time; write seconds (83.2), 1:23.2 or 1m30s")
    hours, minutes, seconds = (float(part) for part in match.groups(default="0"))
    return hours * 3600 + minutes * 60 + seconds


def read_range(text: str) -> tuple[float | None, float | None]:
    """Parse ``MIN-MAX``. Either end may be missing, as in ``20-`` and ``-40``; a single time is not a range.

    Raises
    ------
    ValueError
        If it is not a range, or its ends are not in order.
    """
    low, dash, high = text.strip().replace("–", "-").partition("-")
    if not dash or not (low.strip() or high.strip()):
        raise ValueError(f"{text!r} is not a range; write MIN-MAX, for example 20-40, 20- or -40")
    shortest, longest = (read_seconds(end) if end.strip() else None for end in (low, high))
    if shortest is not None and longest is not None and shortest > longest:
        raise ValueError(f"{text!r} ends below its start; write the shorter length first")
    return shortest, longest
