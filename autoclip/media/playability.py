"""Which videos a browser plays unchanged, and their content types."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from autoclip.media.video import Video

CONTENT_TYPES = {
    "mov": "video/mp4",
    "matroska": "video/x-matroska",
    "avi": "video/x-msvideo",
    "mpegts": "video/mp2t",
    "mpeg": "video/mpeg",
    "ogg": "video/ogg",
    "flv": "video/x-flv",
    "asf": "video/x-ms-wmv",
    "mxf": "application/mxf",
}
"""Content types by the first of FFmpeg's names of a format (IANA media types, or the customary ones)."""

MP4_PICTURES = frozenset({"h264", "vp9", "av1"})
MP4_SOUNDS = frozenset({"aac", "mp3", "opus", "flac"})
WEBM_PICTURES = frozenset({"vp8", "vp9", "av1"})
WEBM_SOUNDS = frozenset({"opus", "vorbis"})
"""Codecs that current Chrome, Firefox and Safari all play without system codecs (MDN, "Web video codec guide" and
"Media container formats").
"""

PLAIN_PIXELS = frozenset({"yuv420p", "yuvj420p"})
"""8-bit 4:2:0: the only layout that all hardware decoders support."""


@dataclass(frozen=True, slots=True)
class Playability:
    """Why a browser can't play a video unchanged; empty if it can."""

    reason: str

    @property
    def playable(self) -> bool:
        """Whether a browser can play it."""
        return not self.reason


def playability_of(video: Video) -> Playability:
    """Return whether a browser plays a video unchanged."""
    container = video.container.split(",")[0]
    webm = is_webm(video)
    picture, sound = video.video, video.audio
    if container != "mov" and not webm:
        return Playability(f"browsers don't open {_format_name(video)} files")
    if picture.codec not in (WEBM_PICTURES if webm else MP4_PICTURES):
        return Playability(f"not every browser plays {picture.codec} pictures")
    if picture.pixel_format not in PLAIN_PIXELS:
        return Playability(f"not every browser plays {picture.pixel_format} pictures ({picture.bit_depth} bit)")
    if sound is not None and sound.codec not in (WEBM_SOUNDS if webm else MP4_SOUNDS):
        return Playability(f"not every browser plays {sound.codec} sound")
    return Playability("")


def content_type_of(video: Video) -> str:
    """Return the content type of a video file, based on its content, not its name."""
    if is_webm(video):
        return "video/webm"
    return CONTENT_TYPES.get(video.container.split(",")[0], "application/octet-stream")


def is_webm(video: Video) -> bool:
    """Whether a Matroska file is WebM. FFmpeg does not distinguish them, so the codecs decide."""
    return (
        video.container.startswith("matroska")
        and video.video.codec in WEBM_PICTURES
        and (video.audio is None or video.audio.codec in WEBM_SOUNDS)
    )


def _format_name(video: Video) -> str:
    return Path(video.path).suffix.removeprefix(".").upper() or video.container
