"""Corrections of a transcript on disk: ``corrections.json`` beside the transcript.

A new analysis replaces the transcript, but not this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from autoclip.speech.corrections import Correction
from storage.json_files import read_json, write_json

CORRECTIONS = "corrections.json"


class _CorrectionsFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    corrections: tuple[Correction, ...] = ()


def read_corrections(folder: Path) -> tuple[Correction, ...]:
    """Read the corrections in `folder`, oldest first; empty if there is no file.

    Raises
    ------
    StorageError
        If the file is damaged, or was written by a newer autoclip.
    """
    content = read_json(folder / CORRECTIONS, _CorrectionsFile)
    return content.corrections if content else ()


def write_corrections(folder: Path, corrections: Sequence[Correction]) -> None:
    """Write corrections, replacing the whole file.

    Raises
    ------
    StorageError
        If the file can't be written; it is then unchanged.
    """
    write_json(folder / CORRECTIONS, _CorrectionsFile(corrections=tuple(corrections)))
