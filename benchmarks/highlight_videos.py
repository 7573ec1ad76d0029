"""Videos with known highlights: recorded matches as pairs of MP4 and JSON, measured once and kept beside them."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from autoclip.evaluation.truth import HighlightTruth, read_truth
from autoclip.extraction import EXTRACTION_VERSION, extract
from autoclip.media.probe import probe
from autoclip.settings import ExtractionSettings
from autoclip.signals.table import Features
from storage.features import Origin, features_key, read_features, write_features
from storage.keys import fingerprint


@dataclass(frozen=True, slots=True)
class KnownVideo:
    """A measured video whose highlights are known.

    Attributes
    ----------
    name : str
        Its file's name without the suffix.
    group : str
        What it was made from: varied copies of one recording are left out together.
    features : Features
        What was measured.
    truth : HighlightTruth
        Its highlights.
    """

    name: str
    group: str
    features: Features
    truth: HighlightTruth

    @property
    def duration_sec(self) -> float:
        """Length by the truth, else by the frames."""
        return self.truth.duration_sec or self.features.duration_sec


def read_videos(folder: Path, cache: Path, truths: Path | None = None) -> list[KnownVideo]:
    """Read every MP4 of a folder that has events as JSON of the same name beside it, or in `truths`."""
    pairs = [(video, (truths or folder) / f"{video.stem}.json") for video in sorted(folder.glob("*.mp4"))]
    return [
        KnownVideo(video.stem, video.stem.split("-")[0], measured(video, cache), read_truth(truth))
        for video, truth in pairs
        if truth.exists() and json.loads(truth.read_text()).get("events")
    ]


def measured(video: Path, cache: Path) -> Features:
    """Return the features of a video, from the cache when they are there."""
    settings = ExtractionSettings()
    folder = cache / video.stem
    origin = Origin(fingerprint(video), settings, EXTRACTION_VERSION)
    if features_key(folder) != origin.key:
        sys.stderr.write(f"measuring {video.name}\n")
        folder.mkdir(parents=True, exist_ok=True)
        write_features(folder, extract(video, probe(video), settings), origin)
    return read_features(folder)
