"""Keeps Prefect's settings out of folders that nobody named.

Prefect reads ``.env``, ``prefect.toml`` and ``pyproject.toml`` of the working folder when it is imported. Such a file
may have come with somebody's videos, and its settings name programs and addresses.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

OWN_FOLDER = Path(__file__).parent
"""A folder that holds nothing but our code: processes start, and Prefect is imported, there."""

_FILES = {".env": "prefect_", "prefect.toml": "", "pyproject.toml": "tool.prefect"}
"""Files that Prefect reads, and what one has to hold to mean Prefect."""

MAX_FILE_BYTES = 1 << 20
"""A longer file is taken to mean Prefect without being read."""


def files_for_prefect(folder: Path) -> tuple[str, ...]:
    """Return the names of a folder's files that hold settings of Prefect."""
    return tuple(name for name, word in _FILES.items() if _means_prefect(folder / name, word))


def import_prefect_elsewhere() -> None:
    """Import Prefect as if this process worked in `OWN_FOLDER`; its settings are read once."""
    with contextlib.chdir(OWN_FOLDER):
        import prefect  # noqa: F401, PLC0415 - takes a second, and is needed here only when the folder holds settings


def _means_prefect(path: Path, word: str) -> bool:
    """Return whether Prefect would take settings from a file; one that can't be read counts as well."""
    try:
        if not path.is_file():
            return False
        return path.stat().st_size > MAX_FILE_BYTES or word in path.read_text("utf-8", errors="replace").casefold()
    except OSError:
        return True
