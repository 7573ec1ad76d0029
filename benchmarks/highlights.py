"""Whether the choice of highlights generalizes: the default against single signals, chance and the best possible.

``python -m benchmarks highlights [--matches FOLDER]... [--chat FOLDER]`` scores other videos by the same tables.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from autoclip.clips import Clip
from autoclip.evaluation.scores import evaluate
from autoclip.selection.pipeline import select
from autoclip.settings import Settings
from benchmarks.chat_highlights import chat_section
from benchmarks.films import SHARED
from benchmarks.highlight_videos import KnownVideo, read_videos
from benchmarks.highlight_weights import fitted_settings

WINDOW_SEC = 10.0
"""Length of the windows that every rival of the default is given."""

BUDGETS = (0.05, 0.10, 0.20)
DRAWS = 100
RESAMPLES = 2000
MEASURES = (*(f"coverage at {budget:.0%}" for budget in BUDGETS), "AP")

SPEC_FORMULA: Mapping[str, object] = {"preset": "spec"}

Row = NDArray[np.float64]
Method = Callable[[KnownVideo], list[Clip]]


@dataclass(frozen=True, slots=True)
class Table:
    """Scores of the methods on the videos of a domain: method -> one row a video, its columns as `MEASURES`."""

    domain: str
    videos: int
    groups: int
    rows: Mapping[str, NDArray[np.float64]]


def run(arguments: Sequence[str] = ()) -> str:
    """Measure, and return the section."""
    options = _options(arguments)
    domains = [(folder.name, read_videos(folder, options.cache)) for folder in options.matches]
    shared = SHARED / "media"
    if not options.matches and shared.exists():
        domains = [("known matches", read_videos(shared, options.cache, SHARED / "truth"))]
    tables = [matches_table(name, _with_events(videos)) for name, videos in domains if _with_events(videos)]
    sections = [_markdown(table) for table in tables]
    chats = options.chat or (SHARED / "truth" / "chat" if not options.matches else None)
    if chats is not None and chats.exists():
        sections.append(chat_section(chats))
    if not sections:
        return (
            "## Highlights\n\nNot measured: there is no video with truth; give `--matches FOLDER` or `--chat FOLDER`."
        )
    return "## Highlights\n\n" + "\n\n".join(sections)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks highlights")
    parser.add_argument("--matches", type=Path, action="append", default=[], help="folder of MP4 and JSON pairs")
    parser.add_argument("--chat", type=Path, help="folder of chats as Parquet, and picked.json")
    parser.add_argument("--cache", type=Path, default=Path(".benchmarks"), help="where measurements are kept")
    return parser.parse_args(arguments)


def _with_events(videos: Sequence[KnownVideo]) -> list[KnownVideo]:
    return [video for video in videos if video.truth.events]


def matches_table(domain: str, videos: Sequence[KnownVideo]) -> Table:
    """Score every method on the videos of a domain."""
    signals = sorted(set.intersection(*(set(video.features.series) for video in videos)))
    rows = {"random windows": np.stack([_random_row(video) for video in videos])}
    methods: dict[str, Method] = {f"`{name}` alone": _by_signal(name) for name in signals}
    methods["the description's formulas"] = _by_settings(SPEC_FORMULA)
    methods["**the default**"] = _by_settings({})
    rows |= {name: np.stack([scores(video, method(video)) for video in videos]) for name, method in methods.items()}
    rows["**the default, its weights fitted without the video**"] = _left_out_rows(videos)
    rows["the best windows there are"] = np.stack([scores(video, best_windows(video)) for video in videos])
    return Table(domain, len(videos), len({video.group for video in videos}), rows)


def _left_out_rows(videos: Sequence[KnownVideo]) -> NDArray[np.float64]:
    """Score each video by weights fitted on the recordings that it was not made from; alone, by the default."""
    rows = []
    for video in videos:
        others = [other for other in videos if other.group != video.group]
        rows.append(scores(video, _by_settings(fitted_settings(others) if others else {})(video)))
    return np.stack(rows)


def scores(video: KnownVideo, clips: Sequence[Clip]) -> Row:
    """Return coverage at each budget, and average precision."""
    results = [evaluate(clips, video.truth, video.duration_sec, budget=budget) for budget in BUDGETS]
    return np.array([*(result.coverage for result in results), results[-1].average_precision])


def _by_settings(changed: Mapping[str, object]) -> Method:
    return lambda video: list(select(video.features, Settings.from_flat(changed), video.name).clips)


def _by_signal(name: str) -> Method:
    def clips(video: KnownVideo) -> list[Clip]:
        values = video.features.series[name].astype(np.float64)
        return _windows(np.nan_to_num(values, nan=float(np.nanmin(values))), video.features.grid.step_sec)

    return clips


def best_windows(video: KnownVideo) -> list[Clip]:
    """Return the windows that hold the most: what no choice of windows of this length can exceed by much."""
    step_sec = video.features.grid.step_sec
    weights = np.zeros(video.features.grid.count)
    for event in video.truth.events:
        weights[min(int(event.time_sec / step_sec), weights.size - 1)] += event.weight
    return _windows(weights, step_sec)


def _random_row(video: KnownVideo) -> Row:
    random = np.random.default_rng(0)
    step_sec, count = video.features.grid.step_sec, video.features.grid.count
    return np.mean([scores(video, _windows(random.random(count), step_sec)) for _ in range(DRAWS)], axis=0)


def _windows(values: NDArray[np.float64], step_sec: float) -> list[Clip]:
    """Return windows of `WINDOW_SEC` that don't overlap, by their mean value, best first."""
    length = min(round(WINDOW_SEC / step_sec), values.size)
    means = np.convolve(values, np.full(length, 1 / length), "valid")
    clips = []
    while np.isfinite(best := means.max()):
        start = int(means.argmax())
        clips.append(
            Clip(
                id="",
                name="",
                start=start * step_sec,
                end=(start + length) * step_sec,
                quality_score=float(best),
            )
        )
        means[max(0, start - length + 1) : start + length] = -np.inf
    return clips


def _markdown(table: Table) -> str:
    head = f"| {table.domain}: {table.videos} videos of {table.groups} recordings | " + " | ".join(MEASURES) + " |"
    lines = [f"| {name} | " + " | ".join(_cells(rows)) + " |" for name, rows in table.rows.items()]
    return "\n".join([head, "|---" * (len(MEASURES) + 1) + "|", *lines])


def _cells(rows: NDArray[np.float64]) -> list[str]:
    """Return each measure's mean with its bootstrap 90 % interval over videos."""
    random = np.random.default_rng(0)
    means = rows[random.integers(len(rows), size=(RESAMPLES, len(rows)))].mean(axis=1)
    low, high = np.percentile(means, (5, 95), axis=0)
    return [f"{mean:.3f} ({a:.2f}-{b:.2f})" for mean, a, b in zip(rows.mean(axis=0), low, high, strict=True)]
