"""Texts in CSV files, which people open in a spreadsheet."""

from __future__ import annotations


def no_formula(text: str) -> str:
    """Keep a spreadsheet from computing a text: names come from strangers' files (OWASP, "CSV Injection")."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
