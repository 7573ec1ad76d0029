"""Rate clips again that people trimmed, split, merged or made."""

from __future__ import annotations

from functools import lru_cache

from autoclip.errors import NotFoundError
from autoclip.selection.rating import IntervalRater
from autoclip.selection.reasons import MovedEdges
from autoclip.settings import Settings
from storage.analysis_folder import AnalysisFolder
from storage.catalog import StoredClip

KEPT_RATERS = 4
"""Number of videos whose curves are cached: a person often trims many clips of one video."""


class ClipRater:
    """Computes score, anchor and reason of changed clips of one project.

    Parameters
    ----------
    folder : AnalysisFolder
        The project's folder; without an analysis in it, clips are unchanged.
    """

    def __init__(self, folder: AnalysisFolder) -> None:
        self._rater = _rater_of(folder)

    def rated(self, clip: StoredClip, before: StoredClip | None = None) -> StoredClip:
        """Return a clip with the rating of its span; a clip whose span did not change is returned unchanged.

        Parameters
        ----------
        clip : StoredClip
            The current clip.
        before : StoredClip, optional
            The clip before the change; None for a new clip, whose edges were both set by hand.
        """
        if self._rater is None or (before is not None and before.interval == clip.interval):
            return clip
        known = None if before is None else before.anchor_time_sec
        rating = self._rater.rate(clip.interval, _moved(clip, before), known_anchor_sec=known)
        if rating is None:
            return clip
        return clip.changed(
            # V1 orders its clips by their mean excitement alone.
            quality_score=rating.scores.excitement if clip.mode == "v1" else rating.quality_score,
            scores=rating.scores,
            anchor_time_sec=rating.anchor_time_sec,
            anchor_reason=rating.anchor_reason,
            reason=rating.reason,
            thumbnail=None,  # it shows the earlier span
        )


def _moved(clip: StoredClip, before: StoredClip | None) -> MovedEdges:
    if before is None:
        return frozenset({"start", "end"})
    edges: set[str] = set()
    if clip.start != before.start:
        edges.add("start")
    if clip.end != before.end:
        edges.add("end")
    return frozenset(edges)  # type: ignore[arg-type]


def _rater_of(folder: AnalysisFolder) -> IntervalRater | None:
    key = folder.features_key()
    try:
        settings = Settings.from_flat(folder.read_clips().settings)
    except NotFoundError:
        return None
    return None if key is None else _kept_rater(folder, key, settings)


@lru_cache(maxsize=KEPT_RATERS)
def _kept_rater(folder: AnalysisFolder, _key: str, settings: Settings) -> IntervalRater:
    return IntervalRater(folder.read_features(), settings)
