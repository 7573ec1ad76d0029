"""Times for people: parsed as they type them (``90``, ``1:30``, ``1m30s``; ranges such as ``20-40``), and formatted."""

from __future__ import annotations

import re

_CLOCK = re.compile(r"(?:(?:(\d+):)?([0-5]?\d):(?=[0-5]?\d(?:\.|$)))?(\d+(?:\.\d*)?)")
_UNITS = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m(?:in)?)?(?:(\d+(?:\.\d+)?)s(?:ec)?)?")
_MINUTE, _HOUR = 60, 3600


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


def clock(seconds: float, *, decimals: int = 0, hours: bool = False) -> str:
    """Format a time as ``m:ss``, or as ``h:mm:ss`` from an hour on or if `hours`; rounded to `decimals`.

    Examples
    --------
    >>> clock(13.04, decimals=2), clock(59.999, decimals=2), clock(3725)
    ('0:13.04', '1:00.00', '1:02:05')
    """
    units = round(abs(seconds) * 10**decimals)
    whole, part = divmod(units, 10**decimals)
    fraction = f".{part:0{decimals}d}" if decimals else ""
    sign = "-" if seconds < 0 and units else ""
    if hours or whole >= _HOUR:
        return f"{sign}{whole // _HOUR}:{whole % _HOUR // _MINUTE:02d}:{whole % _MINUTE:02d}{fraction}"
    return f"{sign}{whole // _MINUTE}:{whole % _MINUTE:02d}{fraction}"
