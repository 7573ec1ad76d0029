"""Make names from outside safe for files: titles, uploads, clip names."""

from __future__ import annotations

import re
from pathlib import Path

from autoclip.errors import ParameterError
from autoclip.file_names import MAX_NAME_BYTES, safe_name

NAME_BYTES = 180
"""Maximum length of a file name in UTF-8 bytes: ext4, APFS and NTFS allow 255, minus room for a counter and a longer
suffix.
"""

SUFFIX_BYTES = 16

IDENTIFIER = "[a-z0-9][a-z0-9-]{0,63}"
"""Format of an id, as a regular expression."""


def file_name(text: str, suffix: str = "") -> str:
    """Make a file name from any text; see `safe_name`.

    Parameters
    ----------
    text : str
        Any text; may contain separators, control characters and dots.
    suffix : str
        Suffix with its dot, such as ``".mp4"``; made safe in the same way.

    Returns
    -------
    str
        At most `NAME_BYTES` bytes in UTF-8.
    """
    ending = _ending(suffix)
    return safe_name(text, NAME_BYTES - len(ending)) + ending


def identifier(text: str) -> str:
    """Return `text` if it is a valid id of a project: lowercase letters, digits and dashes, at most 64.

    Raises
    ------
    ParameterError
        If it is not.
    """
    if not is_identifier(text):
        raise ParameterError(f"{text[:80]!r} is not an id: ids are up to 64 lowercase letters, digits and dashes")
    return text


def is_identifier(text: str) -> bool:
    """Whether `text` is a valid id of a project."""
    return re.fullmatch(IDENTIFIER, text) is not None


def require_short_names(path: Path) -> None:
    """Refuse a path with a name that is longer than file systems allow.

    Raises
    ------
    ParameterError
        If a name has more than `MAX_NAME_BYTES` bytes of UTF-8.
    """
    for name in path.parts:
        size = len(name.encode(errors="surrogatepass"))
        if size > MAX_NAME_BYTES:
            raise ParameterError(
                f"{name[:40]!r}... is a name of {size} bytes, and file systems allow {MAX_NAME_BYTES}; "
                "choose a shorter one"
            )


def confine(root: Path, path: Path | str) -> Path:
    """Return the real location of `path`, which must be below `root` after following every ``..`` and link.

    Parameters
    ----------
    root : Path
        The folder that the path must not leave.
    path : Path or str
        A path relative to `root`, or absolute.

    Raises
    ------
    ParameterError
        If it leads outside, a name in it is too long, or it is not a path at all (a null byte, a loop of links).
    """
    require_short_names(Path(path))
    try:
        inner = root.resolve()
        resolved = (inner / path).resolve()
        resolved.exists()  # a system call, which refuses an invalid name
    except (OSError, ValueError, RuntimeError) as error:
        raise ParameterError(f"{str(path)[:80]!r} is not a usable path: {error}"[:300]) from error
    if not resolved.is_relative_to(inner):
        raise ParameterError(f"{str(path)[:80]!r} leads outside {root}; give a path within it")
    return resolved


def _ending(suffix: str) -> str:
    """Make a suffix safe: a dot and letters, digits or nothing."""
    letters = re.sub(r"[^A-Za-z0-9]", "", suffix)[: SUFFIX_BYTES - 1]
    return f".{letters}" if letters else ""
