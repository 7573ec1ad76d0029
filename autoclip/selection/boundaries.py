"""Boundaries: where a clip may begin or end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter, minimum_filter1d, uniform_filter1d

from autoclip.selection.pauses import Pauses, find_pauses
from autoclip.settings import BoundarySettings
from autoclip.signals.table import ENVELOPE_STEP_SEC, Features

BoundaryKind = Literal["cut", "fade", "black", "freeze", "chapter", "pause", "valley", "sentence"]

Times = NDArray[np.float64]

PAUSE_MARGIN_SEC = 0.1
"""Silence in seconds kept before the first and after the last sound of a clip, so that no breath or decay is cut off;
less in a pause that is too short for it.
"""

CLEAR_FALL = 0.5
"""Relative drop below the median motion from which a valley counts fully."""

VALLEY_CONTEXT_SEC = 10.0
"""Length in seconds of the surroundings of a motion valley."""

SPEECH_CONTEXT_SEC, SPEECH_SHARE = 30.0, 0.3
"""Length in seconds of the surroundings of a boundary, and their mean `speech_activity` from which somebody speaks.

The median of the signal is 1 in speech, and 0 in matches and films without voices. From 0.2 to 0.5 the recorded matches
score the same within 0.01.
"""


@dataclass(frozen=True, slots=True)
class Boundary:
    """A place to cut.

    A boundary with a duration (a pause, a black run) has two edges: a clip ends where it begins, and begins where it
    ends.

    Attributes
    ----------
    time_sec : float
        The scored instant: the cut itself, the quietest point of a pause, the middle of a black run.
    starts_at_sec, ends_at_sec : float
        Where a clip that uses this boundary starts, or ends.
    kind : str
        Kind of its strongest component.
    score : float
        ``boundary_w_scene * scene + boundary_w_audio_dip * audio_dip + boundary_w_fade * fade +
        boundary_w_motion_valley * motion_valley - spacing_penalty``.
    scene, audio_dip, fade, motion_valley : float
        Component strengths, in [0, 1].
    spacing_penalty : float
        Penalty for a better boundary nearby.
    in_speech : bool
        Whether somebody speaks around it.
    """

    time_sec: float
    starts_at_sec: float
    ends_at_sec: float
    kind: BoundaryKind
    score: float
    scene: float = 0.0
    audio_dip: float = 0.0
    fade: float = 0.0
    motion_valley: float = 0.0
    spacing_penalty: float = 0.0
    in_speech: bool = True


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Candidate boundaries as parallel arrays."""

    kinds: tuple[BoundaryKind, ...]
    time_sec: Times
    starts_at_sec: Times
    ends_at_sec: Times


def find_boundaries(features: Features, settings: BoundarySettings) -> tuple[Boundary, ...]:
    """Return the boundaries, ordered by time, whose score after the penalty is at least `boundary_threshold`.

    If a signal is missing, the weights of the others are scaled up to the same sum.

    Parameters
    ----------
    features : Features
        Events, motion and the loudness envelope.
    settings : BoundarySettings
        `scene_threshold`, weights, spacing, threshold and decay.
    """
    pauses = find_pauses(features.envelope_dbfs)
    valleys, valley_strength = _motion_valleys(features)
    candidates = _candidates(features, pauses, valleys, settings)
    if candidates.time_sec.size == 0:
        return ()
    scene, fade = _editing_strengths(features, candidates.time_sec, settings)
    dip = _dip_strength(candidates, pauses, settings.proximity_decay_sec)
    valley = np.interp(candidates.time_sec, features.grid.times + features.grid.step_sec / 2, valley_strength)
    base = _weighted(features, settings, scene=scene, dip=dip, fade=fade, valley=valley)
    penalty = _spacing_penalty(candidates.time_sec, base, settings.boundary_spacing_sec)
    score = base - penalty
    spoken = _in_speech(features, candidates.time_sec)
    return tuple(
        Boundary(
            float(candidates.time_sec[i]),
            float(candidates.starts_at_sec[i]),
            float(candidates.ends_at_sec[i]),
            candidates.kinds[i],
            float(score[i]),
            float(scene[i]),
            float(dip[i]),
            float(fade[i]),
            float(valley[i]),
            float(penalty[i]),
            bool(spoken[i]),
        )
        for i in np.flatnonzero(score >= settings.boundary_threshold).tolist()
    )


def cut_times(features: Features, settings: BoundarySettings) -> Times:
    """Return the times of the cuts at or above `scene_threshold`, in seconds, ascending."""
    return np.array([cut.start_sec for cut in features.events_of("cut") if cut.score >= settings.scene_threshold])


def _in_speech(features: Features, times: Times) -> NDArray[np.bool_]:
    """Return at which times somebody speaks; everywhere if `speech_activity` was not measured."""
    activity = features.series.get("speech_activity")
    if activity is None:
        return np.ones(times.shape, np.bool_)
    steps = max(1, round(SPEECH_CONTEXT_SEC / features.grid.step_sec))
    around = uniform_filter1d(np.nan_to_num(activity.astype(np.float64)), steps, mode="nearest")
    index = np.minimum((times / features.grid.step_sec).astype(np.intp), activity.size - 1)
    return np.asarray(around[index] >= SPEECH_SHARE)


