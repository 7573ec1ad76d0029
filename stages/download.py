"""Download a video and its metadata with yt-dlp; the only module that imports it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import yt_dlp
from imageio_ffmpeg import get_ffmpeg_exe
from yt_dlp.downloader import get_suitable_downloader
from yt_dlp.downloader.external import ExternalFD
from yt_dlp.downloader.rtmp import RtmpFD
from yt_dlp.extractor import get_info_extractor
from yt_dlp.globals import postprocessors
from yt_dlp.networking import Request
from yt_dlp.networking.exceptions import TransportError
from yt_dlp.postprocessor.ffmpeg import FFmpegPostProcessor
from yt_dlp.utils import DownloadError as SiteError
from yt_dlp.utils import YoutubeDLError, unsmuggle_url
from yt_dlp.utils._utils import _UnsafeExtensionError

from autoclip.errors import DownloadError
from autoclip.media.container import FORMATS
from autoclip.progress import Progress, ProgressListener, ignore_progress
from autoclip.text_files import read_text
from stages.chat_files import DOWNLOADED_CHATS
from stages.download_faults import advice
from stages.download_settings import DownloadSettings
from stages.public_addresses import PrivateAddressRefused, public_addresses_only
from stages.site_facts import PLAYLISTS, is_endless, require_one_finished_video, source_of, subtitles_of
from storage.catalog import Source
from storage.data_folder import RESERVE_BYTES, require_space

UNKNOWN_SIZE_BYTES = 1 << 30
"""Free disk space required before a download of unknown size, in bytes."""
DEEPEST_PLAYLIST = 3
"""Depth of nested lists: a channel contains lists (its videos, its shorts), which contain videos.

Deeper ones are not lists for people.
"""
MAX_ANSWER_BYTES = 64 << 20
"""Size limit of a page, list or thumbnail of a site, in bytes; lists of thousands of videos take some 10 MB."""
_CONFUSED = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, _UnsafeExtensionError)
"""What yt-dlp raises when a site's answer is not as it expects."""
_FFMPEG_STEPS = tuple(kind for kind in postprocessors.value.values() if issubclass(kind, FFmpegPostProcessor))
_MEDIA_ONLY = ("-protocol_whitelist", "file", "-format_whitelist", ",".join((*FORMATS, "ac3", "eac3")))
"""What a site sends as pictures or sound may be a playlist of this machine's files, so ffmpeg opens only what holds its
own: our formats, and the bare sound of streams (RFC 8216, 3.4)."""
ALLOWING = "AUTOCLIP_ALLOW_PRIVATE_URLS=true allows that"


@dataclass(frozen=True, slots=True)
class Entry:
    """One video of a playlist or channel."""

    url: str
    title: str


@dataclass(frozen=True, slots=True)
class Download:
    """A downloaded video.

    Attributes
    ----------
    path : Path
        Its file.
    source : Source
        Its metadata from the site.
    warnings : tuple of str
        Why some of its subtitles are missing.
    """

    path: Path
    source: Source
    warnings: tuple[str, ...] = ()


def entries_of(url: str, settings: DownloadSettings, *, allow_private: bool = False) -> tuple[Entry, ...] | None:
    """List the videos of a playlist or channel; return None if the address is that of a single video.

    A video of a playlist counts as a single video.

    Parameters
    ----------
    url : str
        Any address that yt-dlp supports.
    settings : DownloadSettings
        Download settings, including the maximum number of entries.
    allow_private : bool
        Whether addresses in the local network are allowed.

    Raises
    ------
    DownloadError
        If the site can't be read.
    """
    options = _options(settings, url) | {"extract_flat": "in_playlist"}
    if settings.max_entries:
        options["playlistend"] = settings.max_entries
    with _client(options, url, allow_private=allow_private) as client:
        entries = _listed(client, url, DEEPEST_PLAYLIST)
    return None if entries is None else entries[: settings.max_entries or None]


