"""Names and reasons in the form that formats for editing programs accept."""

from __future__ import annotations

import unicodedata

_NO_CHARACTERS = frozenset("\ufffe\uffff")
"""Code points that XML 1.0 excludes besides control characters (section 2.2)."""


def one_line(text: str) -> str:
    """Return text on one line, without characters that XML and line-based formats exclude."""
    kept = "".join(
        character
        for character in text.replace("\x00", " ")
        if character.isspace()
        or (unicodedata.category(character) not in {"Cc", "Cs"} and character not in _NO_CHARACTERS)
    )
    return " ".join(kept.split())
