"""Folders that are watched, and playlists, with the whole service: each video a job of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from running_service import AUTOCLIP, PATIENCE_SEC, RunningService
from video_site import WHOLE, Page, VideoSite

from interfaces.jobs import Job, Jobs

pytestmark = pytest.mark.service

Wait = Callable[..., Job]
ITEM = '<item><title>{title}</title><guid>{title}</guid><enclosure url="{{base}}{path}" type="video/mp4"/></item>'


@pytest.fixture
def short_video(encode_tracks: Callable[..., Path], film: type) -> Callable[..., Path]:
    def encode(name: str, seed: int) -> Path:
        noise = np.random.default_rng(seed)
        pictures = [noise.integers(0, 255, (48, 64, 3), dtype=np.uint8) if 20 <= i < 30 else 60 for i in range(60)]
        return encode_tracks(name, film(pictures, rate=5))

    return encode


@pytest.fixture
def watching(service: RunningService, tmp_path: Path) -> Iterator[Callable[[Path], subprocess.Popen[str]]]:
    """Start ``autoclip watch`` on a folder; what it says goes to ``watch.log``."""
    started = []

    def start(folder: Path) -> subprocess.Popen[str]:
        with (tmp_path / "watch.log").open("w") as log:
            started.append(
                subprocess.Popen(
                    [*AUTOCLIP, "watch", str(folder), "--every", "5"],
                    env=service.variables_of_all, cwd=tmp_path, stderr=log, text=True,
                )
            )  # fmt: skip
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def put(video: Path, folder: Path) -> None:
    """Move a video into a folder as if it had been there for a minute."""
    moved = video.rename(folder / video.name)
    then = time.time() - 60
    os.utime(moved, (then, then))


def test_a_watched_folder(
    jobs: Jobs, watching: Callable[[Path], subprocess.Popen[str]], short_video: Callable[..., Path], tmp_path: Path
) -> None:
    folder = tmp_path / "incoming"
    folder.mkdir()
    put(short_video("first.mp4", 101), folder)

    def said_after(words: str) -> str:
        deadline = time.monotonic() + PATIENCE_SEC
        while words not in (text := (tmp_path / "watch.log").read_text()):
            assert process.poll() is None, text
            assert time.monotonic() < deadline, text
            time.sleep(0.2)
        return text

    process = watching(folder)
    assert "watching" in said_after("1 done, 0 skipped, 0 failed")
    made = jobs.page(job_type="process-folder").total

    time.sleep(6)  # another look, at nothing new
    assert jobs.page(job_type="process-folder").total == made

    (folder / "first.mp4").rename(folder / "renamed.mp4")
    (folder / "broken.mp4").write_bytes(b"no video" * 100)
    os.utime(folder / "broken.mp4", (0, 0))
    assert "broken.mp4: " in said_after("0 done, 1 skipped, 1 failed; broken.mp4: ")
    process.send_signal(signal.SIGINT)
    assert process.wait(120) == 130


def test_a_playlist_becomes_jobs_in_a_queue_of_their_own(
    jobs: Jobs, wait: Wait, short_video: Callable[..., Path], prefect_rest: httpx.Client
) -> None:
    with VideoSite(short_video("one.mp4", 201).read_bytes()) as site:
        items = [("Whole", WHOLE), ("Lost", "/lost.mp4")]
        feed = "".join(ITEM.format(title=title, path=path) for title, path in items)
        content = f'<?xml version="1.0"?><rss version="2.0"><channel><title>All</title>{feed}</channel></rss>'
        site.pages = {"/feed": Page(content, "application/rss+xml")}
        job = wait(jobs, jobs.submit("process-video", {"source": f"{site.base}/feed", "fetch": {"attempts": 1}}).id)
    assert job.state == "completed"
    assert job.stage.startswith("1 done, 0 skipped, 1 failed; Lost: ")
    wanted = {"flow_runs": {"tags": {"all_": [f"batch:{job.id}"]}}}
    runs = {run["name"]: run for run in prefect_rest.post("/flow_runs/filter", json=wanted).json()}
    assert len(runs) == 2
    assert {run["work_queue_name"] for run in runs.values()} == {"entries"}
    states = sorted(run["state_type"] for run in runs.values())
    assert states == ["COMPLETED", "FAILED"]
    (lost,) = (run for run in runs.values() if run["state_type"] == "FAILED")
    assert "nothing at this address" in lost["state"]["message"]
    (failure,) = job.result.failures
    assert "nothing at this address" in failure
