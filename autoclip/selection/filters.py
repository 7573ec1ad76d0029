"""Filters: which windows are dropped, each with the reason and the measured value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from autoclip.selection.excitement import Excitement
from autoclip.selection.quality import squashed
from autoclip.selection.windows import Window
from autoclip.settings import AmountSettings, FilterSettings
from autoclip.signals.table import Features
from autoclip.timeline import Interval

FilterStage = Literal["overlap", "credits", "boring", "duplicate", "cutoff"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The decision of one filter about one window.

    Attributes
    ----------
    stage : str
        The filter.
    clip_index : int
        Position of the window among the candidate windows.
    kept : bool
        Whether the window passed.
    reason : str
        The reason, in words.
    value : float
        The measured value: IoU, share of credits, boring share, hash distance or rank.
    limit : float
        The limit it was compared with.
    other : int or None
        Position of the window it lost to.
    """

    stage: FilterStage
    clip_index: int
    kept: bool
    reason: str
    value: float
    limit: float
    other: int | None = None

    @property
    def action(self) -> str:
        """Return ``keep``, or ``drop_`` and the stage."""
        return "keep" if self.kept else f"drop_{self.stage}"


@dataclass(frozen=True, slots=True)
class Filtered:
    """The result of a filter.

    Attributes
    ----------
    kept : tuple of int
        Positions among the candidate windows, best first.
    verdicts : tuple of Verdict
        One for each window that the filter checked.
    """

    kept: tuple[int, ...]
    verdicts: tuple[Verdict, ...] = field(default_factory=tuple)


def best_first(windows: Sequence[Window]) -> tuple[int, ...]:
    """Return the positions of the windows by descending quality; of equal ones the earlier first."""
    return tuple(sorted(range(len(windows)), key=lambda i: (-windows[i].quality.score, windows[i].interval.start)))


def drop_overlaps(windows: Sequence[Window], kept: Sequence[int], settings: FilterSettings) -> Filtered:
    """Keep the best of the windows that show the same event.

    Best first, a window is dropped if its IoU with a kept one exceeds `overlap_iou_threshold`, if one of the two
    contains the other, or if its anchor lies in a kept one, since that is the same event.
    """
    chosen: list[int] = []
    verdicts = []
    starts = np.array([window.interval.start for window in windows])
    ends = np.array([window.interval.end for window in windows])
    taken = np.zeros(len(windows), np.bool_)
    for index in kept:
        rivals = np.flatnonzero(taken & (starts < ends[index]) & (ends > starts[index])).tolist()
        verdict = _overlap_verdict(windows, index, rivals, settings.overlap_iou_threshold)
        verdicts.append(verdict)
        if verdict.kept:
            chosen.append(index)
            taken[index] = True
    return Filtered(tuple(chosen), tuple(verdicts))


def _overlap_verdict(windows: Sequence[Window], index: int, rivals: Sequence[int], limit: float) -> Verdict:
    mine = windows[index]
    closest, value = None, 0.0
    for rival in rivals:
        other = windows[rival]
        iou = mine.interval.iou(other.interval)
        if iou > limit:
            reason = f"shares {iou:.0%} with better clip {rival}, more than {limit:.0%}"
        elif other.interval.encloses(mine.interval) or mine.interval.encloses(other.interval):
            reason = f"one of it and better clip {rival} contains the other"
        elif other.interval.contains(mine.anchor.time_sec):
            reason = f"its moment at {mine.anchor.time_sec:.1f} s is already in better clip {rival}"
        else:
            closest, value = (rival, iou) if iou >= value else (closest, value)
            continue
        return Verdict(
            stage="overlap", clip_index=index, kept=False, reason=reason, value=iou, limit=limit, other=rival
        )
    reason = "no better clip shows the same event"
    return Verdict(stage="overlap", clip_index=index, kept=True, reason=reason, value=value, limit=limit, other=closest)


def drop_credits(
    windows: Sequence[Window], kept: Sequence[int], features: Features, settings: FilterSettings
) -> Filtered:
    """Drop windows with a share of credits of at least `credits_share`; none if `keep_credits` is set.

    In a video without credits, no window gets a verdict.
    """
    credited = [Interval(event.start_sec, event.end_sec) for event in features.events_of("credits") if event.end_sec]
    if settings.keep_credits or not credited:
        return Filtered(tuple(kept))
    verdicts = []
    for index in kept:
        window = windows[index].interval
        inside = sum(max(0.0, min(window.end, span.end) - max(window.start, span.start)) for span in credited)
        share = inside / window.duration
        verdicts.append(
            Verdict(
                stage="credits",
                clip_index=index,
                kept=share < settings.credits_share,
                reason=f"{share:.0%} of it is credits",
                value=share,
                limit=settings.credits_share,
            )
        )
    return Filtered(tuple(verdict.clip_index for verdict in verdicts if verdict.kept), tuple(verdicts))


