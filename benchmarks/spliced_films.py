"""Films whose cuts are known to the frame: shots of real footage joined anew, with what is easily taken for a cut.

Shots are taken from between the cuts of footage that was cut before; most neighbors come from the same source, as
in a film. Each film has a grade, noise, frame rate and coding of its own, and flashes, camera turns and dissolves.

``python -m benchmarks.spliced_films OUT FOLDER...`` makes three films a source: every video of the folders with its
cuts as JSON of the same name is one, and those of fewer than three shots are one together, `misc`. The same
footage gives the same frames; how they are coded depends on the version of x264.
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

SIZE = (448, 252)
RATES = (24, 25, 30, 50)
SHOTS_A_FILM = 60
LENGTHS = (14, 110)
"""Shortest and longest shot in frames: real films hold shots of half a second."""

BRIEF, BRIEF_LENGTHS = 0.04, (2, 8)
"""Share of shots that last a few frames only, and how many, as in a quick montage."""

ALIKE = 4.0
"""Mean difference in code values of luma up to which two pictures that are joined look alike, and are told no cut."""

FEW_SHOTS = 3
FILMS_A_SOURCE = 3

SAME_SOURCE = 0.85
DISSOLVES, FLASHES, TURNS = 0.08, 0.12, 0.08
"""Shares of shots that begin with a dissolve, hold a flash, or are seen by a camera that turns."""

EDGE = 3
"""Frames next to a known cut that are left out: the codec of the source may have smeared them."""

Frame = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Footage:
    """A video and the stretches of it, in frames, that hold no cut."""

    path: Path
    shots: tuple[tuple[int, int], ...]


@dataclass
class SplicedFilm:
    """Frames joined so far (YUV 4:2:0, planes below each other), and what is known of them."""

    frames: list[Frame] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    gradual: list[dict[str, int]] = field(default_factory=list)
    alike: list[tuple[int, int]] = field(default_factory=list)

    def join(self, shot: Sequence[Frame], dissolve: int) -> None:
        """Append a shot by a cut, or by a dissolve of this many frames."""
        if not self.frames:
            dissolve = 0
        elif dissolve == 0 and _look_alike(self.frames[-1], shot[0]):
            self.alike.append((len(self.frames), len(self.frames)))
        elif dissolve == 0:
            self.cuts.append(len(self.frames))
        else:
            first = len(self.frames) - dissolve
            self.gradual.append({"start": first, "end": len(self.frames)})
            for index in range(dissolve):
                share = (index + 1) / (dissolve + 1)
                mixed = self.frames[first + index] * (1 - share) + shot[index] * share
                self.frames[first + index] = np.rint(mixed).astype(np.uint8)
        self.frames.extend(shot[dissolve:])


def uncut_shots(truth: Mapping[str, Any]) -> tuple[tuple[int, int], ...]:
    """Return the stretches (first frame, frame after the last) between the cuts of a film, long enough for a shot."""
    cuts = truth["hard_cuts"] if "hard_cuts" in truth else truth["cuts_frames"]
    edges = [0, *cuts, int(truth["frames"])]
    zones = [(zone["start"], zone["end"]) for zone in truth.get("gradual", ())]
    zones += [(zone[0], zone[1]) for name in ("ignore", "black_runs_inclusive") for zone in truth.get(name, ())]
    shots = [(a + EDGE, b - EDGE) for a, b in pairwise(edges)]
    for start, end in zones:
        parted = [((a, min(b, start - EDGE)), (max(a, end + EDGE), b)) for a, b in shots]
        shots = [part for parts in parted for part in parts]
    return tuple((a, b) for a, b in shots if b - a >= LENGTHS[0])


def make_film(path: Path, footage: Sequence[Footage], seed: int, shots: int = SHOTS_A_FILM) -> None:
    """Write a film of known cuts, and its truth as JSON beside it."""
    random = np.random.default_rng(seed)
    film, spans = SplicedFilm(), _planned(random, footage, shots)
    pictures = _read(footage, spans)
    for source, first, after in spans:
        shot = [pictures[source, number] for number in range(first, after)]
        shot = _seen_anew(random, shot)
        room = min(len(shot), len(film.frames)) // 2
        film.join(shot, int(random.integers(6, 25)) if random.random() < DISSOLVES and room > 25 else 0)
    rate = int(random.choice(RATES))
    _encode(path, _graded(random, film.frames), rate, crf=int(random.integers(18, 31)))
    truth = {"fps": rate, "frames": len(film.frames), "hard_cuts": film.cuts, "gradual": film.gradual}
    truth["ignore"] = film.alike
    path.with_suffix(".json").write_text(json.dumps(truth))


def _planned(random: np.random.Generator, footage: Sequence[Footage], count: int) -> list[tuple[int, int, int]]:
    """Choose stretches (source, first frame, frame after the last); no two neighbors come from one shot."""
    spans: list[tuple[int, int, int]] = []
    source, last = int(random.integers(len(footage))), (-1, -1)
    while len(spans) < count:
        if random.random() > SAME_SOURCE or len(footage[source].shots) < 2:
            source = int(random.integers(len(footage)))
        choices = [index for index in range(len(footage[source].shots)) if (source, index) != last]
        if not choices:
            continue
        shot = int(random.choice(choices))
        last = source, shot
        low, high = footage[source].shots[shot]
        lengths = BRIEF_LENGTHS if random.random() < BRIEF else LENGTHS
        length = min(int(np.exp(random.uniform(*np.log(lengths)))), high - low)
        first = int(random.integers(low, high - length + 1))
        spans.append((source, first, first + length))
    return spans


def _read(footage: Sequence[Footage], spans: Sequence[tuple[int, int, int]]) -> dict[tuple[int, int], Frame]:
    needed: dict[int, set[int]] = {}
    for source, first, after in spans:
        needed.setdefault(source, set()).update(range(first, after))
    pictures = {}
    for source, numbers in needed.items():
        with av.open(str(footage[source].path)) as container:
            for number, frame in enumerate(container.decode(video=0)):
                if number in numbers:
                    pictures[source, number] = np.asarray(frame.reformat(*SIZE, "yuv420p").to_ndarray(), np.uint8)
                if number >= max(numbers):
                    break
    return pictures


def _seen_anew(random: np.random.Generator, shot: Sequence[Frame]) -> list[Frame]:
    """Let a camera turn over a shot, or a flash fall into it."""
    if random.random() < TURNS:
        speed, first = int(random.choice([-1, 1]) * random.integers(12, 40)), int(random.integers(len(shot)))
        shot = [_shifted(frame, speed * max(0, min(index - first, 12))) for index, frame in enumerate(shot)]
    if random.random() < FLASHES and len(shot) > 2 * EDGE + 4:
        first, length = int(random.integers(EDGE, len(shot) - EDGE - 4)), int(random.integers(1, 4))
        strength = float(random.uniform(0.4, 0.95))
        shot = [_lit(f, strength) if first <= index < first + length else f for index, f in enumerate(shot)]
    return list(shot)


def _look_alike(a: Frame, b: Frame) -> bool:
    """Tell whether hardly anybody would see a cut between two pictures: two cards of a few words on black, say."""
    height = SIZE[1]
    return float(np.abs(a[:height].astype(np.int16) - b[:height]).mean()) <= ALIKE


def _shifted(frame: Frame, by: int) -> Frame:
    """Move a picture sideways; what leaves it on one side comes in mirrored on the other, as scenery would."""
    if by == 0:
        return frame
    width, height = SIZE
    parts = []
    for plane, (w, shift) in zip(
        _planes(frame, width, height), ((width, by), *2 * ((width // 2, by // 2),)), strict=True
    ):
        wide = np.concatenate([plane, plane[:, ::-1]], axis=1)
        parts.append(np.roll(wide, shift, axis=1)[:, :w].reshape(-1, width))
    return np.concatenate(parts)


def _planes(frame: Frame, width: int, height: int) -> tuple[Frame, Frame, Frame]:
    luma, rest = frame[:height], frame[height:].reshape(2, height // 2, width // 2)
    return luma, rest[0], rest[1]


def _lit(frame: Frame, strength: float) -> Frame:
    """Mix a picture with white."""
    white = np.full_like(frame, 128)
    white[: SIZE[1]] = 235
    return np.rint(frame * (1 - strength) + white * strength).astype(np.uint8)


def _graded(random: np.random.Generator, frames: Sequence[Frame]) -> list[Frame]:
    """Change brightness, contrast and saturation of a film, and add grain."""
    gamma, gain, color = random.uniform(0.75, 1.4), random.uniform(0.75, 1.1), random.uniform(0.3, 1.3)
    grain = float(random.choice([0.0, 2.0, 5.0]))
    bright = 16 + 219 * gain * (np.clip(np.arange(256) - 16, 0, 219) / 219) ** gamma
    colorful = 128 + color * (np.arange(256) - 128.0)
    luma, chroma = (np.rint(np.clip(table, 0, 255)).astype(np.uint8) for table in (bright, colorful))
    graded = []
    for frame in frames:
        changed = np.concatenate([luma[frame[: SIZE[1]]], chroma[frame[SIZE[1] :]]])
        if grain:
            noise = random.normal(0, grain, (SIZE[1], SIZE[0]))
            changed[: SIZE[1]] = np.clip(changed[: SIZE[1]] + noise, 0, 255).astype(np.uint8)
        graded.append(changed)
    return graded


def _encode(path: Path, frames: Sequence[Frame], rate: int, crf: int) -> None:
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=rate, options={"preset": "veryfast", "crf": str(crf)})
        stream.width, stream.height = SIZE
        for number, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts = number
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def sources(folders: Sequence[Path]) -> dict[str, list[Footage]]:
    """Return the footage of folders by source: each video of several shots, and all others as `misc`."""
    found: dict[str, list[Footage]] = {}
    for path in (path for folder in folders for path in sorted(folder.iterdir())):
        truth = path.with_suffix(".json")
        if path.suffix == ".json" or not truth.exists():
            continue
        footage = Footage(path, uncut_shots(json.loads(truth.read_text())))
        name = path.stem.split("-")[0] if len(footage.shots) >= FEW_SHOTS else "misc"
        found.setdefault(name, []).append(footage)
    return found


def main(arguments: Sequence[str]) -> int:
    """Make the films."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.spliced_films", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("folders", type=Path, nargs="+")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    for name, footage in sources(options.folders).items():
        for number in range(FILMS_A_SOURCE):
            make_film(options.out / f"{name}-{number}.mp4", footage, zlib.crc32(name.encode()) + number)
            sys.stderr.write(f"made {name}-{number}.mp4\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
