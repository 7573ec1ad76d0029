"""Paths that clients name: only below the folders that the owner of this machine opened to them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

from autoclip.confinement import OpenedFile, folder_beneath, open_beneath
from autoclip.errors import MediaError, NotFoundError, ParameterError, printable
from autoclip.settings import MODEL_SETTINGS
from interfaces.api.problems import ApiError
from storage.environment import Environment
from storage.names import confine, require_short_names


@dataclass(frozen=True, slots=True)
class LocalPath:
    """A path below a root, both with links resolved."""

    root: Path
    path: Path


def source_path(environment: Environment, path: str) -> LocalPath:
    """Return the real location of a file or folder to read.

    Raises
    ------
    ApiError
        403 if it is not below a source root after resolving ``..`` and links.
    ParameterError
        If it is relative or invalid.
    """
    return _below(environment.source_roots, path, "AUTOCLIP_SOURCE_ROOTS")


def output_path(environment: Environment, path: str) -> LocalPath:
    """Return the real location of a folder to write; raises as `source_path`, for the output roots."""
    return _below(environment.writable_roots, path, "AUTOCLIP_OUTPUT_ROOTS")


def client_settings(environment: Environment, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a client's settings, with a model's path replaced by its real location.

    Raises
    ------
    ApiError, ParameterError
        As in `source_path`, for a model that is not given by a plain name.
    """
    models = {name: str(given[name]) for name in MODEL_SETTINGS & given.keys()}
    paths = {name: source_path(environment, model).path for name, model in models.items() if _is_path(name, model)}
    return {**given, **{name: str(path) for name, path in paths.items()}}


def _is_path(setting: str, model: str) -> bool:
    """Whether a model is given by its path; Whisper's models also have names."""
    return bool(model) and (setting == "subject_model" or PureWindowsPath(model).name != model)


def open_named(place: LocalPath, wanted: str = "the file of a video") -> OpenedFile:
    """Open a file that a client named, if it has not been replaced since its path was checked.

    Raises
    ------
    ApiError
        403 if a part of the path was replaced by a link.
    MediaError
        If it is not a regular file, or is not readable.
    """
    try:
        return open_beneath(place.root, place.path)
    except ParameterError as error:
        raise _outside(str(place.path), "AUTOCLIP_SOURCE_ROOTS") from error
    except NotFoundError as error:
        raise MediaError(place.path, f"is not a regular file; give {wanted}") from error
    except PermissionError as error:
        raise MediaError(place.path, "can't be opened: permission denied") from error


def make_folder(folder: LocalPath) -> None:
    """Create a folder for exports below its root, unless it exists.

    Raises
    ------
    ParameterError
        If it can't be created or written to, or a part of the path was replaced by a link.
    """
    try:
        with folder_beneath(folder.root, folder.path, make=True) as made:
            if not os.access(made.location, os.W_OK | os.X_OK):
                raise ParameterError(f"{folder.path}: can't be written to; choose another folder or its permissions")
    except NotFoundError as error:
        raise ParameterError(f"{folder.path}: was moved while it was made; try again") from error
    except OSError as error:
        raise ParameterError(f"{folder.path}: can't be made ({error.strerror}); choose another folder") from error


def _below(roots: Sequence[Path], path: str, variable: str) -> LocalPath:
    given = Path(path)
    if "\0" in path or not given.is_absolute():
        raise ParameterError(f"{path[:80]!r} is not a usable path; give an absolute one")
    require_short_names(given)
    for root in roots:
        try:
            place = LocalPath(root.resolve(), confine(root, given))
        except ParameterError:
            continue  # it may lie below another root
        if printable(str(place.path)) != str(place.path):
            raise ParameterError(f"{path[:80]!r} leads to a name that is not UTF-8; rename that file or folder")
        return place
    raise _outside(path, variable)


def _outside(path: str, variable: str) -> ApiError:
    """Return the refusal of a path, with the same message whether it exists or not, because that would reveal files."""
    return ApiError(
        403,
        "outside-roots",
        f"{path[:80]!r} is not below a folder that is open to the API; the owner of this machine can open one with "
        f"{variable}",
    )
