"""A project that is ready to be reviewed: a film whose cuts are known, and an analysis made of planted signals."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from made_features import Scene

from autoclip.clips import ClipsFile
from autoclip.settings import ExtractionSettings, Settings
from stages.make_thumbnails import make_thumbnails
from stages.record import record
from stages.register_video import register_video
from stages.retune import retune
from storage.catalog import open_catalog
from storage.data_folder import DataFolder
from storage.features import Origin

RATE = 10
SHOT_SEC = 5
SIZE = (96, 54)
SAMPLE_RATE = 16000


@dataclass(frozen=True)
class MadeProject:
    """Its id and name, and where its cuts are, in seconds."""

    id: str
    name: str
    cuts: tuple[float, ...]


def gray_of_shot(shot: int) -> int:
    """The level that fills a shot: neighbors differ by much more than coding does."""
    return 40 + (shot * 67) % 180


def encode_film(path: Path, seconds: int, *, rate: int = RATE, audible: bool = True, late_by: int = 0) -> Path:
    """Encode shots of one gray each, with a tone; the picture begins `late_by` seconds after the sound."""
    with av.open(str(path), "w") as output:
        picture = output.add_stream("libx264", rate=rate, options={"preset": "ultrafast", "g": str(2 * rate)})
        picture.width, picture.height, picture.pix_fmt = *SIZE, "yuv420p"
        # At so low a rate the usual search for coding parameters takes more time than all else.
        coder = {"aac_coder": "fast"}
        tone = output.add_stream("aac", rate=SAMPLE_RATE, layout="mono", options=coder) if audible else None
        for second in range(seconds):
            if second % SHOT_SEC == 0:
                pixels = np.full((SIZE[1], SIZE[0], 3), gray_of_shot(second // SHOT_SEC), np.uint8)
                shot = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuv420p")
            for frame in range(rate):
                shot.pts, shot.time_base = (second + late_by) * rate + frame, Fraction(1, rate)
                output.mux(picture.encode(shot))
            if tone is not None:
                _mux_second(output, tone, second)
        for stream in filter(None, (picture, tone)):
            output.mux(stream.encode(None))
    return path


def _mux_second(output, tone, second: int) -> None:
    wave = 0.2 * np.sin(2 * np.pi * 440 * np.arange(SAMPLE_RATE) / SAMPLE_RATE) * (1 if second % 4 else 0.05)
    frame = av.AudioFrame.from_ndarray(wave.astype(np.float32)[None], "fltp", "mono")
    frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, second * SAMPLE_RATE, Fraction(1, SAMPLE_RATE)
    output.mux(tone.encode(frame))


def make_project(
    data_dir: Path, film: Path, seconds: int, name: str, *, shot_sec: float = SHOT_SEC, moment_every: int = 16
) -> MadeProject:
    """Take a film into a catalog with an analysis of planted signals: a moment every 16 s, a cut at every shot."""
    cuts = tuple(shot_sec * number for number in range(1, round(seconds / shot_sec)))
    scene = Scene(float(seconds)).cut(*cuts)
    for number, at in enumerate(range(8, seconds - 10, moment_every)):
        scene.moment(float(at), length=5.0, louder=12.0 + number % 7)
    catalog, folder = open_catalog(data_dir / "autoclip.duckdb"), DataFolder(data_dir)
    registration = register_video(catalog, film, name)
    project, analysis = registration.project, folder.project(registration.project.id)
    analysis.write_features(scene.features(), Origin(registration.fingerprint, ExtractionSettings(), 1))
    settings = Settings.from_flat(
        {"min_clip_seconds": 4, "max_clip_seconds": 12, "target_clip_count_soft": 200, "keep_share": 1.0}
    )
    video = registration.video.model_dump(mode="json")
    analysis.write_clips(ClipsFile(mode="v2", video=video, settings=settings.flat(), clips=()))
    record(catalog, make_thumbnails(retune(analysis, settings, project.id)))
    return MadeProject(project.id, name, cuts)
