"""Ctrl-C while DuckDB works."""

import subprocess
import sys

PROGRAM = """
import os, signal, threading
from storage.catalog.duckdb_session import DuckDBSession
session = DuckDBSession()
threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    session.execute("SELECT count(*) FROM range(100000) a, range(1000000) b WHERE a.range * b.range % 7 = 3")
except KeyboardInterrupt:
    print(session.execute("SELECT 1 AS one"))
"""


def test_ctrl_c_stops_a_query_and_the_session_stays_usable():
    done = subprocess.run((sys.executable, "-c", PROGRAM), capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout == "[{'one': 1}]\n", done.stderr
