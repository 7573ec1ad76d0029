"""Whoever must act when Prefect's server dies, or answers people, asks it for seconds; runs wait for it for minutes."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from interfaces.prefect_server import open_client
from interfaces.service.processes import api_process, worker_process
from interfaces.service.up import _running, impatience
from storage.environment import read_environment


class NoRuns(http.server.BaseHTTPRequestHandler):
    """Knows of no runs."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"[]")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[http.server.ThreadingHTTPServer]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), NoRuns)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_service_is_not_held_up_by_a_server_that_died(server: http.server.ThreadingHTTPServer) -> None:
    """Prefect's client takes one that it has reached before for a server that comes back."""
    patient = temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 8})  # 510 s
    with patient, impatience(), open_client(f"http://127.0.0.1:{server.server_port}/api") as client:
        assert _running(client) == []
        assert client._client._has_connected
        server.shutdown()
        server.server_close()
        begun = time.monotonic()
        assert _running(client) == []
        with pytest.raises(httpx.TransportError):
            client.request("POST", "/flow_runs/filter", json={})
        assert time.monotonic() - begun < 100  # 12 s of pauses, on a busy machine


def test_the_api_answers_within_seconds_and_runs_wait_for_minutes(tmp_path: Path) -> None:
    environment = read_environment({"AUTOCLIP_DATA_DIR": str(tmp_path)}, tmp_path / "no.env")
    api, worker = (make(environment, "http://127.0.0.1:9/api") for make in (api_process, worker_process))
    assert int(api.variables["PREFECT_CLIENT_MAX_RETRIES"]) == 3
    assert int(worker.variables["PREFECT_CLIENT_MAX_RETRIES"]) == 8
