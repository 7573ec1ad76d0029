"""A real S3 protocol for tests: moto's server, or the service that a variable names; and a proxy with faults."""

from __future__ import annotations

import http.client
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import fsspec
import pytest

ADDRESS = "TEST_S3_URL"
"""An S3 service to use instead of a server of our own; tests make buckets in it. Its keys are in AWS's variables."""

ERRORS = {
    "ExpiredToken": (400, "The provided token has expired."),
    "InvalidToken": (400, "The provided token is malformed or otherwise invalid."),
    "NoSuchBucket": (404, "The specified bucket does not exist"),
    "RequestTimeTooSkewed": (403, "The difference between the request time and the current time is too large."),
    "SlowDown": (503, "Please reduce your request rate."),
}
"""Errors of S3 by their codes: status and message, as Amazon's documentation lists them."""


@contextmanager
def running_s3() -> Iterator[dict[str, str]]:
    """Run a server until the block ends; yields the variables that lead a client to it."""
    pytest.importorskip("s3fs", reason="needs the extra 's3'")
    if ADDRESS in os.environ:
        yield {"AWS_ENDPOINT_URL": os.environ[ADDRESS]}
        return
    moto = pytest.importorskip("moto.server", reason=f"needs moto, or a service in {ADDRESS}")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
    finally:
        server.stop()


def new_bucket(variables: dict[str, str]) -> str:
    """Make a bucket; return its URL."""
    name = f"autoclip-{uuid.uuid4().hex[:12]}"
    client = {"endpoint_url": variables["AWS_ENDPOINT_URL"]}
    keys = {"key": variables.get("AWS_ACCESS_KEY_ID"), "secret": variables.get("AWS_SECRET_ACCESS_KEY")}
    fsspec.filesystem("s3", client_kwargs=client, **keys).mkdir(name)  # fsspec keeps the client
    return f"s3://{name}"


@dataclass
class FaultyProxy:
    """Stands between a client and a store.

    `fault` is asked for each request, by method and path: None lets it pass; ``status N`` answers so instead; ``error
    CODE`` with one of S3's errors (`ERRORS`); ``cut`` sends the head of the answer and half of its body; ``short`` half
    of its body with a head that fits it; ``lose`` says that it was written, and forgets it; ``delay N`` lets it pass
    after so many seconds.
    """

    upstream: str
    fault: Callable[[str, str], str | None] = lambda _method, _path: None
    requests: list[str] = field(default_factory=list)
    url: str = ""

    @contextmanager
    def running(self) -> Iterator[FaultyProxy]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                proxy._serve(self)

            def do_PUT(self) -> None:
                proxy._serve(self)

            def do_POST(self) -> None:
                proxy._serve(self)

            def do_HEAD(self) -> None:
                proxy._serve(self)

            def do_DELETE(self) -> None:
                proxy._serve(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler

    def _serve(self, asked: BaseHTTPRequestHandler) -> None:
        self.requests.append(f"{asked.command} {asked.path}")
        if "100-continue" in (asked.headers.get("Expect") or ""):
            del asked.headers["Expect"]
        body = asked.rfile.read(int(asked.headers.get("Content-Length") or 0))
        kind, _, number = (self.fault(asked.command, asked.path) or "").partition(" ")
        if kind == "status":
            self._answer(asked, int(number), [], b"")
            return
        if kind == "error":
            status, said = ERRORS[number]
            content = f"<Error><Code>{number}</Code><Message>{said}</Message></Error>".encode()
            self._answer(asked, status, [("Content-Type", "application/xml")], content)
            return
        if kind == "lose":
            self._answer(asked, 200, [("ETag", '"0123456789abcdef0123456789abcdef"')], b"")
            return
        if kind == "delay":
            time.sleep(float(number))
        place = urlsplit(self.upstream)
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
        connection.request(asked.command, asked.path, body, dict(asked.headers.items()))
        answer = connection.getresponse()
        content = answer.read()
        headers = [(n, v) for n, v in answer.getheaders() if n.lower() not in {"transfer-encoding", "connection"}]
        if kind == "short":
            content = content[: len(content) // 2]
            told = ("content-length", "x-amz-checksum")
            headers = [(name, value) for name, value in headers if not name.lower().startswith(told)]
        if kind == "cut":
            self._answer(asked, answer.status, headers, content, send=len(content) // 2)
        else:
            self._answer(asked, answer.status, headers, content)
        connection.close()

    def _answer(
        self,
        asked: BaseHTTPRequestHandler,
        status: int,
        headers: list[tuple[str, str]],
        content: bytes,
        send: int | None = None,
    ) -> None:
        asked.send_response_only(status)
        for name, value in headers:
            asked.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in headers):
            asked.send_header("Content-Length", str(len(content)))
        asked.end_headers()
        if asked.command != "HEAD":
            asked.wfile.write(content if send is None else content[:send])
        if send is not None:
            asked.close_connection = True
