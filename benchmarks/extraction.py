"""Speed and memory of an analysis beside a plain decode, the older design and PySceneDetect on the same film."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from imageio_ffmpeg import get_ffmpeg_exe

from benchmarks.films import make_film
from benchmarks.measured_process import Cost, cost_of

MINUTES = float(os.environ.get("BENCH_MINUTES", "10"))
"""Length of the films; shorter ones let the start of Python weigh more."""

PROFILES = ("exact", "balanced", "fast")

ROUNDS = 3
"""The same command takes up to a third more or less CPU from one minute to the next on a shared machine."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what each round cost, and the plain decode beside it."""

    what: str
    costs: tuple[Cost, ...]
    plain: tuple[Cost, ...]

    def line(self) -> str:
        """Return medians; a ratio is the median of those within a round."""
        pairs = list(zip(self.costs, self.plain, strict=True))
        cpu, wall = median(cost.cpu_sec for cost in self.costs), median(cost.wall_sec for cost in self.costs)
        cpu_ratios = [cost.cpu_sec / plain.cpu_sec for cost, plain in pairs]
        wall_ratios = [cost.wall_sec / plain.wall_sec for cost, plain in pairs]
        return (
            f"| {self.what} | {cpu:.1f} | {median(cpu_ratios):.2f}{_range_of(cpu_ratios)} | "
            f"{wall:.1f} | {median(wall_ratios):.2f} | {max(cost.peak_mb for cost in self.costs):.0f} |"
        )


def _range_of(ratios: Sequence[float]) -> str:
    return f" ({min(ratios):.2f}-{max(ratios):.2f})" if min(ratios) < max(ratios) else ""


def run() -> str:
    """Measure, and return the section."""
    seconds = max(60, round(MINUTES * 60))
    with tempfile.TemporaryDirectory() as folder:
        parts = [
            _section(
                f"{seconds // 60} min of 1280x720, 30 fps, 1.1 Mbps, no B-frames",
                make_film(Path(folder) / "720.mp4", size="1280x720", bitrate="1000k", b_frames=0, seconds=seconds),
                others=True,
            ),
            _section(
                f"{seconds // 60} min of 1920x1080, 30 fps, 3.1 Mbps, 3 B-frames",
                make_film(Path(folder) / "1080.mp4", size="1920x1080", bitrate="3000k", b_frames=3, seconds=seconds),
                others=False,
            ),
            _memory(Path(folder)),
        ]
    return "## Extraction\n\n" + "\n".join(parts)


def _section(title: str, film: Path, *, others: bool) -> str:
    plain, profiles = [], {profile: list[Cost]() for profile in PROFILES}
    for _ in range(ROUNDS):
        plain.append(cost_of(_plain_decode(film)))
        for profile, costs in profiles.items():
            shutil.rmtree(_output(film, profile), ignore_errors=True)
            costs.append(cost_of(_analyze(film, profile)))
    rows = [Row("`ffmpeg -i X -map 0:v -f null -`", tuple(plain), tuple(plain))]
    rows += [
        Row(f"`autoclip analyze`, `profile={name}`", tuple(costs), tuple(plain)) for name, costs in profiles.items()
    ]
    if others:
        last = tuple(plain[-1:])
        rows.append(Row("the older design's ffmpeg commands (four decodes)", (_separate_passes(film),), last))
        rows.append(Row("PySceneDetect `detect-adaptive` (cuts alone)", (cost_of(_scenedetect(film)),), last))
    once = "; the last two rows were measured once" if others else ""
    head = f"""Medians of {ROUNDS} rounds in turn, with the range of the ratios{once}.

| | CPU s | of the plain decode | wall s | of the plain decode | peak MB |
|---|---|---|---|---|---|"""
    return f"### {title}\n\n{head}\n" + "\n".join(row.line() for row in rows) + "\n"


def _memory(folder: Path) -> str:
    lines = []
    for minutes in (10, 120):
        mp4 = make_film(folder / f"{minutes}.mp4", size="320x180", bitrate="150k", b_frames=2, seconds=minutes * 60)
        for film in (_as_matroska(mp4), mp4):
            cost = cost_of(_analyze(film, "balanced"))
            lines.append(
                f"| {minutes} min, {film.suffix[1:].upper()} | {cost.peak_mb:.0f} | {_index_mb(film):.0f} | "
                f"{cost.cpu_sec:.1f} | {minutes * 60 / cost.wall_sec:.0f}x |"
            )
            film.unlink()
    head = "| 320x180, `balanced` | peak MB | FFmpeg's reading of the index alone | CPU s | times real time |"
    return f"### Memory against length\n\n{head}\n|---|---|---|---|---|\n" + "\n".join(lines) + "\n"


def _as_matroska(film: Path) -> Path:
    """Return the same packets in a container that is read without an index of all of them."""
    copy = film.with_suffix(".mkv")
    subprocess.run([get_ffmpeg_exe(), "-v", "error", "-nostdin", "-i", film, "-c", "copy", copy], check=True)
    return copy


def _index_mb(film: Path) -> float:
    """Return what merely opening a file takes: FFmpeg reads an MP4's whole index, whoever uses it and for whatever."""
    program = "import sys, av; [av.open(path).close() for path in sys.argv[1:]]"
    return cost_of([sys.executable, "-c", program, film]).peak_mb - cost_of([sys.executable, "-c", program]).peak_mb


def _plain_decode(film: Path) -> list[str | Path]:
    return [get_ffmpeg_exe(), "-v", "error", "-nostdin", "-i", film, "-map", "0:v", "-f", "null", "-"]


def _analyze(film: Path, profile: str) -> list[str | Path]:
    program = Path(sys.executable).with_name("autoclip")
    return [program, "analyze", film, "--output-dir", _output(film, profile), "--quiet", "--set", f"profile={profile}"]


def _output(film: Path, profile: str) -> Path:
    return film.with_suffix(f".{profile}")


def _separate_passes(film: Path) -> Cost:
    """The older design, command by command: sound, then four decodes of the picture (motion, cuts, black, freezes)."""
    outputs = (
        ("-vn", "-ac", "1", "-ar", "22050", "-f", "f32le"),
        ("-an", "-vf", "fps=4,scale=160:-2", "-pix_fmt", "gray", "-f", "rawvideo"),
        ("-an", "-vf", "select='gt(scene,0.3)',showinfo", "-f", "null"),
        ("-an", "-vf", "blackdetect=d=0.1:pix_th=0.10", "-f", "null"),
        ("-an", "-vf", "freezedetect=n=0.003:d=0.5", "-f", "null"),
    )
    decode = (get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", "-i", film)
    return sum((cost_of([*decode, *output, os.devnull]) for output in outputs), Cost(0.0, 0.0, 0.0))


def _scenedetect(film: Path) -> list[str | Path]:
    program = "import sys, scenedetect; print(len(scenedetect.detect(sys.argv[1], scenedetect.AdaptiveDetector())))"
    return [sys.executable, "-c", program, film]
