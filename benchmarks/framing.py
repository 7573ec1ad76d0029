"""Framing on people: how often the largest face lies in the middle of the crop, and what looking for it costs.

The faces it is measured by are looked for independently of the framing: at other instants, on pictures of twice as many
pixels.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from autoclip.export.framing.centerface import CenterFaceDetector
from autoclip.export.framing.faces import Face
from autoclip.export.framing.subject import CropShape, frame_subject
from autoclip.media.frames import open_frames
from autoclip.media.probe import probe
from autoclip.media.video import Video
from autoclip.timeline import Interval
from benchmarks.films import SHARED, encode_film
from benchmarks.measured_process import cost_of

FILM = SHARED / "media" / "tears_of_steel_battle_clip.webm"
CLIPS = ((0.0, 30.0), (30.0, 60.0), (8.3, 23.1), (41.7, 69.0))
"""Seconds of the film; clips begin in the middle of shots, too."""
LOOK_SEC, FIRST_LOOK_SEC = 0.2, 0.1
PIXELS = 672 * 288
MIDDLE = 0.6
ASPECT = 9 / 16
ROUNDS = 2
_CODING = ("-c:v", "libx264", "-preset", "superfast", "-crf", "23")
COST_SEC = 8.0

_EXPORT = """
import sys
from pathlib import Path
from autoclip.export.render import export_clip
from autoclip.media.probe import probe
from autoclip.settings import ExportSettings
from autoclip.timeline import Interval
film, target, height, seconds, framing = sys.argv[1:]
settings = ExportSettings(shape="vertical", framing=framing, export_height=int(height), overwrite=True)
export_clip(probe(Path(film)), Interval(5.0, 5.0 + float(seconds)), Path(target), settings)
"""


@dataclass(frozen=True, slots=True)
class _Look:
    """The largest face on a picture: when, where, and whether the middle of the crop shows it."""

    instant: float
    face: Face
    inside: bool


def run() -> str:
    """Follow the people of the film in each clip, and export one with and without."""
    if not FILM.exists():
        return f"## Framing on people\n\n{FILM.name} is not there: nothing was measured."
    video = probe(FILM)
    rows, inside, seen = [], 0, 0
    for begin, end in CLIPS:
        looks = list(looks_at(video, Interval(begin, end)))
        good = sum(look.inside for look in looks)
        inside, seen = inside + good, seen + len(looks)
        rows.append(f"| {begin:g} to {end:g} s | {len(looks)} | {good} | {good / len(looks):.0%} |")
    return "\n".join([
        "## Framing on people",
        "",
        f"A film with fast cuts (Tears of Steel), a picture each {LOOK_SEC:g} s.",
        "",
        f"| clip | pictures with a face | the largest in the middle {MIDDLE:.0%} | share |",
        "|---|---|---|---|",
        *rows,
        f"| all | {seen} | {inside} | {inside / seen:.1%} |",
        "",
        "The target is 95 %.",
        "",
        *_costs(),
    ])  # fmt: skip


def looks_at(video: Video, interval: Interval) -> Iterator[_Look]:
    """Yield the largest face on each picture with one, and whether the crop has it in its middle."""
    detector = CenterFaceDetector()
    shape = CropShape(video.video.display_width / video.video.display_height, ASPECT)
    framing = frame_subject(video, interval, shape, detector)
    scale = math.sqrt(PIXELS / (video.video.width * video.video.height))
    width, height = (round(side * scale / 32) * 32 for side in (video.video.width, video.video.height))
    with open_frames(video.path, video, in_runs=True) as reader:
        for instant in np.arange(interval.start + FIRST_LOOK_SEC, interval.end - LOOK_SEC, LOOK_SEC):
            found = reader.at(float(instant))
            picture = found.frame.reformat(width, height, "rgb24").to_ndarray().astype(np.uint8)
            faces = detector.detect(picture)
            if faces:
                face = max(faces, key=lambda each: each.area)
                center = float(framing.path.at(np.array([found.instant - interval.start + 1e-3]))[0])
                reachable = min(max(face.center_x, shape.share / 2), 1 - shape.share / 2)
                yield _Look(found.instant, face, abs(center - reachable) <= MIDDLE / 2 * shape.share)


def _costs() -> list[str]:
    with TemporaryDirectory() as root:
        folder = Path(root)
        film = encode_film(folder / "film.mp4", "1920x1080", _CODING, seconds=15, unit_sec=15, film=FILM)
        rows = []
        for height in (1920, 1080):
            words = (_EXPORT, film, folder / "a.mp4", str(height), str(COST_SEC))
            command: list[str | Path] = [sys.executable, "-c", *words]
            cpu = {
                framing: min(cost_of([*command, framing]).cpu_sec for _ in range(ROUNDS))
                for framing in ("center", "subject")
            }
            added = cpu["subject"] / cpu["center"] - 1
            rows.append(f"| {height} | {cpu['center']:.1f} | {cpu['subject']:.1f} | {added:.2f} |")
    return [
        f"What it costs: {COST_SEC:g} s of 1080p, cropped to 9:16, the lesser of {ROUNDS} rounds.",
        "",
        "| height | `center`, CPU s | `subject`, CPU s | added |",
        "|---|---|---|---|",
        *rows,
        "",
        "The target is 0.3. Both include the start of Python.",
    ]
