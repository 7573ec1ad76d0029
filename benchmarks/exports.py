"""What exports cost: a batch against bare ffmpeg commands, smart cuts against exact ones, and many thumbnails."""

from __future__ import annotations

import statistics
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from imageio_ffmpeg import get_ffmpeg_exe

from benchmarks.films import make_film
from benchmarks.measured_process import Cost, cost_of

CLIPS, CLIP_SEC = 50, 4.0
AT_ONCE = 2
BATCH_PARTS = 5
SMART_SEC = 30.0
KEYFRAME_SEC = 5
ROUNDS = 2
THUMBNAILS = 200
HOUR_SEC = 3600

_BARE = """
import subprocess, sys
from concurrent.futures import ThreadPoolExecutor
film, folder, max_concurrent = sys.argv[1], sys.argv[2], int(sys.argv[3])
def cut(start):
    command = [{ffmpeg!r}, "-v", "error", "-nostdin", "-y", "-ss", start, "-i", film, "-t", {seconds!r},
               "-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-c:a", "aac", "-b:a", "192k",
               "-movflags", "+faststart", f"{{folder}}/bare-{{start}}.mp4"]
    subprocess.run(command, check=True)
with ThreadPoolExecutor(max_concurrent) as pool:
    list(pool.map(cut, sys.argv[4:]))
"""
"""The user's own commands, several at once."""

EXPORT_BATCH = """
import sys
from pathlib import Path
from autoclip.export.batch import RenderRequest, export_batch
from autoclip.media.probe import probe
from autoclip.settings import ExportSettings
from autoclip.timeline import Interval
film, folder, max_concurrent = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
video, settings = probe(film), ExportSettings(**{settings!r})
spans = [Interval(float(start), float(start) + {seconds}) for start in sys.argv[4:]]
requests = [RenderRequest(video, span, folder / f"ours-{{span.start}}.mp4", settings) for span in spans]
errors = [outcome.error for outcome in export_batch(requests, max_concurrent=max_concurrent)]
assert not any(errors), errors
"""

_THUMBNAILS = """
import sys
from pathlib import Path
from autoclip.clips import Clip
from autoclip.export.previews.thumbnails import make_thumbnails
from autoclip.media.probe import probe
video, count, seconds = probe(Path(sys.argv[1])), int(sys.argv[3]), float(sys.argv[4])
step = (video.duration_sec - seconds - 1) / count
clips = [Clip(id=f"{i:04}", name="clip", start=i * step, end=i * step + seconds) for i in range(count)]
report = make_thumbnails(video, clips, Path(sys.argv[2]))
assert len(report.made) == count, report.failed
"""


def run() -> str:
    """Measure all three on films made for it; rounds of what is compared alternate."""
    with TemporaryDirectory() as root:
        folder = Path(root)
        small = make_film(folder / "small.mp4", size="1280x720", bitrate="3M", b_frames=2, seconds=300)
        sections = [_batch(small, folder)]
        film = make_film(
            folder / "film.mp4", size="1920x1080", bitrate="5M", b_frames=2, seconds=120, keyframe_sec=KEYFRAME_SEC
        )
        sections.append(_smart(film, folder))
        film.unlink()
        sections.append(_thumbnails(folder))
    return "\n\n".join(["## Exports", *sections])


def _batch(film: Path, folder: Path) -> str:
    """Compare a batch of clips with the bare commands, part by part in turn, so that other load falls on both."""
    starts = [f"{1.3 + 5.7 * number:.3f}" for number in range(CLIPS)]
    bare = python_command(_BARE.format(ffmpeg=get_ffmpeg_exe(), seconds=str(CLIP_SEC)))
    ours = python_command(EXPORT_BATCH.format(settings={"cut": "exact"}, seconds=CLIP_SEC))
    costs: dict[str, list[Cost]] = {"bare": [], "ours": []}
    for part in range(BATCH_PARTS):
        words: list[str | Path] = [film, folder, str(AT_ONCE), *starts[part::BATCH_PARTS]]
        for name, command in (("bare", bare), ("ours", ours))[:: 1 if part % 2 else -1]:
            costs[name].append(cost_of([*command, *words]))
        remove_exports(folder, film)
    totals = {name: sum(parts[1:], parts[0]) for name, parts in costs.items()}
    starting = starting_cost()
    wall = (totals["ours"].wall_sec - BATCH_PARTS * starting.wall_sec) / totals["bare"].wall_sec
    cpu = (totals["ours"].cpu_sec - BATCH_PARTS * starting.cpu_sec) / totals["bare"].cpu_sec
    note = (
        f"{BATCH_PARTS} parts in turn. Of each of ours Python and its imports took {starting.wall_sec:.1f} s, once a "
        f"batch however large; without them the batch takes {wall:.2f} of the bare commands' wall time (the target is "
        f"1.1) and {cpu:.2f} of their CPU."
    )
    return "\n".join([
        f"### {CLIPS} clips of {CLIP_SEC:g} s out of 720p, {AT_ONCE} at once",
        "",
        "| | wall s | CPU s |",
        "|---|---|---|",
        f"| the user's own ffmpeg commands | {totals['bare'].wall_sec:.1f} | {totals['bare'].cpu_sec:.1f} |",
        f"| `export_batch`, each file checked | {totals['ours'].wall_sec:.1f} | {totals['ours'].cpu_sec:.1f} |",
        "",
        note,
    ])  # fmt: skip


