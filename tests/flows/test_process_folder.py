"""What process-folder leaves alone, and says when there is nothing to do, under a real Prefect server."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
from prefect.states import State

from flows.process_folder import process_folder


def process(folder: object, **parameters: object) -> State:
    return asyncio.run(process_folder(str(folder), **parameters, return_state=True))


def test_a_file_still_being_written_is_left_for_the_next_time(data_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "arriving.mp4").write_bytes(b"the beginning of a video")
    state = process(folder, min_age_sec=3600)
    assert state.is_completed()
    assert state.message == "nothing new, 1 skipped"
    (outcome,) = state.result()
    assert (outcome.label, outcome.state, outcome.reason) == ("arriving.mp4", "skipped", "still being written")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every name is text")
def test_a_file_whose_name_is_no_text_is_passed_over_and_named(data_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    Path(folder, os.fsdecode(b"caf\xe9.mp4")).write_bytes(b"a video of old")
    state = process(folder, min_age_sec=0)
    (outcome,) = state.result()
    assert (outcome.label, outcome.reason) == ("caf\N{REPLACEMENT CHARACTER}.mp4", "its name is not UTF-8; rename it")


def test_a_schedule_whose_folder_nobody_has_set_says_so(data_dir: Path) -> None:
    state = process("")
    assert state.is_failed()
    assert "no folder is set; set it in the deployment's" in str(state.message)


def test_a_folder_that_is_not_there(data_dir: Path, tmp_path: Path) -> None:
    state = process(tmp_path / "unmounted")
    assert state.is_failed()
    assert "is not a folder; check the spelling, or mount it" in str(state.message)
