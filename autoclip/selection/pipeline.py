"""The whole selection on one page: from features to clips. Read this first.

V2 finds moments (anchors) and places to cut (boundaries), snaps a window around each moment to those places, rates the
windows and filters them. V1 cuts the video at its shot boundaries. Nothing here reads the video: selecting again with
other settings takes well under a second for hours of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autoclip.clips import Clip, Scores, clip_id, names_by_time
from autoclip.selection.anchors import Anchor
from autoclip.selection.anchors import find_anchors as anchors_of
from autoclip.selection.boundaries import Boundary, cut_times, find_boundaries
from autoclip.selection.chat_windows import build_chat_windows, chat_reaction
from autoclip.selection.debug_document import anchor_row, boundary_row, feature_summary, filter_report, window_row
from autoclip.selection.duplicates import drop_duplicates
from autoclip.selection.event_windows import build_event_windows
from autoclip.selection.excitement import Excitement, measure_excitement
from autoclip.selection.filters import (
    Filtered,
    Verdict,
    best_first,
    cut_off,
    distinct_share,
    drop_beyond_share,
    drop_boring,
    drop_credits,
    drop_overlaps,
    within_amount,
)
from autoclip.selection.quality import WindowMeans, squashed
from autoclip.selection.reasons import ReasonWriter, why_no_highlight, why_nothing
from autoclip.selection.scenes import segment_scenes
from autoclip.selection.spoken_content import SpokenContent
from autoclip.selection.spoken_windows import at_sentences
from autoclip.selection.thoughts import Thought, anchor_of, window_of
from autoclip.selection.windows import Window, build_windows
from autoclip.settings import Settings
from autoclip.signals.table import Features
from autoclip.speech.ratings import RatedSpan
from autoclip.speech.transcript import Transcript
from autoclip.timeline import Interval

SELECTION_VERSION = 20
"""Raise it whenever the same features and settings would give other clips."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The selected clips, and the results of every step.

    Attributes
    ----------
    settings : Settings
        The settings of the selection.
    clips : tuple of Clip
        Ordered by start time.
    message : str
        Why there is no clip; empty if there is one.
    excitement : Excitement
        The curve in which anchors were searched.
    anchors, boundaries, windows : tuple
        Ordered by time; `windows` are the candidates before filtering. V1 has only boundaries.
    verdicts : tuple of Verdict
        The decision of each filter on each window, by its position in `windows`.
    final : tuple of int
        Position in `windows` of each clip, in the order of `clips`.
    feature_summary : mapping
        What was measured and what is missing, for the debug document.
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
        """Return the document of ``segmentation_v2_debug.json``, ready for `json.dump`."""
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


@dataclass(frozen=True, slots=True)
class SelectionInput:
    """The input of every step of a selection.

    Attributes
    ----------
    features : Features
        The features.
    settings : Settings
        All parameters; `segmentation_mode` names the pipeline.
    excitement : Excitement
        The curve in which anchors are searched.
    obstacle : str
        Why this video can't have any clip; empty if it can.
    speech : SpokenContent or None
        The transcript, prepared for selection, if there is one.
    """

    features: Features
    settings: Settings
    excitement: Excitement
    obstacle: str
    speech: SpokenContent | None = None

    @classmethod
    def of(
        cls,
        features: Features,
        settings: Settings,
        transcript: Transcript | None = None,
        ratings: Sequence[RatedSpan] = (),
    ) -> SelectionInput:
        """Prepare features, and the transcript and its ratings if there are any, for a selection."""
        excitement = measure_excitement(features, settings.anchors)
        obstacle = why_nothing(features, excitement, settings)
        has_words = transcript is not None and transcript.words and settings.segmentation_mode == "v2" and not obstacle
        if transcript is None or not has_words:
            return cls(features, settings, excitement, obstacle)
        speech = SpokenContent.of(transcript, features, excitement, settings, ratings)
        return cls(features, settings, excitement, obstacle, speech)

    @property
    def thoughts(self) -> tuple[Thought, ...]:
        """Return the thoughts that become clips; none if words decide only edges."""
        return self.speech.thoughts if self.speech else ()

    @property
    def has_highlights(self) -> bool:
        """Whether to search for highlights: mode V2, in a video that can have clips."""
        return self.settings.segmentation_mode == "v2" and not self.obstacle


