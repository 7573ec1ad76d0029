"""Downloads through yt-dlp from a real HTTP server: whole, slow, broken off, lists, streams, and what is refused."""

from __future__ import annotations

import gzip
import json
import math
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError
from video_site import FLAKY, MEMBERS, SLOW, WHOLE, Page, VideoSite
from yt_dlp import YoutubeDL
from yt_dlp.cookies import SUPPORTED_BROWSERS
from yt_dlp.extractor.common import InfoExtractor
from yt_dlp.extractor.generic import GenericIE
from yt_dlp.extractor.vimeo import VimeoChannelIE, VimeoIE
from yt_dlp.extractor.youtube import YoutubeIE, YoutubeTabIE
from yt_dlp.globals import extractors
from yt_dlp.utils import ExtractorError, UnsupportedError

from autoclip.errors import DownloadError, StorageError
from autoclip.media.probe import probe
from autoclip.progress import Progress, ProgressListener, ignore_progress
from stages import download as room
from stages.download import Download, Entry
from stages.download_faults import advice
from stages.download_settings import BROWSERS, DownloadSettings
from stages.site_facts import source_of
from tasks.progress_reporter import RunCancelledError

PATIENT = DownloadSettings(attempts=4)
HASTY = DownloadSettings(attempts=1)
FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Matches</title>
<item><title>First half</title><guid>one</guid><enclosure url="{base}/whole.mp4" type="video/mp4" length="1"/></item>
<item><title>Second half</title><guid>two</guid><enclosure url="{base}/flaky.mp4" type="video/mp4" length="1"/></item>
</channel></rss>"""
PLAYER = """<html><head><title>Cup final</title></head><body><video poster="{base}/poster.jpg">
<source src="{base}/whole.mp4" type="video/mp4">
<track kind="subtitles" srclang="en" src="{base}/words.vtt"><track kind="captions" srclang="de" src="{base}/worte.vtt">
</video></body></html>"""
WORDS = "WEBVTT\n\n00:00.000 --> 00:02.000\nKick-off\n"
LINKED_DATA = """<html><head><title>Cup final</title><script type="application/ld+json">
{"@context": "https://schema.org", "@type": "VideoObject", "name": "Cup final, whole match", "duration": "PT8S",
 "contentUrl": "{base}/whole.mp4", "encodingFormat": "video/mp4", "author": {"@type": "Person", "name": "The club"},
 "hasPart": [{"@type": "Clip", "name": "Kick-off", "startOffset": 0, "endOffset": 3},
             {"@type": "Clip", "name": "The goal", "startOffset": 3, "endOffset": 8}]}
</script></head></html>"""
TWO_PLAYERS = """<html><head><title>Both halves</title></head><body><video src="{base}/whole.mp4"></video>
<video src="{base}/flaky.mp4"></video></body></html>"""
DASH = """<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT3S"
 profiles="urn:mpeg:dash:profile:isoff-on-demand:2011" minBufferTime="PT1S"><Period>
