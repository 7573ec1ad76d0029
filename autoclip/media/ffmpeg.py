"""Find and run the ffmpeg executable."""

from __future__ import annotations

import errno
import functools
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from autoclip.confinement import location_of
from autoclip.errors import NO_ROOM, ExportError, ParameterError
from autoclip.media.child_processes import child_process
from autoclip.media.pixel_limit import max_pixels
from autoclip.media.video import Video

LOCAL_PROTOCOLS = "file,subfile"
"""FFmpeg's protocols for local files: whole ones, and parts of them."""

FrameListener = Callable[[int], None]
"""Called with the number of frames that a rendering has written so far."""

_GLOBAL = ("-hide_banner", "-nostdin", "-y", "-loglevel", "warning", "-nostats")
_LOCAL_FILE = re.compile(r"(?P<part>(subfile,,start,0,end,\d+,,:)?)file:(?P<name>.*)", re.DOTALL)
_TAIL_LINES = 12
_HELP_SEC = 20.0
_POLL_SEC = 0.5


@dataclass(frozen=True, slots=True)
class Run:
    """A command that succeeded.

    Attributes
    ----------
    command : tuple of str
        The command line, program first.
    log : str
        Its standard error: warnings, and values that filters print.
    """

    command: tuple[str, ...]
    log: str


def find_ffmpeg(path: Path | None = None) -> Path:
    """Return the ffmpeg to use: `path` if given, else the one installed with imageio-ffmpeg.

    Raises
    ------
    ParameterError
        If there is no such program.
    """
    if path is not None:
        found = shutil.which(str(path))
        if found is None:
            raise ParameterError(f"{path} is not a program that can be run; name an ffmpeg executable, or none")
        return Path(found)
    import imageio_ffmpeg  # noqa: PLC0415 - not needed where another ffmpeg is named

    try:
        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise ParameterError("imageio-ffmpeg has no ffmpeg for this machine; install one and name its path") from error


def knows_option(option: str, path: Path | None = None) -> bool:
    """Whether an ffmpeg (`find_ffmpeg` chooses) lists an option in its help; False if it can't be run."""
    return f"-{option}".encode() in _help_output(find_ffmpeg(path), "-h", "long")


def ffmpeg_build(path: Path) -> str:
    """Return a text that changes when another ffmpeg is installed at a path.

    Raises
    ------
    OSError
        If there is none.
    """
    facts = path.stat()
    return f"{path}|{facts.st_size}|{facts.st_mtime_ns}"


def knows_encoder(name: str, path: Path | None = None) -> bool:
    """Whether an ffmpeg (`find_ffmpeg` chooses) lists an encoder; False if it can't be run."""
    return name.encode() in _help_output(find_ffmpeg(path), "-encoders").split()


def _help_output(ffmpeg: Path, *question: str) -> bytes:
    try:
        return _answer(ffmpeg_build(ffmpeg), ffmpeg, *question)
    except (OSError, subprocess.SubprocessError):
        return b""


@functools.lru_cache(maxsize=16)
def _answer(_build: str, ffmpeg: Path, *question: str) -> bytes:
    """Ask each build once; an ffmpeg that could not be run is asked again."""
    command = (str(ffmpeg), "-hide_banner", *question)
    return subprocess.run(  # noqa: S603
        command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_HELP_SEC, check=True
    ).stdout


def safe_input(video: Video) -> tuple[str, ...]:
    """Return the options that open a probed file as an input, in exactly the format that the probe found.

    Whatever the file contains, ffmpeg opens neither another file nor the network for it.

    Parameters
    ----------
    video : Video
        The probed file.
    """
    protocols = LOCAL_PROTOCOLS if video.end_byte is not None else "file"
    limits = ("-max_pixels", str(max_pixels()), "-protocol_whitelist", protocols, "-format_whitelist", video.container)
    return (*limits, "-i", local_file(video.path, video.end_byte))


def local_file(path: Path, end_byte: int | None = None) -> str:
    """Return a path as ffmpeg accepts it for a local file, whatever its name: ``s3:x`` is a file, not an address.

    With `end_byte`, ffmpeg reads the file up to there (its protocol ``subfile``).
    """
    part = "" if end_byte is None else f"subfile,,start,0,end,{end_byte},,:"
    return f"{part}file:{path.absolute()}"


