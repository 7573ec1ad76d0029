"""``--to``: where exports go, refused before hours of work end with a folder that can't be written to."""

from __future__ import annotations

from pathlib import Path

import pytest

from autoclip.errors import ExportError, ParameterError
from interfaces.cli.app import run
from interfaces.cli.jobs import chat_parameters
from stages.output_folders import require_outside, usable_folder


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    folder.mkdir()
    (folder / "film.mp4").write_bytes(b"a video")
    (tmp_path / "in the way").write_bytes(b"a file")
    (tmp_path / "linked").symlink_to(folder)
    return folder


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        (["run", "{videos}/film.mp4", "--to", "{tmp}/clips"], 2, "nothing is exported; add --export-top N"),
        (["watch", "{videos}", "--to", "{tmp}/clips"], 2, "nothing is exported"),
        (["run", "{videos}/film.mp4", "--export-top", "1", "--to", "{tmp}/in the way"], 1, "is not a folder"),
        (["run", "{videos}", "--timeline", "edl", "--to", "{tmp}/in the way/deeper"], 1, "is not a folder"),
        (["run", "{videos}", "--export-top", "1", "--to", "{tmp}/" + "x" * 300], 1, "File name too long"),
        (["run", "{videos}", "--export-top", "1", "--to", "{videos}/clips"], 2, "outside of it"),
        (["run", "{videos}", "--export-top", "1", "--to", "{tmp}/linked/clips"], 2, "outside of it"),
        (["watch", "{videos}", "--export-top", "1", "--to", "{videos}"], 2, "outside of it"),
        (["run", "{videos}", "--chat-offset", "2"], 2, "belong to one video"),
        (["run", "{videos}", "--chat", "{videos}/film.mp4"], 2, "belong to one video"),
        (["run", "{videos}/film.mp4", "--chat", "{tmp}/missing.json"], 2, "missing.json"),
    ],
)
def test_a_folder_that_makes_no_sense_is_refused_at_once(
    videos: Path, capsys: pytest.CaptureFixture[str], command: list[str], code: int, said: str
) -> None:
    folder = videos.parent
    before = sorted(folder.rglob("*"))
    assert run([word.format(videos=videos, tmp=folder) for word in command]) == code
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told
    assert sorted(folder.rglob("*")) == before


def test_a_folder_need_not_exist(tmp_path: Path) -> None:
    usable_folder(tmp_path / "a" / "b")
    assert not (tmp_path / "a").exists()


def test_a_disk_that_is_not_mounted_is_refused() -> None:
    with pytest.raises(ExportError, match="not a mounted disk"):
        usable_folder(Path("/mnt/no-such-disk/clips"))


def test_a_folder_beside_the_videos_with_a_name_that_begins_alike_is_outside(videos: Path) -> None:
    require_outside(videos.with_name("videos 2"), videos)
    with pytest.raises(ParameterError):
        require_outside(videos / ".." / "videos" / "x", videos)


def test_the_chat_of_a_video_goes_to_its_job(videos: Path) -> None:
    film = videos / "film.mp4"
    assert chat_parameters(film, None, 0.0) == {}
    assert chat_parameters(film, film, -2.5) == {"chat": str(film), "chat_offset": -2.5}
