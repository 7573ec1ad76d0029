"""Compound clips of an analysis folder, which needs no catalog: one small file beside its clips."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from autoclip.errors import NotFoundError, StorageError
from storage.atomic import storage_faults, write_atomically
from storage.catalog.records import CompoundItem, Identifier, Name, Record, new_id


class FolderCompound(Record):
    """Several clips of the folder joined in order; `crossfade_sec` seconds overlap at each joint."""

    id: Identifier = Field(default_factory=new_id)
    name: Name
    items: tuple[CompoundItem, ...] = Field(min_length=1)
    crossfade_sec: float = Field(0.0, ge=0, le=10)


class _CompoundsFile(Record):
    version: Literal[1] = 1
    compounds: tuple[FolderCompound, ...] = ()


@dataclass(frozen=True, slots=True)
class FolderCompounds:
    """The compound clips of the analysis folder `root`, in ``compounds.json``.

    Every change replaces the file as a whole. It is a file for the one person who works in the folder: of two who
    change it at the same time, the later wins.
    """

    root: Path

    @property
    def path(self) -> Path:
        """The file."""
        return self.root / "compounds.json"

    def all(self) -> tuple[FolderCompound, ...]:
        """Return the compound clips, the oldest first.

        Raises
        ------
        StorageError
            If the file is damaged or of a newer autoclip.
        """
        if not self.path.exists():
            return ()
        with storage_faults(self.path):
            content = self.path.read_bytes()
        try:
            return _CompoundsFile.model_validate_json(content).compounds
        except ValidationError as error:
            raise StorageError(
                f"{self.path}: is damaged or of a newer autoclip; remove it, or update autoclip"
            ) from error

    def add(self, compound: FolderCompound) -> FolderCompound:
        """Add a compound clip; raises as `all`."""
        self._write((*self.all(), compound))
        return compound

    def delete(self, compound_id: str) -> None:
        """Remove a compound clip.

        Raises
        ------
        NotFoundError
            If there is none of that id.
        StorageError
            As `all`.
        """
        before = self.all()
        left = tuple(compound for compound in before if compound.id != compound_id)
        if len(left) == len(before):
            raise NotFoundError(f"{self.root}: there is no compound clip {compound_id}")
        self._write(left)

    def _write(self, compounds: tuple[FolderCompound, ...]) -> None:
        write_atomically(self.path, _CompoundsFile(compounds=compounds).model_dump_json(indent=2) + "\n")
