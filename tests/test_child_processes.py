"""A program that we started ends with us, in whatever way the system lets us ask for it."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from running_service import until

from autoclip.media.ffmpeg import find_ffmpeg, knows_encoder
from autoclip.system import processes

PARENT = """
import sys, time
from autoclip.system import processes
if sys.argv[1] == "fork": processes._setpriv = lambda: ()
print(processes.start_ending_with_parent([sys.executable, "-c", "import time; time.sleep(600)"]).pid, flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux kills a child with its parent")
@pytest.mark.parametrize("way", ["setpriv", "fork"])
def test_a_child_is_killed_with_its_parent(way):
    if way == "setpriv" and not processes._setpriv():
        pytest.skip("no setpriv that knows --pdeathsig")
    with subprocess.Popen([sys.executable, "-c", PARENT, way], stdout=subprocess.PIPE, text=True) as parent:
        child = psutil.Process(int(parent.stdout.readline()))
        if way == "setpriv":
            until(lambda: "setpriv" not in child.name())  # asked; the program is in its place
        parent.kill()
    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only Linux gives it, and only to root")
@pytest.mark.parametrize("way", ["setpriv", "fork"])
def test_an_encoder_takes_no_real_time_priority(way, monkeypatch):
    if not knows_encoder("libsvtav1"):
        pytest.skip("this ffmpeg has no libsvtav1")
    if way == "fork":
        monkeypatch.setattr(processes, "_setpriv", tuple)
    elif not processes._setpriv():
        pytest.skip("no setpriv that can drop a right")
    film = ("-f", "lavfi", "-i", "testsrc2=size=640x360:duration=600")
    command = [str(find_ffmpeg()), "-v", "error", "-nostdin", *film, "-c:v", "libsvtav1", "-f", "null", "-"]
    with processes.start_ending_with_parent(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        threads = Path(f"/proc/{child.pid}/task")
        until(lambda: sum((each / "comm").read_text().startswith("svt-") for each in threads.iterdir()) > 20)
        policies = {os.sched_getscheduler(int(each.name)) for each in threads.iterdir()}
        child.kill()
    assert policies == {os.SCHED_OTHER}


def test_a_program_that_is_not_there_is_said_as_by_python():
    with pytest.raises(FileNotFoundError):
        processes.start_ending_with_parent(["/nosuch/program"])
