"""Which files of a folder are videos to process, and which are left for later."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from autoclip.errors import NotFoundError
from stages.find_videos import find_videos


def put(path: Path, age_sec: float = 60.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"content")
    then = time.time() - age_sec
    os.utime(path, (then, then))
    return path


def names(root: Path, pattern: str = "*", *, recursive: bool = True) -> list[str]:
    found = find_videos(root, pattern, recursive=recursive, min_age_sec=10)
    return [str(candidate.path.relative_to(root)) for candidate in found]


def test_files_with_the_ending_of_a_video_by_name_and_what_is_hidden_not(tmp_path: Path) -> None:
    for name in ("b.MKV", "a.mp4", "notes.txt", ".hidden.mp4", "deeper/c.webm", ".trash/d.mp4", "deeper/a.mp4.part"):
        put(tmp_path / name)
    (tmp_path / "folder.mp4").mkdir()
    assert names(tmp_path) == ["a.mp4", "b.MKV", "deeper/c.webm"]
    assert names(tmp_path, recursive=False) == ["a.mp4", "b.MKV"]
    assert names(tmp_path, "a*") == ["a.mp4", "deeper/a.mp4.part"]


def test_links_to_files_count_links_to_folders_do_not(tmp_path: Path) -> None:
    video = put(tmp_path / "elsewhere" / "a.mp4")
    root = tmp_path / "in"
    root.mkdir()
    (root / "link.mp4").symlink_to(video)
    (root / "gone.mp4").symlink_to(tmp_path / "gone")
    (root / "round").symlink_to(root)
    assert names(root) == ["link.mp4"]


@pytest.mark.parametrize(("age_sec", "settled"), [(60, True), (0, False), (-3, False), (-86400, True)])
def test_a_file_that_changes_now_is_left_for_later(tmp_path: Path, age_sec: float, *, settled: bool) -> None:
    put(tmp_path / "a.mp4", age_sec)
    (found,) = find_videos(tmp_path, "*", recursive=True, min_age_sec=10)
    assert found.settled is settled


def test_what_is_no_folder_is_told(tmp_path: Path) -> None:
    for path in (tmp_path / "none", put(tmp_path / "a.mp4")):
        with pytest.raises(NotFoundError, match="is not a folder"):
            find_videos(path, "*", recursive=True, min_age_sec=10)
