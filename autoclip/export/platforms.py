"""Platforms as data: the shape each one shows, and its limits.

Platforms change their limits without notice. Each one's `source` is its own page. According to these pages, as of
29 November 2026:

- TikTok ("Media Transfer Guide", "Video restrictions"): 23 to 60 frames a second, 4 GB and, by program, 10 minutes;
  every account may post 3 minutes, some 5 or 10. "Video restrictions" could not be read again on that day: these are
  its figures of before. The least of 3 s is what publishing services tell.
- Instagram: 3 s, 23 to 60 frames a second, 1,920 pixels, one or two channels of sound are Meta's own words (README of
  its sample "reels_publishing_apis"), which in the version that could be read allow 60 s and 100 MB; 15 minutes are
  what publishing services quote of today's reference ("IG User Media"). Of the largest file some quote 300 MB and some
  1 GB: the smaller one is taken.
- YouTube: up to three minutes, square or upright, since 15 October 2024 (YouTube Help, "Understand three-minute YouTube
  Shorts"); 256 GB is the limit of any upload (YouTube Help, "Upload videos longer than 15 minutes"). The least of 1 s
  is a guess of ours.
- X ("Media", "Best practices"): 0.5 s to 20 minutes, 8 GB and 60 frames a second for accounts that do not pay; it was
  140 s and 512 MB before. Paying accounts may post 125 minutes and 16 GB.
- What their buttons cover of an upright picture: 14 % above, 35 % below and 6 % on either side are Meta's own words on
  Reels ("Ads Guide", "safe zone"). TikTok's and YouTube's are estimates of ours from screens that publishing services
  show; X's is a guess.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from autoclip.errors import ParameterError
from autoclip.media.video import Video
from autoclip.settings import ExportSettings, PlatformName, Shape, VideoCodec
from autoclip.speech.transcript import Transcript
from autoclip.timeline import Interval

_MEGABYTE = 1_000_000
_MAX_CRF = 51
_FRAME_SEC = 0.05
"""Time in seconds kept after the last word."""
_WAY_OUT = "set over_limit = fit to have it fitted"
_AFTER_SENTENCE_SEC = 0.3
"""Time left after the last word."""


@dataclass(frozen=True, slots=True)
class SafeArea:
    """Areas to keep free on each side of a frame, as shares of its width or height."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform's recommendations and limits; the sources, and how certain they are, are stated above.

    Attributes
    ----------
    title : str
        Its name for people.
    shape : str
        The shape it shows.
    fit : tuple of int
        Long and short side of the frame in pixels: a vertical or square video gets this size, any other is fitted into
        it.
    shortest_sec, longest_sec : float
        Limits of a clip's length in seconds.
    largest_bytes : int
        Maximum file size in bytes.
    codecs : tuple of str
        Codecs it accepts, by our names.
    lowest_rate, highest_rate : float
        Limits of the frame rate; a source beyond them is exported at the nearer one.
    safe_area : SafeArea
        What its own buttons and texts cover of an upright picture.
    source : str
        Address of its own page on these limits.
    """

    title: str
    shape: Shape
    fit: tuple[int, int]
    shortest_sec: float
    longest_sec: float
    largest_bytes: int
    codecs: tuple[VideoCodec, ...]
    lowest_rate: float
    highest_rate: float
    safe_area: SafeArea
    source: str


PLATFORMS: dict[Literal["tiktok", "reels", "shorts", "x"], Platform] = {
    "tiktok": Platform(
        "TikTok",
        "vertical",
        (1920, 1080),
        3,
        600,
        4000 * _MEGABYTE,
        ("h264", "h265"),
        23,
        60,
        SafeArea(left=0.06, top=0.07, right=0.13, bottom=0.2),
        "https://developers.tiktok.com/doc/content-posting-api-media-transfer-guide",
    ),
    "reels": Platform(
        "Instagram Reels",
        "vertical",
        (1920, 1080),
        3,
        900,
        300 * _MEGABYTE,
        ("h264", "h265"),
        23,
        60,
        SafeArea(left=0.06, top=0.14, right=0.06, bottom=0.35),
        "https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media",
    ),
    "shorts": Platform(
        "YouTube Shorts",
        "vertical",
        (1920, 1080),
        1,
        180,
        256_000 * _MEGABYTE,
        ("h264", "h265", "av1"),
        1,
        60,
        SafeArea(left=0.06, top=0.12, right=0.13, bottom=0.25),
        "https://support.google.com/youtube/answer/15424877",
    ),
    "x": Platform(
        "X",
        "original",
        (1280, 720),
        0.5,
        1200,
        8000 * _MEGABYTE,
        ("h264",),
        1,
        60,
        SafeArea(left=0.06, top=0.1, right=0.06, bottom=0.15),
        "https://docs.x.com/x-api/media/quickstart/best-practices",
    ),
}


def platform_of(name: PlatformName) -> Platform | None:
    """Return a platform by its name in the settings; None for ``none``."""
    return None if name == "none" else PLATFORMS[name]


def settings_for_platform(video: Video, settings: ExportSettings) -> ExportSettings:
    """Return the settings with the platform's values filled in where the user set none."""
    platform = platform_of(settings.platform)
    if platform is None:
        return settings
    changes: dict[str, object] = {}
    if settings.shape == "original":
        changes["shape"] = platform.shape
    rate = settings.frame_rate or float(video.video.average_rate or 0)
    if rate and not platform.lowest_rate <= rate <= platform.highest_rate:
        changes["frame_rate"] = min(max(rate, platform.lowest_rate + 1), platform.highest_rate)
    return settings.model_copy(update=changes)