def _listed(client: Any, url: str, depth: int) -> tuple[Entry, ...] | None:  # noqa: ANN401
    """List the entries of an address, including those of nested lists."""
    facts = client.extract_info(url, download=False, process=True)
    if facts.get("_type") not in PLAYLISTS:
        return None
    found: list[Entry] = []
    for entry in facts.get("entries") or ():
        if not entry:
            continue
        address = _address_of(entry, facts)
        inner = _listed_within(client, address, depth - 1) if depth > 1 and _is_list(entry, facts) else None
        found += inner if inner is not None else (Entry(address, entry.get("title") or address),)
    return tuple({entry.url: entry for entry in found}.values())


def _listed_within(client: Any, url: str, depth: int) -> tuple[Entry, ...] | None:  # noqa: ANN401
    """List an entry that is itself a list; one that can't be read stays an entry, whose own job reports the reason."""
    try:
        return _listed(client, url, depth)
    except SiteError:
        return None


def _is_list(entry: Mapping[str, Any], playlist: Mapping[str, Any]) -> bool:
    """Return whether an entry is itself a list, as far as that is known without a request.

    A channel page and its lists have one extractor (YouTube's tabs), and their videos have another.
    """
    if not entry.get("ie_key") or entry.get("_type") not in {"url", "url_transparent"}:
        return False
    single = get_info_extractor(entry["ie_key"]).is_single_video(entry["url"])
    return single is False or (single is None and entry["ie_key"] == playlist.get("extractor_key"))


def _address_of(entry: Mapping[str, Any], playlist: Mapping[str, Any]) -> str:
    """Return the address for downloading an entry; for a page with several videos, the address of the file."""
    page = entry.get("webpage_url")
    address = str(page if page and page != playlist.get("webpage_url") else entry.get("url") or page)
    plain, hints = unsmuggle_url(address, {})
    # Keep the fragment that yt-dlp adds to an address for its own use, unless it is only a name.
    return str(plain) if set(hints) <= {"force_videoid"} else address


def download(
    url: str,
    folder: Path,
    settings: DownloadSettings,
    on_progress: ProgressListener = ignore_progress,
    *,
    allow_private: bool = False,
) -> Download:
    """Download one video into `folder`. A partial file of an earlier attempt is continued.

    Parameters
    ----------
    url : str
        Any address that yt-dlp supports, or that of a file.
    folder : Path
        Folder for the video, its subtitles and its thumbnail.
    settings : DownloadSettings
        Download settings.
    on_progress : ProgressListener
        Called with the progress of the stage ``download``: share, bytes, speed and remaining time.
    allow_private : bool
        Whether addresses in the local network are allowed, including targets of redirects and playlists.

    Returns
    -------
    Download
        The file under its final name.

    Raises
    ------
    DownloadError
        If the download fails; the message has the site's reason and what to do. Missing subtitles only give a warning.
    StorageError
        If the disk has not enough room.
    """
    folder.mkdir(parents=True, exist_ok=True)
    options = _options(settings, url) | {
        "paths": {"home": str(folder)},
        "outtmpl": {"default": "video.%(ext)s", "thumbnail": "thumbnail.%(ext)s", "subtitle": "subtitles.%(ext)s"},
        "progress_hooks": [_hook(on_progress, folder)],
        "writesubtitles": settings.subtitles or settings.chat,
        "writeautomaticsub": settings.subtitles,
        "writethumbnail": settings.subtitles,
        "subtitleslangs": _subtitles(settings),
        "subtitlesformat": "vtt/srt/ass/best",
    }
    with _client(options, url, allow_private=allow_private) as client:
        facts = cast("dict[str, Any]", client.extract_info(url, download=False))
        require_one_finished_video(url, facts)
        _require_fit_streams(client, url, facts, allow_private=allow_private)
        require_space(folder, int(facts.get("filesize") or facts.get("filesize_approx") or UNKNOWN_SIZE_BYTES))
        facts |= {"subtitles": subtitles_of(facts), "automatic_captions": {}}
        bare = facts | {"subtitles": {}, "requested_subtitles": None}
        fetched = cast("dict[str, Any]", client.process_ie_result(bare, download=True))
        files = [Path(part["filepath"]) for part in fetched.get("requested_downloads") or () if part.get("filepath")]
        if not files or not files[0].exists():
            raise DownloadError(url, "the site offers no video there; check the address in a browser")
        warnings = _fetch_subtitles(client, facts)
    on_progress(Progress("download", 1.0, f"{files[0].stat().st_size / 1e6:.1f} MB"))
    return Download(files[0], source_of(url, facts, folder), warnings)


