"""Score clips: how well they contain what people would pick, and how naturally they begin and end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoclip.clips import Clip
from autoclip.evaluation.truth import HighlightTruth, TruthEvent
from autoclip.selection.boundaries import cut_times
from autoclip.selection.pauses import Pauses, find_pauses
from autoclip.settings import Settings
from autoclip.signals.table import Features

TICKS_PER_SEC = 10
"""Resolution of coverage, in seconds."""

LABEL_SEC = 2
"""An event labels its own second and this many seconds on either side."""

FULL_WEIGHT = 1.0
"""Weight from which an event alone is a highlight. Lighter events count for coverage only."""

HIT_RANKS = (1, 3, 5, 10)

EDGE_TOLERANCE_SEC = 0.05
"""Distance within which an edge lies on a cut or fade: one frame at the 24 frames per second of films, rounded up."""


@dataclass(frozen=True, slots=True)
class HitRate:
    """The share of the `rank` best clips (or of all clips, if there are fewer) that contain a highlight."""

    rank: int
    share: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How well clips contain the highlights.

    Attributes
    ----------
    coverage : float
        Share of the weight of all highlights inside the best clips that fit into the budget.
    spent : float
        Share of the video's length that those clips take, which is the expected coverage of a random pick.
    lift : float
        `coverage` over `spent`.
    average_precision : float
        Average precision of the seconds, ranked by the best clip each is in; positive seconds have a highlight within 2
        s.
    base_rate : float
        Share of positive seconds: the average precision of a random ranking.
    hits : tuple of HitRate
        One for each rank of `HIT_RANKS` for which there are enough clips.
    clip_count : int
        Number of clips.
    mean_clip_sec : float
        Their mean length; 0 without clips.
    """

    coverage: float
    spent: float
    lift: float
    average_precision: float
    base_rate: float
    hits: tuple[HitRate, ...]
    clip_count: int
    mean_clip_sec: float


@dataclass(frozen=True, slots=True)
class EdgeEvaluation:
    """Where clips begin and end. Edges at the start and end of the video are left out.

    Attributes
    ----------
    count : int
        Number of edges.
    on_cut, in_pause, on_fade, natural : float
        Shares of the edges on a cut, in a pause, on a fade or black run, and on any of these.
    on_cut_in_reach, in_pause_in_reach : float or None
        The same among the edges with a cut (a pause) in the search range around their anchor; None if there are none.
    """

    count: int
    on_cut: float
    in_pause: float
    on_fade: float
    natural: float
    on_cut_in_reach: float | None
    in_pause_in_reach: float | None


def evaluate(clips: Sequence[Clip], truth: HighlightTruth, duration_sec: float, *, budget: float = 0.2) -> Evaluation:
    """Score clips, ranked by their quality, against the truth.

    Parameters
    ----------
    clips : sequence of Clip
        In any order.
    truth : HighlightTruth
        The highlights; those after the video's end count as missed.
    duration_sec : float
        Length of the video in seconds.
    budget : float
        Share of the length that the best clips may fill; the last of them is cut short to fit.
    """
    ranked = sorted(clips, key=lambda clip: -clip.quality_score)
    weights = _tick_weights(truth, duration_sec)
    used = _spent_ticks(ranked, duration_sec, budget)
    total = float(weights.sum())
    coverage = float(weights[used].sum()) / total if total > 0 else 0.0
    spent = float(used.sum()) / TICKS_PER_SEC / duration_sec
    labels = _labels(truth, duration_sec)
    return Evaluation(
        coverage=coverage,
        spent=spent,
        lift=coverage / spent if spent > 0 else 0.0,
        average_precision=_average_precision(ranked, labels),
        base_rate=float(labels.mean()),
        hits=tuple(_hit_rate(ranked, truth, rank) for rank in HIT_RANKS if rank <= len(ranked)),
        clip_count=len(ranked),
        mean_clip_sec=float(np.mean([clip.end - clip.start for clip in ranked])) if ranked else 0.0,
    )


def evaluate_edges(clips: Sequence[Clip], features: Features, settings: Settings) -> EdgeEvaluation:
    """Classify what the edges of clips lie on.

    Parameters
    ----------
    clips : sequence of Clip
        In any order.
    features : Features
        Features of the clips' video.
    settings : Settings
        Supplies `scene_threshold` and the search ranges that define "in reach".
    """
    cuts = cut_times(features, settings.boundaries)
    pauses = find_pauses(features.envelope_dbfs)
    fades = np.sort([t for e in features.events_of("fade", "black") for t in (e.start_sec, e.end_sec or e.start_sec)])
    edges = [edge for clip in clips for edge in _edges(clip, settings) if 0 < edge.time_sec < features.duration_sec]
    on_cut = np.array([_near(cuts, edge.time_sec) for edge in edges], dtype=np.bool_)
    in_pause = np.array([_inside(pauses, edge.time_sec) for edge in edges], dtype=np.bool_)
    on_fade = np.array([_near(fades, edge.time_sec) for edge in edges], dtype=np.bool_)
    cut_there = np.array([_any_between(cuts, cuts, edge) for edge in edges], dtype=np.bool_)
    pause_there = np.array([_any_between(pauses.start_sec, pauses.end_sec, edge) for edge in edges], dtype=np.bool_)
    return EdgeEvaluation(
        count=len(edges),
        on_cut=_share(on_cut),
        in_pause=_share(in_pause),
        on_fade=_share(on_fade),
        natural=_share(on_cut | in_pause | on_fade),
        on_cut_in_reach=_share(on_cut[cut_there]) if cut_there.any() else None,
        in_pause_in_reach=_share(in_pause[pause_there]) if pause_there.any() else None,
    )


