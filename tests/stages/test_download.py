"""Downloads from a real HTTP server: whole, slow, broken off, a playlist, and what a site refuses."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autoclip.errors import DownloadError
from autoclip.progress import Progress
from stages.download import DownloadSettings, download, entries_of
from stages.download_faults import advice
from tasks.run_report import RunCancelledError

PATIENT = DownloadSettings(attempts=4)
FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Matches</title>
<item><title>First half</title><enclosure url="{base}/whole.mp4" type="video/mp4" length="1"/></item>
<item><title>Second half</title><enclosure url="{base}/flaky.mp4" type="video/mp4" length="1"/></item>
</channel></rss>"""


class Site:
    """Serves one content under several names; `requests` are the ranges that were asked for."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.requests: list[tuple[str, str | None]] = []
        handler = type("SiteHandler", (Handler,), {"site": self})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.base = f"http://127.0.0.1:{self.server.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        if self.path == "/feed.xml":
            self.send(FEED.format(base=self.site.base).encode(), "application/rss+xml", body=body)
        elif self.path in {"/whole.mp4", "/flaky.mp4", "/slow.mp4"}:
            self.site.requests.append((self.path, self.headers.get("Range")))
            self.send_video(body=body)
        else:
            self.send_error({"/private.mp4": 403, "/busy.mp4": 429}.get(self.path, 404))

    def send(self, content: bytes, kind: str, *, body: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body:
            self.wfile.write(content)

    def send_video(self, *, body: bool) -> None:
        whole = self.site.content
        asked = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")
        first, last = int(asked[0] or 0), int(asked[1]) if asked[1] else len(whole) - 1
        part = whole[first : last + 1]
        self.send_response(206 if "Range" in self.headers else 200)
        self.send_header("Content-Type", "video/mp4")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(part)))
        if "Range" in self.headers:
            self.send_header("Content-Range", f"bytes {first}-{first + len(part) - 1}/{len(whole)}")
        self.end_headers()
        if not body:
            return
        if self.path == "/flaky.mp4" and first < len(whole) // 2:
            self.wfile.write(part[: max(1, 2 * len(whole) // 3 - first)])
            self.wfile.flush()
            self.close_connection = True
            self.connection.close()
            return
        step = 4096 if self.path == "/slow.mp4" else len(part)
        for offset in range(0, len(part), step):
            try:
                self.wfile.write(part[offset : offset + step])
            except OSError:
                return
            time.sleep(0.05 if self.path == "/slow.mp4" else 0)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site(encode_tracks: Callable[..., Path], film: type, sound: type) -> Iterator[Site]:
    video = encode_tracks("served.mp4", film(list(range(200)), size=(320, 240)), sound(8.0))
    running = Site(video.read_bytes() + b"\0" * 200_000)
    thread = threading.Thread(target=running.server.serve_forever, daemon=True)
    thread.start()
    yield running
    running.server.shutdown()


def test_a_file_arrives_whole_with_progress(site: Site, tmp_path: Path) -> None:
    told: list[Progress] = []
    fetched = download(f"{site.base}/whole.mp4", tmp_path / "in", PATIENT, told.append)
    assert fetched.path.read_bytes() == site.content
    assert fetched.path.name == "video.mp4"
    assert (fetched.source.kind, fetched.source.address) == ("url", f"{site.base}/whole.mp4")
    fractions = [progress.fraction for progress in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert any("MB/s" in progress.message for progress in told)


def test_what_broke_off_is_continued_not_begun_anew(site: Site, tmp_path: Path) -> None:
    fetched = download(f"{site.base}/flaky.mp4", tmp_path / "in", PATIENT)
    assert fetched.path.read_bytes() == site.content
    starts = [int(asked.removeprefix("bytes=").split("-")[0]) for _, asked in site.requests if asked]
    assert max(starts) >= len(site.content) // 2


def test_a_stop_leaves_a_part_that_the_next_attempt_continues(site: Site, tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.fraction > 0.1:
            raise RunCancelledError("cancelled on request")

    folder = tmp_path / "in"
    with pytest.raises(RunCancelledError):
        download(f"{site.base}/slow.mp4", folder, PATIENT, stop)
    assert not (folder / "video.mp4").exists()
    (part,) = folder.glob("*.part")
    assert 0 < part.stat().st_size < len(site.content)
    assert download(f"{site.base}/slow.mp4", folder, PATIENT).path.read_bytes() == site.content


def test_a_playlist_is_several_videos(site: Site) -> None:
    entries = entries_of(f"{site.base}/feed.xml", PATIENT)
    assert entries is not None
    assert [entry.url for entry in entries] == [f"{site.base}/whole.mp4", f"{site.base}/flaky.mp4"]
    first = entries_of(f"{site.base}/feed.xml", DownloadSettings(max_entries=1))
    assert first is not None
    assert len(first) == 1
    assert entries_of(f"{site.base}/whole.mp4", PATIENT) is None


@pytest.mark.parametrize(
    ("name", "said"),
    [("gone.mp4", "nothing at this address"), ("private.mp4", "the site refuses"), ("busy.mp4", "sleep_sec")],
)
def test_a_refusal_says_why_and_what_to_do(site: Site, tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(DownloadError, match=said) as caught:
        download(f"{site.base}/{name}", tmp_path / "in", DownloadSettings(attempts=1))
    assert caught.value.url.endswith(name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("ERROR: [youtube] abc: Private video. Sign in if you've been granted access", "it is private"),
        ("ERROR: [youtube] abc: Sign in to confirm your age. This video may be", "restricted by age"),
        ("ERROR: [youtube] abc: Sign in to confirm you’re not a bot. Use --cookies", "proof that a person asks"),
        ("ERROR: [youtube] abc: Not made available in your country", "blocked in this region"),
        ("ERROR: [youtube] abc: Join this channel to get access", "members or buyers"),
        ("ERROR: Unsupported URL: https://example.org/", "no video that can be fetched"),
    ],
)  # fmt: skip
def test_the_reason_is_the_sites_own(message: str, said: str) -> None:
    assert said in advice(message)
