"""The whole choice on one page: from features to clips. Read this first.

V2 looks for moments (anchors), for places to cut (boundaries), snaps a window around each moment to those places,
rates the windows and filters them. V1 cuts the video at its shot boundaries. Nothing here reads the video: choosing
again with other settings costs well under a second for hours of it.
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

SELECTION_VERSION = 17
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


@dataclass(frozen=True, slots=True)
class SelectionInput:
    """What every step of a selection works on.

    Attributes
    ----------
    features : Features
        What was measured.
    settings : Settings
        All parameters; `segmentation_mode` names the pipeline.
    excitement : Excitement
        The curve that moments are looked for in.
    obstacle : str
        Why this video can have no clip at all; empty if it can.
    speech : SpokenContent or None
        What is said, if that is known.
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
        """Prepare features, and words and their ratings if there are any, for a selection."""
        excitement = measure_excitement(features, settings.anchors)
        obstacle = why_nothing(features, excitement, settings)
        has_words = transcript is not None and transcript.words and settings.segmentation_mode == "v2" and not obstacle
        if transcript is None or not has_words:
            return cls(features, settings, excitement, obstacle)
        speech = SpokenContent.of(transcript, features, excitement, settings, ratings)
        return cls(features, settings, excitement, obstacle, speech)

    @property
    def thoughts(self) -> tuple[Thought, ...]:
        """The thoughts that become clips; none where words decide edges alone."""
        return self.speech.thoughts if self.speech else ()

    @property
    def has_highlights(self) -> bool:
        """Whether highlights are to be looked for: V2, in a video that can have any."""
        return self.settings.segmentation_mode == "v2" and not self.obstacle


def select(
    features: Features,
    settings: Settings,
    scope: str,
    transcript: Transcript | None = None,
    ratings: Sequence[RatedSpan] = (),
) -> Selection:
    """Choose the clips of a video.

    Parameters
    ----------
    features : Features
        What was measured.
    settings : Settings
        All parameters; `segmentation_mode` names the pipeline.
    scope : str
        What the clips belong to, for their ids: a project's id or a video's fingerprint.
    transcript : Transcript, optional
        What is said: then clips begin and end at sentences.
    ratings : sequence of RatedSpan
        What a language model finds worth showing of it.

    Returns
    -------
    Selection
        The clips with everything that led to them. A video with nothing in it (silence, black, a still) or shorter than
        a clip has none, and a message says why.
    """
    return select_from(SelectionInput.of(features, settings, transcript, ratings), scope)


def select_from(given: SelectionInput, scope: str) -> Selection:
    """Choose the clips of a video as `select` does, from what is prepared."""
    anchors = find_anchors(given)
    boundaries = score_boundaries(given)
    windows = select_windows(given, anchors, boundaries)
    return filter_windows(given, anchors, boundaries, windows, scope=scope)


def find_anchors(given: SelectionInput) -> tuple[Anchor, ...]:
    """Find the moments that stand out, by time; V1 looks for none."""
    if not given.has_highlights:
        return ()
    if given.thoughts:
        return tuple(anchor_of(thought, given.excitement) for thought in given.thoughts)
    cuts = cut_times(given.features, given.settings.boundaries)
    return anchors_of(given.excitement, cuts, given.settings.anchors)


def score_boundaries(given: SelectionInput) -> tuple[Boundary, ...]:
    """Find and score the places where a clip may begin or end, by time."""
    if given.thoughts and given.speech:
        return given.speech.edges.boundaries()
    return () if given.obstacle else find_boundaries(given.features, given.settings.boundaries)


def select_windows(
    given: SelectionInput, anchors: Sequence[Anchor], boundaries: Sequence[Boundary]
) -> tuple[Window, ...]:
    """Build the candidate windows by the chosen formula, snapped to boundaries and rated; by time. V1 has none."""
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
    """Drop overlapping, boring and duplicate windows and those beyond the count; make clips of the rest.

    V1 makes a clip of each segment between cuts instead.

    Parameters
    ----------
    given : SelectionInput
        What the steps before worked on.
    anchors, boundaries, windows : sequence
        What they found.
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
    """Put windows through all filters; return every verdict, and the positions of those that are left, by time."""
    settings = given.settings.filters
    overlap = drop_overlaps(windows, best_first(windows), settings)
    rolled = drop_credits(windows, overlap.kept, given.features, settings)
    boring, duplicate = _activity_judged(given, windows, rolled)
    share = drop_beyond_share(windows, duplicate.kept, given.features.duration_sec, settings, given.settings.amount)
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
    """Drop what is boring or shown before; thoughts are neither: a talk is calm and looks the same throughout."""
    if given.thoughts:
        return Filtered(before.kept), Filtered(before.kept)
    boring = drop_boring(windows, before.kept, given.excitement, given.settings.filters)
    return boring, drop_duplicates(windows, boring.kept, given.features, given.settings.filters)


def _highlight_clips(given: SelectionInput, windows: Sequence[Window], scope: str) -> tuple[Clip, ...]:
    """V2: one clip a window."""
    reasons = ReasonWriter(given.excitement, given.features)
    names = names_by_time("Highlight", [window.anchor.time_sec for window in windows])
    return tuple(
        _highlight_clip(window, *_worded(given, window, name, reasons.of(window)), scope)
        for name, window in zip(names, windows, strict=True)
    )


def _scene_clips(given: SelectionInput, scope: str) -> tuple[Clip, ...]:
    """V1: one clip a segment between cuts."""
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
    """Keep what `count` and `total` leave, the segments of the greatest excitement first; all when neither is set."""
    ranked = sorted(segments, key=lambda segment: (-means.excitement(segment.start, segment.end), segment.start))
    taken = within_amount(
        [segment.duration for segment in ranked], settings.amount.count or len(ranked), settings.amount.total
    )
    return tuple(sorted(ranked[position] for position in taken))


def _worded(given: SelectionInput, window: Window, name: str, reason: str) -> tuple[str, str]:
    """Name a clip after what is said in it, and quote that in its reason; where nobody speaks, leave both."""
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
        scores=Scores(
            excitement=quality.excitement,
            boundary=quality.boundary,
            narrative=quality.narrative,
            dead_time=quality.dead_time,
        ),
    )


def _scene_clip(
    segment: Interval, means: WindowMeans, cuts: set[float], *, duration_sec: float, name: str, scope: str
) -> Clip:
    """V1 rates nothing; its clips are ordered by their mean excitement."""
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
