"""Small JSON files, each with one model: read whole, replaced whole."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from autoclip.errors import StorageError
from storage.atomic import storage_faults, write_atomically

Model = TypeVar("Model", bound=BaseModel)


def read_json(path: Path, model: type[Model]) -> Model | None:
    """Read a file as a model; None if there is no file.

    Raises
    ------
    StorageError
        If the file can't be read, is damaged, or was written by a newer autoclip.
    """
    content = content_of(path)
    if content is None:
        return None
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        raise StorageError(f"{path}: is damaged or of a newer autoclip; remove it, or update autoclip") from error


def content_of(path: Path) -> bytes | None:
    """Return the content of a file; None if there is no file, `StorageError` if it can't be read."""
    with storage_faults(path):
        try:
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None


def write_json(path: Path, document: BaseModel) -> None:
    """Replace a whole file.

    Raises
    ------
    StorageError
        If the file can't be written; it is then unchanged.
    """
    write_atomically(path, document.model_dump_json(indent=2) + "\n")
