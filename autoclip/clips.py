"""The clip, which is the result of both modes, and the clips file that stores them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field, model_validator

from autoclip.settings import SegmentationMode
from autoclip.timeline import Interval

CLIPS_FILE_VERSION = 1


class Scores(BaseModel):
    """The components of a clip's quality, before weighting. `dead_time`, for low activity, lowers it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    excitement: float = 0.0
    boundary: float = 0.0
    narrative: float = 0.0
    dead_time: float = 0.0


class Clip(BaseModel):
    """A highlight clip. Times are seconds from the first video frame; `end` is exclusive."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str
    start: float = Field(ge=0)
    end: float
    quality_score: float = 0.0
    anchor_time_sec: float | None = None
    anchor_reason: str | None = None
    reason: str = ""
    mode: SegmentationMode | None = None
    scores: Scores = Scores()
    created_by: Literal["auto", "manual"] = "auto"
    thumbnail: str | None = None

    @model_validator(mode="after")
    def _end_follows_start(self) -> Clip:
        if self.end <= self.start:
            raise ValueError(f"a clip must end after it starts, got {self.start} to {self.end}")
        return self

    @computed_field  # type: ignore[prop-decorator]
    @property
    def duration(self) -> float:
        """Length in seconds."""
        return round(self.end - self.start, 6)

    @property
    def interval(self) -> Interval:
        """The span of the clip."""
        return Interval(self.start, self.end)


class ClipsFile(BaseModel):
    """The content of ``v2_clips.json`` and of ``--json``: clips in order of their start.

    `settings` chose the clips. `analysis_settings` are the settings of the analysis before any retuning.
    """

    version: int = CLIPS_FILE_VERSION
    mode: SegmentationMode
    video: dict[str, Any]
    settings: dict[str, Any]
    analysis_settings: dict[str, Any] = Field(default_factory=dict)
    clips: tuple[Clip, ...]
    message: str = ""


BEST_QUALITY = 1.0
"""The quality that is displayed as 100: the mean excitement of a clip, mapped to (0, 1). Clips built around anchors are
also rated by their boundaries and may exceed it.
"""


def displayed_score(quality: float) -> int:
    """Return a quality as it is displayed: a whole number from 0 to 100."""
    return round(100 * min(max(quality / BEST_QUALITY, 0.0), 1.0))


def names_by_time(kind: str, instants: Sequence[float]) -> tuple[str, ...]:
    """Name clips by their time, such as ``Highlight 12m05s``, so that a name stays when other clips come or go.

    Parameters
    ----------
    kind : str
        The noun that starts each name.
    instants : sequence of float
        Seconds from the first video frame. Instants within the same second get tenths of a second, then a letter.
    """
    whole = [f"{kind} {_clock(instant)}" for instant in instants]
    fine = [f"{kind} {_clock(instant, tenths=True)}" for instant in instants]
    names = [fine[i] if whole.count(whole[i]) > 1 else whole[i] for i in range(len(whole))]
    return tuple(
        f"{name} {chr(ord('a') + min(names[:i].count(name), 25))}" if names.count(name) > 1 else name
        for i, name in enumerate(names)
    )


def _clock(seconds: float, *, tenths: bool = False) -> str:
    """Format an instant for use in file names: ``12m05s``, ``1h02m05s``, ``12m05.3s``."""
    units = math.floor(seconds * 10 + 1e-6)
    minutes, rest = divmod(units // 10, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{units % 10}" if tenths else ""
    return f"{hours}h{minutes:02d}m{rest:02d}{fraction}s" if hours else f"{minutes}m{rest:02d}{fraction}s"


def clip_id(scope: str, mode: str, interval: Interval) -> str:
    """Return an id that depends only on what the clip is, so that the same selection gets the same ids again.

    Parameters
    ----------
    scope : str
        What the clip belongs to: a project's id, or a video's fingerprint outside the catalog.
    mode : str
        ``v1``, ``v2`` or ``manual``.
    interval : Interval
        The clip's span, used with microsecond precision.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    text = f"{scope}\0{mode}\0{interval.start:.6f}\0{interval.end:.6f}"
    return hashlib.blake2s(text.encode(), digest_size=8).hexdigest()
