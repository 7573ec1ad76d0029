"""The interface of a file store that many machines share.

An object is written once, as a whole, under a key that ends with the digest of its content. An existing key is
therefore complete and never changes, and readers may cache its content.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredObject:
    """The metadata of an object in a store.

    Attributes
    ----------
    key : str
        Its key in the store, parts separated by ``/``.
    size : int
        Size in bytes.
    written_at : datetime
        When it was written, according to the store's clock, in UTC.
    """

    key: str
    size: int
    written_at: datetime


class ArtifactStore(Protocol):
    """A store of objects.

    Every method raises `StorageError` if the store refuses, or can't be reached after several attempts. The message
    names the object and the way out.
    """

    @property
    def name(self) -> str:
        """Return the address of the store, without a password."""

    def require(self) -> None:
        """Ask once, with few attempts, whether the store answers and lets its objects be listed."""

    def objects(self, prefix: str) -> tuple[StoredObject, ...]:
        """List the objects whose keys begin with ``prefix/``, sorted by key."""

    def put(self, path: Path, key: str) -> None:
        """Write a file as an object, which becomes visible only when it is complete.

        Raises
        ------
        StorageError
            Also if the store has another number of bytes afterwards.
        """

    def get(self, key: str, path: Path) -> None:
        """Copy an object to a file. The caller must check its size or digest.

        Raises
        ------
        NotFoundError
            If there is no such object.
        """

    def size(self, key: str) -> int:
        """Return the size of an object in bytes; raises the same errors as `get`."""

    def chunks(self, key: str, start: int, end: int) -> Iterator[bytes]:
        """Read the bytes `start` to `end` (exclusive) of an object in chunks; raises the same errors as `get`."""

    def delete(self, key: str) -> None:
        """Remove an object. Do nothing if there is none."""
