"""The video of an analysis: its facts without opening it again, and its file once it is known to be the same."""

from __future__ import annotations

from pathlib import Path

from autoclip.errors import ConflictError
from autoclip.media.probe import probe
from autoclip.media.video import Video
from storage.clip_store import ClipStore
from storage.keys import FingerprintMemory, fingerprint


def known_video(store: ClipStore) -> Video:
    """Return the probed video of an analysis. For an analysis by an earlier version, the file is probed again.

    Raises
    ------
    NotFoundError, MediaError
        If it must be probed, and is missing or can no longer be read.
    """
    return store.video() or probe(store.source())


def verified_video(store: ClipStore) -> Video:
    """Return the video of an analysis for reading its file; only one of an earlier version is probed again.

    Raises
    ------
    NotFoundError
        If there is no video.
    MediaError
        If it must be probed, and can no longer be read.
    ConflictError
        If its place has another video, in which the clips mean nothing.
    """
    path, known = store.source(), store.video()
    if store.fingerprint is not None:
        require_same(path, store.fingerprint, store.memory)
    if known is None or not known.is_complete:
        return probe(path)
    return known.model_copy(update={"path": path})


def require_same(path: Path, content: str, memory: FingerprintMemory) -> None:
    """Verify that a file has the content with this fingerprint; it is read only if it changed since it was last seen.

    Raises
    ------
    ConflictError
        If it has another one, or changes meanwhile.
    StorageError
        If it can't be read.
    """
    if fingerprint(path, memory) != content:
        raise ConflictError(
            f"{path}: is not the video of these clips: its content differs from the one that was analyzed; "
            "put that video back, or analyze this one"
        )
