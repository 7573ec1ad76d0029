"""Facts of a video from its analysis, without opening it again."""

from __future__ import annotations

from autoclip.media.probe import probe
from autoclip.media.video import Video
from storage.clip_store import ClipStore


def known_video(store: ClipStore) -> Video:
    """Return the probed video of an analysis. For an analysis by an earlier version, the file is probed again.

    Raises
    ------
    NotFoundError, MediaError
        If it must be probed, and is missing or can no longer be read.
    """
    return store.video() or probe(store.source())
