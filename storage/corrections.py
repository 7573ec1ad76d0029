"""Corrections of a transcript on disk: ``corrections.json``, beside the transcript and no part of it.

A new analysis replaces the transcript and leaves this file as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from autoclip.errors import StorageError
from autoclip.speech.corrections import Correction
from storage.atomic import storage_faults, write_atomically

CORRECTIONS = "corrections.json"


class _CorrectionsFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    corrections: tuple[Correction, ...] = ()


def read_corrections(folder: Path) -> tuple[Correction, ...]:
    """Read the corrections in `folder`, the oldest first; none where there is no file.

    Raises
    ------
    StorageError
        If the file is damaged or of a newer autoclip.
    """
    path = folder / CORRECTIONS
    if not path.exists():
        return ()
    with storage_faults(path):
        content = path.read_bytes()
    try:
        return _CorrectionsFile.model_validate_json(content).corrections
    except ValidationError as error:
        raise StorageError(f"{path}: is damaged or of a newer autoclip; remove it, or update autoclip") from error


def write_corrections(folder: Path, corrections: Sequence[Correction]) -> None:
    """Write corrections; the file is replaced as a whole.

    Raises
    ------
    StorageError
        If it can't be written; it is then unchanged.
    """
    content = _CorrectionsFile(corrections=tuple(corrections)).model_dump_json(indent=2)
    write_atomically(folder / CORRECTIONS, content + "\n")
