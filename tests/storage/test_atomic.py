import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from autoclip.errors import ParameterError, StorageError
from storage.atomic import move, remove_leftovers, replacing, replacing_together, write_atomically


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_writes_text_and_makes_the_folder(tmp_path):
    write_atomically(tmp_path / "a" / "ü.txt", "héllo")
    assert (tmp_path / "a" / "ü.txt").read_bytes() == "héllo".encode()
    assert names(tmp_path / "a") == ["ü.txt"]


def test_a_failed_writer_leaves_the_old_content_and_no_temporary_file(tmp_path):
    target = tmp_path / "file"
    target.write_text("old")

    def write_half():
        with replacing(target) as partial:
            partial.write_text("half")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write_half()
    assert target.read_text() == "old"
    assert names(tmp_path) == ["file"]


def test_several_files_get_their_names_only_after_all_are_written(tmp_path):
    paths = [tmp_path / name for name in "abc"]

    def write_two_of_three():
        with replacing_together(paths) as partials:
            partials[0].write_text("0")
            partials[1].write_text("1")

    with pytest.raises(StorageError):
        write_two_of_three()
    assert names(tmp_path) == []


def test_a_temporary_name_keeps_the_ending_a_writer_needs_and_matches_no_result_glob(tmp_path):
    with replacing(tmp_path / "clip.mp4", suffix=".mp4") as partial:
        partial.write_bytes(b"x")
        assert partial.name.endswith(".partial.mp4")
        assert partial.name.startswith(".")
    with replacing(tmp_path / "x.parquet") as partial:
        partial.write_bytes(b"x")
        assert list(tmp_path.glob("*.parquet")) == []


def test_a_place_that_is_no_folder_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="file"):
        write_atomically(tmp_path / "file" / "below", "x")


def test_a_fault_with_another_file_is_not_blamed_on_this_one(tmp_path):
    with pytest.raises(FileNotFoundError, match="elsewhere"), replacing(tmp_path / "a"):
        (tmp_path / "elsewhere").read_text()


def test_a_full_disk_is_named_and_nothing_half_written_keeps_a_final_name(tmp_path):
    # A limit on the size of files stands for a full disk: the same write fails, with EFBIG in place of ENOSPC.
    target = tmp_path / "big"
    target.write_text("old")
    previous = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, previous[1]))
    try:
        with pytest.raises(StorageError, match="no room is left"):
            write_atomically(target, b"x" * 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, previous)
        signal.signal(signal.SIGXFSZ, handler)
    assert target.read_text() == "old"
    assert names(tmp_path) == ["big"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110
def test_a_write_to_a_full_device_is_named(tmp_path):

    def write_to_a_full_device():
        with replacing(tmp_path / "a") as partial:
            partial.symlink_to("/dev/full")
            partial.write_bytes(b"x")

    with pytest.raises(StorageError, match="no room is left"):
        write_to_a_full_device()


def test_killed_writers_leave_old_or_new_content_and_sweepable_leftovers(tmp_path):
    program = (
        "import sys, itertools; from pathlib import Path; from storage.atomic import write_atomically\n"
        "print('ready', flush=True)\n"
        "for i in itertools.count(): write_atomically(Path(sys.argv[1]), bytes([65 + i % 26]) * 300_000)\n"
    )
    target = tmp_path / "file"
    for attempt in range(5):
        with subprocess.Popen([sys.executable, "-c", program, str(target)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout.readline() == b"ready\n"
            time.sleep(0.02 + 0.007 * attempt)
            writer.kill()
        if target.exists():
            content = target.read_bytes()
            assert len(content) == 300_000
            assert len(set(content)) == 1
    (tmp_path / ".0123456789abcdef.partial.mp4").write_bytes(b"half")
    (tmp_path / ".0123456789abcdef.partial").mkdir()  # of a project whose removal was killed
    (tmp_path / ".0123456789abcdef.partial" / "report.html").touch()
    (tmp_path / ".fedcba9876543210.partial").symlink_to("nowhere")
    assert remove_leftovers(tmp_path) == ()
    assert remove_leftovers(tmp_path.parent, older_than_sec=-60, below=False) == ()
    assert len(remove_leftovers(tmp_path, older_than_sec=-60)) >= 1
    (tmp_path / ".fedcba9876543210.partial").unlink()
    assert set(names(tmp_path)) <= {"file"}


def test_only_a_regular_file_is_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("/dev/full")
    before = names(tmp_path)
    for name in ("pipe", "folder", "link"):
        with pytest.raises(ParameterError, match=f"{name}: is a .* and is not replaced"):
            write_atomically(tmp_path / name, b"x")
    assert names(tmp_path) == before
    assert (tmp_path / "link").is_symlink()


@pytest.fixture
def other_disk():
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


def test_files_and_folders_move_to_another_disk_and_back(tmp_path, other_disk):
    assert other_disk.stat().st_dev != tmp_path.stat().st_dev
    for source, target in ((tmp_path / "a", other_disk / "made" / "a"), (other_disk / "made" / "a", tmp_path / "b")):
        if source.parent == tmp_path:
            source.mkdir()
            (source / "film.mp4").write_bytes(b"film")
            (source / "link").symlink_to("nowhere")
        move(source, target)
        assert (target / "film.mp4").read_bytes() == b"film"
        assert (target / "link").is_symlink()
        assert not source.exists()
    move(tmp_path / "b" / "film.mp4", other_disk / "film.mp4")
    assert (other_disk / "film.mp4").read_bytes() == b"film"
    assert names(tmp_path / "b") == ["link"]


def test_what_does_not_fit_on_another_disk_stays_where_it_was(tmp_path, other_disk):
    (tmp_path / "film.mp4").write_bytes(bytes(8192))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(StorageError):
            move(tmp_path / "film.mp4", other_disk / "film.mp4")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert (tmp_path / "film.mp4").stat().st_size == 8192
    assert names(other_disk) == []