<AdaptationSet mimeType="video/mp4"><Representation id="v" bandwidth="9" codecs="avc1.42c00a" width="64" height="64">
<BaseURL>{video}</BaseURL></Representation></AdaptationSet>
<AdaptationSet mimeType="audio/mp4"><Representation id="a" bandwidth="9" codecs="mp4a.40.2">
<BaseURL>{audio}</BaseURL></Representation></AdaptationSet></Period></MPD>"""
STREAM = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n{key}#EXTINF:4.0,\n{base}/part.ts\n{end}"
STREAM_KIND = "application/vnd.apple.mpegurl"


def download(
    url: str,
    folder: Path,
    settings: DownloadSettings = PATIENT,
    on_progress: ProgressListener = ignore_progress,
) -> Download:
    return room.download(url, folder, settings, on_progress, allow_private=True)


def entries_of(url: str, settings: DownloadSettings = PATIENT) -> tuple[Entry, ...] | None:
    return room.entries_of(url, settings, allow_private=True)


@pytest.fixture
def site() -> Iterator[VideoSite]:
    with VideoSite(b"\0\0\0\x18ftypisom" + random.Random(1).randbytes(200_000)) as running:
        yield running


@pytest.fixture
def transport_stream(encode_tracks: Callable[..., Path], film: type, sound: type) -> bytes:
    return encode_tracks("part.ts", film([60] * 40, rate=10), sound(4.0)).read_bytes()


def test_a_file_arrives_whole_with_progress(site: VideoSite, tmp_path: Path) -> None:
    told: list[Progress] = []
    fetched = download(site.base + WHOLE, tmp_path / "in", PATIENT, told.append)
    assert fetched.path.read_bytes() == site.video
    assert fetched.path.name == "video.mp4"
    assert (fetched.source.kind, fetched.source.address) == ("url", site.base + WHOLE)
    fractions = [progress.fraction for progress in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert any("MB/s" in progress.message for progress in told)
    # A run that was killed after the last byte, but before the catalog knew, finds the file again.
    asked = len([asked for asked in site.asked if asked.byte_range])
    again = download(site.base + WHOLE, tmp_path / "in")
    assert (again.path, again.source) == (fetched.path, fetched.source)
    assert len([asked for asked in site.asked if asked.byte_range]) == asked


def test_what_broke_off_is_continued_not_begun_anew(site: VideoSite, tmp_path: Path) -> None:
    fetched = download(site.base + FLAKY, tmp_path / "in")
    assert fetched.path.read_bytes() == site.video
    starts = [int(asked.byte_range.removeprefix("bytes=").split("-")[0]) for asked in site.asked if asked.byte_range]
    assert max(starts) >= len(site.video) // 2


def test_a_stop_leaves_a_part_that_the_next_attempt_continues(site: VideoSite, tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.fraction > 0.1:
            raise RunCancelledError("cancelled on request")

    folder = tmp_path / "in"
    with pytest.raises(RunCancelledError):
        download(site.base + SLOW, folder, PATIENT, stop)
    assert not (folder / "video.mp4").exists()
    (part,) = folder.glob("*.part")
    had = part.stat().st_size
    assert 0 < had < len(site.video)
    site.asked.clear()
    assert download(site.base + SLOW, folder).path.read_bytes() == site.video
    assert f"bytes={had}-" in {asked.byte_range for asked in site.asked}


def test_a_download_ends_before_it_fills_the_disk(
    site: VideoSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "RESERVE_BYTES", 1 << 60)
    with pytest.raises(StorageError, match="are free; free space there"):
        download(site.base + SLOW, tmp_path)
    assert len(site.asked) < 5
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < len(site.video)


def test_cookies_of_a_file_open_what_is_behind_a_login(site: VideoSite, tmp_path: Path) -> None:
    cookies = tmp_path / "cookies.txt"
    written = "# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t2147483647\tsession\tgranted\n"
    cookies.write_text(written)
    with pytest.raises(DownloadError, match="cookies_from_browser"):
        download(site.base + MEMBERS, tmp_path / "without", HASTY)
    fetched = download(site.base + MEMBERS, tmp_path / "with", DownloadSettings(attempts=1, cookies_file=cookies))
    assert fetched.path.read_bytes() == site.video
    assert cookies.read_text() == written  # several jobs may share it
    with pytest.raises(DownloadError, match=r"cookies_file .*none\.txt can't be read \(No such file"):
        download(site.base + MEMBERS, tmp_path / "no", DownloadSettings(cookies_file=tmp_path / "none.txt"))
    cookies.write_text("<html>not cookies</html>")
    with pytest.raises(DownloadError, match="the cookies can't be read"):
        download(site.base + MEMBERS, tmp_path / "no", DownloadSettings(cookies_file=cookies))


def test_cookies_of_a_browser(site: VideoSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(BROWSERS) == SUPPORTED_BROWSERS
    with pytest.raises(ValidationError, match="cookies_from_browser"):
        DownloadSettings(cookies_from_browser="netscape")
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = DownloadSettings(cookies_from_browser="chrome:Profile 9", attempts=1)
    with pytest.raises(DownloadError, match="the cookies can't be read; close the browser") as caught:
        download(site.base + WHOLE, tmp_path / "in", settings)
    assert "Profile 9" in str(caught.value)


def test_a_rate_limit_and_a_pause_make_it_take_longer(site: VideoSite, tmp_path: Path) -> None:
    begun = time.monotonic()
    download(site.base + WHOLE, tmp_path / "limited", DownloadSettings(rate_limit_kib=300))
    assert time.monotonic() - begun > 0.5 * len(site.video) / (300 * 1024)
    begun = time.monotonic()
    download(site.base + WHOLE, tmp_path / "paused", DownloadSettings(sleep_sec=0.5))
    assert time.monotonic() - begun > 0.5


def test_subtitles_and_the_thumbnail_are_kept_with_the_source(site: VideoSite, tmp_path: Path) -> None:
    site.pages = {
        "/watch": Page(PLAYER),
        "/poster.jpg": Page(b"\xff\xd8\xff\xe0picture", "image/jpeg"),
        "/words.vtt": Page(WORDS, "text/vtt"),
        "/worte.vtt": Page(WORDS.replace("Kick-off", "Anpfiff"), "text/vtt"),
    }
    folder = tmp_path / "in"
    fetched = download(f"{site.base}/watch", folder)
    assert fetched.path.read_bytes() == site.video
    assert fetched.source.subtitles == {"de": "subtitles.de.vtt", "en": "subtitles.en.vtt"}
    assert "Kick-off" in (folder / "subtitles.en.vtt").read_text()
    assert fetched.source.thumbnail == "thumbnail.jpg"
    assert (folder / "thumbnail.jpg").read_bytes().endswith(b"picture")
    assert str(fetched.source.title).startswith("Cup final")

    bare = download(f"{site.base}/watch", tmp_path / "bare", DownloadSettings(subtitles=False))
    assert (bare.source.subtitles, bare.source.thumbnail) == ({}, None)
    assert [path.name for path in (tmp_path / "bare").iterdir()] == ["video.mp4"]


class TalkSiteIE(InfoExtractor):
    """Reads pages that tell of captions as YouTube's extractor does, by hand and automatic ones."""

    _VALID_URL = r"http://127\.0\.0\.1:\d+/talk"

    def _real_extract(self, url: str) -> dict[str, object]:
        found: dict[str, object] = self._download_json(url, "talk")
        return found


