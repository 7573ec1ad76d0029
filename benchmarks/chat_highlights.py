"""Whether the chat finds what fans picked: streams as Parquet files of messages, and the moments in ``picked.json``."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from autoclip.chat.activity import MIN_LAUGH_RUN
from autoclip.chat.messages import ChatLog
from autoclip.clips import Clip
from autoclip.selection.pipeline import select
from autoclip.settings import Settings
from autoclip.signals.source_metadata import SourceMetadata, with_source_metadata
from autoclip.signals.table import Features
from autoclip.timeline import Grid

BUDGETS = (0.01, 0.02, 0.05, 0.10)
WINDOW_SEC, LEAD_SEC, MEAN_SEC = 30.0, 5.0, 10
"""The rivals: windows of 30 s that begin 5 s before their block of 10 s, ranked by what is in the block."""

DRAWS, RESAMPLES = 20, 2000


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream without its video: its chat, its length, and where the picked moments begin."""

    name: str
    duration_sec: float
    log: ChatLog
    picked_sec: tuple[float, ...]


Method = Callable[[Stream], Sequence[Clip]]


def chat_section(folder: Path) -> str:
    """Score the default, single signals of the chat, and chance on the streams of a folder."""
    streams = read_streams(folder)
    methods: dict[str, Method] = {
        "all messages in fixed windows": _by_counts(lambda log: np.ones(log.time_sec.size)),
        "laughter in fixed windows": _by_counts(lambda log: (log.longest_run >= MIN_LAUGH_RUN).astype(np.float64)),
        "**the default**": default_clips,
    }
    rows = {"random windows": np.mean([_held(streams, _random(seed)) for seed in range(DRAWS)], axis=0)}
    rows |= {name: _held(streams, method) for name, method in methods.items()}
    picks = sum(len(stream.picked_sec) for stream in streams)
    head = f"| {len(streams)} streams, {picks} picked moments | " + " | ".join(f"in {b:.0%}" for b in BUDGETS) + " |"
    lines = [f"| {name} | " + " | ".join(_cell(column) for column in held.T) + " |" for name, held in rows.items()]
    return "\n".join([head, "|---" * (len(BUDGETS) + 1) + "|", *lines])


def read_streams(folder: Path) -> list[Stream]:
    """Read the streams of a folder; names and words are numbers in them already."""
    truth = json.loads((folder / "picked.json").read_text())
    streams = []
    for name, known in sorted(truth.items()):
        table = pq.read_table(folder / f"{name}.parquet")
        texts = [hash(tuple(tokens)) for tokens in table["tokens"].to_pylist()]
        log = ChatLog(
            table["time_sec"].to_numpy().astype(np.float64),
            table["chatter"].to_numpy().astype(np.int64),
            np.array(texts, np.int64),
            table["longest_run"].to_numpy().astype(np.int16),
        )
        streams.append(Stream(name, float(known["duration_sec"]), log, tuple(known["picked_sec"])))
    return streams


def default_clips(stream: Stream) -> Sequence[Clip]:
    """Choose as autoclip does, from a video of even sound whose pictures never come again."""
    grid = Grid.covering(stream.duration_sec, Settings().extraction.step_sec)
    even = np.full(grid.count, -20.0, np.float32)
    hashes = np.random.default_rng(0).integers(2**63, size=grid.count, dtype=np.uint64)
    features = Features(stream.duration_sec, grid, {"audio_dbfs": even}, frame_hash=hashes)
    features = with_source_metadata(features, SourceMetadata(chat=stream.log))
    return select(features, Settings(), stream.name).clips


def _by_counts(weigh: Callable[[ChatLog], NDArray[np.float64]]) -> Method:
    def clips(stream: Stream) -> list[Clip]:
        blocks = np.clip(stream.log.time_sec / MEAN_SEC, 0, stream.duration_sec / MEAN_SEC - 1).astype(np.int64)
        counts = np.bincount(blocks, weigh(stream.log), minlength=int(stream.duration_sec / MEAN_SEC))
        return _windows(counts)

    return clips


def _random(seed: int) -> Method:
    def clips(stream: Stream) -> list[Clip]:
        random = np.random.default_rng((seed, len(stream.log.time_sec)))
        return _windows(random.random(int(stream.duration_sec / MEAN_SEC)))

    return clips


def _windows(counts: NDArray[np.float64]) -> list[Clip]:
    """Return a window for each block of `MEAN_SEC`; they may overlap."""
    starts = np.maximum(np.arange(counts.size) * MEAN_SEC - LEAD_SEC, 0)
    return [
        Clip(id="", name="", start=float(start), end=float(start) + WINDOW_SEC, quality_score=float(count))
        for start, count in zip(starts, counts, strict=True)
    ]


def _held(streams: Sequence[Stream], method: Method) -> NDArray[np.float64]:
    """Tell of each picked moment whether each budget's best clips hold it; shape ``(moments, budgets)``."""
    rows = []
    for stream in streams:
        ranked = sorted(method(stream), key=lambda clip: -clip.quality_score)
        filled = _filled(ranked, stream.duration_sec)
        for picked in stream.picked_sec:
            inside = [clip.start <= picked < clip.end for clip in ranked]
            needed = float(filled[inside.index(True)]) if any(inside) else np.inf
            rows.append([needed <= budget for budget in BUDGETS])
    return np.array(rows, np.float64)


def _filled(ranked: Sequence[Clip], duration_sec: float) -> NDArray[np.float64]:
    """Return the share of the length that the clips up to each one fill together; shape ``(clips,)``."""
    taken = np.zeros(int(duration_sec) + int(WINDOW_SEC) + 1, bool)
    shares, total = [], 0
    for clip in ranked:
        span = taken[int(clip.start) : max(int(clip.start) + 1, round(clip.end))]
        total += int(span.size - span.sum())
        span[:] = True
        shares.append(total / duration_sec)
    return np.array(shares)


def _cell(held: NDArray[np.float64]) -> str:
    """Return the mean with its bootstrap 90 % interval over moments."""
    random = np.random.default_rng(0)
    low, high = np.percentile(held[random.integers(held.size, size=(RESAMPLES, held.size))].mean(axis=1), (5, 95))
    return f"{held.mean():.3f} ({low:.2f}-{high:.2f})"
