"""Whether cuts are found: on films and games whose cuts are known, with PySceneDetect's adaptive detector beside.

``python -m benchmarks cuts [--films FOLDER]... [--matches FOLDER]...`` scores other videos by the same tables: MP4 or
WebM files with their truth as JSON of the same name (``fps``, ``frames``, ``hard_cuts`` or ``cuts_frames`` as frame
numbers, ``gradual`` and ``ignore`` as neutral spans).
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autoclip.extraction import extract
from autoclip.media.probe import probe
from autoclip.settings import BoundarySettings, ExtractionProfile, ExtractionSettings
from benchmarks.films import SHARED
from benchmarks.known_cuts import KNOWN_CUTS
from benchmarks.spliced_films import Footage, make_film, uncut_shots

PROFILES: tuple[ExtractionProfile, ...] = ("balanced", "fast")
FRAME_SLACK = 0.3
ZONE_SLACK = 3
SPLICED_A_SOURCE = 2
ENDINGS = (".mp4", ".webm", ".mkv")


@dataclass(frozen=True, slots=True)
class CutTruth:
    """What is known of a video's cuts, in frames.

    Attributes
    ----------
    fps : float
        Frames a second.
    frames : int
        How many there are.
    cuts : tuple of int
        The new shots' first frames.
    zones : tuple
        Spans (first, last) in which anything may be found: dissolves, doubtful places.
    game : bool
        Whether it comes from a game engine, which tells cuts to a frame or so; else from a film, exact to the frame.
    """

    fps: float
    frames: int
    cuts: tuple[int, ...]
    zones: tuple[tuple[int, int], ...]
    game: bool

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> CutTruth:
        """Read the truth of a JSON document."""
        cuts = document.get("hard_cuts", document.get("cuts_frames", ()))
        zones = [
            *((zone["start"], zone["end"]) for zone in document.get("gradual", ())),
            *((zone[0], zone[1]) for zone in document.get("ignore", ())),
            *((zone[0], zone[1]) for zone in document.get("black_runs_inclusive", ())),
        ]
        frames, game = int(document["frames"]), "cuts_frames" in document
        inside = tuple(int(cut) for cut in cuts if cut < frames)
        return cls(float(document["fps"]), frames, inside, tuple(zones), game)

    @property
    def slack(self) -> int:
        """By how many frames a cut may be off."""
        return 1 if self.game else 0


@dataclass(frozen=True, slots=True)
class Score:
    """F1 of hard cuts and what it is made of."""

    f1: float
    precision: float
    recall: float


def run(arguments: Sequence[str] = ()) -> str:
    """Measure, and return the section."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks cuts")
    parser.add_argument("--films", type=Path, action="append", default=[], help="folder of films and JSON")
    parser.add_argument("--matches", type=Path, action="append", default=[], help="folder of matches and JSON")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        pairs = [pair for given in (*options.films, *options.matches) for pair in videos_with_cuts(given)]
        videos = pairs if options.films or options.matches else [*_shared(), *_spliced(Path(folder))]
        return _section(videos)


def videos_with_cuts(folder: Path) -> list[tuple[Path, CutTruth]]:
    """Return the videos of a folder that have their cuts as JSON of the same name beside them."""
    pairs = [(path, path.with_suffix(".json")) for path in sorted(folder.iterdir()) if path.suffix in ENDINGS]
    documents = [(path, json.loads(truth.read_text())) for path, truth in pairs if truth.exists()]
    return [(path, CutTruth.of(d)) for path, d in documents if "hard_cuts" in d or "cuts_frames" in d]


def known_documents() -> dict[Path, dict[str, Any]]:
    """Return the videos of the shared folder whose cuts are known, there or here, with what is known."""
    truths = SHARED / "truth"
    others = json.loads((truths / "others.json").read_text()) if (truths / "others.json").exists() else {}
    known: dict[Path, dict[str, Any]] = {}
    media = SHARED / "media"
    for path in sorted(media.iterdir()) if media.exists() else ():
        own = truths / f"{path.stem}.json"
        document = json.loads(own.read_text()) if own.exists() else others.get(path.name, KNOWN_CUTS.get(path.name, {}))
        if document.get("hard_cuts") or document.get("cuts_frames"):
            known[path] = document
    return known


