"""Whoever must act when Prefect's server dies, or answers people, asks it for seconds; runs wait for it for minutes."""

from __future__ import annotations

import http.server
import importlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from prefect.client import base
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings
from prefect_server import free_port

from autoclip.errors import ServiceError
from interfaces import folder_watch
from interfaces.folder_watch import watch_folder
from interfaces.jobs import Jobs
from interfaces.prefect_server import open_client
from interfaces.service.processes import api_process, worker_process
from interfaces.service.up import Service, impatience
from storage.environment import read_environment
from tasks.server_access import MAX_PAUSE_SEC, waiting_for_server


class NoRuns(http.server.BaseHTTPRequestHandler):
    """Knows of no runs."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.said)))  # type: ignore[attr-defined]
        self.end_headers()
        self.wfile.write(self.server.said)  # type: ignore[attr-defined]

    do_GET = do_POST  # noqa: N815 - the library's names

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[http.server.ThreadingHTTPServer]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), NoRuns)
    server.said = b"[]"  # type: ignore[attr-defined]
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
        service = Service(read_environment({}), "", own_server=True, say=print)
        assert service._interrupted(client) == []
        assert client._client._has_connected
        server.shutdown()
        server.server_close()
        begun = time.monotonic()
        assert service._interrupted(client) == []
        with pytest.raises(httpx.TransportError):
            client.request("POST", "/flow_runs/filter", json={})
        assert time.monotonic() - begun < 100  # 12 s of pauses, on a busy machine


def test_the_api_answers_within_seconds_and_runs_wait_for_minutes_but_look_soon(tmp_path: Path) -> None:
    environment = read_environment({"AUTOCLIP_DATA_DIR": str(tmp_path)}, tmp_path / "no.env")
    api, worker = (make(environment, "http://127.0.0.1:9/api") for make in (api_process, worker_process))
    assert int(api.variables["PREFECT_CLIENT_MAX_RETRIES"]) == 3
    assert int(worker.variables["PREFECT_CLIENT_MAX_RETRIES"]) == 36
    importlib.import_module("flows.job_flow")
    assert all(base.clamped_poisson_interval(2.0**n, 0.2) <= MAX_PAUSE_SEC for n in range(36))
    assert 1 < base.clamped_poisson_interval(2.0, 0.2) < 3


def test_a_job_waits_for_a_server_that_it_has_not_reached_yet() -> None:
    port = free_port()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), NoRuns, bind_and_activate=False)
    server.said = b"[]"  # type: ignore[attr-defined]
    address = f"http://127.0.0.1:{port}/api"

    def begin() -> None:
        server.server_bind()
        server.server_activate()
        server.handle_request()

    beginning = threading.Timer(0.5, begin)
    with pytest.raises(httpx.ConnectError), open_client(address) as client:
        client.request("GET", "/health")
    with waiting_for_server(), open_client(address) as client:
        beginning.start()
        assert client.request("GET", "/health").json() == []
    assert client._client._has_connected, "what was made meanwhile can be used later"
    beginning.join()
    server.server_close()


@pytest.mark.parametrize("said", [b"<!doctype html>", b'{"status": "fine"}'])
def test_whatever_answers_in_place_of_prefect_is_told_and_prevents_no_stop(
    server: http.server.ThreadingHTTPServer, said: bytes
) -> None:
    server.said = said  # type: ignore[attr-defined]
    address = f"http://127.0.0.1:{server.server_port}/api"
    with open_client(address) as client:
        assert Service(read_environment({}), "", own_server=True, say=print)._interrupted(client) == []
    with (
        temporary_settings({PREFECT_API_URL: address}),
        Jobs(read_environment({})) as jobs,
        pytest.raises(ServiceError, match="is no Prefect server"),
    ):
        jobs.page()


def test_a_watched_folder_outlives_a_service_that_is_away_when_the_first_video_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def say(text: str) -> None:
        told.append(text)
        if len(told) == 2:
            raise KeyboardInterrupt

    def arrive(_: float) -> None:
        """The first video comes in the pause between two checks, however late this test gets its turn."""
        (tmp_path / "film.mp4").touch()
        os.utime(tmp_path / "film.mp4", (0, 0))

    address = f"http://127.0.0.1:{free_port()}/api"
    with temporary_settings({PREFECT_API_URL: address}), Jobs(read_environment({})) as jobs:
        monkeypatch.setattr(folder_watch, "time", SimpleNamespace(sleep=arrive))
        with pytest.raises(KeyboardInterrupt):
            watch_folder(jobs, {"folder": str(tmp_path)}, 0.05, say)
        with pytest.raises(ServiceError):
            watch_folder(jobs, {"folder": str(tmp_path)}, 0.05, say)
    assert all("no Prefect server answers" in text and "looking again" in text for text in told)
