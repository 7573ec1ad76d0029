"""The four tasks that select clips from extracted features; each takes the result of the previous one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from autoclip.selection.filters import Verdict
from autoclip.settings import Settings
from stages import select_clips as stages
from stages.results import CandidateWindows, ExtractedFeatures, FoundAnchors, ScoredBoundaries, SelectedClips
from storage.environment import read_environment
from tasks.stage_task import run_logger, stage_task


@stage_task("find-anchors", "Find the moments that stand out")
def find_anchors(features: ExtractedFeatures, settings: Settings | None = None) -> FoundAnchors:
    """Find the anchors of a video. Without settings, each step uses those of this machine's environment."""
    found = stages.find_anchors(features, _chosen(settings))
    run_logger().info("%s: %d anchors", features.source.name, len(found.anchors))
    return found


@stage_task("score-boundaries", "Find and score the places where a clip may begin or end")
def score_boundaries(features: ExtractedFeatures, settings: Settings | None = None) -> ScoredBoundaries:
    """Find the boundaries where a clip may begin or end."""
    scored = stages.score_boundaries(features, _chosen(settings))
    run_logger().info("%s: %d boundaries", features.source.name, len(scored.boundaries))
    return scored


@stage_task("select-windows", "Snap a window around each moment to boundaries, and rate it")
def select_windows(
    anchors: FoundAnchors, boundaries: ScoredBoundaries, settings: Settings | None = None
) -> CandidateWindows:
    """Make a candidate window around each anchor."""
    candidates = stages.select_windows(anchors, boundaries, _chosen(settings))
    run_logger().info("%s: %d candidate windows", anchors.features.source.name, len(candidates.windows))
    return candidates


@stage_task("filter-windows", "Drop overlapping, boring and duplicate windows; list the clips of the rest")
def filter_windows(candidates: CandidateWindows, settings: Settings | None = None) -> SelectedClips:
    """Filter the windows, and list the clips of a video in its folder."""
    selection = stages.filter_windows(candidates, _chosen(settings))
    name = selection.features.source.name
    run_logger().info(
        "%s: %d clips of %d candidates; dropped: %s",
        name,
        len(selection.clips_file.clips),
        len(selection.windows),
        dropped_by_filter(selection.verdicts),
    )
    if selection.clips_file.message:
        run_logger().warning("%s: %s", name, selection.clips_file.message)
    return selection


def dropped_by_filter(verdicts: Iterable[Verdict]) -> str:
    """Return how many windows each filter dropped, such as ``2 overlap, 1 boring``; ``none`` if all were kept."""
    dropped = Counter(verdict.stage for verdict in verdicts if not verdict.kept)
    return ", ".join(f"{count} {stage}" for stage, count in dropped.items()) or "none"


def _chosen(settings: Settings | None) -> Settings:
    return settings if settings is not None else read_environment().settings
