"""The port to a store of files that many machines share.

An object is written once, as a whole, under a key that ends with the digest of its content. So a key that exists is
complete and never changes: whoever has read it may keep what it read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What a store says of an object without reading it.

    Attributes
    ----------
    key : str
        Its name in the store, parts separated by ``/``.
    size : int
        Bytes.
    written_at : datetime
        When it was written, by the store's clock, in UTC.
    """

    key: str
    size: int
    written_at: datetime


class ArtifactStore(Protocol):
    """A store of objects.

    Every method may raise `StorageError` if the store refuses or can't be reached, also after several attempts; the
    message names the object and the way out.
    """

    @property
    def name(self) -> str:
        """Where it is, without a password."""

    def objects(self, prefix: str) -> tuple[StoredObject, ...]:
        """List the objects whose keys begin with ``prefix/``, by key."""

    def put(self, path: Path, key: str) -> None:
        """Write a file as an object; nobody sees it before it is whole.

        Raises
        ------
        StorageError
            Also if the store holds another number of bytes afterwards.
        """

    def get(self, key: str, path: Path) -> None:
        """Copy an object to a file. Whether all of it arrived is for the caller to check, who knows its size or digest.

        Raises
        ------
        NotFoundError
            If there is no such object.
        """

    def size(self, key: str) -> int:
        """Return the size of an object in bytes; raises as `get`."""

    def chunks(self, key: str, start: int, end: int) -> Iterator[bytes]:
        """Read the bytes `start` to `end` (exclusive) of an object in chunks; raises as `get`."""

    def delete(self, key: str) -> None:
        """Remove an object; nothing happens when there is none."""
