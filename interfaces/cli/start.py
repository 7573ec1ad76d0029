"""Where the command line starts: Ctrl-C is answered from the first import on."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType

from autoclip.system.memory_limit import memory_limit_bytes

IMPORT_WAIT_SEC = 0.05
MIN_MEMORY_MB = 640
"""Address space in which a short video is analyzed: with 550 MB, OpenBLAS, Arrow or Python itself ended it without a
reason, or it hung (measured)."""


def main() -> None:
    """Import the command line and run it."""
    os.environ["PYTHONSAFEPATH"] = "1"  # or processes that measure a video would import modules of the working folder
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # a shell's background jobs ignore Ctrl-C
        signal.signal(signal.SIGINT, _interrupt)
    _warn_of_little_memory()
    try:
        from interfaces.cli.app import main as run_command

        run_command()
    except KeyboardInterrupt:
        sys.stderr.write("autoclip: interrupted\n")
        sys.exit(130)


def _warn_of_little_memory() -> None:
    """Say so if the shell allows less memory than the libraries need, which can't tell it themselves."""
    limit_mb = memory_limit_bytes() / (1 << 20)
    if limit_mb < MIN_MEMORY_MB:
        allowed = f"only {limit_mb:.0f} MB of memory are allowed here (ulimit -v)"
        sys.stderr.write(f"autoclip: {allowed}; allow {MIN_MEMORY_MB}, or libraries may fail without a reason\n")


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt, but not within an import.

    Modules catch it there, are left half imported, or crash the process: NumPy's extension modules report it as an
    ImportError. So it is sent again until the import is complete.
    """
    if not _is_import(frame):
        raise KeyboardInterrupt
    again = threading.Timer(IMPORT_WAIT_SEC, _send, (number,))
    again.daemon = True
    again.start()


def _is_import(frame: FrameType | None) -> bool:
    """Whether a frame, or one that called it, belongs to Python's import system."""
    while frame is not None:
        if frame.f_globals.get("__name__") == "importlib._bootstrap":
            return True
        frame = frame.f_back
    return False


def _send(number: int) -> None:
    if sys.platform == "win32":
        signal.raise_signal(number)
    else:
        os.kill(os.getpid(), number)  # unlike `raise_signal`, this also ends a wait of the main thread
