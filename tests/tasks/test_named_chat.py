"""A chat that a run is given is opened once, below the roots as far as its name lies there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from swaps import linked

from autoclip.errors import MediaError, ParameterError
from tasks.source_video import chat_named, named_chat

OURS, THEIRS = "[0:00:01] <ann> ours\n", "[0:00:01] <ann> theirs\n[0:00:02] <bob> theirs\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "videos"
    folder.mkdir()
    (tmp_path / "theirs.txt").write_text(THEIRS)
    monkeypatch.setenv("AUTOCLIP_SOURCE_ROOTS", str(folder))
    monkeypatch.setenv("AUTOCLIP_DATA_DIR", str(tmp_path / "data"))
    return folder


def test_a_link_that_comes_into_its_place_once_it_is_open_is_not_followed(root: Path) -> None:
    path = root / "match.chat.txt"
    path.write_text(OURS)
    chat = chat_named(str(path))
    assert chat is not None
    with named_chat(chat):
        linked(path, root.parent / "theirs.txt")()
        assert chat.read().time_sec.tolist() == [1]
    with pytest.raises(ParameterError, match="link"), named_chat(chat):
        pass


def test_a_link_out_of_the_roots_is_refused(root: Path) -> None:
    (root / "link.txt").symlink_to(root.parent / "theirs.txt")
    (root / "folder").symlink_to(root.parent)
    for name in ("link.txt", "folder/theirs.txt", "../videos/link.txt"):
        with pytest.raises(ParameterError, match="link"):
            chat_named(str(root / name))


def test_the_owner_of_the_machine_may_name_any_file_of_it(root: Path) -> None:
    chat = chat_named(str(root.parent / "theirs.txt"))
    assert chat is not None
    with named_chat(chat):
        assert chat.read().time_sec.tolist() == [1, 2]


def test_what_is_no_file_is_refused(root: Path) -> None:
    os.mkfifo(root / "pipe.txt")
    (root / "folder").mkdir()
    for name in ("pipe.txt", "missing.txt", "folder", "a\0b"):
        with pytest.raises(MediaError, match="check the path of the chat"):
            chat_named(str(root / name))
    assert chat_named("") is None