def _shared() -> list[tuple[Path, CutTruth]]:
    return [(path, CutTruth.of(document)) for path, document in known_documents().items()]


def _spliced(folder: Path) -> Iterable[tuple[Path, CutTruth]]:
    """Splice the shots of each film of the shared folder anew."""
    for path, document in known_documents().items():
        shots = () if "cuts_frames" in document else uncut_shots(document)
        for seed in range(SPLICED_A_SOURCE if len(shots) > SPLICED_A_SOURCE else 0):
            film = folder / f"{path.stem.split('_')[0]}, spliced {seed + 1}.mp4"
            make_film(film, [Footage(path, shots)], seed)
            yield film, CutTruth.of(json.loads(film.with_suffix(".json").read_text()))


def _section(videos: Iterable[tuple[Path, CutTruth]]) -> str:
    films: list[list[Score]] = []
    games: list[list[Score]] = []
    lines = []
    for path, truth in videos:
        scores = [*(score(_cuts(path, profile), truth) for profile in PROFILES), score(_rival_cuts(path), truth)]
        (games if truth.game else films).append(scores)
        lines.append(f"| {path.name} ({len(truth.cuts)}) | " + " | ".join(_cell(item) for item in scores) + " |")
    if not lines:
        return (
            "## Cuts\n\nNot measured: there is no shared folder with truth (`AUTOCLIP_SHARED`); give `--films FOLDER`."
        )
    lines += [_mean(f"mean of {len(rows)} {kind}", rows) for kind, rows in (("films", films), ("games", games)) if rows]
    head = "| hard cuts, F1 (precision / recall) | balanced | fast | PySceneDetect |\n|---|---|---|---|"
    return f"## Cuts\n\n{NOTE}\n\n{head}\n" + "\n".join(lines)


NOTE = (
    "At the default `scene_threshold`; gradual transitions and zones marked doubtful are neutral. Films exact to the "
    "frame, games within one frame. Spliced films hold shots of the film in another order, with flashes, camera turns "
    "and dissolves between them, each with a grade, grain, rate and coding of its own. PySceneDetect is its "
    "`AdaptiveDetector` with its defaults. `fast` sees keyframes alone: a cut is found where the encoder began a new "
    "group of pictures for it; where keyframes come at fixed distances, it only knows that there was a cut somewhere "
    "before one."
)


def _cell(item: Score) -> str:
    return f"{item.f1:.3f} ({item.precision:.2f} / {item.recall:.2f})"


def _mean(name: str, rows: Sequence[Sequence[Score]]) -> str:
    columns = [Score(*np.mean([(s.f1, s.precision, s.recall) for s in c], axis=0)) for c in zip(*rows, strict=True)]
    return f"| **{name}** | " + " | ".join(_cell(item) for item in columns) + " |"


def score(cuts: Sequence[float], truth: CutTruth) -> Score:
    """Score cut times (seconds) against frames of the truth; each is matched once, the nearest first."""
    found = [cut * truth.fps for cut in cuts]
    free = set(range(len(found)))
    hits, slack = 0, truth.slack + FRAME_SLACK
    for frame in truth.cuts:
        near = [(abs(found[index] - frame), index) for index in free if abs(found[index] - frame) <= slack]
        if near:
            free.discard(min(near)[1])
            hits += 1
    false = sum(not any(a - ZONE_SLACK <= found[i] <= b + ZONE_SLACK for a, b in truth.zones) for i in free)
    precision, recall = hits / max(1, hits + false), hits / max(1, len(truth.cuts))
    return Score(2 * precision * recall / max(1e-9, precision + recall), precision, recall)


def _cuts(path: Path, profile: ExtractionProfile) -> list[float]:
    features = extract(path, probe(path), ExtractionSettings(profile=profile))
    threshold = BoundarySettings().scene_threshold
    return [cut.start_sec for cut in features.events_of("cut") if cut.score >= threshold]


def _rival_cuts(path: Path) -> list[float]:
    import scenedetect  # noqa: PLC0415 - of the extra bench; the truth is read without

    scenes = scenedetect.detect(str(path), scenedetect.AdaptiveDetector())
    return [start.get_seconds() for start, _ in scenes[1:]]
