"""Where a file is made: under a temporary name, checked, and then given its own name, or kept aside."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
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
    """An encoding that ended well.

    Attributes
    ----------
    run : Run
        The command that makes such a file, and its log.
    span : FrameSpan
        The frames that were asked for, less those that no decoder gets out of a damaged source.
    traced : bool
        Whether it is known which frames were encoded.
    faults : tuple of str
        What is wrong with them.
    """

    run: Run
    span: FrameSpan
    traced: bool = False
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RenderContext:
    """What a rendering works with.

    Attributes
    ----------
    rendered : Path
        The temporary name under which the file is made.
    ffmpeg : Path or None
        The ffmpeg to use; the one installed along when None.
    stall_sec : float
        Longest time without progress.
    on_progress : callable
        Whom to tell.
    """

    rendered: Path
    ffmpeg: Path | None
    stall_sec: float
    on_progress: ProgressListener

    def run(self, arguments: Sequence[str], on_frame: FrameListener | None = None) -> Run:
        """Run ffmpeg to its end; errors as `run_ffmpeg`."""
        return run_ffmpeg(arguments, executable=self.ffmpeg, on_frame=on_frame, stall_sec=self.stall_sec)

    def render(self, arguments: Sequence[str], order: CutSpec, on_frame: FrameListener | None = None) -> TracedRun:
        """Run an ffmpeg that encodes the picture of a cut, and trace which frames it encoded; errors as `run_ffmpeg`.

        Parameters
        ----------
        arguments : sequence of str
            As for `run_ffmpeg`; the last one is the file.
        order : CutSpec
            What is to be encoded.
        on_frame : callable, optional
            Told the number of frames written.
        """
        if not knows_option(OPTION, self.ffmpeg):
            return TracedRun(self.run(arguments, on_frame), order.span)
        with temporary_path(self.rendered.parent) as path:
            traced = self.run([*arguments[:-1], *trace_arguments(path), arguments[-1]], on_frame)
            trace = read_trace(path)
        # The trace is ours; the command that makes such a file is the one without it.
        run = replace(traced, command=(*traced.command[: -len(trace_arguments(path)) - 1], arguments[-1]))
        if trace is None:
            return TracedRun(run, order.span)
        span, rate = order.span, order.settings.frame_rate
        faults = wrong_frames(trace, span, rate)
        if faults and (lost := undecodable(order.video, span)):
            span = span.without(lost)
            faults = wrong_frames(trace, span, rate)
        return TracedRun(run, span, traced=True, faults=tuple(faults))

    def report(self, fraction: float, message: str) -> None:
        """Tell how far the export is."""
        self.on_progress(Progress("export", min(fraction, 1.0), message))

    def count_frames(self, total: int) -> FrameListener:
        """Return a listener that turns frame counts into reports; the last per cent is the check's."""
        return lambda frames: self.report(0.99 * frames / max(total, 1), f"{min(frames, total)} of {total} frames")


@contextmanager
def render_errors(sources: Sequence[Path], target: Path) -> Iterator[None]:
    """Have what the system refuses while a file is made leave as an error of ours; a source that is gone first.

    Raises
    ------
    MediaError
        If a source can't be read any more.
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
    """Give a path in `folder` that nothing else uses; whatever is there at the end of the block is removed.

    What a killed process left in that folder goes as well.

    Raises
    ------
    ExportError
        If the folder can't be made.
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
        with suppress(OSError):  # a disk that takes nothing holds nothing; why the block failed says more
            path.unlink(missing_ok=True)


def deliver(
    rendered: Path, checked: Checked, target: Path, commands: tuple[tuple[str, ...], ...], *, overwrite: bool
) -> Path:
    """Give a checked file its name; keep one that failed in the folder `FAILED_FOLDER`, with the reasons beside it.

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
    told = "\n".join([*checked.faults, "", *(shlex.join(command) for command in commands), ""])
    with folder_beneath(target.parent, Path(FAILED_FOLDER), make=True) as folder:  # no link that leads elsewhere
        placed = publish(rendered, folder.location / target.name, overwrite=False)
        with placed.with_suffix(".txt").open("x", encoding="utf-8") as report:
            report.write(told)
        kept = folder.named(placed)
    raise ExportError(
        f"{target.name} failed its check and was kept as {kept}: {reasons}", command=commands[-1] if commands else ()
    )
