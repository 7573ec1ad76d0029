"""Files in a store that many machines share: a folder, S3, Google Cloud Storage or Azure."""

from __future__ import annotations

import functools

from storage.artifact_store.fsspec_store import FsspecStore, is_store_url
from storage.artifact_store.interface import ArtifactStore, StoredObject
from storage.environment import Environment

__all__ = ["ArtifactStore", "FsspecStore", "StoredObject", "is_store_url", "state_of", "store_of"]


def store_of(environment: Environment) -> ArtifactStore | None:
    """Return the store of an environment; None without one.

    Raises
    ------
    ParameterError
        If its URL can't be used, or the extra for its kind is not installed.
    """
    return _opened(environment.store_url) if environment.store_url else None


def state_of(store: ArtifactStore | None) -> str:
    """Return the name of a store once it has answered, or that there is none; raises as `ArtifactStore.require`."""
    if store is None:
        return "none; the data folder holds everything"
    store.require()
    return store.name


@functools.cache
def _opened(url: str) -> FsspecStore:
    """Return a store whose connections all callers share."""
    return FsspecStore(url)