def _dissolve_times(features: Features, settings: BoundarySettings) -> Times:
    """Return the midpoints of the dissolves at or above `scene_threshold`, in seconds, ascending.

    Like cuts, dissolves are stored even with low scores. In hand-held footage most of the weak ones are camera turns.
    """
    return np.array(
        [
            (dissolve.start_sec + (dissolve.end_sec or dissolve.start_sec)) / 2
            for dissolve in features.events_of("dissolve")
            if dissolve.score >= settings.scene_threshold
        ]
    )


def _candidates(features: Features, pauses: Pauses, valleys: Times, settings: BoundarySettings) -> _Candidates:
    """Return every place to score, ordered by time."""
    # Within a pause, the pause decides where to cut; a second candidate there would only compete with it.
    valleys = valleys[~_held(valleys, pauses)[0]]
    margin = np.minimum(PAUSE_MARGIN_SEC, (pauses.end_sec - pauses.start_sec) / 2)
    cuts = cut_times(features, settings)
    rows: list[tuple[BoundaryKind, Times, Times, Times]] = [
        ("cut", cuts, cuts, cuts),
        ("pause", pauses.quietest_sec, pauses.end_sec - margin, pauses.start_sec + margin),
        ("valley", valleys, valleys, valleys),
    ]
    spans: tuple[Literal["fade", "black", "freeze"], ...] = ("fade", "black", "freeze")
    for kind in spans:
        starts, ends = _spans(features, kind)
        rows.append((kind, (starts + ends) / 2, ends, starts))
    dissolves = _dissolve_times(features, settings)
    rows.append(("fade", dissolves, dissolves, dissolves))
    chapters = np.array([event.start_sec for event in features.events_of("chapter")])
    rows.append(("chapter", chapters, chapters, chapters))
    kinds = np.repeat(np.arange(len(rows)), [row[1].size for row in rows])
    time, starts_at, ends_at = (np.concatenate([row[column] for row in rows]) for column in (1, 2, 3))
    limits = (0.0, features.duration_sec)
    order = np.argsort(time, kind="stable")
    return _Candidates(
        tuple(rows[int(kinds[i])][0] for i in order),
        np.clip(time[order], *limits),
        np.clip(starts_at[order], *limits),
        np.clip(ends_at[order], *limits),
    )


def _spans(features: Features, kind: Literal["fade", "black", "freeze"]) -> tuple[Times, Times]:
    """Return the starts and ends of the events of one kind."""
    events = features.events_of(kind)
    starts = np.array([event.start_sec for event in events])
    ends = np.array([event.start_sec if event.end_sec is None else event.end_sec for event in events])
    return starts, ends


def _editing_strengths(features: Features, times: Times, settings: BoundarySettings) -> tuple[Times, Times]:
    """Return the strength of cuts and fades (black runs, gradual transitions, freezes, chapters) at `times`, in [0, 1].

    ``exp(-distance / proximity_decay_sec)`` for the nearest one; within a black run the distance is 0. A cut above the
    threshold counts fully: its score is the detector's confidence, not how good a place to cut it is.
    """
    decay = settings.proximity_decay_sec
    scene = np.exp(-_distance(times, cut_times(features, settings)) / decay)
    edges = [np.concatenate(_spans(features, kind)) for kind in ("fade", "black", "freeze")]
    marks = [
        _dissolve_times(features, settings),
        np.array([chapter.start_sec for chapter in features.events_of("chapter")]),
        *((starts + ends) / 2 for starts, ends in (_spans(features, kind) for kind in ("fade", "black", "freeze"))),
    ]
    fade = np.exp(-_distance(times, np.sort(np.concatenate([*edges, *marks]))) / decay)
    return scene, fade


def _distance(times: Times, marks: Times) -> Times:
    """Return the seconds from each time to the nearest of the ascending `marks`; infinite without marks."""
    if marks.size == 0:
        return np.full(times.shape, np.inf)
    right = np.clip(np.searchsorted(marks, times), 0, marks.size - 1)
    left = np.maximum(right - 1, 0)
    distance: Times = np.minimum(np.abs(times - marks[left]), np.abs(times - marks[right]))
    return distance


def _dip_strength(candidates: _Candidates, pauses: Pauses, decay: float) -> Times:
    """Return the strength of the pause that contains each candidate; 0 outside pauses.

    A cut near a pause gets that pause's strength, so that the cut scores higher than the pause.
    """
    times = candidates.time_sec
    if pauses.strength.size == 0:
        return np.zeros(times.shape)
    held, index = _held(times, pauses)
    following = np.minimum(index + 1, pauses.strength.size - 1)
    since = np.maximum(times - pauses.end_sec[index], 0.0)
    until = np.abs(pauses.start_sec[following] - times)
    nearest = np.where(since <= until, index, following)
    close = pauses.strength[nearest] * np.exp(-np.minimum(since, until) / decay)
    is_cut = np.array([kind == "cut" for kind in candidates.kinds])
    return np.where(held, pauses.strength[index], np.where(is_cut, close, 0.0))