def _fetch_subtitles(client: Any, facts: Mapping[str, Any]) -> tuple[str, ...]:  # noqa: ANN401
    """Fetch the subtitles alone, as the last thing a client does; return why some can't be had.

    Sites that are asked often refuse subtitles first (HTTP 429), which is no reason to do without the video.
    """
    warnings = _Warnings()
    client.params |= {"skip_download": True, "writethumbnail": False, "ignoreerrors": True, "logger": warnings}
    client.process_ie_result(dict(facts), download=True)
    return tuple(warnings.messages)


def _subtitles(settings: DownloadSettings) -> list[str]:
    """Return yt-dlp's names of the subtitles to keep, including chats."""
    if settings.subtitles:
        return ["all"] if settings.chat else ["all", *(f"-{name}" for name in DOWNLOADED_CHATS)]
    return list(DOWNLOADED_CHATS)


def _require_fit_streams(client: Any, url: str, facts: Mapping[str, Any], *, allow_private: bool) -> None:  # noqa: ANN401
    """Refuse endless streams that the site did not declare, and streams that can't be restricted to public addresses.

    A stream that yt-dlp passes to another program opens connections outside the control of `public_addresses_only`.
    """
    for stream in facts.get("requested_formats") or (facts,):
        loader = get_suitable_downloader(dict(stream), client.params)
        if not allow_private and issubclass(loader, ExternalFD | RtmpFD):
            raise DownloadError(
                url, f"its stream ({stream.get('protocol')}) may lead into this network unseen; {ALLOWING}"
            )
        if facts.get("live_status") is None and str(stream.get("protocol")).startswith("m3u8"):
            with client.urlopen(Request(stream["url"], headers=stream.get("http_headers") or {})) as answer:
                if is_endless(answer.read().decode(errors="replace")):
                    require_one_finished_video(url, {"live_status": "is_live"})


def _options(settings: DownloadSettings, url: str) -> dict[str, Any]:
    """Convert our settings to yt-dlp's options."""
    height = f"[height<=?{settings.max_height}]" if settings.max_height else ""
    options: dict[str, Any] = {
        "format": f"bv*{height}+ba/b{height}/b",
        "ffmpeg_location": get_ffmpeg_exe(),
        "postprocessor_args": {f"{kind.pp_key()}+ffmpeg_i".lower(): _MEDIA_ONLY for kind in _FFMPEG_STEPS},
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
        # Exponential backoff (1, 2, 4 ... 60 s), as busy servers request.
        "retry_sleep_functions": {"http": _pause, "fragment": _pause},
        "continuedl": True,
        "overwrites": False,
        "hls_prefer_native": True,
        "cookiefile": _cookies(settings.cookies_file, url) if settings.cookies_file else None,
        "ratelimit": settings.rate_limit_kib * 1024 or None,
        "sleep_interval": settings.sleep_sec or None,
    }
    if settings.cookies_from_browser:
        browser, _, profile = settings.cookies_from_browser.partition(":")
        options["cookiesfrombrowser"] = (browser, profile or None, None, None)
    return options


