"""A disk that fills up ends a job in one sentence; what was committed stays, and with more room the job goes on."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from prefect.states import State

from flows.process_video import process_video
from storage.catalog import Export, open_catalog
from storage.data_folder import DataFolder

MIN_KB, STEP_KB, FOR_ANALYSIS_KB, PLENTY_KB = 1000, 400, 1500, 400_000
"""The disk grows by a step until a project fits and its analysis does not; then by what an analysis needs. An export of
this noise takes 6 MB."""


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefect_api: str) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    if not mounted(place, f"size={MIN_KB}k"):
        pytest.skip("may not mount a small file system here")
    monkeypatch.setenv("AUTOCLIP_DATA_DIR", str(place))
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def mounted(place: Path, options: str) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def process(source: Path, **parameters: object) -> State:
    return asyncio.run(process_video(str(source), **parameters, return_state=True))


@pytest.fixture
def noise(encode_tracks: Callable[..., Path], film: type, sound: type) -> Path:
    random = np.random.default_rng(5)
    pictures = [random.integers(0, 255, (240, 320, 3), dtype=np.uint8) for _ in range(60)]
    return encode_tracks("noise.mp4", film(pictures, size=(320, 240), rate=5), sound(12.0))


def projects_on(disk: Path) -> int:
    with open_catalog(disk / "autoclip.duckdb").reading() as view:
        return view.projects.page().total


def exports_of(disk: Path) -> list[Export]:
    with open_catalog(disk / "autoclip.duckdb").reading() as view:
        (project,) = view.projects.page().items
        return list(view.exports.page(project.id, sort="created_at").items)


def test_a_disk_that_fills_up(small_disk: Path, noise: Path) -> None:
    settings, size_kb = {"segmentation_mode": "v1"}, MIN_KB
    while True:
        failed = process(noise, settings=settings)
        assert failed.is_failed()
        assert "no room is left" in str(failed.message)
        assert "free space" in str(failed.message)
        if projects_on(small_disk):
            break
        size_kb += STEP_KB
        assert mounted(small_disk, f"remount,size={size_kb}k")
    with open_catalog(small_disk / "autoclip.duckdb").reading() as view:
        (project,) = view.projects.page().items
        assert project.state == "ready"
        assert view.clips.page(project.id).total == 0
    features = DataFolder(small_disk).project(project.id).features / "signals.parquet"
    measured_at = features.stat().st_mtime_ns

    assert mounted(small_disk, f"remount,size={size_kb + FOR_ANALYSIS_KB}k")
    process(noise, settings=settings, export_top=1)
    (export,) = exports_of(small_disk)
    assert export.state == "failed"
    assert "free some space" in str(export.error)

    assert mounted(small_disk, f"remount,size={PLENTY_KB}k")
    done = process(noise, settings=settings, export_top=1)
    assert done.is_completed()
    assert exports_of(small_disk)[-1].state == "completed"
    assert features.stat().st_mtime_ns == measured_at, "what was measured is not measured again"
    assert not list(small_disk.rglob("*.partial*"))
