"""Paths that clients name: only below the folders the owner of this machine opened to them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from autoclip.errors import ParameterError
from interfaces.api.problems import ApiError
from storage.environment import Environment
from storage.names import confine


def source_path(environment: Environment, path: str) -> Path:
    """Return where a file or folder to read really lies.

    Raises
    ------
    ApiError
        403 if it is not below a source root, whatever ``..`` and symbolic links say.
    ParameterError
        If it is relative, or no path at all.
    """
    return _below(environment.source_roots, path, "AUTOCLIP_SOURCE_ROOTS")


def output_path(environment: Environment, path: str) -> Path:
    """Return where a folder to write really lies; raises as `source_path`, for the output roots."""
    return _below(environment.output_roots or environment.source_roots, path, "AUTOCLIP_OUTPUT_ROOTS")


def make_folder(folder: Path) -> None:
    """Make a folder for exports, unless it is there.

    Raises
    ------
    ParameterError
        If it can't be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ParameterError(f"{folder}: can't be made ({error.strerror}); choose another folder") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ParameterError(f"{folder}: can't be written to; change its permissions or choose another folder")


def _below(roots: Sequence[Path], path: str, variable: str) -> Path:
    given = Path(path)
    if "\0" in path or not given.is_absolute():
        raise ParameterError(f"{path[:80]!r} is no usable path; give an absolute one")
    for root in roots:
        try:
            return confine(root, given)
        except ParameterError:
            continue  # it may lie below another one
    # The same words whether it exists or not: what lies outside is none of a client's business.
    raise ApiError(
        403,
        "outside-roots",
        f"{path[:80]!r} is not below a folder that is open to the API; the owner of this machine can open one with "
        f"{variable}",
    )
