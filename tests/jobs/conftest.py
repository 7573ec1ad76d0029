"""Jobs of the whole service, and videos that keep it busy."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from running_service import PATIENCE_SEC, RunningService

from interfaces.jobs import Jobs


@pytest.fixture
def jobs(service: RunningService, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: service.api_url}), Jobs(service.environment) as tracker:
        yield tracker


def wait_for(jobs: Jobs, job_id: str, patience_sec: float = PATIENCE_SEC):
    deadline = time.monotonic() + patience_sec
    before = 0.0
    while True:
        job = jobs.get(job_id)
        assert job.progress >= before, "progress fell"
        before = job.progress
        if job.ended:
            return job
        assert time.monotonic() < deadline, f"{job} after {patience_sec} s"
        time.sleep(1)  # each look costs Prefect's server several requests


@pytest.fixture
def clip_source(encode_tracks: Callable[..., Path], film: type, sound: type) -> Callable[..., Path]:
    def encode(name: str, seconds: int = 30, size: tuple[int, int] = (64, 48), seed: int = 0) -> Path:
        noise = np.random.default_rng(seed)
        action = range(seconds * 2, seconds * 2 + 20)
        pictures = [
            noise.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8) if i in action else 60 + seed
            for i in range(seconds * 5)
        ]
        return encode_tracks(name, film(pictures, size=size, rate=5), sound(float(seconds)))

    return encode


@pytest.fixture
def long_source(
    service: RunningService, tmp_path: Path, encode_tracks: Callable[..., Path], film: type, sound: type
) -> Callable[..., Path]:
    """Give a video that takes seconds to measure: 640 x 480, noise in every frame; `seed` makes its content unique."""
    made = service.home / "long.mp4"
    if not made.exists():
        noise = np.random.default_rng(1)
        pictures = [noise.integers(0, 255, (480, 640, 3), dtype=np.uint8) for _ in range(25)]
        options = {"preset": "ultrafast", "crf": "30", "g": "25"}
        tracks = (film(pictures * 12, size=(640, 480), rate=25, options=options), sound(12.0))
        encode_tracks("long.mp4", *tracks).rename(made)

    def copy(name: str, seed: int) -> Path:
        free_box = b"\0\0\0\x0cfree" + seed.to_bytes(4)  # ISO 14496-12: readers pass over it
        (tmp_path / name).write_bytes(made.read_bytes() + free_box)
        return tmp_path / name

    return copy


@pytest.fixture
def wait():
    return wait_for


class PatientTransport(httpx.HTTPTransport):
    """Asks again for a minute where Prefect's server on SQLite is too busy (503)."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        deadline = time.monotonic() + 60
        while (answer := super().handle_request(request)).status_code == 503 and time.monotonic() < deadline:
            answer.close()
            time.sleep(0.5)
        return answer


@pytest.fixture
def prefect_rest(service: RunningService) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.api_url, timeout=90, transport=PatientTransport()) as client:
        yield client
