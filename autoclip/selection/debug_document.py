"""The debug document: every step of a selection as plain data, ready for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

from autoclip.selection.anchors import Anchor
from autoclip.selection.boundaries import Boundary
from autoclip.selection.excitement import Excitement
from autoclip.selection.filters import FilterStage, Verdict
from autoclip.selection.windows import Window
from autoclip.signals.table import Features


def filter_report(verdicts: Sequence[Verdict]) -> dict[str, list[dict[str, Any]]]:
    """Return the decisions of each filter, by stage."""
    return {stage: [_verdict_row(v) for v in verdicts if v.stage == stage] for stage in get_args(FilterStage)}


def feature_summary(features: Features, excitement: Excitement) -> dict[str, Any]:
    """Return what was measured, what is missing and why, and which signals made the excitement."""
    kinds = sorted({event.kind for event in features.events})
    return {
        "duration_sec": features.duration_sec,
        "step_sec": features.grid.step_sec,
        "steps": features.grid.count,
        "signals": sorted(features.series),
        "absent": dict(features.absent),
        "events": {kind: len(features.events_of(kind)) for kind in kinds},
        "loudness_signal": excitement.loudness_signal,
        "excitement_from": list(excitement.carried_by),
        "warnings": list(features.warnings),
    }


def anchor_row(anchor: Anchor) -> dict[str, Any]:
    """Return one anchor as plain data."""
    return {"time_sec": anchor.time_sec, "score": anchor.score, "reason": anchor.reason}


def boundary_row(boundary: Boundary) -> dict[str, Any]:
    """Return one boundary with the strengths that make up its score."""
    return {
        "time_sec": boundary.time_sec,
        "starts_at_sec": boundary.starts_at_sec,
        "ends_at_sec": boundary.ends_at_sec,
        "kind": boundary.kind,
        "score": boundary.score,
        "scene_strength": boundary.scene,
        "audio_dip_strength": boundary.audio_dip,
        "fade_strength": boundary.fade,
        "motion_valley_strength": boundary.motion_valley,
        "spacing_penalty": boundary.spacing_penalty,
    }


def window_row(index: int, window: Window) -> dict[str, Any]:
    """Return one candidate window with the components of its quality."""
    quality = window.quality
    return {
        "clip_index": index,
        "start": window.interval.start,
        "end": window.interval.end,
        "anchor_time_sec": window.anchor.time_sec,
        "anchor_reason": window.anchor.reason,
        "start_boundary": window.start.boundary.kind if window.start.boundary else None,
        "end_boundary": window.end.boundary.kind if window.end.boundary else None,
        "quality": {
            "score": quality.score,
            "excitement": quality.excitement,
            "boundary": quality.boundary,
            "narrative": quality.narrative,
            "dead_time": quality.dead_time,
            "anchor_boost": quality.anchor_boost,
        },
    }


def _verdict_row(verdict: Verdict) -> dict[str, Any]:
    return {
        "clip_index": verdict.clip_index,
        "action": verdict.action,
        "reason": verdict.reason,
        "figure": verdict.value,
        "limit": verdict.limit,
        "other_clip_index": verdict.other,
    }
