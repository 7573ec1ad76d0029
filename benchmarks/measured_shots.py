"""What the cues of cuts are made of, measured once a video and kept."""

from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from autoclip.extraction import EXTRACTION_VERSION, measure_pictures
from autoclip.media.probe import probe
from autoclip.settings import ExtractionSettings
from autoclip.signals.shots import ShotRows
from storage.keys import fingerprint


def measured_shots(path: Path, cache: Path) -> tuple[NDArray[np.float64], ShotRows]:
    """Return the times of a video's decoded pictures, and their cues."""
    kept = cache / f"shots-{fingerprint(path)}-{EXTRACTION_VERSION}.npz"
    if not kept.exists():
        sys.stderr.write(f"measuring {path.name}\n")
        measures = measure_pictures(path, probe(path), ExtractionSettings(profile="exact"))
        cache.mkdir(parents=True, exist_ok=True)
        columns = {column.name: getattr(measures.shots, column.name) for column in fields(ShotRows)}
        np.savez(kept, seconds=measures.rows.seconds, **columns)
    with np.load(kept) as arrays:
        return arrays["seconds"], ShotRows(**{column.name: arrays[column.name] for column in fields(ShotRows)})
