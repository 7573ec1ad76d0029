"""Render a file under a temporary name, check it, and rename it or keep it in another folder."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from autoclip.confinement import folder_beneath
from autoclip.errors import ExportError, from_system
from autoclip.export.checks.file_check import Checked
from autoclip.export.checks.frame_trace import OPTION, read_trace, trace_arguments, wrong_frames
from autoclip.export.cuts.cut_spec import CutSpec
from autoclip.export.cuts.frame_span import FrameSpan, undecodable
from autoclip.export.names import publish
from autoclip.export.unfinished_files import remove_unfinished, unfinished_name
from autoclip.media.container import require_regular_file
from autoclip.media.ffmpeg import FrameListener, Run, knows_option, run_ffmpeg
from autoclip.progress import Progress, ProgressListener

FAILED_FOLDER = "failed"


@dataclass(frozen=True, slots=True)
class TracedRun:
    """An encoding that succeeded.

    Attributes
    ----------
    run : Run
        The command that renders such a file, and its log.
    span : FrameSpan
        The requested frames, without those that can't be decoded from a damaged source.
    traced : bool
        Whether the encoded frames are known.
    faults : tuple of str
        Faults of the encoded frames.
    """

    run: Run
    span: FrameSpan
    traced: bool = False
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RenderContext:
    """The environment of a rendering.

    Attributes
    ----------
    rendered : Path
        Temporary path under which the file is rendered.
    ffmpeg : Path or None
        The ffmpeg to use; None uses the installed one.
    stall_sec : float
        Maximum time without progress, in seconds.
    on_progress : callable
        Called with the progress.
    measured : dict
        The runs of `run_once`, by their arguments.
    """

    rendered: Path
    ffmpeg: Path | None
    stall_sec: float
    on_progress: ProgressListener
    measured: dict[tuple[str, ...], Run] = field(default_factory=dict)

    def run(self, arguments: Sequence[str], on_frame: FrameListener | None = None) -> Run:
        """Run ffmpeg to its end; raises the same errors as `run_ffmpeg`."""
        return run_ffmpeg(arguments, executable=self.ffmpeg, on_frame=on_frame, stall_sec=self.stall_sec)

    def run_once(self, arguments: Sequence[str]) -> Run:
        """Run ffmpeg, or return what it said to the same arguments before: a clip encoded again sounds the same."""
        key = tuple(arguments)
        if key not in self.measured:
            self.measured[key] = self.run(key)
        return self.measured[key]

    def render(self, arguments: Sequence[str], spec: CutSpec, on_frame: FrameListener | None = None) -> TracedRun:
        """Run an ffmpeg that encodes the video of a cut, and trace the frames it encodes.

        Parameters
        ----------
        arguments : sequence of str
            As in `run_ffmpeg`; the last one is the file.
        spec : CutSpec
            The cut to encode.
        on_frame : callable, optional
            Called with the number of frames written.
        """
        if not knows_option(OPTION, self.ffmpeg):
            return TracedRun(self.run(arguments, on_frame), spec.span)
        with temporary_path(self.rendered.parent) as path:
            traced = self.run([*arguments[:-1], *trace_arguments(path), arguments[-1]], on_frame)
            trace = read_trace(path)
        # The trace is our addition; the command shown to users is the one without it.
        run = replace(traced, command=(*traced.command[: -len(trace_arguments(path)) - 1], arguments[-1]))
        if trace is None:
            return TracedRun(run, spec.span)
        span, rate = spec.span, spec.settings.frame_rate
        faults = wrong_frames(trace, span, rate)
        if faults and (lost := undecodable(spec.video, span)):
            span = span.without(lost)
            faults = wrong_frames(trace, span, rate)
        return TracedRun(run, span, traced=True, faults=tuple(faults))

    def report(self, fraction: float, message: str) -> None:
        """Report the progress of the export."""
        self.on_progress(Progress("export", min(fraction, 1.0), message))

    def count_frames(self, total: int) -> FrameListener:
        """Return a listener that converts frame counts to progress reports; the last percent is the check's."""
        return lambda frames: self.report(0.99 * frames / max(total, 1), f"{min(frames, total)} of {total} frames")


@contextmanager
def render_errors(sources: Sequence[Path], target: Path) -> Iterator[None]:
    """Translate operating system errors during rendering; a missing source is reported first.

    Raises
    ------
    MediaError
        If a source can no longer be read.
    ExportError
        If the file can't be written.
    """
    try:
        yield
    except (ExportError, OSError) as error:
        for source in sources:
            require_regular_file(source)
        if isinstance(error, ExportError):
            raise
        raise ExportError(str(from_system(error, target))) from error


@contextmanager
def temporary_path(folder: Path) -> Iterator[Path]:
    """Yield a unique path in `folder`; a file that is there at the end of the block is removed.

    Files that killed processes left in that folder are removed as well.

    Raises
    ------
    ExportError
        If the folder can't be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"{folder} can't be made: {from_system(error, folder.parent)}") from error
    remove_unfinished(folder)
    path = folder / unfinished_name()
    try:
        yield path
    finally:
        with suppress(OSError):  # a full disk holds no file; the reason why the block failed matters more
            path.unlink(missing_ok=True)


def deliver(
    rendered: Path, checked: Checked, target: Path, commands: tuple[tuple[str, ...], ...], *, overwrite: bool
) -> Path:
    """Give a checked file its name, or keep a failed one in the folder `FAILED_FOLDER`, with the reasons beside it.

    Returns
    -------
    Path
        The name it got.

    Raises
    ------
    ExportError
        If the check found a fault.
    """
    if not checked.faults:
        return publish(rendered, target, overwrite=overwrite)
    reasons = "; ".join(checked.faults)
    content = "\n".join([*checked.faults, "", *(shlex.join(command) for command in commands), ""])
    with folder_beneath(target.parent, Path(FAILED_FOLDER), make=True) as folder:  # not a link to another place
        placed = publish(rendered, folder.location / target.name, overwrite=False)
        with placed.with_suffix(".txt").open("x", encoding="utf-8") as report:
            report.write(content)
        kept = folder.named(placed)
    raise ExportError(
        f"{target.name} failed its check and was kept as {kept}: {reasons}", command=commands[-1] if commands else ()
    )
