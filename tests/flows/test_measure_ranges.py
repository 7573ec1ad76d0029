"""A long video is measured in tasks side by side: the features of one pass, also when a process is killed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
from moving_scenes import shot
from prefect.client.orchestration import get_client
from running_service import until

from autoclip.extraction import extract
from autoclip.media.probe import probe
from autoclip.settings import ExtractionSettings
from storage.analysis_folder import AnalysisFolder
from storage.catalog import open_catalog
from storage.data_folder import DataFolder

ROOT = Path(__file__).parents[2]
SIZE = (128, 72)


@pytest.fixture
def long_video(encode_tracks: Callable[..., Path], film: type, sound: type) -> Path:
    pictures = [picture for seed in range(5) for picture in shot(seed, 60, SIZE, speed=2)]
    return encode_tracks("long.mp4", film(pictures, size=SIZE, options={"g": "50"}), sound(12.0))


@contextmanager
def processing(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the flow in a process of its own, as a worker does."""
    code = "import asyncio, sys; from flows.process_video import process_video; asyncio.run(process_video(sys.argv[1]))"
    process = subprocess.Popen([sys.executable, "-c", code, str(path)], cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def measuring_processes(flow: subprocess.Popen[bytes]) -> list[psutil.Process]:
    # Not the tracker of shared memory, which is a child as well.
    found = []
    with suppress(psutil.NoSuchProcess):
        found = [p for p in psutil.Process(flow.pid).children() if "spawn_main" in " ".join(p.cmdline())]
    return found


def tasks_named(name: str) -> int:
    wanted = {"task_runs": {"name": {"any_": [name]}}}
    with get_client(sync_client=True) as client:
        return int(client.request("POST", "/task_runs/count", json=wanted).json())


def assert_measured_as_in_one_pass(path: Path, data_dir: Path) -> None:
    with open_catalog(data_dir / "autoclip.duckdb").reading() as view:
        (project,) = view.projects.page().items
    folder = AnalysisFolder(DataFolder(data_dir).project(project.id).root)
    kept, expected = folder.read_features(), extract(path, probe(path), ExtractionSettings())
    for name, values in expected.series.items():
        np.testing.assert_array_equal(values, kept.series[name], name)
    assert kept.events == expected.events
    assert not (folder.root / ".ranges").exists()


def test_ranges_are_tasks_and_a_killed_process_loses_none(
    data_dir: Path, long_video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOCLIP_EXTRACTION_PROCESSES", "2")
    with processing(long_video) as flow:
        # At once, while the pool still starts the other one: Python's pool would then hang now and then.
        until(lambda: measuring_processes(flow), 900)[0].kill()
        assert flow.wait(900) == 0
    assert_measured_as_in_one_pass(long_video, data_dir)
    until(lambda: tasks_named(f"measure range {long_video.name}") >= 2)
    assert tasks_named(f"measure audio {long_video.name}")
