"""A long video is measured by dask's workers on several machines: the features of one pass, also when one is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pytest
from moving_scenes import shot
from running_service import until

from autoclip.extraction import extract
from autoclip.media.probe import probe
from autoclip.settings import ExtractionSettings
from storage.artifact_store import FsspecStore
from storage.catalog import catalog_of
from storage.data_folder import DataFolder
from storage.environment import read_environment

dask = pytest.importorskip("distributed", reason="needs the extra 'dask'")

ROOT = Path(__file__).parents[2]
SIZE = (128, 72)
FLOW = "import asyncio, sys; from flows.process_video import process_video; asyncio.run(process_video(sys.argv[1]))"


@pytest.fixture
def long_video(encode_tracks: Callable[..., Path], film: type, sound: type) -> Path:
    pictures = [picture for seed in range(5) for picture in shot(seed, 60, SIZE, speed=2)]
    return encode_tracks("long.mp4", film(pictures, size=SIZE, options={"g": "50"}), sound(12.0))


@pytest.fixture
def scheduler() -> Iterator[str]:
    with dask.LocalCluster(n_workers=0, dashboard_address=":0") as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def site(tmp_path: Path, prefect_api: str, scheduler: str, monkeypatch: pytest.MonkeyPatch) -> FsspecStore:
    """What the machines have in common: a store, a catalog, Prefect's server and dask's scheduler."""
    store = f"file://{tmp_path / 'store'}"
    monkeypatch.setenv("AUTOCLIP_STORE_URL", store)
    monkeypatch.setenv("AUTOCLIP_DATABASE_URL", f"duckdb:///{tmp_path / 'catalog.duckdb'}")
    monkeypatch.setenv("AUTOCLIP_DASK_SCHEDULER", scheduler)
    monkeypatch.setenv("AUTOCLIP_EXTRACTION_PROCESSES", "4")
    return FsspecStore(store)


@contextmanager
def at_work(folder: Path, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program of ours on a machine with this data folder."""
    variables = os.environ | {"AUTOCLIP_DATA_DIR": str(folder)}
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=variables)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def worker(folder: Path, scheduler: str) -> tuple[Path, str, ...]:
    options = ("--nthreads=1", "--no-nanny", "--no-dashboard", f"--local-directory={folder}")
    return folder, "-m", "distributed.cli.dask_worker", scheduler, "--preload=tasks.dask_workers", *options


def test_two_machines_measure_a_video_and_one_is_lost(
    tmp_path: Path, long_video: Path, site: FsspecStore, scheduler: str
) -> None:
    site.put(long_video, "incoming/long.mp4")
    with ExitStack() as stack:
        flow = stack.enter_context(at_work(tmp_path / "job", "-c", FLOW, f"{site.name}/incoming/long.mp4"))
        anna = stack.enter_context(at_work(*worker(tmp_path / "anna", scheduler)))
        until(lambda: site.objects("ranges") or flow.poll() is not None, 300)
        anna.kill()
        stack.enter_context(at_work(*worker(tmp_path / "bert", scheduler)))
        assert flow.wait(300) == 0
    home = read_environment({**os.environ, "AUTOCLIP_DATA_DIR": str(tmp_path / "third")})
    with catalog_of(home).reading() as view:
        (project,) = view.projects.page().items
    kept, expected = (
        DataFolder.of(home).open_project(project.id).read_features(),
        extract(long_video, probe(long_video), ExtractionSettings()),
    )
    for name, values in expected.series.items():
        np.testing.assert_array_equal(values, kept.series[name], name)
    assert kept.events == expected.events
    assert site.objects("ranges") == ()
    assert not [path for path in tmp_path.rglob("*.range") if path.is_file()]
