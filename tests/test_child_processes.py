"""A program that we started ends with us, in whatever way the system lets us ask for it."""

import subprocess
import sys

import psutil
import pytest
from running_service import until

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


def test_a_program_that_is_not_there_is_said_as_by_python():
    with pytest.raises(FileNotFoundError):
        processes.start_ending_with_parent(["/nosuch/program"])
