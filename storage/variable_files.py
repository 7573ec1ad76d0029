"""Files of variables, and how far each is trusted.

A file that its owner named (``--env-file``, ``AUTOCLIP_ENV_FILE``), or that is in a data folder that was named, may set
anything. A ``.env`` that is merely in the working folder may have come with somebody's videos: it may set harmless
variables, but nothing that names a program, a folder, an address or a permission.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from autoclip.errors import ParameterError, system_reason, visible

PREFIX = "AUTOCLIP_"
FILE_NAME = ".env"
ENV_FILE = f"{PREFIX}ENV_FILE"
DATA_DIR = f"{PREFIX}DATA_DIR"
MAX_FILE_BYTES = 1 << 20
"""Maximum size of a file of variables, in bytes."""


@dataclass(frozen=True, slots=True)
class FileVariables:
    """The variables of all files.

    Attributes
    ----------
    values : mapping of str to str
        The accepted values.
    ignored : mapping of Path to tuple of str
        Names that a file is not allowed to set, by file.
    """

    values: Mapping[str, str]
    ignored: Mapping[Path, tuple[str, ...]]


def file_variables(process: Mapping[str, str], env_file: Path | None, harmless: Collection[str]) -> FileVariables:
    """Read the files of variables: the named one, or else that of the working folder, and that of the data folder.

    Parameters
    ----------
    process : mapping of str to str
        The variables of the process.
    env_file : Path or None
        A file that the caller names, which need not exist; None for the one that ``AUTOCLIP_ENV_FILE`` names, which
        must exist.
    harmless : collection of str
        Variables that an implicit file may set.

    Raises
    ------
    ParameterError
        If a named file is missing, or any can't be read.
    """
    named = env_file or _named_file(process)
    values: dict[str, str] = {}
    ignored: dict[Path, tuple[str, ...]] = {}
    trusted = _variables(named) if named else {}
    data_dir = process.get(DATA_DIR) or trusted.get(DATA_DIR)
    unnamed = ([] if named else [Path(FILE_NAME)]) + ([] if data_dir else [Path("data") / FILE_NAME])
    for path in unnamed:
        found = _variables(path)
        values |= {name: value for name, value in found.items() if name in harmless or not name.startswith(PREFIX)}
        if refused := tuple(name for name in found if name.startswith(PREFIX) and name not in values):
            ignored[path.absolute()] = refused
    if data_dir:
        values |= _variables(Path(data_dir).expanduser() / FILE_NAME)
    return FileVariables(values | trusted, ignored)


@functools.cache
def warn_of_ignored(path: Path, names: tuple[str, ...]) -> None:
    """Warn on standard error, once per file, which of its variables were ignored, and how to set them."""
    print(  # noqa: T201 - whoever reads the environment first has no other way to a person
        visible(
            f"autoclip: {path}: ignored {', '.join(names)}: a file that nobody named may not set programs, folders, "
            f"addresses or permissions. If you trust it, name it with --env-file {FILE_NAME} or {ENV_FILE}={path}"
        ),
        file=sys.stderr,
    )


def _named_file(process: Mapping[str, str]) -> Path | None:
    """Return the file that ``AUTOCLIP_ENV_FILE`` names."""
    name = process.get(ENV_FILE)
    if not name:
        return None
    path = Path(name).expanduser()
    if not path.is_file():
        raise ParameterError(f"{ENV_FILE}: there is no file {path}; check the path, or leave it unset")
    return path


def _variables(path: Path) -> dict[str, str]:
    """Read one file; empty if there is none."""
    try:
        if not path.is_file():  # a pipe would be waited for
            return {}
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ParameterError(f"{path}: is larger than {MAX_FILE_BYTES:,} bytes, so it is not a file of variables")
        return {name: value or "" for name, value in dotenv_values(path).items()}
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError(f"{path}: can't be read: {system_reason(error)}; mend it or move it away") from error
