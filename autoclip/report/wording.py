"""Format durations, sizes and rates for people."""

from __future__ import annotations

from fractions import Fraction

_KIB = 1024
_MINUTE, _HOUR = 60, 3600


def duration(seconds: float) -> str:
    """Format a duration: ``9.5 s``, ``2 min 03 s``, ``1 h 02 min``."""
    if round(seconds, 1) < _MINUTE:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02d} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02d} min"


def size(count: int) -> str:
    """Format a number of bytes with a binary unit."""
    value, unit = float(count), "B"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):  # noqa: B007 - the unit reached is what is wanted
        if value < _KIB:
            break
        value /= _KIB
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"


def rate(value: Fraction | None, *, variable: bool) -> str:
    """Format a frame rate: ``25 fps``, ``29.97 fps``, ``29.92 fps, variable``."""
    if value is None:
        return "unknown frame rate"
    text = f"{float(value):.2f}".rstrip("0").rstrip(".")
    return f"{text} fps, variable" if variable else f"{text} fps"


def plain(value: object) -> str:
    """Format a parameter's value."""
    return f"{value:g}" if isinstance(value, float) else str(value)
