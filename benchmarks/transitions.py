"""Whether fades and dissolves are found: spliced, 5 to 50 frames long, between known shots of films and matches."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from autoclip.extraction import extract
from autoclip.media.probe import probe
from autoclip.settings import ExtractionSettings
from autoclip.timeline import Interval
from benchmarks.cuts import CutTruth
from benchmarks.films import SHARED

REELS = (("film", ("bbb_000-150s_252p",)), ("match", ("arena_180s", "arena_300s")))
SHOTS_A_REEL = 26
SIZE, RATE = (448, 252), 25
MIN_OVERLAP = (0.0, 0.3)
SEED = 11

Picture = NDArray[np.uint8]


@dataclass
class Reel:
    """Pictures joined so far (YUV 4:2:0), and where: gradually, through black, and by cuts, in seconds."""

    pictures: list[Picture] = field(default_factory=list)
    transitions: list[Interval] = field(default_factory=list)
    fades: list[Interval] = field(default_factory=list)
    cuts: list[float] = field(default_factory=list)

    def mix(self, old: Sequence[Picture], new: Sequence[Picture]) -> None:
        """Let one stretch turn into another of the same length."""
        start = len(self.pictures)
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            share = (index + 1) / (len(old) + 1)
            self.pictures.append(np.rint(before * (1 - share) + after * share).astype(np.uint8))
        self.transitions.append(Interval(start / RATE, len(self.pictures) / RATE))


def run() -> str:
    """Measure, and return the section."""
    if not (SHARED / "media").exists():
        return "## Gradual transitions\n\nNot measured: there is no shared folder with media (`AUTOCLIP_SHARED`)."
    head = "| recall / precision (spliced) | any overlap | intersection over union above 0.3 |\n|---|---|---|"
    lines = [_line(kind, names) for kind, names in REELS]
    return (
        "## Gradual transitions\n\nDissolves, fades to and out of black, and hard cuts at random between "
        f"{SHOTS_A_REEL} shots that go on moving, 5 to 50 frames long; `profile=exact`.\n\n{head}\n" + "\n".join(lines)
    )


def _line(kind: str, names: Sequence[str]) -> str:
    random = np.random.default_rng(SEED)
    shots = [read_shots(random, *_shared(name), SHOTS_A_REEL // len(names)) for name in names]
    reel = make_reel(random, [shot for group in shots for shot in group])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "reel.mp4"
        encode_reel(path, reel.pictures)
        events = extract(path, probe(path), ExtractionSettings(profile="exact")).events_of("fade", "dissolve")
    found = [Interval(event.start_sec, event.end_sec or event.start_sec) for event in events]
    cells = []
    for least in MIN_OVERLAP:
        hit = sum(any(span.iou(other) > least for other in found) for span in reel.transitions)
        right = sum(any(span.iou(other) > least for other in reel.transitions) for span in found)
        cells.append(f"{hit / len(reel.transitions):.2f} / {right / max(1, len(found)):.2f}")
    return f"| {kind} ({len(reel.transitions)}) | " + " | ".join(cells) + " |"


def make_reel(random: np.random.Generator, shots: Sequence[list[Picture]]) -> Reel:
    """Join shots by cuts, dissolves and fades through black."""
    reel, current = Reel(), shots[0]
    black = np.full_like(current[0], 128)
    black[: SIZE[1]] = 16
    for following in shots[1:]:
        count = int(random.integers(5, min(51, len(current) - 12, len(following) - 24)))
        kind = random.choice(["cut", "dissolve", "fade"], p=[0.3, 0.45, 0.25])
        if kind == "cut":
            reel.pictures.extend(current)
            reel.cuts.append(len(reel.pictures) / RATE)
            current = following
            continue
        reel.pictures.extend(current[:-count])
        if kind == "dissolve":
            reel.mix(current[-count:], following[:count])
        else:
            reel.mix(current[-count:], [black] * count)
            reel.pictures.extend([black] * int(random.integers(1, 12)))
            reel.mix([black] * count, following[:count])
            reel.fades.append(Interval(reel.transitions[-2].start, reel.transitions[-1].end))
        current = following[count:]
    reel.pictures.extend(current)
    return reel


def _shared(name: str) -> tuple[Path, CutTruth]:
    truth = json.loads((SHARED / "truth" / f"{name}.json").read_text())
    return SHARED / "media" / f"{name}.mp4", CutTruth.of(truth)


def read_shots(random: np.random.Generator, path: Path, truth: CutTruth, number: int) -> list[list[Picture]]:
    """Read stretches of 75 to 130 pictures from within shots of a video."""
    edges = [60, *truth.cuts, truth.frames - 10]
    wanted: list[tuple[int, int]] = []
    while len(wanted) < number:
        shot, count = int(random.integers(len(edges) - 1)), int(random.integers(75, 130))
        low, high = edges[shot] + 2, edges[shot + 1] - 2 - count
        if high > low:
            first = int(random.integers(low, high))
            if not any(first < end and start < first + count for start, end in truth.zones):
                wanted.append((first, first + count))
    pictures = _read(path, wanted)
    return [[pictures[index] for index in range(*span)] for span in wanted]


def _read(path: Path, spans: Sequence[tuple[int, int]]) -> dict[int, Picture]:
    needed = {number for span in spans for number in range(*span)}
    with av.open(str(path)) as container:
        return {
            number: np.asarray(frame.reformat(*SIZE, "yuv420p").to_ndarray(), np.uint8)
            for number, frame in enumerate(container.decode(video=0))
            if number in needed
        }


def encode_reel(path: Path, pictures: Sequence[Picture]) -> None:
    """Encode the pictures of a reel."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "crf": "23"})
        stream.width, stream.height = SIZE
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts = number
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