@pytest.fixture
def talk_site(site: VideoSite, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Return a maker of pages about a talk with the captions that are named; each lies at ``/LANGUAGE.vtt``."""
    with YoutubeDL({"quiet": True}):  # knows its extractors from then on
        monkeypatch.setattr(extractors, "value", {"TalkSiteIE": TalkSiteIE, **extractors.value})

    def made(by_people: list[str], automatic: list[str], language: str | None = "en", **others: object) -> str:
        def offered(names: list[str]) -> dict[str, object]:
            return {
                name: [{"ext": ext, "url": f"{site.base}/{name}.{ext}"} for ext in ("json3", "vtt", "srv3")]
                for name in names
            }

        facts = {"id": "talk", "title": "A talk", "url": site.base + WHOLE, "ext": "mp4", "language": language}
        facts |= {"subtitles": offered(by_people), "automatic_captions": offered(automatic), **others}
        site.pages = {f"/{name}.vtt": Page(WORDS, "text/vtt") for name in (*by_people, *automatic)}
        site.pages["/talk"] = Page(json.dumps(facts), "application/json")
        return f"{site.base}/talk"

    return made


@pytest.mark.parametrize(
    ("captions", "kept"),
    [
        (([], ["en-orig", "en", "de", "ja"], "en"), "en-x-autogen"),  # of what is translated by machine nothing
        (([], ["de", "ja", "de-orig"], None), "de-x-autogen"),
        (([], ["de", "en"], "en-US"), ""),  # which of them was heard, nobody tells
        (([], ["pt-BR"], None), "pt-x-autogen"),
        ((["en-GB"], ["en-orig", "de"], "en"), "en-GB"),
        ((["ja"], ["en-orig", "en"], "en"), "en-x-autogen ja"),
        ((["en"], ["de-en", "ja-en"], "en"), "en"),
    ],
)
def test_automatic_captions_are_kept_where_nobody_wrote_what_is_said(
    talk_site: Callable[..., str],
    site: VideoSite,
    tmp_path: Path,
    captions: tuple[list[str], list[str], str | None],
    kept: str,
) -> None:
    fetched = download(talk_site(*captions), tmp_path / "in")
    assert sorted(fetched.source.subtitles) == kept.split()
    for name in fetched.source.subtitles.values():
        assert (tmp_path / "in" / name).read_text() == WORDS
    assert len([path for path in site.paths_asked() if "." in path and path != WHOLE]) == len(kept.split())


def test_of_what_a_site_tells_what_is_usable_is_kept(talk_site: Callable[..., str], tmp_path: Path) -> None:
    never = {"start_time": 0, "end_time": math.inf, "title": "never ends"}
    chapters = [never, *({"start_time": n, "end_time": n + 1, "title": f"{n}\udfff"} for n in range(1500))]
    source = download(talk_site([], [], title="x\ud800" * 5000, uploader=["a"], chapters=chapters), tmp_path).source
    assert (source.title, source.uploader) == ("x?" * 250, None)
    assert [chapter.title for chapter in source.chapters] == [f"{n}?" for n in range(999)]


@pytest.mark.parametrize(
    "told",
    [{"chapters": {"a": 1}}, {"live_status": ["a"]}, {"subtitles": [1]}, {"ext": "sh"}, {"filesize": float("nan")}],
)
def test_an_answer_that_makes_no_sense_is_said(
    talk_site: Callable[..., str], tmp_path: Path, told: dict[str, object]
) -> None:
    with pytest.raises(DownloadError, match=r"answer is not understood|is unusual"):
        download(talk_site([], [], **told), tmp_path)


def test_captions_that_a_site_refuses_cost_a_warning_and_not_the_video(
    talk_site: Callable[..., str], site: VideoSite, tmp_path: Path
) -> None:
    page = talk_site(["de", "fr"], ["en-orig"])
    site.pages |= {"/en-orig.vtt": Page("", status=429), "/de.vtt": Page("", status=404)}
    fetched = download(page, tmp_path / "in")
    assert fetched.path.read_bytes() == site.video
    assert sorted(fetched.source.subtitles) == ["fr"]
    told = " ".join(fetched.warnings)
    assert "'de'" in told
    assert "'en-x-autogen'" in told
    assert "HTTP Error 429" in told
    site.pages["/en-orig.vtt"] = Page(WORDS, "text/vtt")
    assert "en-x-autogen" in download(page, tmp_path / "in").source.subtitles  # the next attempt continues


def test_a_page_or_picture_without_an_end_is_not_read_to_it(
    site: VideoSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stages.download.MAX_ANSWER_BYTES", 1 << 20)
    site.pages["/final"] = Page(PLAYER)
    site.pages["/poster.jpg"] = Page(bytes((1 << 20) + 1), "image/jpeg")
    folder = tmp_path / "in"
    fetched = download(f"{site.base}/final", folder, DownloadSettings(subtitles=True))
    assert fetched.path.read_bytes() == site.video
    assert fetched.source.thumbnail is None
    assert not list(folder.glob("thumbnail*"))
    long = (PLAYER + " " * (2 << 20)).encode()
    for page in (Page(long), Page(gzip.compress(long), encoding="gzip")):
        site.pages["/endless"] = page
        with pytest.raises(DownloadError, match="more than 1 MB"):
            download(f"{site.base}/endless", tmp_path / "other")


def test_title_uploader_and_chapters_are_kept_with_the_source(site: VideoSite, tmp_path: Path) -> None:
    site.pages["/match"] = Page(LINKED_DATA)
    source = download(f"{site.base}/match", tmp_path / "in").source
    assert (source.title, source.uploader) == ("Cup final, whole match", "The club")
    assert [(c.start_sec, c.end_sec, c.title) for c in source.chapters] == [(0, 3, "Kick-off"), (3, 8, "The goal")]
    assert source.heatmap == ()


def test_what_viewers_replay_is_kept_with_the_source(tmp_path: Path) -> None:
    """YouTube alone tells it; its answer is read by yt-dlp's own extractor, then by us."""
    markers = [
        {"startMillis": "0", "durationMillis": "4500", "intensityScoreNormalized": 1.0},
        {"startMillis": "4500", "durationMillis": "4500", "intensityScoreNormalized": 0.25},
        {"startMillis": "9000", "durationMillis": "4500"},
    ]
    marked = {"macroMarkersListEntity": {"markersList": {"markerType": "MARKER_TYPE_HEATMAP", "markers": markers}}}
    answer = {"frameworkUpdates": {"entityBatchUpdate": {"mutations": [{"payload": marked}]}}}
    facts = {"heatmap": YoutubeIE(YoutubeDL({"quiet": True}))._extract_heatmap(answer)}
    spans = source_of("https://youtu.be/x", facts, tmp_path).heatmap
    assert [(span.start_sec, span.end_sec, span.value) for span in spans] == [(0, 4.5, 1.0), (4.5, 9, 0.25)]


@pytest.mark.parametrize("wrapped", [False, True], ids=["the stream itself", "a page with a player"])
def test_a_live_stream_is_refused(site: VideoSite, tmp_path: Path, transport_stream: bytes, *, wrapped: bool) -> None:
    site.pages = {
        "/live.m3u8": Page(STREAM.replace("{key}", "").replace("{end}", ""), STREAM_KIND),
        "/live": Page('<html><title>Live</title><video><source src="{base}/live.m3u8"></video></html>'),
        "/part.ts": Page(transport_stream, "video/mp2t"),
    }
    with pytest.raises(DownloadError, match="is live now; come back when it is over"):
        download(f"{site.base}/live" + ("" if wrapped else ".m3u8"), tmp_path / "in")
    assert list((tmp_path / "in").iterdir()) == []


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_stream_that_has_ended_is_fetched(
    site: VideoSite, tmp_path: Path, transport_stream: bytes, *, encrypted: bool
) -> None:
    from Cryptodome.Cipher import AES
    from Cryptodome.Util.Padding import pad

    key = bytes(range(16))
    hidden = AES.new(key, AES.MODE_CBC, bytes(16)).encrypt(pad(transport_stream, 16))  # RFC 8216, 5.2: IV = number 0
    lock = '#EXT-X-KEY:METHOD=AES-128,URI="{base}/key"\n' if encrypted else ""
    site.pages = {
        "/vod.m3u8": Page(STREAM.replace("{key}", lock).replace("{end}", "#EXT-X-ENDLIST\n"), STREAM_KIND),
        "/part.ts": Page(hidden if encrypted else transport_stream, "video/mp2t"),
        "/key": Page(key, "application/octet-stream"),
    }
    fetched = download(f"{site.base}/vod.m3u8", tmp_path / "in")
    assert fetched.path.stat().st_size > 1000
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["video.mp4"]


def test_a_playlist_is_several_videos(site: VideoSite, tmp_path: Path) -> None:
    site.pages = {"/feed.xml": Page(FEED, "application/rss+xml"), "/page": Page(TWO_PLAYERS)}
    both = [site.base + WHOLE, site.base + FLAKY]
    entries = entries_of(f"{site.base}/feed.xml")
    assert entries is not None
    assert [entry.url for entry in entries] == both
    assert [entry.title for entry in entries] == ["First half", "Second half"]
    first = entries_of(f"{site.base}/feed.xml", DownloadSettings(max_entries=1))
    assert first is not None
    assert [entry.url for entry in first] == both[:1]
    assert entries_of(site.base + WHOLE) is None
    players = entries_of(f"{site.base}/page")
    assert players is not None
    assert [entry.url for entry in players] == both
    with pytest.raises(DownloadError, match="this is a playlist, not one video"):
        download(f"{site.base}/page", tmp_path / "in")


@pytest.mark.parametrize(
    ("address", "extractor", "listed"),
    [
        ("https://www.youtube.com/@club/videos", YoutubeTabIE, True),
        ("https://www.youtube.com/watch?v=aqz-KE-bpKQ", YoutubeIE, False),
        ("https://vimeo.com/channels/club", VimeoChannelIE, True),
        ("https://vimeo.com/76979871", VimeoIE, False),
        ("https://example.org/match.mp4", None, False),
    ],
)
def test_a_list_in_a_channel_is_told_from_a_video(address: str, extractor: type | None, *, listed: bool) -> None:
    entry = GenericIE().url_result(address, ie=extractor.ie_key() if extractor else None)
    assert room._is_list(entry, {"extractor_key": "YoutubeTab"}) is listed


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "it is private"),
        (403, "the site refuses"),
        (404, "nothing at this address"),
        (410, "nothing at this address"),
        (429, "set sleep_sec"),
        (451, "blocked in this region"),
        (503, "the site is in trouble; try again later"),
    ],
)
def test_a_refusal_says_why_and_what_to_do(site: VideoSite, tmp_path: Path, status: int, said: str) -> None:
    site.pages["/refused.mp4"] = Page("", status=status)
    with pytest.raises(DownloadError, match=said) as caught:
        download(f"{site.base}/refused.mp4", tmp_path / "in", HASTY)
    assert caught.value.url.endswith("refused.mp4")
    assert "\n" not in str(caught.value)
    assert f"HTTP Error {status}" in str(caught.value)


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with VideoSite(b"") as gone:
        address = gone.base + WHOLE
    with pytest.raises(DownloadError, match="the server can't be reached; check the address") as caught:
        download(address, tmp_path / "in", HASTY)
    assert "refused" in str(caught.value)


