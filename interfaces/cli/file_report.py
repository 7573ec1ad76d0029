"""Report the files that a command made: a table or JSON, and an exit code that is 0 only if all succeeded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import typer

from interfaces.cli.terminal import print_json, print_table, say


@dataclass(frozen=True, slots=True)
class RemovedSpan:
    """A removed span: its times in the video, the reason (``pause`` or ``filler``), and the filler."""

    start_sec: float
    end_sec: float
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class OutputFile:
    """One file in a command's report.

    Attributes
    ----------
    path : str
        The file, or the intended path if it failed.
    duration_sec : float or None
        Its length in seconds.
    size_bytes : int or None
        Its size in bytes.
    note : str
        A note for the user.
    command : tuple of str
        The ffmpeg command that rendered it.
    delivered_to : str
        Where it was delivered.
    removed : tuple of RemovedSpan
        Removed pauses and fillers.
    error : str or None
        Why it could not be made or delivered.
    """

    path: str
    duration_sec: float | None = None
    size_bytes: int | None = None
    note: str = ""
    command: tuple[str, ...] = ()
    delivered_to: str = ""
    removed: tuple[RemovedSpan, ...] = ()
    error: str | None = None

    @classmethod
    def at(cls, path: Path) -> OutputFile:
        """Describe an existing file."""
        return cls(str(path), size_bytes=path.stat().st_size)


def report_files(files: Sequence[OutputFile], *, as_json: bool) -> None:
    """Print the outcome of each file; end the command with exit code 1 if one failed."""
    if as_json:
        print_json([asdict(file) for file in files])
    elif not files:
        say("no file was made: there is no clip")
    else:
        print_table(
            "", ("file", "length", "size", "note"), [_cells(file) for file in files], numeric=("length", "size")
        )
    if failed := sum(file.error is not None for file in files):
        say(f"{failed} of {len(files)} failed")
        raise typer.Exit(1)


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 100_000 else f"{size_bytes / 1e3:.1f} kB"  # noqa: PLR2004


def _cells(file: OutputFile) -> tuple[str, ...]:
    length = "" if file.duration_sec is None else f"{file.duration_sec:.2f} s"
    size = "" if file.size_bytes is None else _size(file.size_bytes)
    remarks = [file.error or file.note, f"brought to {file.delivered_to}" if file.delivered_to else ""]
    return (file.path, length, size, "; ".join(filter(None, remarks)))