def _tick_weights(truth: HighlightTruth, duration_sec: float) -> NDArray[np.float64]:
    """Return the weight of the highlights in each tick. An interval adds its score for every second it lasts."""
    weights = np.zeros(_tick_count(duration_sec))
    for event in truth.events:
        weights[min(int(event.time_sec * TICKS_PER_SEC), weights.size - 1)] += event.weight
    for interval in truth.intervals:
        weights[int(interval.span.start * TICKS_PER_SEC) : int(interval.span.end * TICKS_PER_SEC)] += (
            interval.score / TICKS_PER_SEC
        )
    return weights


def _tick_count(duration_sec: float) -> int:
    return int(duration_sec * TICKS_PER_SEC) + 2


def _spent_ticks(ranked: Sequence[Clip], duration_sec: float, budget: float) -> NDArray[np.bool_]:
    """Return the ticks inside the best clips within the budget. The last clip contributes its first ticks that fit."""
    used = np.zeros(_tick_count(duration_sec), np.bool_)
    left = budget * duration_sec
    for clip in ranked:
        start, end = int(clip.start * TICKS_PER_SEC), int(clip.end * TICKS_PER_SEC)
        fresh = np.flatnonzero(~used[start:end]) + start
        if fresh.size / TICKS_PER_SEC > left:
            used[fresh[: int(left * TICKS_PER_SEC)]] = True
            break
        used[start:end] = True
        left -= fresh.size / TICKS_PER_SEC
    return used


def _labels(truth: HighlightTruth, duration_sec: float) -> NDArray[np.bool_]:
    """Return whether a highlight is near each second, shape ``(int(duration_sec) + 1,)``."""
    labels = np.zeros(int(duration_sec) + 1, np.bool_)
    for event in _highlights(truth):
        labels[max(0, int(event.time_sec) - LABEL_SEC) : int(event.time_sec) + LABEL_SEC + 1] = True
    for interval in truth.intervals:
        labels[int(interval.span.start) : int(np.ceil(interval.span.end))] = True
    return labels


def _highlights(truth: HighlightTruth) -> tuple[TruthEvent, ...]:
    """Return the events of full weight; if there are none, those of the greatest weight."""
    if not truth.events:
        return ()
    least = min(FULL_WEIGHT, max(event.weight for event in truth.events))
    return tuple(event for event in truth.events if event.weight >= least)


def _average_precision(ranked: Sequence[Clip], labels: NDArray[np.bool_]) -> float:
    """Return the average precision of the seconds, ranked by the score of the best clip each is in.

    Seconds in no clip come last.
    """
    scores = np.full(labels.size, -np.inf)
    for clip in reversed(ranked):  # the best comes last, so that its score remains
        scores[int(clip.start) : int(clip.end) + 1] = clip.quality_score
    found = labels[np.argsort(-scores, kind="stable")]
    if not found.any():
        return 0.0
    return float((np.cumsum(found) / np.arange(1, found.size + 1))[found].mean())


def _hit_rate(ranked: Sequence[Clip], truth: HighlightTruth, rank: int) -> HitRate:
    highlights = _highlights(truth)
    hits = [
        any(clip.interval.contains(event.time_sec) for event in highlights)
        or any(clip.interval.overlap(interval.span) > 0 for interval in truth.intervals)
        for clip in ranked[:rank]
    ]
    return HitRate(rank, sum(hits) / len(hits))


@dataclass(frozen=True, slots=True)
class _ClipEdge:
    """An edge, and the range in which it was searched."""

    time_sec: float
    earliest: float
    latest: float


def _edges(clip: Clip, settings: Settings) -> tuple[_ClipEdge, _ClipEdge]:
    windows, anchor = settings.windows, clip.anchor_time_sec
    if anchor is None:
        return _ClipEdge(clip.start, clip.start, clip.start), _ClipEdge(clip.end, clip.end, clip.end)
    return (
        _ClipEdge(clip.start, anchor - windows.pre_max, anchor - windows.pre_min),
        _ClipEdge(clip.end, anchor + windows.post_min, anchor + windows.post_max),
    )


def _near(marks: NDArray[np.float64], time_sec: float) -> bool:
    return bool(marks.size) and float(np.abs(marks - time_sec).min()) <= EDGE_TOLERANCE_SEC


def _inside(pauses: Pauses, time_sec: float) -> bool:
    return bool(((pauses.start_sec <= time_sec) & (time_sec <= pauses.end_sec)).any())


def _any_between(starts: NDArray[np.float64], ends: NDArray[np.float64], edge: _ClipEdge) -> bool:
    return bool(((ends >= edge.earliest) & (starts <= edge.latest)).any())


def _share(flags: NDArray[np.bool_]) -> float:
    return float(flags.mean()) if flags.size else 0.0
