"""The whole choice on one page: from features to clips. Read this first.

V2 looks for moments (anchors), for places to cut (boundaries), snaps a window around each moment to those places,
rates the windows and filters them. V1 cuts the video at its shot boundaries. Nothing here reads the video: choosing
again with other settings costs well under a second for hours of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autoclip.clips import Clip, Scores, clip_id
from autoclip.selection.anchors import Anchor, find_anchors
from autoclip.selection.boundaries import Boundary, cut_times, find_boundaries
from autoclip.selection.debug_document import anchor_row, boundary_row, feature_summary, filter_report, window_row
from autoclip.selection.duplicates import drop_duplicates
from autoclip.selection.excitement import Excitement, measure_excitement
from autoclip.selection.filters import Verdict, best_first, cut_off, drop_boring, drop_overlaps
from autoclip.selection.quality import WindowMeans, squashed
from autoclip.selection.reasons import ReasonWriter, why_no_highlight, why_nothing
from autoclip.selection.scenes import segment_scenes
from autoclip.selection.windows import Window, build_windows
from autoclip.settings import Settings
from autoclip.signals.table import Features
from autoclip.timeline import Interval

SELECTION_VERSION = 8
"""Raised whenever the same features and settings would yield other clips."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What was chosen, and everything the choice went through.

    Attributes
    ----------
    settings : Settings
        What it was chosen by.
    clips : tuple of Clip
        By start time.
    message : str
        Why there is no clip; empty when there is one.
    excitement : Excitement
        The curve that moments were looked for in.
    anchors, boundaries, windows : tuple
        By time; `windows` are the candidates before filtering. Of these V1 has boundaries only.
    verdicts : tuple of Verdict
        What each filter decided on each window, by its position in `windows`.
    final : tuple of int
        Position in `windows` of each clip, in the order of `clips`.
    feature_summary : mapping
        What was measured and what was not, for the debug document.
    """

    settings: Settings
    clips: tuple[Clip, ...]
    message: str
    excitement: Excitement
    anchors: tuple[Anchor, ...]
    boundaries: tuple[Boundary, ...]
    windows: tuple[Window, ...]
    verdicts: tuple[Verdict, ...]
    final: tuple[int, ...]
    feature_summary: Mapping[str, Any]

    def debug_document(self) -> dict[str, Any]:
        """Return the document of ``segmentation_v2_debug.json``; ready for `json.dump`."""
        return {
            "config": self.settings.flat(),
            "features": dict(self.feature_summary),
            "message": self.message,
            "anchors": [anchor_row(anchor) for anchor in self.anchors],
            "boundaries": [boundary_row(boundary) for boundary in self.boundaries],
            "candidate_windows": [window_row(index, window) for index, window in enumerate(self.windows)],
            "filter_report": filter_report(self.verdicts),
            "clips": [clip.model_dump(mode="json") for clip in self.clips],
        }


def select(features: Features, settings: Settings, scope: str) -> Selection:
    """Choose the clips of a video.

    Parameters
    ----------
    features : Features
        What was measured.
    settings : Settings
        All parameters; `segmentation_mode` names the pipeline.
    scope : str
        What the clips belong to, for their ids: a project's id or a video's fingerprint.

    Returns
    -------
    Selection
        The clips with everything that led to them. A video with nothing in it (silence, black, a still) or shorter than
        a clip has none, and a message says why.
    """
    excitement = measure_excitement(features, settings.anchors)
    nothing = why_nothing(features, excitement, settings)
    if nothing:
        return Selection(settings, (), nothing, excitement, (), (), (), (), (), feature_summary(features, excitement))
    if settings.segmentation_mode == "v1":
        return _select_scenes(features, settings, scope, excitement)
    return _select_highlights(features, settings, scope, excitement)


def _select_highlights(features: Features, settings: Settings, scope: str, excitement: Excitement) -> Selection:
    """V2: anchors, boundaries, windows, filters."""
    anchors = find_anchors(excitement, cut_times(features, settings.boundaries), settings.anchors)
    boundaries = find_boundaries(features, settings.boundaries)
    windows = build_windows(
        anchors, boundaries, excitement, features.duration_sec, settings=settings.windows, lengths=settings.scenes
    )
    overlap = drop_overlaps(windows, best_first(windows), settings.filters)
    boring = drop_boring(windows, overlap.kept, excitement, settings.filters)
    duplicate = drop_duplicates(windows, boring.kept, features, settings.filters)
    cutoff = cut_off(windows, duplicate.kept, settings.filters)
    final = tuple(sorted(cutoff.kept, key=lambda index: windows[index].interval))
    reasons = ReasonWriter(excitement, features)
    return Selection(
        settings=settings,
        clips=tuple(
            _highlight_clip(windows[index], reasons.of(windows[index]), number, scope)
            for number, index in enumerate(final, start=1)
        ),
        message="" if final else why_no_highlight(anchors, excitement, settings),
        excitement=excitement,
        anchors=anchors,
        boundaries=boundaries,
        windows=windows,
        verdicts=(*overlap.verdicts, *boring.verdicts, *duplicate.verdicts, *cutoff.verdicts),
        final=final,
        feature_summary=feature_summary(features, excitement),
    )


def _select_scenes(features: Features, settings: Settings, scope: str, excitement: Excitement) -> Selection:
    """V1: one clip a segment between cuts."""
    cuts = cut_times(features, settings.boundaries)
    segments = segment_scenes(cuts, features.duration_sec, settings.scenes)
    means = WindowMeans(excitement, settings.windows)
    on_cut = set(cuts.tolist())
    return Selection(
        settings=settings,
        clips=tuple(
            _scene_clip(segment, means, on_cut, duration_sec=features.duration_sec, number=number, scope=scope)
            for number, segment in enumerate(segments, start=1)
        ),
        message="",
        excitement=excitement,
        anchors=(),
        boundaries=find_boundaries(features, settings.boundaries),
        windows=(),
        verdicts=(),
        final=(),
        feature_summary=feature_summary(features, excitement),
    )


def _highlight_clip(window: Window, reason: str, number: int, scope: str) -> Clip:
    quality = window.quality
    return Clip(
        id=clip_id(scope, "v2", window.interval),
        name=f"Highlight {number}",
        start=window.interval.start,
        end=window.interval.end,
        quality_score=quality.score,
        anchor_time_sec=window.anchor.time_sec,
        anchor_reason=window.anchor.reason,
        reason=reason,
        mode="v2",
        scores=Scores(
            excitement=quality.excitement,
            boundary=quality.boundary,
            narrative=quality.narrative,
            dead_time=quality.dead_time,
        ),
    )


def _scene_clip(
    segment: Interval, means: WindowMeans, cuts: set[float], *, duration_sec: float, number: int, scope: str
) -> Clip:
    """V1 rates nothing; its clips are ordered by their mean excitement."""
    mean = means.excitement(segment.start, segment.end)
    starts = "starts on a cut" if segment.start in cuts else "continues the one before"
    ends = "ends on a cut" if segment.end in cuts else "runs on into the next"
    starts = "starts with the video" if segment.start == 0 else starts
    ends = "ends with the video" if segment.end == duration_sec else ends
    return Clip(
        id=clip_id(scope, "v1", segment),
        name=f"Scene {number}",
        start=segment.start,
        end=segment.end,
        quality_score=squashed(mean),
        reason=f"{starts}, {ends}",
        mode="v1",
        scores=Scores(excitement=squashed(mean), dead_time=means.dead_share(segment.start, segment.end)),
    )