def run_ffmpeg(
    arguments: Sequence[str],
    *,
    executable: Path | None = None,
    on_frame: FrameListener | None = None,
    stall_sec: float = 120.0,
) -> Run:
    """Run ffmpeg until it ends.

    Parameters
    ----------
    arguments : sequence of str
        Everything after the global options: inputs made by `safe_input`, outputs with their format.
    executable : Path, optional
        The ffmpeg executable; None lets `find_ffmpeg` choose.
    on_frame : callable, optional
        Called with the number of frames written, about twice a second. An exception it raises ends ffmpeg and
        propagates.
    stall_sec : float
        The run is ended when nothing in its progress changes for this long.

    Returns
    -------
    Run
        The command line and its log.

    Raises
    ------
    ExportError
        If ffmpeg can't be started, is killed, stalls, or returns anything but 0.
    """
    progress = ("-progress", "pipe:1", "-stats_period", str(_POLL_SEC))
    command = (str(find_ffmpeg(executable)), *_GLOBAL, *progress, *arguments)
    with tempfile.TemporaryFile() as stderr:
        try:
            with child_process(tuple(map(_through_descriptor, command)), stderr) as child:
                _follow(child, on_frame, stall_sec)
                code = child.wait()
        except TimeoutError as error:
            reason = (
                f"ffmpeg made no progress for {stall_sec:.0f} s and was ended; raise export_stall_sec if it is slow"
            )
            raise ExportError(reason, command=command, stderr_tail=_tail(stderr)) from error
        except OSError as error:
            raise ExportError(f"ffmpeg could not be run: {error.strerror}: {command[0]}", command=command) from error
        if code != 0:
            tail = _tail(stderr)
            raise ExportError(_why_it_failed(code, tail, command[-1]), command=command, stderr_tail=tail)
        stderr.seek(0)
        return Run(command, stderr.read().decode("utf-8", "replace"))


_CAUSES = (
    (NO_ROOM, "no room is left to write it; free space there or choose another folder"),
    ({errno.EROFS, errno.EACCES, errno.EPERM}, "it can't be written to; choose another folder"),
    ({errno.EIO}, "the disk can't be read or written; check it and the connection to it"),
)
"""System error numbers that ffmpeg's log reports in words, and what each means for the output folder."""

_LOG_PREFIX = re.compile(r"^(\[[^\]]* @ 0x[0-9a-f]+\] ?)+")
_NO_CAUSE = re.compile(
    r"last message repeated|task finished|terminating thread|error (muxing|sending|submitting|reinitializing)|"
    r"conversion failed|could not open encoder|nothing was written|format directive",
    re.IGNORECASE,
)
"""Lines of ffmpeg's log that say that it failed, but not why."""

_NO_MEMORY = re.compile(
    rf"{os.strerror(errno.ENOMEM)}|malloc|pthread_create\(\) failed|"
    r"\A(\S+ @ \S+ Format directive [^\n]*\n)*"
    r"\S+ @ \S+ [^\n]*Error while opening encoder[^\0]*Generic error in an external library"
)
"""What ffmpeg's log says when memory is short; libx264 says nothing then, and names settings that it refuses."""


def _why_it_failed(code: int, tail: str, target: str) -> str:
    """Return one sentence on why ffmpeg failed; the caller keeps the full log."""
    folder = str(Path(target.removeprefix("file:")).parent)
    if sys.platform != "win32" and code == -signal.SIGXFSZ:
        return f"{folder}: no file there may grow so large; raise the limit (ulimit -f) or choose a shorter clip"
    for numbers, meaning in _CAUSES:
        if any(os.strerror(number) in tail for number in numbers):
            return f"{folder}: {meaning}"
    if _NO_MEMORY.search(tail):
        return "ffmpeg had not enough memory; close other programs, or raise its limit (ulimit -v)"
    if code < 0:
        return f"ffmpeg was killed by signal {-code}; if memory is short, render fewer clips at once"
    lines = [_LOG_PREFIX.sub("", line).strip() for line in tail.splitlines()]
    reason = next((line for line in lines if line and not _NO_CAUSE.search(line)), "it does not say why")
    return f"ffmpeg failed with code {code} ({reason.rstrip('.')}); choose other export settings, or report it"


def _through_descriptor(argument: str) -> str:
    """Replace an input that is pinned to its descriptor; the command that people see keeps its name."""
    found = _LOCAL_FILE.fullmatch(argument)
    return f"{found['part']}file:{location_of(Path(found['name']))}" if found else argument


def _follow(child: subprocess.Popen[bytes], on_frame: FrameListener | None, stall_sec: float) -> None:
    """Read the progress until the child closes it; raise TimeoutError if it does not change for `stall_sec`."""
    lines: queue.Queue[str | None] = queue.Queue()
    assert child.stdout is not None  # noqa: S101 - child_process made it a pipe
    reader = threading.Thread(target=_read_lines, args=(child.stdout, lines), daemon=True)
    reader.start()
    last: dict[str, str] = {}
    still_sec = 0.0
    while True:
        try:
            line = lines.get(timeout=_POLL_SEC)
        except queue.Empty:
            line = ""
            still_sec += _POLL_SEC
        if line is None:
            return
        key, _, value = line.partition("=")
        if key in {"frame", "out_time_us", "total_size"} and last.get(key) != value:
            last[key] = value
            still_sec = 0.0
            if key == "frame" and on_frame is not None and value.isdigit():
                on_frame(int(value))
        elif key == "progress":
            still_sec += _POLL_SEC  # a report without any change counts as a stall
        if still_sec >= stall_sec:
            raise TimeoutError


def _read_lines(pipe: IO[bytes], lines: queue.Queue[str | None]) -> None:
    try:
        for line in pipe:
            lines.put(line.decode("ascii", "replace").strip())
    except ValueError:  # the pipe of a killed child is closed
        pass
    lines.put(None)


def _tail(stderr: IO[bytes]) -> str:
    stderr.seek(0)
    return "\n".join(deque(stderr.read().decode("utf-8", "replace").splitlines(), maxlen=_TAIL_LINES))
