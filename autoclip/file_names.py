"""Make any text a file name: safe on Linux, macOS and Windows, with letters of every script kept."""

from __future__ import annotations

import unicodedata

MAX_NAME_BYTES = 255
"""Longest name of ext4, XFS, Btrfs, APFS, NTFS and most others: 255 bytes of UTF-8 (NTFS: 255 UTF-16 units, which are
fewer).
"""

_FORBIDDEN = str.maketrans(dict.fromkeys('<>:"/\\|?*', "-"))
"""What Windows refuses in a name (Microsoft, "Naming Files, Paths, and Namespaces"), separators included."""
_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode categories without a visible shape: control characters, direction overrides, lone surrogates."""
_JOINERS = "\u200c\u200d"
"""Invisible characters that are kept, because scripts and emoji need them."""
_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
    + [f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"]
)
_COUNTER_ROOM = 20
"""Bytes reserved for `` (12345)`` and a suffix."""


def safe_name(text: str, max_bytes: int = MAX_NAME_BYTES - _COUNTER_ROOM) -> str:
    """Return `text` as a file name that Linux, macOS and Windows accept.

    Parameters
    ----------
    text : str
        Any text.
    max_bytes : int
        Maximum length in bytes of UTF-8; longer names are cut between characters.

    Returns
    -------
    str
        Never empty, hidden, an option (``-x``), ``.``, ``..`` or a device name of Windows; without separators, control
        characters, trailing dots or blanks. A safe name is returned unchanged.
    """
    # Limits the work on a hostile megabyte: the rest could not stay anyway, and every step takes time in proportion to
    # its length.
    spaced = " ".join(text[: 16 * MAX_NAME_BYTES].split())
    shown = "".join(c for c in spaced if c in _JOINERS or unicodedata.category(c) not in _INVISIBLE)
    plain = _trimmed(" ".join(unicodedata.normalize("NFC", shown).translate(_FORBIDDEN).split()), max_bytes)
    if plain.split(".")[0].rstrip().lower() in _DEVICES:
        plain = _trimmed(f"_{plain}", max_bytes)
    return plain or "clip"


def _trimmed(text: str, max_bytes: int) -> str:
    """Return what fits of `text`, without what hides a file, makes it an option, or is lost on Windows at the end."""
    return _cut(text.lstrip(f" .-{_JOINERS}"), max_bytes).rstrip(f" .{_JOINERS}")


def _cut(text: str, max_bytes: int) -> str:
    """Return the longest prefix of `text` that fits, without separating a character from its combining marks."""
    if len(text.encode()) <= max_bytes:
        return text
    kept = text.encode()[:max_bytes].decode("utf-8", "ignore")
    while kept and len(kept) < len(text) and (unicodedata.combining(text[len(kept)]) or kept[-1] == "\u200d"):
        kept = kept[:-1]
    return kept