def test_a_page_without_a_video(site: VideoSite, tmp_path: Path) -> None:
    site.pages["/about"] = Page("<html><title>About us</title><p>No video here.</p></html>")
    with pytest.raises(DownloadError, match="no video that can be fetched"):
        download(f"{site.base}/about", tmp_path / "in")


def said_by_yt_dlp(refuse: Callable[[GenericIE], object]) -> str:
    extractor = GenericIE(YoutubeDL({"quiet": True}))
    with pytest.raises(ExtractorError) as caught:
        refuse(extractor)
    return f"ERROR: [generic] abc: {caught.value}"


@pytest.mark.parametrize(
    ("refuse", "said"),
    [
        (lambda site: site.raise_login_required(), "it is private"),
        (lambda site: site.raise_geo_restricted(), "blocked in this region"),
        (lambda site: site.report_drm("abc"), "protected against copying"),
        (lambda site: site.raise_no_formats("No video formats found!", expected=True), "no video that can be fetched"),
        (lambda _: (_ for _ in ()).throw(UnsupportedError("https://example.org/")), "no video that can be fetched"),
    ],
    ids=["login", "region", "copy protection", "no formats", "unsupported"],
)
def test_what_yt_dlp_says_for_every_site_is_understood(refuse: Callable[[GenericIE], object], said: str) -> None:
    assert said in advice(said_by_yt_dlp(refuse))