def select(
    features: Features,
    settings: Settings,
    scope: str,
    transcript: Transcript | None = None,
    ratings: Sequence[RatedSpan] = (),
) -> Selection:
    """Select the clips of a video.

    Parameters
    ----------
    features : Features
        The features.
    settings : Settings
        All parameters; `segmentation_mode` names the pipeline.
    scope : str
        The owner of the clips, for their ids: a project's id or a video's fingerprint.
    transcript : Transcript, optional
        The transcript; if given, clips begin and end at sentences.
    ratings : sequence of RatedSpan
        A language model's ratings of the transcript.

    Returns
    -------
    Selection
        The clips, with the results of every step. A video without content (silence, black, a still) or shorter than a
        clip has no clips, and the message says why.
    """
    return select_from(SelectionInput.of(features, settings, transcript, ratings), scope)


def select_from(given: SelectionInput, scope: str) -> Selection:
    """Select the clips of a video as `select` does, from prepared input."""
    anchors = find_anchors(given)
    boundaries = score_boundaries(given)
    windows = select_windows(given, anchors, boundaries)
    return filter_windows(given, anchors, boundaries, windows, scope=scope)


def find_anchors(given: SelectionInput) -> tuple[Anchor, ...]:
    """Find the anchors, ordered by time; V1 has none."""
    if not given.has_highlights:
        return ()
    if given.thoughts:
        return tuple(anchor_of(thought, given.excitement) for thought in given.thoughts)
    cuts = cut_times(given.features, given.settings.boundaries)
    return anchors_of(given.excitement, cuts, given.settings.anchors)


def score_boundaries(given: SelectionInput) -> tuple[Boundary, ...]:
    """Find and score the boundaries where a clip may begin or end, ordered by time."""
    if given.thoughts and given.speech:
        return given.speech.edges.boundaries()
    return () if given.obstacle else find_boundaries(given.features, given.settings.boundaries)


def select_windows(
    given: SelectionInput, anchors: Sequence[Anchor], boundaries: Sequence[Boundary]
) -> tuple[Window, ...]:
    """Build the candidate windows by the selected formula, snapped to boundaries and rated, ordered by time.

    V1 has none.
    """
    if not given.has_highlights:
        return ()
    settings, duration = given.settings, given.features.duration_sec
    if given.thoughts:
        return tuple(window_of(thought, given.excitement, settings.windows) for thought in given.thoughts)
    chat = chat_reaction(given.features, given.excitement)
    if chat is not None:
        windows = build_chat_windows(chat, boundaries, given.excitement, duration, settings)
    elif settings.windows.window_formula == "event":
        windows = build_event_windows(
            anchors, boundaries, given.excitement, duration, settings=settings, lengths=settings.lengths()
        )
    else:
        windows = build_windows(
            anchors, boundaries, given.excitement, duration, settings=settings.windows, lengths=settings.lengths()
        )
    if given.speech is None:
        return windows
    return at_sentences(windows, given.speech.edges, settings.windows, settings.lengths())


def filter_windows(
    given: SelectionInput,
    anchors: Sequence[Anchor],
    boundaries: Sequence[Boundary],
    windows: Sequence[Window],
    *,
    scope: str,
) -> Selection:
    """Drop overlapping, boring, duplicate and surplus windows; turn the others into clips.

    V1 turns each segment between cuts into a clip instead.

    Parameters
    ----------
    given : SelectionInput
        The input of the previous steps.
    anchors, boundaries, windows : sequence
        Their results.
    scope : str
        As in `select`.
    """
    verdicts, final = _judged(given, windows) if given.has_highlights else ((), ())
    if given.has_highlights:
        clips = _highlight_clips(given, [windows[index] for index in final], scope)
        message = "" if final else why_no_highlight(tuple(anchors), given.excitement, given.settings)
    else:
        clips, message = () if given.obstacle else _scene_clips(given, scope), given.obstacle
    return Selection(
        settings=given.settings,
        clips=clips,
        message=message,
        excitement=given.excitement,
        anchors=tuple(anchors),
        boundaries=tuple(boundaries),
        windows=tuple(windows),
        verdicts=verdicts,
        final=final,
        feature_summary=feature_summary(given.features, given.excitement),
    )


