"""The processes of the service."""

import sys

from running_service import until

from interfaces.service import processes
from interfaces.service.processes import ManagedProcess

WRITER = "import itertools, time\nfor i in itertools.count(): print(i, flush=True); time.sleep(0.01)"


def test_a_long_log_begins_anew_while_its_process_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "MAX_LOG_BYTES", 20)
    writer = ManagedProcess("writer", (sys.executable, "-c", WRITER), {}, tmp_path / "writer.log")
    before = tmp_path / "writer.log.1"
    writer.start()
    try:
        until(lambda: writer.limit_log() or before.exists(), pause_sec=0.02)
        until(writer.log_tail)
    finally:
        writer.stop(10.0)
    assert before.read_text().startswith("0\n1\n2\n")
    first = int(writer.log.read_bytes().partition(b"\n")[0])  # without a gap of zeros
    assert first > 2