def limits_broken(video: Video, seconds: float, settings: ExportSettings) -> tuple[str, ...]:
    """Return the platform's limits that a clip would exceed; empty if none, or no platform is set.

    Parameters
    ----------
    video : Video
        The source.
    seconds : float
        Length of the clip in seconds.
    settings : ExportSettings
        The export settings.
    """
    platform = platform_of(settings.platform)
    if platform is None:
        return ()
    length = f"the clip of {video.path.name} has {seconds:.1f} s"
    broken = []
    if seconds > platform.longest_sec:
        broken.append(
            f"{platform.title} takes at most {platform.longest_sec:g} s, {length}; shorten it, or set over_limit = fit"
        )
    if seconds < platform.shortest_sec:
        broken.append(f"{platform.title} takes at least {platform.shortest_sec:g} s, {length}")
    if settings.video_codec not in platform.codecs:
        broken.append(f"{platform.title} takes {' or '.join(platform.codecs)}, not {settings.video_codec}")
    if settings.cut != "exact":
        broken.append(f"the picture is fitted for {platform.title}, which needs cut = exact, not {settings.cut}")
    return tuple(broken)


def fitted_interval(interval: Interval, settings: ExportSettings, transcript: Transcript | None) -> Interval:
    """Return a clip shortened to its platform's maximum if `over_limit` is ``fit``; otherwise the same clip.

    It ends with the last sentence that ends in the second half of the maximum length, else at the maximum length.
    """
    platform = platform_of(settings.platform)
    if platform is None or settings.over_limit != "fit" or interval.duration <= platform.longest_sec:
        return interval
    latest = interval.start + platform.longest_sec - _FRAME_SEC
    sentences = transcript.between(interval.start, latest).sentences if transcript is not None else ()
    ends = [sentence.end_sec + _AFTER_SENTENCE_SEC for sentence in sentences]
    fitting = [end for end in ends if interval.start + platform.longest_sec / 2 <= end <= latest]
    return Interval(interval.start, max(fitting, default=latest))


def fitting_count(lengths: Sequence[float], settings: ExportSettings) -> int:
    """Return how many items of a compound clip fit its platform, if it is to be fitted; else all. At least the first.

    Parameters
    ----------
    lengths : sequence of float
        Of the items, in seconds, in order.
    settings : ExportSettings
        What is wanted.
    """
    platform = platform_of(settings.platform)
    if platform is None or settings.over_limit != "fit":
        return len(lengths)
    ends = accumulate((length - settings.crossfade_sec for length in lengths[1:]), initial=lengths[0])
    return max(1, sum(end <= platform.longest_sec - _FRAME_SEC * len(lengths) for end in ends))


def smaller(size_bytes: int, settings: ExportSettings) -> ExportSettings | None:
    """Return settings that make a file small enough for its platform; None if it is, or must not be re-encoded.

    x264 needs half the bits for six steps of crf more ("Encode/H.264", FFmpeg's wiki); one more step is a margin.
    """
    platform = platform_of(settings.platform)
    if platform is None or settings.over_limit != "fit" or size_bytes <= platform.largest_bytes:
        return None
    crf = settings.crf + math.ceil(6 * math.log2(size_bytes / platform.largest_bytes)) + 1
    return settings.model_copy(update={"crf": crf}) if crf <= _MAX_CRF else None


def require_within_limits(video: Video, seconds: float, settings: ExportSettings) -> None:
    """Refuse a clip that would exceed a limit, before it is rendered.

    Raises
    ------
    ParameterError
        If it would; the message lists all such limits.
    """
    broken = limits_broken(video, seconds, settings)
    if broken:
        raise ParameterError("; ".join(broken))


def too_large(size_bytes: int, settings: ExportSettings) -> tuple[str, ...]:
    """Return a message if a rendered file is larger than the platform accepts; empty if it is not."""
    platform = platform_of(settings.platform)
    if platform is None or size_bytes <= platform.largest_bytes:
        return ()
    allowed, found = platform.largest_bytes / _MEGABYTE, size_bytes / _MEGABYTE
    return (f"{platform.title} takes at most {allowed:,.0f} MB and it has {found:,.0f} MB; raise crf, or {_WAY_OUT}",)