def drop_boring(
    windows: Sequence[Window], kept: Sequence[int], excitement: Excitement, settings: FilterSettings
) -> Filtered:
    """Drop windows with less activity than usual, and windows that are mostly boring.

    Less than usual is an excitement below that of a mean of 0. A window is boring if at least `boring_share` of it is
    below `boring_threshold`, unless its anchor is strong. A window without any content (silence over black or a still)
    is dropped whatever its anchor.
    """
    step_sec = excitement.grid.step_sec
    dull = np.concatenate(([0], np.cumsum(excitement.activity < settings.boring_threshold)))
    alive = np.concatenate(([0], np.cumsum(excitement.content)))
    chosen: list[int] = []
    verdicts = []
    for index in kept:
        window = windows[index]
        first = excitement.grid.index_of(window.interval.start)
        after = max(first + 1, excitement.grid.index_of(window.interval.end - step_sec / 2) + 1)
        share = float(dull[after] - dull[first]) / (after - first)
        verdict = _boring_verdict(index, window, share, settings, empty=bool(alive[after] == alive[first]))
        verdicts.append(verdict)
        if verdict.kept:
            chosen.append(index)
    return Filtered(tuple(chosen), tuple(verdicts))


def _boring_verdict(index: int, window: Window, share: float, settings: FilterSettings, *, empty: bool) -> Verdict:
    usual = window.quality.excitement < squashed(0.0)
    exempt = window.anchor.score >= settings.boring_anchor_exempt
    boring = empty or usual or (share >= settings.boring_share and not exempt)
    if empty:
        reason = "no sound and no moving picture"
    elif usual:
        reason = f"less happens in it than usual ({window.quality.excitement:.2f})"
    else:
        reason = f"{share:.0%} of it has low activity"
        if share >= settings.boring_share and exempt:
            reason += f", but its moment scores {window.anchor.score:.2f}"
    return Verdict(
        stage="boring", clip_index=index, kept=not boring, reason=reason, value=share, limit=settings.boring_share
    )


def drop_beyond_share(
    windows: Sequence[Window],
    kept: Sequence[int],
    duration_sec: float,
    settings: FilterSettings,
    amount: AmountSettings = AmountSettings(),  # noqa: B008 - frozen
    *,
    distinct: float = 1.0,
) -> Filtered:
    """Keep the best windows until they fill `keep_share` of the video, or `keep_at_least_sec`.

    `kept` must be ordered by quality. The window that reaches the limit is kept. Only dropped windows get a verdict. If
    `count` or `total` is set, nothing is dropped here. `distinct` is the share of the video that is no repetition of
    another part: a film that is repeated six times yields as many clips as the film.
    """
    if amount.count or amount.total:
        return Filtered(tuple(kept))
    filled = np.cumsum([0.0, *(windows[index].interval.duration for index in kept)])[: len(kept)] / duration_sec
    wanted = max(settings.keep_share * distinct, settings.keep_at_least_sec / duration_sec)
    number = int(np.count_nonzero(filled < wanted))
    verdicts = tuple(
        Verdict(
            stage="cutoff",
            clip_index=index,
            kept=False,
            reason=f"number {rank + 1} by quality ({windows[index].quality.score:.3f}); the {number} better clips fill "
            f"{filled[rank]:.0%} of the video",
            value=float(filled[rank]),
            limit=wanted,
        )
        for rank, index in enumerate(kept)
        if rank >= number
    )
    return Filtered(tuple(kept[:number]), verdicts)


def distinct_share(windows: Sequence[Window], before: Sequence[int], after: Sequence[int]) -> float:
    """Return the share of the windows' length that is left `after` duplicates were dropped; 1 without windows."""
    length_before, length_after = (sum(windows[i].interval.duration for i in kept) for kept in (before, after))
    return length_after / length_before if length_before else 1.0


def cut_off(
    windows: Sequence[Window],
    kept: Sequence[int],
    settings: FilterSettings,
    amount: AmountSettings = AmountSettings(),  # noqa: B008 - frozen
) -> Filtered:
    """Keep as many of the best windows as are wanted; `kept` must be ordered by quality.

    That is `count` windows (`target_clip_count_soft` if it is not set), with at most `total` seconds: a window that no
    longer fits is dropped, and a shorter one after it may still fit.
    """
    limit = amount.count or settings.target_clip_count_soft
    lengths = [windows[index].interval.duration for index in kept]
    fitting = within_amount(lengths, limit, amount.total)
    verdicts = []
    for rank, index in enumerate(kept, start=1):
        quality, is_kept = windows[index].quality.score, rank - 1 in fitting
        too_long = not is_kept and len(fitting) < limit
        verdicts.append(
            Verdict(
                stage="cutoff",
                clip_index=index,
                kept=is_kept,
                reason=f"number {rank} by quality ({quality:.3f}), its {lengths[rank - 1]:.1f} s no longer fit into "
                f"{amount.total:g} s in all"
                if too_long
                else f"number {rank} by quality ({quality:.3f}) of at most {limit} clips",
                value=lengths[rank - 1] if too_long else float(rank),
                limit=amount.total if too_long else float(limit),
            )
        )
    return Filtered(tuple(index for rank, index in enumerate(kept) if rank in fitting), tuple(verdicts))


def within_amount(lengths: Sequence[float], count: int, total_sec: float) -> frozenset[int]:
    """Take lengths in order, at most `count` of them, skipping those that don't fit into `total_sec` (0: no limit).

    Returns
    -------
    frozenset of int
        Positions of those taken.
    """
    taken: set[int] = set()
    left = total_sec if total_sec > 0 else math.inf
    for position, length in enumerate(lengths):
        if len(taken) == count:
            break
        if length <= left + 1e-6:  # a clip trimmed to the whole of it fits
            taken.add(position)
            left -= length
    return frozenset(taken)
