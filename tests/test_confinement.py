"""Below a root, whatever is swapped while it is looked at: opened without links, used through the descriptor."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from swaps import filed, linked, swapped_folder, swapping

from autoclip import confinement
from autoclip.confinement import folder_beneath, location_of, open_beneath
from autoclip.errors import NotFoundError, ParameterError

TRIES = 400


@pytest.fixture(params=["descriptors", "names"], autouse=True)
def means(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With openat and /proc, and as on a system that has neither."""
    if request.param == "names":
        monkeypatch.setattr(confinement, "_WALKS", False)
        monkeypatch.setattr(confinement, "_DESCRIPTORS", Path("/nowhere"))
    return str(request.param)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "a").mkdir(parents=True)
    (root / "a" / "film.mp4").write_bytes(b"ours")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "film.mp4").write_bytes(b"theirs")
    return root


def read(root: Path, path: Path | str) -> bytes:
    opened = open_beneath(root, Path(path))
    try:
        return opened.location.read_bytes()
    finally:
        opened.close()


def test_a_file_is_read_by_any_spelling_of_its_root(root: Path) -> None:
    link = root.with_name("link")
    link.symlink_to(root)
    assert read(root, "a/film.mp4") == read(root, root / "a/film.mp4") == b"ours"
    assert read(link, link / "a/film.mp4") == read(link, root / "a/film.mp4") == b"ours"


@pytest.mark.parametrize(
    "path",
    ["../outside/film.mp4", "a/../../outside/film.mp4", "/etc/passwd", "link.mp4", "folder/film.mp4", "within.mp4"],
)
def test_what_leads_out_or_through_a_link_is_refused(root: Path, path: str) -> None:
    (root / "link.mp4").symlink_to(root.parent / "outside" / "film.mp4")
    (root / "folder").symlink_to(root.parent / "outside")
    (root / "within.mp4").symlink_to(root / "a" / "film.mp4")
    with pytest.raises(ParameterError):
        read(root, path)


def test_what_is_no_file_is_not_waited_for(root: Path) -> None:
    os.mkfifo(root / "pipe")
    for name in ("pipe", "a", "nobody"):
        with pytest.raises(NotFoundError):
            read(root, name)


def test_a_pinned_file_is_read_however_its_name_is_swapped(root: Path, means: str) -> None:
    path = root / "a" / "film.mp4"
    opened = open_beneath(root, path)
    with opened.pinned():
        assert location_of(path).read_bytes() == b"ours"
        path.unlink()
        path.symlink_to(root.parent / "outside" / "film.mp4")
        if means == "descriptors":
            assert location_of(path).read_bytes() == b"ours"
        else:
            with pytest.raises(ParameterError, match="swapped"):
                location_of(path)
    assert location_of(path) == path
    opened.close()


def test_a_file_swapped_for_a_link_never_leaks(root: Path) -> None:
    path = root / "a" / "film.mp4"
    found = []
    with swapping(linked(path, Path("/etc/passwd")), filed(path, b"ours")):
        for _ in range(TRIES):
            with contextlib.suppress(ParameterError, NotFoundError, PermissionError, FileNotFoundError):
                opened = open_beneath(root, path)
                found.append(opened.file.read())
                opened.close()
    assert set(found) <= {b"ours"}  # on a busy machine the link may be there at every try
    with contextlib.closing(open_beneath(root, path)) as opened:
        assert opened.file.read() == b"ours"


def test_a_folder_swapped_for_a_link_is_not_written_to(root: Path, means: str) -> None:
    if means == "names":
        pytest.skip("without descriptors of folders there is a moment between the look and the use")
    place, outside = root / "out", root.parent / "outside"
    place.mkdir()
    written = 0
    with swapping(*swapped_folder(place, outside)):
        for number in range(TRIES):
            with contextlib.suppress(ParameterError, NotFoundError), folder_beneath(root, place) as folder:
                (folder.location / f"{number}.txt").write_bytes(b"x")
                written += 1
    assert {path.name for path in outside.iterdir()} == {"film.mp4"}
    with folder_beneath(root, place) as folder:  # every try may have met the link on a busy machine
        (folder.location / "last.txt").write_bytes(b"x")
    assert written + 1 == len(list(place.iterdir()))


def test_folders_are_made_below_the_root_only(root: Path) -> None:
    (root / "link").symlink_to(root.parent / "outside")
    with folder_beneath(root, Path("new/er/est"), make=True) as folder:
        assert folder.path == root / "new" / "er" / "est"
    assert folder.path.is_dir()
    for path in ("link/new", "../outside/new"):
        with pytest.raises(ParameterError), folder_beneath(root, Path(path), make=True):
            pass
    assert {path.name for path in (root.parent / "outside").iterdir()} == {"film.mp4"}


def test_a_folder_tells_its_own_name(root: Path) -> None:
    with folder_beneath(root, Path("a")) as folder:
        inner = folder.location / "film.mp4"
        assert folder.named(inner) == root / "a" / "film.mp4"
        assert folder.with_opened_name(f"{inner}: failed") == f"{root / 'a' / 'film.mp4'}: failed"
        folder.unlink("film.mp4")
        folder.unlink("film.mp4")
    assert not (root / "a" / "film.mp4").exists()
