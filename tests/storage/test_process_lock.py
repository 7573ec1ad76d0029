"""A lock is held exactly as long as its process lives."""

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from storage.process_lock import held, holder, is_held, machine_of, remove_unheld

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
            release.wait(60)

    def listen(words: str) -> None:
        told.append(words)
        release.set()

    started = threading.Event()
    thread = threading.Thread(target=first)
    thread.start()
    started.wait(60)
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


CONTEND = """
import random, sys, time
from pathlib import Path
from storage.process_lock import held, holder, is_held
path, me, ends = Path(sys.argv[1]), sys.argv[2], time.monotonic() + float(sys.argv[3])
def listen(words):
    assert words in {"a", "b", "c"} - {me}, f"{me} was told of {words!r}"
def refuse(words):
    raise AssertionError(f"refused by {words!r}")
import storage.process_lock as module
module.POLL_SEC = 0.0
while time.monotonic() < ends:
    with held(path, me, listen):
        assert holder(path) == me
    with held(path.with_name(me), me, refuse):
        assert is_held(path.with_name(me))
    for other in "abc":
        is_held(path.with_name(other))
"""


def test_nobody_reads_the_words_of_no_holder_and_looking_disturbs_no_one(tmp_path: Path) -> None:
    """Three processes take, release and look at locks as fast as they can.

    Whoever waits is told the living holder's words, and a lock that only one of them takes is never refused to it
    because another looks at it at that moment.
    """
    processes = [
        subprocess.Popen([sys.executable, "-c", CONTEND, str(tmp_path / "lock"), name, "1.5"], stderr=subprocess.PIPE)
        for name in "abc"
    ]
    assert [(process.communicate()[1].decode(), process.returncode) for process in processes] == [("", 0)] * 3


def test_only_a_lock_that_nobody_holds_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    assert not remove_unheld(path)
    with held(path, "job-1"):
        assert not remove_unheld(path)
        assert holder(path) == "job-1"
    assert remove_unheld(path)
    assert not path.exists()
    assert not remove_unheld(path)


def test_one_who_waits_for_a_removed_lock_shares_it_with_nobody(tmp_path: Path) -> None:
    path, order = tmp_path / "a", []

    def listen(_words: str) -> None:
        order.append("waited")
        release.set()

    def first() -> None:
        with held(path, "job-1"):
            started.set()
            release.wait(60)
        assert remove_unheld(path) or is_held(path)

    started, release = threading.Event(), threading.Event()
    thread = threading.Thread(target=first)
    thread.start()
    started.wait(60)
    with held(path, "job-2", listen):
        thread.join()
        assert is_held(path)
        assert holder(path) == "job-2"
    assert order


def test_a_folder_that_is_gone_is_no_error_on_release(tmp_path: Path) -> None:
    path = tmp_path / "locks" / "a"
    with held(path, "job-1"):
        shutil.rmtree(path.parent)
    assert not is_held(path)
