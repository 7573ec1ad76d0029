"""Texts in CSV files, which people open in a spreadsheet."""

from __future__ import annotations

_COMPUTED = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""Beginnings of formulas, the last four in the full width of Chinese and Japanese."""


def no_formula(text: str) -> str:
    """Keep a spreadsheet from computing a text: names come from strangers' files (OWASP, "CSV Injection")."""
    return f"'{text}" if text[:1] in _COMPUTED else text
