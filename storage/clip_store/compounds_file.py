"""Compound clips of an analysis folder, in ``compounds.json``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field

from storage.catalog.records import CompoundClip, CompoundItem, Identifier, Name, Record
from storage.json_files import read_json, write_json


class _Entry(Record):
    """A compound clip in the file."""

    id: Identifier
    name: Name
    items: tuple[CompoundItem, ...] = Field(min_length=1)
    crossfade_sec: float = Field(0.0, ge=0, le=10)


class _Content(Record):
    version: Literal[1] = 1
    compounds: tuple[_Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class CompoundsFile:
    """``compounds.json`` of the analysis folder `root`.

    Every change replaces the whole file. It is meant for one person at a time: of two simultaneous changes the later
    wins.
    """

    root: Path

    @property
    def path(self) -> Path:
        """Return the path of the file."""
        return self.root / "compounds.json"

    def read(self, project_id: str) -> tuple[CompoundClip, ...]:
        """Return the compound clips, oldest first, with `project_id` as their project.

        Raises
        ------
        StorageError
            If the file is damaged or of a newer autoclip.
        """
        content = read_json(self.path, _Content)
        entries = content.compounds if content else ()
        return tuple(CompoundClip.model_validate({**dict(entry), "project_id": project_id}) for entry in entries)

    def write(self, compounds: Iterable[CompoundClip]) -> None:
        """Replace the file; raise `StorageError` if it can't be written."""
        entries = tuple(_Entry.model_validate(c.model_dump(include=set(_Entry.model_fields))) for c in compounds)
        write_json(self.path, _Content(compounds=entries))