def _held(times: Times, pauses: Pauses) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """Return whether a pause contains each time, and which one."""
    if pauses.start_sec.size == 0:
        return np.zeros(times.shape, np.bool_), np.zeros(times.shape, np.intp)
    index = np.clip(np.searchsorted(pauses.start_sec, times, side="right") - 1, 0, None)
    return (times >= pauses.start_sec[index]) & (times < pauses.end_sec[index]), index


def _motion_valleys(features: Features) -> tuple[Times, Times]:
    """Find the times of the motion valleys, and the valley strength of every step.

    Strength is the drop of motion below the median of the surrounding 10 s, relative to their lowest value, in [0, 1];
    it is less if even the lowest value is hardly below the median. A valley is a local maximum of the strength, moved
    to the quietest 20 ms within its step.
    """
    motion = features.series.get("motion_score")
    if motion is None or motion.size == 0 or np.isnan(motion).all():
        return np.zeros(0), np.zeros(features.grid.count)
    filled = _filled(motion.astype(np.float64))
    smooth = uniform_filter1d(filled, 3, mode="nearest")
    context = max(3, round(VALLEY_CONTEXT_SEC / features.grid.step_sec))
    usual = median_filter(filled, context, mode="nearest")
    lowest = minimum_filter1d(smooth, context, mode="nearest")
    depth, fall = usual - smooth, usual - lowest
    clear = np.clip(_ratio(fall, usual) / CLEAR_FALL, 0.0, 1.0)
    strength = np.clip(_ratio(depth, fall), 0.0, 1.0) * clear
    inner = strength[1:-1]
    steps = 1 + np.flatnonzero((inner >= strength[:-2]) & (inner > strength[2:]) & (inner > 0))
    return _quietest(features, steps), strength


def _ratio(part: Times, whole: Times) -> Times:
    """Divide; return 0 where the denominator is 0."""
    ratio: Times = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
    return ratio


def _filled(series: Times) -> Times:
    """Replace NaN by linear interpolation."""
    known = ~np.isnan(series)
    filled: Times = np.interp(np.arange(series.size), np.flatnonzero(known), series[known])
    return filled


def _quietest(features: Features, steps: NDArray[np.intp]) -> Times:
    """Move the middle of each step to the quietest 20 ms within the step; unchanged without audio."""
    step_sec = features.grid.step_sec
    middles: Times = (steps.astype(np.float64) + 0.5) * step_sec
    envelope = features.envelope_dbfs
    width = max(1, round(step_sec / ENVELOPE_STEP_SEC))
    if envelope is None or envelope.size < width or steps.size == 0:
        return middles
    first = np.minimum(np.round(steps * step_sec / ENVELOPE_STEP_SEC).astype(np.intp), envelope.size - width)
    within = np.lib.stride_tricks.sliding_window_view(envelope, width)[first].argmin(axis=1)
    quietest: Times = (first + within + 0.5) * ENVELOPE_STEP_SEC
    return quietest


def _weighted(
    features: Features, settings: BoundarySettings, *, scene: Times, dip: Times, fade: Times, valley: Times
) -> Times:
    """Return the weighted sum of the components; the weights of missing signals are distributed among the others."""
    everything = settings.boundary_w_scene + settings.boundary_w_fade
    present = everything
    for weight, measured in (
        (settings.boundary_w_audio_dip, features.envelope_dbfs is not None),
        (settings.boundary_w_motion_valley, "motion_score" in features.series),
    ):
        everything += weight
        present += weight if measured else 0.0
    base = (
        settings.boundary_w_scene * scene
        + settings.boundary_w_audio_dip * dip
        + settings.boundary_w_fade * fade
        + settings.boundary_w_motion_valley * valley
    )
    return base * (everything / present) if present > 0 else base


def _spacing_penalty(times: Times, base: Times, spacing: float) -> Times:
    """Return the penalty for a better boundary within `spacing` seconds: larger the closer it is.

    ``penalty = max over better ones of their score * (1 - distance / spacing)``; the best of a neighborhood has none.
    """
    penalty = np.zeros(times.shape)
    if spacing <= 0:
        return penalty
    first = np.searchsorted(times, times - spacing).tolist()
    last = np.searchsorted(times, times + spacing, side="right").tolist()
    accepted = np.zeros(times.shape)
    for index in np.argsort(-base, kind="stable").tolist():
        near = slice(first[index], last[index])
        reach = accepted[near] * (1.0 - np.abs(times[near] - times[index]) / spacing)
        penalty[index] = max(0.0, float(reach.max()))
        accepted[index] = base[index] if penalty[index] < base[index] else 0.0
    return penalty
