"""A lock is held exactly as long as its process lives."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from storage.process_lock import held, holder, is_held, machine_of

HOLD = """
import sys, time
from pathlib import Path
from storage.process_lock import held
with held(Path(sys.argv[1]), "job-1"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_held_during_the_block_only(tmp_path: Path) -> None:
    path = tmp_path / "locks" / "a"
    assert not is_held(path)
    assert holder(path) == machine_of(path) == ""
    with held(path, "job-1"):
        assert is_held(path)
        assert holder(path) == "job-1"
        assert machine_of(path)
    assert not is_held(path)
    assert holder(path) == ""
    assert machine_of(path)


def test_a_killed_holder_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert is_held(path)
        process.kill()
        process.wait()
    assert not is_held(path)
    assert holder(path) == "job-1"


def test_the_second_waits_and_is_told_for_whom(tmp_path: Path) -> None:
    path, told, release = tmp_path / "a", [], threading.Event()

    def first() -> None:
        with held(path, "job-1"):
            started.set()
            release.wait(10)

    def listen(words: str) -> None:
        told.append(words)
        release.set()

    started = threading.Event()
    thread = threading.Thread(target=first)
    thread.start()
    started.wait(10)
    with held(path, "job-2", listen):
        assert holder(path) == "job-2"
    thread.join()
    assert set(told) == {"job-1"}


def test_a_waiting_one_may_give_up(tmp_path: Path) -> None:
    def give_up(_words: str) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "a"
    with held(path, "job-1"):
        with pytest.raises(KeyboardInterrupt), held(path, "job-2", give_up):
            pass
        assert holder(path) == "job-1"
