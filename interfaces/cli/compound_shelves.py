"""Where compound clips are kept: in a file of the analysis folder, or in the catalog."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from autoclip.errors import NotFoundError
from interfaces.cli.clip_sources import ClipSource, open_the_catalog

if TYPE_CHECKING:
    from storage.catalog import Catalog, CompoundClip, CompoundItem
    from storage.folder_compounds import FolderCompound, FolderCompounds

    AnyCompound = CompoundClip | FolderCompound

Kept = TypeVar("Kept", bound="AnyCompound")


class CompoundShelf(Protocol):
    """Compound clips of one source."""

    def all(self) -> Sequence[AnyCompound]:
        """Return them, the oldest first."""

    def add(self, name: str, items: tuple[CompoundItem, ...], crossfade_sec: float) -> AnyCompound:
        """Keep a new one; raise `ParameterError` if it can't be."""

    def delete(self, compound_id: str) -> None:
        """Remove one; raise `NotFoundError` if it is gone."""


def open_shelf(source: ClipSource) -> CompoundShelf:
    """Return where the compound clips of a source are kept."""
    from storage.folder_compounds import FolderCompounds

    if source.project is not None:
        return _CatalogShelf(open_the_catalog(), source.project.id)
    return _FolderShelf(FolderCompounds(source.folder.root))


def find_compound(wanted: str, compounds: Sequence[Kept], source: str) -> Kept:
    """Return a compound clip by its id, or by its name if no other bears it.

    Raises
    ------
    NotFoundError
        If there is none, or several have the name.
    """
    found = [c for c in compounds if c.id == wanted] or [c for c in compounds if c.name == wanted]
    if len(found) == 1:
        return found[0]
    reason = "several bear this name; give the id" if found else "there is none by this id or name"
    known = ", ".join(f"{compound.id} ({compound.name})" for compound in compounds)
    hint = f"there are {known}" if known else f"'autoclip compound create {shlex.quote(source)}' makes one"
    raise NotFoundError(f"compound clip {wanted}: {reason}; {hint}")


@dataclass(frozen=True, slots=True)
class _FolderShelf:
    file: FolderCompounds

    def all(self) -> Sequence[FolderCompound]:
        return self.file.all()

    def add(self, name: str, items: tuple[CompoundItem, ...], crossfade_sec: float) -> FolderCompound:
        from storage.folder_compounds import FolderCompound

        return self.file.add(FolderCompound(name=name, items=items, crossfade_sec=crossfade_sec))

    def delete(self, compound_id: str) -> None:
        self.file.delete(compound_id)


@dataclass(frozen=True, slots=True)
class _CatalogShelf:
    catalog: Catalog
    project_id: str

    def all(self) -> Sequence[CompoundClip]:
        with self.catalog.reading() as view:
            return view.compounds.page(self.project_id).items

    def add(self, name: str, items: tuple[CompoundItem, ...], crossfade_sec: float) -> CompoundClip:
        from storage.catalog import CompoundClip

        compound = CompoundClip(project_id=self.project_id, name=name, items=items, crossfade_sec=crossfade_sec)
        with self.catalog.transaction() as unit:
            return unit.compounds.add(compound)

    def delete(self, compound_id: str) -> None:
        with self.catalog.transaction() as unit:
            unit.compounds.delete(compound_id)
