"""A store on any fsspec back end that writes objects atomically: a folder, S3, Google Cloud Storage, Azure.

Credentials and endpoints come from each back end's own configuration (``AWS_...``, ``~/.aws``,
``GOOGLE_APPLICATION_CREDENTIALS``, ``AZURE_STORAGE_...``), never from the store's URL.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import fsspec
from fsspec.implementations.local import LocalFileSystem

from autoclip.errors import NotFoundError, ParameterError, StorageError
from storage.artifact_store.faults import attempted
from storage.artifact_store.interface import StoredObject
from storage.atomic import replacing
from storage.names import confine

CHUNK_BYTES = 4 << 20
"""Bytes per request while a part of an object is read."""

BACK_ENDS = {"file": ("fsspec", ""), "s3": ("s3fs", "s3"), "gs": ("gcsfs", "gcs"), "az": ("adlfs", "azure")}
"""Kinds of URL, with the module and the extra of each. In all of them an object is visible only once it is complete."""

_WRITTEN_AT = ("LastModified", "last_modified", "mtime", "updated", "created")
"""Names of an object's time in the back ends."""

Answer = TypeVar("Answer")


def is_store_url(address: str) -> bool:
    """Whether an address is that of a store, not of a site."""
    return address.partition("://")[0] in BACK_ENDS and "://" in address


class FsspecStore:
    """A store on fsspec; see `storage.artifact_store.interface.ArtifactStore`.

    Parameters
    ----------
    url : str
        ``file:///FOLDER``, ``s3://BUCKET/PREFIX``, ``gs://BUCKET/PREFIX`` or ``az://CONTAINER/PREFIX``.

    Raises
    ------
    ParameterError
        If its URL can't be used, or the extra for its kind is not installed.
    """

    def __init__(self, url: str) -> None:
        kind = url.partition("://")[0]
        module, extra = BACK_ENDS.get(kind, ("", ""))
        if not module:
            raise ParameterError(f"AUTOCLIP_STORE_URL: {kind}:// is no store; use {', '.join(BACK_ENDS)}")
        if find_spec(module) is None:
            raise ParameterError(f"a store at {kind}:// needs an extra: pip install 'autoclip[{extra}]'")
        self._name = url.rstrip("/")
        self._files, root = fsspec.core.url_to_fs(self._name, use_listings_cache=False, skip_instance_cache=True)
        self._root = str(root).rstrip("/")

    @property
    def name(self) -> str:
        """Return the address of the store; its URL never contains a password."""
        return self._name

    def require(self) -> None:
        """Ask whether the store answers; see `ArtifactStore.require`."""
        attempted(self._name, lambda: self._files.find(self._path("projects/none")), attempts=1)

    def objects(self, prefix: str) -> tuple[StoredObject, ...]:
        """List objects; see `ArtifactStore.objects`."""
        found = self._asked(prefix, lambda: self._files.find(self._path(prefix), detail=True))
        return tuple(
            StoredObject(path.removeprefix(f"{self._root}/"), int(facts["size"]), _written_at(facts))
            for path, facts in sorted(found.items())
            if not path.rpartition("/")[2].startswith(".")  # left in a folder by a killed writer
        )

    def put(self, path: Path, key: str) -> None:
        """Write a file as an object; see `ArtifactStore.put`."""
        self._asked(key, lambda: self._write(path, key))
        size, written = path.stat().st_size, self.size(key)
        if size != written:
            self.delete(key)
            raise StorageError(f"{self._name}/{key}: {size} bytes were sent, and {written} arrived; try again")

    def get(self, key: str, path: Path) -> None:
        """Copy an object to a new file; see `ArtifactStore.get`."""
        self._asked(key, lambda: self._files.get_file(self._path(key), str(path)))

    def chunks(self, key: str, start: int, end: int) -> Iterator[bytes]:
        """Read a part of an object in chunks; see `ArtifactStore.chunks`."""
        for first in range(start, end, CHUNK_BYTES):
            yield self._chunk(key, first, min(first + CHUNK_BYTES, end))

    def delete(self, key: str) -> None:
        """Remove an object; see `ArtifactStore.delete`."""
        try:
            self._asked(key, lambda: self._files.rm_file(self._path(key)))
        except NotFoundError:
            return

    def size(self, key: str) -> int:
        """Return the size of an object; see `ArtifactStore.size`."""
        size: int = self._asked(key, lambda: self._files.size(self._path(key)))
        return size

    def _chunk(self, key: str, first: int, end: int) -> bytes:
        read: bytes = self._asked(key, lambda: self._files.cat_file(self._path(key), start=first, end=end))
        if len(read) != end - first:
            raise StorageError(f"{self._name}/{key}: ends after {first + len(read)} bytes; it is damaged in the store")
        return read

    def _write(self, path: Path, key: str) -> None:
        """Write an object. A folder needs an option so that the object becomes visible only when complete."""
        if isinstance(self._files, LocalFileSystem):
            with replacing(Path(self._path(key))) as partial:
                shutil.copyfile(path, partial)
        else:
            self._files.put_file(str(path), self._path(key))

    def _path(self, key: str) -> str:
        """Return the path of an object; raise `ParameterError` if its key leads out of the store."""
        if ".." in key.split("/"):
            raise ParameterError(f"{key[:80]!r} is not a valid key: '..' leads out of the store")
        if isinstance(self._files, LocalFileSystem):
            confine(Path(self._root), key)  # links in the folder
        return f"{self._root}/{key}"

    def _asked(self, key: str, work: Callable[[], Answer]) -> Answer:
        return attempted(f"{self._name}/{key}", work)


def _written_at(facts: dict[str, Any]) -> datetime:
    """Return when an object was written, for any back end."""
    value = next(facts[name] for name in _WRITTEN_AT if facts.get(name) is not None)
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