def _cookies(path: Path, url: str) -> io.StringIO:
    """Return a copy of a cookies file, because yt-dlp writes to its file, and several jobs may share one."""
    try:
        return io.StringIO(read_text(path.expanduser()))
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DownloadError(url, f"cookies_file {path} can't be read ({reason}); export it again") from error


def _pause(n: int) -> float:
    """Return the seconds before attempt `n` + 1; yt-dlp requires this argument name."""
    return float(min(2**n, 60))


@contextmanager
def _client(options: Mapping[str, Any], url: str, *, allow_private: bool) -> Iterator[Any]:
    """Yield a yt-dlp client, and translate its errors."""
    try:
        with nullcontext() if allow_private else public_addresses_only(), _Client(dict(options)) as client:
            yield client
    except PrivateAddressRefused as refused:
        raise DownloadError(url, f"it leads to {refused.address} in the local network; {ALLOWING}") from None
    except SiteError as error:
        own = error.exc_info[1] if error.exc_info else None
        if own is not None and not isinstance(own, (YoutubeDLError, OSError, *_CONFUSED)):
            raise own from None  # ours, raised by a listener to stop the work
        raise DownloadError(url, advice(str(error))) from error
    except YoutubeDLError as error:
        raise DownloadError(url, advice(str(error))) from error
    except _CONFUSED as error:
        raise DownloadError(
            url, f"the site's answer is not understood ({error}); try later, or update yt-dlp"
        ) from error


class _Client(yt_dlp.YoutubeDL):  # type: ignore[misc]  # it has no types
    """yt-dlp with a limit on what it reads without looking at the size: pages into memory, thumbnails onto the disk."""

    _all_limited = False

    def urlopen(self, req: Any) -> Any:  # noqa: ANN401
        """Open an address; reading more of the answer than the limit raises yt-dlp's error for broken transfers."""
        answer = super().urlopen(req)
        answer.read = _limited(answer.read, also_in_parts=self._all_limited)
        return answer

    def _write_thumbnails(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        self._all_limited = True
        try:
            return super()._write_thumbnails(*arguments, **options)
        finally:
            self._all_limited = False


def _limited(read: Callable[[int], bytes], *, also_in_parts: bool) -> Callable[..., bytes]:
    """Limit what `read` returns as a whole; downloads of videos read in parts, and have a limit of their own."""
    taken = 0

    def part(size: int) -> bytes:
        nonlocal taken
        content = read(size)
        taken += len(content)
        if taken > MAX_ANSWER_BYTES:
            raise TransportError(f"the site sent more than {MAX_ANSWER_BYTES >> 20} MB where a page or picture belongs")
        return content

    def limited(size: int | None = None) -> bytes:
        if size is not None and size >= 0:
            return part(size) if also_in_parts else read(size)
        return b"".join(iter(partial(part, io.DEFAULT_BUFFER_SIZE), b""))

    return limited


class _Silence:
    """Ignores yt-dlp's messages; errors reach us as exceptions."""

    def debug(self, message: str) -> None:
        """Ignore a message."""

    info = warning = error = debug


class _Warnings(_Silence):
    """Keeps yt-dlp's warnings."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def warning(self, message: str) -> None:
        """Keep a warning."""
        self.messages.append(message)


def _hook(on_progress: ProgressListener, folder: Path) -> Any:  # noqa: ANN401
    """Return a yt-dlp progress hook that reports to our listener, and ends what would fill the disk of `folder`."""
    reached = 0.0

    def tell(status: Mapping[str, Any]) -> None:
        nonlocal reached
        if status.get("status") != "downloading":
            return
        require_space(folder, RESERVE_BYTES)  # a stream may have no end, or be larger than the site says
        done = float(status.get("downloaded_bytes") or 0)
        total = float(status.get("total_bytes") or status.get("total_bytes_estimate") or 0)
        # Audio is downloaded after the video, separately; the share must not decrease.
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
