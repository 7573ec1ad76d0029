"""What a site says of a video, as yt-dlp reads it: whether it can be fetched at all, and what is kept with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from autoclip.errors import DownloadError
from autoclip.media.video import Chapter
from stages.chat_files import DOWNLOADED_CHATS
from storage.catalog import HeatmapSpan, Source

LIVE = {"is_live": "is live now", "is_upcoming": "has not begun", "post_live": "has just ended and is not ready"}
"""yt-dlp's ``live_status`` of what can't be fetched yet."""


PLAYLISTS = frozenset({"playlist", "multi_video"})
"""yt-dlp's ``_type`` of what holds several videos."""


def require_one_finished_video(url: str, facts: Mapping[str, Any]) -> None:
    """Refuse what has no end yet, and what is not one video.

    Raises
    ------
    DownloadError
        It says which of the two.
    """
    status = "is_live" if facts.get("is_live") else facts.get("live_status")
    if status in LIVE:
        raise DownloadError(url, f"this stream {LIVE[status]}; come back when it is over and can be watched again")
    if facts.get("_type") in PLAYLISTS:
        raise DownloadError(url, "this is a playlist, not one video; process-video takes each of its videos")


def is_endless(playlist: str) -> bool:
    """Return whether a media playlist (HTTP Live Streaming) is still being written: RFC 8216, 4.3.3.4 and 4.3.3.5."""
    return "#EXTINF" in playlist and "#EXT-X-ENDLIST" not in playlist and "#EXT-X-PLAYLIST-TYPE:VOD" not in playlist


def source_of(url: str, facts: Mapping[str, Any], folder: Path) -> Source:
    """Gather what the site says; what does not make sense there is left out.

    Parameters
    ----------
    url : str
        The address that was asked for.
    facts : mapping
        yt-dlp's ``info_dict``.
    folder : Path
        Where subtitles and the thumbnail lie, beside the video.
    """
    names = sorted(path.name for path in folder.iterdir())
    languages = {name.split(".")[1]: name for name in names if _is_subtitle(name)}
    return Source(
        kind="url",
        address=url,
        title=facts.get("title"),
        uploader=facts.get("uploader") or facts.get("channel"),
        thumbnail=next((name for name in names if name.startswith("thumbnail.")), None),
        chapters=tuple(_sound(Chapter, facts.get("chapters"), **_SPAN, title="title")),
        heatmap=tuple(_sound(HeatmapSpan, facts.get("heatmap"), **_SPAN, value="value")),
        subtitles=languages,
    )


def _is_subtitle(name: str) -> bool:
    """Tell a file of subtitles from others, and from a chat."""
    parts = name.split(".")
    return parts[0] == "subtitles" and len(parts) > len(("subtitles", "en")) and parts[1] not in DOWNLOADED_CHATS


_SPAN = {"start_sec": "start_time", "end_sec": "end_time"}
"""Our names of a span's ends, and yt-dlp's."""


def _sound(model: type[Any], found: object, **fields: str) -> Iterator[Any]:
    """Read a list of a site's; entries without the fields we need are left out."""
    for entry in found if isinstance(found, list) else ():
        try:
            yield model(**{ours: entry.get(theirs) for ours, theirs in fields.items()})
        except (ValidationError, AttributeError):
            continue
