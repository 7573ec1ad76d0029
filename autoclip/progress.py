"""How long-running work reports its progress.

A listener may raise to stop the work. The exception passes through the worker, which cleans up and re-raises.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Progress:
    """One progress report of a running stage.

    Attributes
    ----------
    stage : str
        Name of the stage: ``extract``, ``select``, ``thumbnails``, ``export``, ``download``.
    fraction : float
        Completed share of the stage, in [0, 1]; never decreases within a stage.
    message : str
        A few words for people, such as ``"12.5x real time"``.
    """

    stage: str
    fraction: float
    message: str = ""


ProgressListener = Callable[[Progress], None]


def share_of(on_progress: ProgressListener, done: int, count: int, total: int) -> ProgressListener:
    """Return a listener that maps the progress of `count` items, which follow `done` others, to all `total` items."""
    return lambda part: on_progress(replace(part, fraction=(done + count * part.fraction) / total))


def ignore_progress(_progress: Progress) -> None:
    """Ignore the report: the default of every function that reports progress."""