def _judged(given: SelectionInput, windows: Sequence[Window]) -> tuple[tuple[Verdict, ...], tuple[int, ...]]:
    """Apply all filters to windows; return every verdict, and the positions of the kept windows by time."""
    settings = given.settings.filters
    overlap = drop_overlaps(windows, best_first(windows), settings)
    rolled = drop_credits(windows, overlap.kept, given.features, settings)
    boring, duplicate = _activity_judged(given, windows, rolled)
    share = drop_beyond_share(
        windows,
        duplicate.kept,
        given.features.duration_sec,
        settings,
        given.settings.amount,
        distinct=distinct_share(windows, boring.kept, duplicate.kept),
    )
    cutoff = cut_off(windows, share.kept, settings, given.settings.amount)
    verdicts = (
        *overlap.verdicts,
        *rolled.verdicts,
        *boring.verdicts,
        *duplicate.verdicts,
        *share.verdicts,
        *cutoff.verdicts,
    )
    return verdicts, tuple(sorted(cutoff.kept, key=lambda index: windows[index].interval))


def _activity_judged(given: SelectionInput, windows: Sequence[Window], before: Filtered) -> tuple[Filtered, Filtered]:
    """Drop boring and duplicate windows. Thoughts are exempt: a talk is calm and looks the same throughout."""
    if given.thoughts:
        return Filtered(before.kept), Filtered(before.kept)
    boring = drop_boring(windows, before.kept, given.excitement, given.settings.filters)
    return boring, drop_duplicates(windows, boring.kept, given.features, given.settings.filters)


def _highlight_clips(given: SelectionInput, windows: Sequence[Window], scope: str) -> tuple[Clip, ...]:
    """Return one clip per window (V2)."""
    reasons = ReasonWriter(given.excitement, given.features)
    names = names_by_time("Highlight", [window.anchor.time_sec for window in windows])
    return tuple(
        _highlight_clip(window, *_worded(given, window, name, reasons.of(window)), scope)
        for name, window in zip(names, windows, strict=True)
    )


def _scene_clips(given: SelectionInput, scope: str) -> tuple[Clip, ...]:
    """Return one clip per segment between cuts (V1)."""
    duration = given.features.duration_sec
    cuts = cut_times(given.features, given.settings.boundaries)
    means = WindowMeans(given.excitement, given.settings.windows)
    segments = _best_segments(segment_scenes(cuts, duration, given.settings.lengths()), means, given.settings)
    names = names_by_time("Scene", [segment.start for segment in segments])
    on_cut = set(cuts.tolist())
    return tuple(
        _scene_clip(segment, means, on_cut, duration_sec=duration, name=name, scope=scope)
        for name, segment in zip(names, segments, strict=True)
    )


def _best_segments(segments: Sequence[Interval], means: WindowMeans, settings: Settings) -> tuple[Interval, ...]:
    """Keep the segments of the greatest excitement within `count` and `total`; all if neither is set."""
    ranked = sorted(segments, key=lambda segment: (-means.excitement(segment.start, segment.end), segment.start))
    taken = within_amount(
        [segment.duration for segment in ranked], settings.amount.count or len(ranked), settings.amount.total
    )
    return tuple(sorted(ranked[position] for position in taken))


def _worded(given: SelectionInput, window: Window, name: str, reason: str) -> tuple[str, str]:
    """Name a clip after what is said in it, and quote it in its reason; leave both unchanged without speech."""
    if given.speech is None:
        return name, reason
    title, quote = given.speech.title(window.interval), given.speech.quote(window.interval)
    return title or name, f"“{quote}”; {reason}" if quote else reason


def _highlight_clip(window: Window, name: str, reason: str, scope: str) -> Clip:
    quality = window.quality
    return Clip(
        id=clip_id(scope, "v2", window.interval),
        name=name,
        start=window.interval.start,
        end=window.interval.end,
        quality_score=quality.score,
        anchor_time_sec=window.anchor.time_sec,
        anchor_reason=window.anchor.reason,
        reason=reason,
        mode="v2",
        scores=quality.scores,
    )


def _scene_clip(
    segment: Interval, means: WindowMeans, cuts: set[float], *, duration_sec: float, name: str, scope: str
) -> Clip:
    """Return a clip of V1, which has no rating; such clips are ordered by their mean excitement."""
    mean = means.excitement(segment.start, segment.end)
    starts = "starts on a cut" if segment.start in cuts else "continues the one before"
    ends = "ends on a cut" if segment.end in cuts else "runs on into the next"
    starts = "starts with the video" if segment.start == 0 else starts
    ends = "ends with the video" if segment.end == duration_sec else ends
    return Clip(
        id=clip_id(scope, "v1", segment),
        name=name,
        start=segment.start,
        end=segment.end,
        quality_score=squashed(mean),
        reason=f"{starts}, {ends}",
        mode="v1",
        scores=Scores(excitement=squashed(mean), dead_time=means.dead_share(segment.start, segment.end)),
    )
