"""Make names from outside safe for files: titles, uploads, clip names."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from autoclip.errors import ParameterError

NAME_BYTES = 180
"""Maximum length of a file name in UTF-8 bytes: ext4, APFS and NTFS allow 255, minus room for a counter and a longer
suffix.
"""

SUFFIX_BYTES = 16

_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])$")
"""Windows: "Naming Files, Paths, and Namespaces" (Microsoft Learn); reserved with any suffix."""

_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode categories without a visible shape: control characters, direction overrides, lone surrogates."""

COMPONENT_BYTES = 255
"""Maximum length of a file or folder name on ext4, XFS, Btrfs and tmpfs (``NAME_MAX`` of limits.h), in bytes."""

IDENTIFIER = "[a-z0-9][a-z0-9-]{0,63}"
"""Format of an id, as a regular expression."""


def file_name(text: str, suffix: str = "", *, fallback: str = "unnamed") -> str:
    """Make a file name from any text, safe on Linux, macOS and Windows, with letters of every script kept.

    Parameters
    ----------
    text : str
        Any text; may contain separators, control characters and dots.
    suffix : str
        Suffix with its dot, such as ``".mp4"``; made safe in the same way.
    fallback : str
        Name to use if nothing of `text` is left.

    Returns
    -------
    str
        Non-empty, at most `NAME_BYTES` bytes in UTF-8, in Unicode normal form C, never ``.``, ``..``, hidden, an
        option (``-x``) or a name Windows reserves. A safe name is returned unchanged.
    """
    ending = _ending(suffix)
    room = NAME_BYTES - len(ending.encode())
    stem = _trimmed(_cut(_visible(text), room)) or fallback
    if _RESERVED.match(stem.split(".")[0].rstrip()):
        stem = f"_{_cut(stem, room - 1)}".rstrip(" .")
    return stem + ending


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
        If a name has more than `COMPONENT_BYTES` bytes of UTF-8.
    """
    for name in path.parts:
        size = len(name.encode(errors="surrogatepass"))
        if size > COMPONENT_BYTES:
            raise ParameterError(
                f"{name[:40]!r}... is a name of {size} bytes, and file systems allow {COMPONENT_BYTES}; "
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


def _visible(text: str) -> str:
    """Drop invisible characters, replace those that file systems or shells refuse, collapse white space."""
    # Limits the work on a hostile megabyte: dropping invisible characters can only shorten text that is cut anyway.
    normal = unicodedata.normalize("NFC", text[: 16 * NAME_BYTES])
    spaced = "".join(" " if character.isspace() else character for character in normal)
    shaped = "".join(character for character in spaced if unicodedata.category(character) not in _INVISIBLE)
    return _trimmed(re.sub(r" +", " ", _FORBIDDEN.sub("_", shaped)))


def _trimmed(text: str) -> str:
    """Strip what hides a file (dot), makes it an option (dash) or is lost on Windows (trailing dot or space)."""
    return unicodedata.normalize("NFC", text).lstrip(" .-").rstrip(" .")


def _cut(text: str, size: int) -> str:
    """Keep as many whole characters as fit into `size` bytes of UTF-8."""
    return text.encode()[:size].decode(errors="ignore")