LOGIN_HINT = YoutubeIE(YoutubeDL({"quiet": True}))._youtube_login_hint


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (f"Private video. Sign in if you've been granted access to this video. {LOGIN_HINT}", "it is private"),
        (f"Sign in to confirm your age. This video may be inappropriate for some users. {LOGIN_HINT}", "by age"),
        (f"Sign in to confirm you’re not a bot. {LOGIN_HINT}", "proof that a person asks"),
        ("Video unavailable. YouTube is requiring a captcha challenge before playback", "proof that a person asks"),
        ("The uploader has not made this video available in your country", "blocked in this region"),
        ("Video unavailable. This video is not available in your country", "blocked in this region"),
        ("Join this channel to get access to members-only content like this video", "members or buyers"),
        ("This video is available to this channel's members on level: Fan. Join this channel", "members or buyers"),
        ("This video requires payment to watch", "members or buyers"),
        ("Premieres in 3 hours", "it has not begun"),
        ("This live event will begin in 20 minutes.", "it has not begun"),
        ("Video unavailable. This video has been removed by the uploader", "it was taken down"),
        ("Video unavailable. This video contains content from A, who blocked it on copyright grounds", "taken down"),
        ("This video has been removed for violating YouTube's Terms of Service", "it was taken down"),
        ("Video unavailable. This video is no longer available because the account has been terminated", "down"),
        (
            "This content isn't available, try again later. The current session has been rate-limited by YouTube",
            "asked too often",
        ),
        ("Requested format is not available. Use --list-formats for a list of available formats", "no video that can"),
        ("could not find firefox cookies database in /home/me/.mozilla", "the cookies can't be read"),
        ("unable to write data: [Errno 28] No space left on device", "the disk is full"),
        ("Unable to download API page: HTTP Error 403: Forbidden (caused by <HTTPError 403>)", "the site refuses"),
        ("Got error: 1024 bytes read, 4096 more expected. Giving up after 10 retries", "what has arrived is continued"),
        ("[Errno -2] Name or service not known", "no server of that name"),
        ("<urlopen error [Errno 104] Connection reset by peer>", "the connection broke; try again"),
    ],
)  # fmt: skip
def test_the_reason_a_site_gives_is_understood(reason: str, said: str) -> None:
    told = advice(f"ERROR: [youtube] abc: {reason}")
    assert said in told
    assert "\n" not in told