def _smart(film: Path, folder: Path) -> str:
    """Compare a smart cut with an exact one of the same span, in turn."""
    starting = starting_cost()
    costs: dict[str, list[Cost]] = {"exact": [], "smart": []}
    for number in range(ROUNDS):
        start = f"{22.3 + 31.7 * number:.3f}"
        for cut, measured in costs.items():
            command = python_command(EXPORT_BATCH.format(settings={"cut": cut}, seconds=SMART_SEC))
            measured.append(cost_of([*command, film, folder, "1", start]))
            remove_exports(folder, film)
    wall = {cut: statistics.median(cost.wall_sec for cost in each) - starting.wall_sec for cut, each in costs.items()}
    cpu = {cut: statistics.median(cost.cpu_sec for cost in each) - starting.cpu_sec for cut, each in costs.items()}
    faster = {name: cost["exact"] / cost["smart"] for name, cost in (("wall", wall), ("cpu", cpu))}
    note = (
        f"Medians of {ROUNDS} rounds in turn, without the start of Python; smart is {faster['wall']:.1f} times faster "
        f"by the clock, {faster['cpu']:.1f} times by CPU (the target is 5)."
    )
    return "\n".join([
        f"### A {SMART_SEC:g} s clip out of 1080p, a keyframe each {KEYFRAME_SEC} s",
        "",
        "| cut | wall s | CPU s |",
        "|---|---|---|",
        *(f"| `{cut}` | {wall[cut]:.1f} | {cpu[cut]:.1f} |" for cut in costs),
        "",
        note,
    ])  # fmt: skip


def _thumbnails(folder: Path) -> str:
    """Make thumbnails of an hour whose keyframes are ten seconds apart, x264's own choice without cuts."""
    film = make_film(folder / "hour.mp4", size="1920x1080", bitrate="2M", b_frames=2, seconds=HOUR_SEC, keyframe_sec=10)
    command = python_command(_THUMBNAILS)
    rows = []
    for seconds in (8, 20):
        cost = cost_of([*command, film, folder / "thumbnails", str(THUMBNAILS), str(seconds)])
        rows.append(f"| {seconds} s | {cost.wall_sec:.1f} | {cost.cpu_sec:.1f} | {cost.peak_mb:.0f} |")
    return "\n".join([
        f"### {THUMBNAILS} thumbnails of an hour of 1080p, a keyframe each 10 s",
        "",
        "| clips of | wall s | CPU s | peak MB |",
        "|---|---|---|---|",
        *rows,
        "",
        "The target is 20 s. Where no keyframe lies within a clip's middle, all from the one before has to be decoded.",
    ])  # fmt: skip


def starting_cost() -> Cost:
    """Return what it costs to start Python with everything an export imports."""
    costs = [cost_of(python_command("import autoclip.export.batch, autoclip.media.probe")) for _ in range(ROUNDS)]
    return Cost(*(min(values) for values in zip(*((c.cpu_sec, c.wall_sec, c.peak_mb) for c in costs), strict=True)))


def python_command(code: str) -> list[str]:
    """Return the command that runs a program of ours."""
    return [sys.executable, "-c", code]


def remove_exports(folder: Path, film: Path) -> None:
    """Delete what was exported beside a film."""
    for path in set(folder.glob("*.mp4")) - {film}:
        path.unlink()
