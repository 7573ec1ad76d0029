"""Every task meets files that fail: it ends in a sentence of ours, with no error of the system or a library."""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import tasks
from autoclip.errors import AutoclipError
from autoclip.media.decoding.ranges import DecodeRange
from autoclip.progress import ignore_progress
from autoclip.range_extraction.measurement import plan
from autoclip.settings import ExportSettings, ExtractionSettings, Settings
from stages.extract_features import extract_features
from storage.catalog import CompoundClip, CompoundItem
from tasks.places import catalog, project_folder
from tasks.stage_task import StageTask

MODULES = [importlib.import_module(f"tasks.{module.name}") for module in pkgutil.iter_modules(tasks.__path__)]
TASKS = {task.name: task for module in MODULES for task in vars(module).values() if isinstance(task, StageTask)}
pytestmark = pytest.mark.timeout(300, func_only=True)  # a task that hangs is a fault, too
NEVER_SAID = ("Traceback", "[Errno", "Error(", " @ 0x")


@dataclass(frozen=True)
class World:
    """A project that was analyzed, exported and made playable, and what every task is given of it."""

    video: Path
    data: Path
    values: dict[str, Any]

    @property
    def files(self) -> list[Path]:
        """Files of the project."""
        return [path for path in project_folder(self.values["project_id"]).root.rglob("*") if path.is_file()]

    def call(self, task: StageTask[..., Any]) -> str:
        """Run a task; return what it says when it fails."""
        needed = {p.name for p in inspect.signature(task.fn).parameters.values() if p.default is p.empty}
        settings = {"settings": ExtractionSettings()} if "settings" in needed else {}
        if task.name.startswith("export-"):
            settings = {"settings": ExportSettings(encoder_preset="ultrafast", disk_reserve_mb=0)}
        given = {name: self.values[name] for name in needed - {"settings"}} | settings
        try:
            made = task.fn(**given)
        except AutoclipError as error:
            return str(error)
        return str(getattr(made, "error", None) or getattr(made, "reason", None) or "")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, rendered_match: Path) -> World:
    """Build it once."""
    root = tmp_path_factory.mktemp("made")
    (root / "in").mkdir()
    shutil.copy(rendered_match, root / "in")
    patch = pytest.MonkeyPatch()
    patch.setenv("AUTOCLIP_DATA_DIR", str(root / "data"))
    try:
        return World(root / "in" / "match.mp4", root / "data", values_of(root / "in" / "match.mp4"))
    finally:
        patch.undo()


def values_of(video: Path) -> dict[str, Any]:
    run = {name.replace("-", "_"): task.fn for name, task in TASKS.items()}
    source = run["register_video"](video)
    settings = Settings.from_flat({"segmentation_mode": "v1"})
    features = extract_features(source, ExtractionSettings())  # the task's own would wait for a slot of Prefect's
    anchors, boundaries = run["find_anchors"](features, settings), run["score_boundaries"](features, settings)
    candidates = run["select_windows"](anchors, boundaries, settings)
    selection = run["make_thumbnails"](run["filter_windows"](candidates, settings))
    run["record_clips"](selection)
    run["write_report"](selection)
    with catalog().transaction() as unit:
        clip = unit.clips.page(source.project_id).items[0]
        items = (CompoundItem(clip_id=clip.id), CompoundItem(clip_id=clip.id))
        compound = unit.compounds.add(CompoundClip(project_id=source.project_id, name="Twice", items=items))
    part: DecodeRange = plan(source.video, ExtractionSettings(), 2)[0]
    return {
        "source": source, "path": video, "project_id": source.project_id, "address": source.project_id,
        "features": features, "anchors": anchors, "boundaries": boundaries, "candidates": candidates,
        "selection": selection, "clip_id": clip.id, "compound_id": compound.id, "part": part, "mode": "v1",
        "formats": ("otio",), "on_progress": ignore_progress,
    }  # fmt: skip


@pytest.fixture
def world(made: World, monkeypatch: pytest.MonkeyPatch, prefect_api: str) -> Iterator[World]:
    """As it was built; what a test breaks is mended afterwards."""
    monkeypatch.setenv("AUTOCLIP_DATA_DIR", str(made.data))
    kept = made.data.parent / "kept"
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(made.data, kept / "data")
    shutil.copytree(made.video.parent, kept / "in")

    yield made
    for name in ("data", "in"):
        shutil.rmtree(made.data.parent / name, ignore_errors=True)
        shutil.copytree(kept / name, made.data.parent / name)


def broken(path: Path, how: str) -> None:
    content = path.read_bytes()
    path.unlink()
    ways: dict[str, Callable[[], object]] = {
        "gone": lambda: None,
        "a folder": path.mkdir,
        "a pipe": lambda: os.mkfifo(path),
        "another kind": lambda: path.write_bytes(b"nothing of the kind"),
        "half": lambda: path.write_bytes(content[: len(content) // 2]),
        "empty": path.touch,
        "a loop": lambda: path.symlink_to(path.name),
    }
    ways[how]()


def assert_said(told: dict[str, str]) -> None:
    for name, text in told.items():
        for word in NEVER_SAID:
            assert word not in text, (name, text)


@pytest.mark.parametrize("how", ["gone", "a folder", "a pipe", "another kind", "half", "a loop"])
def test_a_task_names_a_video_that_fails(world: World, how: str) -> None:
    broken(world.video, how)
    told = {name: world.call(task) for name, task in TASKS.items()}
    assert_said(told)
    needs_it = {"register-video", "open-video", "measure-range", "measure-audio", "export-clip", "export-compound"}
    for name in needs_it - ({"measure-audio"} if how == "half" else set()):
        assert world.video.name in told[name], (name, told[name])


@pytest.mark.parametrize("how", ["gone", "a folder", "another kind"])
def test_a_task_names_a_file_of_the_project_that_fails(world: World, how: str) -> None:
    for path in world.files:
        broken(path, how)
    assert_said({name: world.call(task) for name, task in TASKS.items()})


def test_a_task_names_a_folder_that_is_a_file(world: World) -> None:
    root = project_folder(world.values["project_id"]).root
    shutil.rmtree(root)
    root.write_text("no folder")
    told = {name: world.call(task) for name, task in TASKS.items()}
    assert_said(told)
    for name in ("extract-features", "make-thumbnails", "write-report", "export-clip"):
        assert str(root) in told[name], (name, told[name])


@pytest.mark.parametrize("state", ["full", "read-only"])
def test_a_task_names_a_disk_that_takes_nothing(world: World, tmp_path: Path, state: str) -> None:
    root = project_folder(world.values["project_id"]).root
    shutil.copytree(root / "features", tmp_path / "features")
    shutil.rmtree(root)
    root.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(root)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("may not mount a small file system here")
    try:
        shutil.copytree(tmp_path / "features", root / "features")
        if state == "full":
            with (root / "filler").open("wb", buffering=0) as filler:
                while shutil.disk_usage(root).free:
                    filler.write(bytes(4096))
        else:
            subprocess.run(["mount", "-o", "remount,ro", str(root)], check=True)
        told = {name: world.call(task) for name, task in TASKS.items()}
    finally:
        subprocess.run(["umount", "--lazy", str(root)], check=True)
    assert_said(told)
    said = "free" if state == "full" else "ead-only"  # what to free, or how much is
    for name in ("make-thumbnails", "write-report", "export-clip", "export-compound"):
        assert said in told[name], (name, told[name])
        assert str(root) in told[name], (name, told[name])