def test_no_file_of_this_machine_is_taken_for_an_address(tmp_path: Path) -> None:
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(b"secret")
    with pytest.raises(DownloadError):
        download(secret.as_uri(), tmp_path / "in", HASTY)
    assert not list((tmp_path / "in").iterdir())


@pytest.mark.parametrize("lure", ["film", "manifest", "script"])
def test_what_a_site_sends_to_be_joined_leads_to_no_file_of_this_machine(
    site: VideoSite, tmp_path: Path, encode_tracks: Callable[..., Path], film: type, sound: type, *, lure: str
) -> None:
    """ffmpeg took a manifest that came in place of the pictures, and joined the file of this machine that it names."""
    secret, heard = encode_tracks("secret.mp4", film([60] * 40, rate=10)), encode_tracks("heard.m4a", sound(4.0))
    sent = {
        "film": secret.read_bytes(),
        "manifest": DASH.replace("{video}", secret.as_uri()).replace("{audio}", heard.as_uri()),
        "script": f"ffconcat version 1.0\nfile {secret.name}\n",
    }
    site.pages = {
        "/m.mpd": Page(DASH.replace("{video}", "{base}/v").replace("{audio}", "{base}/a"), "application/dash+xml"),
        "/v": Page(sent[lure], "video/mp4"),
        "/a": Page(heard.read_bytes(), "audio/mp4"),
    }
    if lure == "film":
        assert probe(download(f"{site.base}/m.mpd", tmp_path / "in", HASTY).path).audio is not None
        return
    with pytest.raises(DownloadError, match="Error opening input"):
        download(f"{site.base}/m.mpd", secret.parent, HASTY)
    assert not (secret.parent / "video.mp4").exists()
