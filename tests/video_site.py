"""A small video site: a real HTTP server with a video that arrives whole, slowly or broken, and pages about it."""

from __future__ import annotations

import http.server
import threading
import time
from dataclasses import dataclass
from typing import Self

STEP_BYTES = 4096
WHOLE, FLAKY, SLOW, MEMBERS = "/whole.mp4", "/flaky.mp4", "/slow.mp4", "/members.mp4"


@dataclass(frozen=True)
class Page:
    """What is served under one path; ``{base}`` in it is the site's address."""

    content: str | bytes
    kind: str = "text/html"
    status: int = 200
    location: str = ""
    encoding: str = ""


@dataclass(frozen=True)
class Asked:
    """A request the site saw."""

    path: str
    byte_range: str | None
    cookie: str | None


class VideoSite:
    """Serves `video` under several names, and `pages`; `asked` is what was asked of it."""

    def __init__(self, video: bytes, host: str = "127.0.0.1") -> None:
        self.video = video
        self.pages: dict[str, Page] = {}
        self.asked: list[Asked] = []
        handler = type("SiteHandler", (_Handler,), {"site": self})
        self._server = http.server.ThreadingHTTPServer((host, 0), handler)
        self.base = f"http://{host}:{self._server.server_port}"
        self.port = self._server.server_port

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def paths_asked(self) -> set[str]:
        return {asked.path for asked in self.asked}


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: VideoSite

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        self.site.asked.append(Asked(self.path, self.headers.get("Range"), self.headers.get("Cookie")))
        page = self.site.pages.get(self.path)
        if page is not None:
            self.send_page(page, body=body)
        elif self.path == MEMBERS and "session=granted" not in str(self.headers.get("Cookie")):
            self.send_error(403)
        elif self.path in {WHOLE, FLAKY, SLOW, MEMBERS}:
            self.send_video(body=body)
        else:
            self.send_error(404)

    def send_page(self, page: Page, *, body: bool) -> None:
        content = page.content
        if isinstance(content, str):
            content = content.replace("{base}", self.site.base).encode()
        self.send_response(page.status)
        self.send_header("Content-Type", page.kind)
        self.send_header("Content-Length", str(len(content)))
        if page.encoding:
            self.send_header("Content-Encoding", page.encoding)
        if page.location:
            self.send_header("Location", page.location)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def send_video(self, *, body: bool) -> None:
        whole = self.site.video
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
        if body and self.path == FLAKY and first < len(whole) // 2:
            self.wfile.write(part[: max(1, 2 * len(whole) // 3 - first)])
            self.wfile.flush()
            self.close_connection = True
            self.connection.close()
        elif body:
            self.send_part(part)

    def send_part(self, part: bytes) -> None:
        slow = self.path == SLOW
        step = STEP_BYTES if slow else max(1, len(part))
        for offset in range(0, len(part), step):
            try:
                self.wfile.write(part[offset : offset + step])
            except OSError:  # who asked has gone
                return
            time.sleep(0.02 if slow else 0)

    def log_message(self, *_: object) -> None:
        pass
