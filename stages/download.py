"""Fetch a video and what its site says of it, with yt-dlp: the only room that knows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yt_dlp
from imageio_ffmpeg import get_ffmpeg_exe
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from yt_dlp.utils import DownloadError as SiteError
from yt_dlp.utils import YoutubeDLError

from autoclip.errors import DownloadError
from autoclip.media.video import Chapter
from autoclip.progress import Progress, ProgressListener, ignore_progress
from stages.download_faults import advice
from storage.catalog import HeatmapSpan, Source
from storage.data_folder import require_space

UNKNOWN_SIZE_BYTES = 1 << 30
"""Room to have before a download whose size the site does not tell."""
LIVE = {"is_live": "is live now", "is_upcoming": "has not begun", "post_live": "has just ended and is not ready"}


class DownloadSettings(BaseModel):
    """How to fetch."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_height: int = Field(1080, ge=0, le=8640, description="Best quality to fetch, as picture height; 0: the best.")
    cookies_file: Path | None = Field(None, description="File of cookies (Netscape format) for videos behind a login.")
    cookies_from_browser: str | None = Field(
        None, description="Or the browser that is logged in: firefox, chrome:Profile 1, ...", max_length=200
    )
    rate_limit_kib: int = Field(0, ge=0, le=10_000_000, description="Most KiB a second; 0: no limit.")
    sleep_sec: float = Field(0.0, ge=0, le=3600, description="Pause before each download, for sites that block hurry.")
    attempts: int = Field(10, ge=1, le=100, description="How often to try again, waiting longer each time.")
    subtitles: bool = Field(default=True, description="Keep subtitles and the thumbnail with the source.")
    max_entries: int = Field(0, ge=0, le=100_000, description="Most videos of a playlist or channel; 0: all.")


@dataclass(frozen=True, slots=True)
class Entry:
    """One video of a playlist or channel."""

    url: str
    title: str


@dataclass(frozen=True, slots=True)
class Download:
    """A fetched video: its file, and what its site says of it."""

    path: Path
    source: Source


def entries_of(url: str, settings: DownloadSettings) -> tuple[Entry, ...] | None:
    """List the videos of a playlist or channel; None if the address is that of one video.

    Raises
    ------
    DownloadError
        If the site can't be asked.
    """
    options = _options(settings) | {"extract_flat": "in_playlist", "noplaylist": False}
    if settings.max_entries:
        options["playlistend"] = settings.max_entries
    with _client(options, url) as client:
        facts = client.extract_info(url, download=False, process=True)
    if facts.get("_type") not in {"playlist", "multi_video"}:
        return None
    found = (e for e in facts.get("entries") or () if e)
    return tuple(Entry(e.get("webpage_url") or e["url"], e.get("title") or e["url"]) for e in found)


def download(
    url: str, folder: Path, settings: DownloadSettings, on_progress: ProgressListener = ignore_progress
) -> Download:
    """Fetch one video into `folder`; a part that is there from an attempt before is continued.

    Parameters
    ----------
    url : str
        Any address yt-dlp knows, or that of a file.
    folder : Path
        Where the video, its subtitles and its thumbnail go.
    settings : DownloadSettings
        How.
    on_progress : ProgressListener
        Told about the stage ``download``: share, bytes, speed and what is left.

    Returns
    -------
    Download
        The file under its final name.

    Raises
    ------
    DownloadError
        With the real reason of the site, and what to do.
    StorageError
        If the disk has no room for it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    options = _options(settings) | {
        "paths": {"home": str(folder)},
        "outtmpl": {"default": "video.%(ext)s", "thumbnail": "thumbnail.%(ext)s", "subtitle": "subtitles.%(ext)s"},
        "progress_hooks": [_hook(on_progress)],
        "writesubtitles": settings.subtitles,
        "writethumbnail": settings.subtitles,
        "subtitleslangs": ["all", "-live_chat"],
    }
    with _client(options, url) as client:
        facts = cast("dict[str, Any]", client.extract_info(url, download=False))
        _require_finished(url, facts)
        require_space(folder, int(facts.get("filesize") or facts.get("filesize_approx") or UNKNOWN_SIZE_BYTES))
        facts = cast("dict[str, Any]", client.process_ie_result(facts, download=True))
    files = [Path(part["filepath"]) for part in facts.get("requested_downloads") or () if part.get("filepath")]
    if not files or not files[0].exists():
        raise DownloadError(url, "the site offers no video there; check the address in a browser")
    on_progress(Progress("download", 1.0, f"{files[0].stat().st_size / 1e6:.1f} MB"))
    return Download(files[0], _source(url, facts, folder))


def _options(settings: DownloadSettings) -> dict[str, Any]:
    """Translate our settings into yt-dlp's."""
    height = f"[height<=?{settings.max_height}]" if settings.max_height else ""
    options: dict[str, Any] = {
        "format": f"bv*{height}+ba/b{height}/b",
        "ffmpeg_location": get_ffmpeg_exe(),
        "noplaylist": True,
        "quiet": True,
        "no_warnings": True,
        "noprogress": True,
        "color": "never",
        "logger": _Silence(),
        "socket_timeout": 30,
        "retries": settings.attempts,
        "fragment_retries": settings.attempts,
        "file_access_retries": 3,
        # Doubling pauses (1, 2, 4 ... 60 s) are what busy servers ask for.
        "retry_sleep_functions": {"http": _pause, "fragment": _pause},
        "continuedl": True,
        "overwrites": False,
        "cookiefile": str(settings.cookies_file) if settings.cookies_file else None,
        "ratelimit": settings.rate_limit_kib * 1024 or None,
        "sleep_interval": settings.sleep_sec or None,
    }
    if settings.cookies_from_browser:
        browser, _, profile = settings.cookies_from_browser.partition(":")
        options["cookiesfrombrowser"] = (browser, profile or None, None, None)
    return options


