"""Download settings; separate from the download itself, because importing yt-dlp takes a third of a second."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

BROWSERS = ("brave", "chrome", "chromium", "edge", "firefox", "opera", "safari", "vivaldi", "whale")
"""Browsers whose cookies yt-dlp can read."""


class DownloadSettings(BaseModel):
    """How videos are downloaded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_height: int = Field(1080, ge=0, le=8640, description="Best quality to fetch, as picture height; 0: the best.")
    cookies_file: Path | None = Field(None, description="File of cookies (Netscape format) for videos behind a login.")
    cookies_from_browser: str | None = Field(
        None,
        description="Browser that is logged in, with its profile, instead of a file: firefox, chrome:Profile 1, ...",
        max_length=200,
        pattern=f"^({'|'.join(BROWSERS)})(:.+)?$",
    )
    rate_limit_kib: int = Field(0, ge=0, le=10_000_000, description="Most KiB a second; 0: no limit.")
    sleep_sec: float = Field(0.0, ge=0, le=3600, description="Pause before each download, for sites that block hurry.")
    attempts: int = Field(10, ge=1, le=100, description="How often to try again, waiting longer each time.")
    subtitles: bool = Field(
        default=True, description="Keep the thumbnail and subtitles; automatic captions where people wrote none."
    )
    chat: bool = Field(default=True, description="Keep the chat of a stream that is over, when the site has it.")
    max_entries: int = Field(0, ge=0, le=100_000, description="Most videos of a playlist or channel; 0: all.")
