"""Runs a program of ours as if the system had nothing that only POSIX has: ``python hidden_posix.py program.py``.

Modules that Windows lacks can't be imported, attributes that it lacks are gone. The names stand in Python's
documentation as "Availability: Unix". What Python itself takes from them when it starts (``os.path``, ``subprocess``)
stays, and ``sys.platform`` is what it was: this shows what our code asks for, not how Windows answers.
"""

import importlib.abc
import os
import runpy
import signal
import subprocess
import sys
import time
import types

import platformdirs  # noqa: F401  (has a module of its own for Windows, and takes this system's when it is imported)

MODULES = {"fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog", "readline", "crypt", "spwd", "nis"}

ATTRIBUTES = {
    os: (
        "O_NOFOLLOW O_DIRECTORY O_CLOEXEC O_PATH O_NONBLOCK O_NOCTTY O_NOATIME O_SYNC fork forkpty setsid "
        "setpgid getpgid getuid geteuid getgid getegid getgroups getloadavg mkfifo mknod chown fchown lchown fchmod "
        "fchdir pread pwrite preadv pwritev sendfile posix_fadvise posix_fallocate register_at_fork "
        "sched_getaffinity sched_setaffinity killpg nice sync fdatasync getxattr setxattr listxattr removexattr "
        "memfd_create pidfd_open ttyname tcgetpgrp"
    ),
    signal: (
        "SIGKILL SIGSTOP SIGCONT SIGHUP SIGUSR1 SIGUSR2 SIGALRM SIGXFSZ SIGPIPE SIGCHLD SIGQUIT alarm setitimer "
        "pthread_sigmask pthread_kill sigwait sigtimedwait"
    ),
    time: "tzset clock_settime",
}


class _Absent(importlib.abc.MetaPathFinder):
    """Refuses the modules."""

    def find_spec(self, name, path=None, target=None):
        if name in MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def hide() -> None:
    """Hide them from everything that is imported from now on."""
    for name in MODULES:
        sys.modules.pop(name, None)
    sys.meta_path.insert(0, _Absent())
    subprocess.signal = types.SimpleNamespace(**vars(signal))  # Python's own code, which is another one on Windows
    for module, names in ATTRIBUTES.items():
        for name in names.split():
            if hasattr(module, name):
                delattr(module, name)
    os.supports_dir_fd = set()


if __name__ == "__main__":
    hide()
    sys.argv = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")
