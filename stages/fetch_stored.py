"""Fetch a video that somebody put into the store, next to the projects."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from autoclip.errors import DownloadError, StorageError
from storage.artifact_store import ArtifactStore, is_store_url
from storage.atomic import replacing
from storage.names import file_name


def key_in_store(address: str, store: ArtifactStore | None) -> str | None:
    """Return the key of the object that an address names; None if it is the address of a site.

    Raises
    ------
    DownloadError
        If it names an object outside the store.
    """
    if store is not None and address.startswith(f"{store.name}/"):
        return address.removeprefix(f"{store.name}/")
    if not is_store_url(address):
        return None
    place = "AUTOCLIP_STORE_URL is not set" if store is None else f"only objects below {store.name} can be fetched"
    raise DownloadError(address, f"is not in the store: {place}; upload the video, or put it there")


def fetch_stored(store: ArtifactStore, key: str, folder: Path) -> Path:
    """Copy an object to a folder; return the file, which has the object's name.

    Raises
    ------
    NotFoundError
        If there is no such object.
    StorageError
        If the store refuses or fails, or the disk is full.
    """
    name = PurePosixPath(key)
    path = folder / file_name(name.stem, name.suffix)
    with replacing(path) as partial:
        store.get(key, partial)
        arrived, size = partial.stat().st_size, store.size(key)
        if arrived != size:
            raise StorageError(f"{store.name}/{key}: {arrived} bytes of {size} arrived; try again")
    return path
