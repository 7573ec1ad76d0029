"""How long work tells its listener how far it is.

A listener may raise to stop the work: whatever it raises passes through the worker, which cleans up and re-raises.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Progress:
    """One report of a stage under way.

    Attributes
    ----------
    stage : str
        What is being done: ``extract``, ``select``, ``thumbnails``, ``export``, ``download``.
    fraction : float
        Share of the stage that is done, in [0, 1]; never falls within one stage.
    message : str
        A few words for people, such as ``"12.5x real time"``.
    """

    stage: str
    fraction: float
    message: str = ""


ProgressListener = Callable[[Progress], None]


def share_of(on_progress: ProgressListener, done: int, count: int, total: int) -> ProgressListener:
    """Return a listener that maps the progress of `count` pieces, behind `done` others, onto all `total`."""
    return lambda part: on_progress(replace(part, fraction=(done + count * part.fraction) / total))


def ignore_progress(_progress: Progress) -> None:
    """Listen to nothing: the default of every function that reports progress."""
