"""Keep Prefect from reading settings in folders that nobody named.

On import, Prefect reads ``.env``, ``prefect.toml`` and ``pyproject.toml`` of the working folder. Such a file may have
come with somebody's videos, and its settings name programs and addresses.
"""

from __future__ import annotations

import contextlib
import tomllib
from collections.abc import Callable
from pathlib import Path

OWN_FOLDER = Path(__file__).parent
"""A folder that contains only our code, in which processes are started and Prefect is imported."""

_FILES: dict[str, Callable[[str], bool]] = {
    ".env": lambda text: "prefect_" in text.casefold(),
    "prefect.toml": lambda _: True,
    "pyproject.toml": lambda text: "prefect" in tomllib.loads(text).get("tool", {}),
}
"""Files that Prefect reads, and whether the text of each has settings of Prefect."""

MAX_FILE_BYTES = 1 << 20
"""A larger file is assumed to contain Prefect's settings without being read."""


def files_for_prefect(folder: Path) -> tuple[str, ...]:
    """Return the names of a folder's files with settings of Prefect."""
    return tuple(name for name, concerns in _FILES.items() if _means_prefect(folder / name, concerns))


def import_prefect_elsewhere() -> None:
    """Import Prefect as if this process ran in `OWN_FOLDER`; it reads its settings once."""
    with contextlib.chdir(OWN_FOLDER):
        import prefect  # noqa: F401, PLC0415 - takes a second, and is needed here only when the folder holds settings


def _means_prefect(path: Path, concerns: Callable[[str], bool]) -> bool:
    """Return whether Prefect would read settings from a file; an unreadable one counts as well."""
    try:
        if not path.is_file():
            return False
        return path.stat().st_size > MAX_FILE_BYTES or concerns(path.read_text("utf-8", errors="replace"))
    except (OSError, ValueError, TypeError, RecursionError):
        return True