def _pause(n: int) -> float:
    """Return the seconds before attempt `n` + 1; yt-dlp names the argument."""
    return float(min(2**n, 60))


@contextmanager
def _client(options: Mapping[str, Any], url: str) -> Iterator[Any]:
    """Give a yt-dlp, and translate what it raises."""
    try:
        with yt_dlp.YoutubeDL(dict(options)) as client:
            yield client
    except SiteError as error:
        own = error.exc_info[1] if error.exc_info else None
        if own is not None and not isinstance(own, YoutubeDLError | OSError):
            raise own from None  # ours, raised by a listener to stop the work
        raise DownloadError(url, advice(str(error))) from error
    except YoutubeDLError as error:
        raise DownloadError(url, advice(str(error))) from error


class _Silence:
    """Takes yt-dlp's messages: errors reach us as exceptions."""

    def debug(self, message: str) -> None:
        """Ignore it."""

    info = warning = error = debug


def _hook(on_progress: ProgressListener) -> Any:  # noqa: ANN401
    """Return a function that tells our listener what yt-dlp tells it."""
    reached = 0.0

    def tell(status: Mapping[str, Any]) -> None:
        nonlocal reached
        if status.get("status") != "downloading":
            return
        done = float(status.get("downloaded_bytes") or 0)
        total = float(status.get("total_bytes") or status.get("total_bytes_estimate") or 0)
        # Sound comes after the picture, as a download of its own: the number must not fall for it.
        reached = max(reached, min(done / total, 0.99) if total else 0.0)
        on_progress(Progress("download", reached, _words(done, total, status.get("speed"), status.get("eta"))))

    return tell


def _words(done: float, total: float, speed: float | None, eta: float | None) -> str:
    words = [f"{done / 1e6:.1f} of {total / 1e6:.1f} MB" if total else f"{done / 1e6:.1f} MB"]
    if speed:
        words.append(f"{speed / 1e6:.2f} MB/s")
    if eta:
        words.append(f"{eta:.0f} s left")
    return ", ".join(words)


def _require_finished(url: str, facts: Mapping[str, Any]) -> None:
    """Refuse what has no end yet."""
    status = "is_live" if facts.get("is_live") else facts.get("live_status")
    if status in LIVE:
        raise DownloadError(url, f"this stream {LIVE[status]}; come back when it is over and can be watched again")
    if facts.get("_type") == "playlist":
        raise DownloadError(url, "this is a playlist, not one video; process-video takes each of its videos")


def _source(url: str, facts: Mapping[str, Any], folder: Path) -> Source:
    """Gather what the site says; what does not make sense there is left out."""
    names = sorted(path.name for path in folder.iterdir())
    languages = {name.split(".")[1]: name for name in names if name.startswith("subtitles.") and name.count(".") > 1}
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


_SPAN = {"start_sec": "start_time", "end_sec": "end_time"}
"""Our names of a span's ends, and yt-dlp's."""


def _sound(model: type[Any], found: object, **fields: str) -> Iterator[Any]:
    """Read a list of a site's; entries without the fields we need are left out."""
    for entry in found if isinstance(found, list) else ():
        try:
            yield model(**{ours: entry.get(theirs) for ours, theirs in fields.items()})
        except (ValidationError, AttributeError):
            continue
