"""Whether cuts, fades and dissolves are right: on the shared truth, and on transitions made between known shots."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import scenedetect

from autoclip.extraction import extract
from autoclip.media.probe import probe
from autoclip.settings import BoundarySettings, ExtractionProfile, ExtractionSettings
from benchmarks.films import SHARED

FILMS = (("bbb_000-150s_252p.mp4", 0), ("arena_180s.mp4", 1), ("arena_300s.mp4", 1), ("sol_levante_15s.mp4", 0))
"""Films of the shared folder, and by how many frames a cut may be off."""

PROFILES: tuple[ExtractionProfile, ...] = ("exact", "balanced", "fast")
FRAME_SLACK = 0.3
ZONE_SLACK = 3


@dataclass(frozen=True, slots=True)
class Score:
    """F1 of hard cuts and what it is made of."""

    f1: float
    precision: float
    recall: float


def run() -> str:
    """Measure, and return the section."""
    films = [(name, slack) for name, slack in FILMS if (SHARED / "media" / name).exists()]
    if not films:
        return "## Accuracy\n\nNot measured: there is no shared folder with truth (`AUTOCLIP_SHARED`)."
    lines = [_line(name, slack) for name, slack in films]
    head = "| hard cuts, F1 (precision / recall) | exact | balanced | fast | PySceneDetect |\n|---|---|---|---|---|"
    return (
        "## Accuracy\n\nCuts at the default `scene_threshold`; gradual transitions and zones marked doubtful are "
        "neutral, as in the shared scoring program. Big Buck Bunny and Sol Levante exact to the frame, the matches "
        "within one frame. `fast` sees keyframes alone: a cut is found where the encoder began a new group of pictures "
        "for it; where keyframes come at fixed distances, as in the films here, it only knows that there was a cut "
        "somewhere before one.\n\n"
        f"{head}\n" + "\n".join(lines)
    )


def _line(name: str, slack: int) -> str:
    path, truth = SHARED / "media" / name, _truth(name)
    scores = [score(_cuts(path, profile), truth, slack) for profile in PROFILES]
    scores.append(score(_scenedetect_cuts(path), truth, slack))
    cells = " | ".join(f"{item.f1:.3f} ({item.precision:.2f} / {item.recall:.2f})" for item in scores)
    return f"| {name} | {cells} |"


def score(cuts: Sequence[float], truth: dict[str, Any], slack: int) -> Score:
    """Score cut times (seconds) against frames of the truth; each is matched once, the nearest first."""
    found = [cut * truth["fps"] for cut in cuts]
    free = set(range(len(found)))
    wanted = truth.get("hard_cuts") or truth["cuts_frames"]
    hits = 0
    for frame in wanted:
        near = [
            (abs(found[index] - frame), index) for index in free if abs(found[index] - frame) <= slack + FRAME_SLACK
        ]
        if near:
            free.discard(min(near)[1])
            hits += 1
    zones = _zones(truth)
    false = sum(not any(start - ZONE_SLACK <= found[i] <= end + ZONE_SLACK for start, end in zones) for i in free)
    precision, recall = hits / max(1, hits + false), hits / max(1, len(wanted))
    return Score(2 * precision * recall / max(1e-9, precision + recall), precision, recall)


def _zones(truth: dict[str, Any]) -> list[tuple[float, float]]:
    return [
        *((zone["start"], zone["end"]) for zone in truth.get("gradual", [])),
        *((zone[0], zone[1]) for zone in truth.get("ignore", [])),
        *((zone[0], zone[1]) for zone in truth.get("black_runs_inclusive", [])),
    ]


def _truth(name: str) -> dict[str, Any]:
    own = SHARED / "truth" / Path(name).with_suffix(".json").name
    truth: dict[str, Any] = json.loads((own if own.exists() else SHARED / "truth" / "others.json").read_text())
    return truth if own.exists() else truth[name]


def _cuts(path: Path, profile: ExtractionProfile) -> list[float]:
    features = extract(path, probe(path), ExtractionSettings(profile=profile))
    threshold = BoundarySettings().scene_threshold
    return [cut.start_sec for cut in features.events_of("cut") if cut.score >= threshold]


def _scenedetect_cuts(path: Path) -> list[float]:
    scenes = scenedetect.detect(str(path), scenedetect.AdaptiveDetector())
    return [start.get_seconds() for start, _ in scenes[1:]]
