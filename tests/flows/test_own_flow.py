"""docs/prefect-tasks.md: its flow runs as it stands there, on three videos, and says what it promises."""

from __future__ import annotations

import asyncio
import importlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from counted_calls import counting
from prefect.client.orchestration import get_client
from prefect.states import State
from running_service import until

from flows.process_video import process_video
from storage.catalog import open_catalog

PAGE = Path(__file__).parents[2] / "docs" / "prefect-tasks.md"
Encode = Callable[..., Path]


@pytest.fixture
def best_of_each() -> Any:
    """The first block of code of the page."""
    (code, *_) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    namespace: dict[str, Any] = {"__name__": "own_flow"}
    exec(compile(code, str(PAGE), "exec", dont_inherit=True), namespace)
    return namespace["best_of_each"]


def task_runs(state: State[Any]) -> list[dict[str, Any]]:
    with get_client(sync_client=True) as client:
        wanted = {"flow_runs": {"id": {"any_": [str(state.state_details.flow_run_id)]}}, "limit": 200}
        found: list[dict[str, Any]] = client.request("POST", "/task_runs/filter", json=wanted).json()
    return found


def states_of_tasks(state: State[Any]) -> dict[str, set[str]]:
    """Names of the states of each task's runs; the server learns of them a little later."""
    found: dict[str, set[str]] = {}
    for run in task_runs(state):
        task = re.sub(r"-[0-9a-f]{8}$", "", run["task_key"])
        found.setdefault(task, set()).add(run["state_name"])
    return found


def test_the_page_s_flow_takes_three_videos_to_their_best_clips(
    data_dir: Path, match: Encode, best_of_each: Any
) -> None:
    videos = [match(f"match {number}.mp4", seed=number) for number in range(3)]
    state = best_of_each(videos, return_state=True)
    files = state.result()
    assert len(set(files)) == 3
    assert all(path.exists() for path in files)
    with open_catalog(data_dir / "autoclip.duckdb").reading() as view:
        assert {project.state for project in view.projects.page().items} == {"analyzed"}

    again = best_of_each(videos, return_state=True)
    assert again.result() == files
    expected = {"extract_features": {"Cached"}, "make_thumbnails": {"Cached"}, "export_clip": {"Cached"}}
    until(lambda: expected.items() <= states_of_tasks(again).items())
    names = {run["name"] for run in task_runs(again)}
    assert {f"extract features match {number}.mp4" for number in range(3)} <= names


def test_a_run_probes_hashes_and_selects_once(data_dir: Path, match: Encode, monkeypatch: pytest.MonkeyPatch) -> None:
    video = match()
    counted = counting(monkeypatch, video)
    state = asyncio.run(process_video(str(video), export_top=1, return_state=True))
    assert state.is_completed(), state.message
    assert counted == {"probe": 1, "fingerprint": 1, "extract": 1, "excitement": 1, "filter_windows": 1}


def test_every_task_of_the_page_is_there() -> None:
    for name in re.findall(r"\| `(tasks\.[\w.]+)`", PAGE.read_text()):
        module, _, attribute = name.rpartition(".")
        assert hasattr(importlib.import_module(module), attribute), name
