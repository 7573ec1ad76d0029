"""What is known of a video without opening it again."""

from __future__ import annotations

from autoclip.media.probe import probe
from autoclip.media.video import Video
from storage.clip_store import ClipStore


def known_video(store: ClipStore) -> Video:
    """Return what probing found when the video was analyzed; that of an earlier version is probed again.

    Raises
    ------
    NotFoundError, MediaError
        If it has to be probed, and is gone or can't be read any more.
    """
    return store.video() or probe(store.source())
