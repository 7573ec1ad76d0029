"""Search by words over 200 hours of transcripts: indexing, file, and time of a search, in a process of its own."""

from __future__ import annotations

import json
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np

from autoclip.speech.transcript import Transcript, Word
from autoclip.timeline import Interval
from benchmarks.made_talks import TEXTS
from benchmarks.measured_process import cost_of
from storage.analysis_folder import AnalysisFolder
from storage.transcripts import StoredTranscript

HOURS = 200
WORDS_A_MINUTE = 150
"""Rate of a talk, as in docs of recognizers and broadcasters."""

_SEARCH = """
import json, sys, time
from pathlib import Path
from stages.find_speech import SearchPlace, find_speech
from storage.analysis_folder import AnalysisFolder
places = [SearchPlace(AnalysisFolder(path), path.name) for path in sorted(Path(sys.argv[1]).glob("talk-*"))]
begun = time.perf_counter()
found = find_speech(sys.argv[3], places, Path(sys.argv[1]))
seconds = time.perf_counter() - begun
Path(sys.argv[2]).write_text(json.dumps({"seconds": seconds, "found": len(found.moments)}))
"""

QUERIES = ("the", "bridge", "coffee bread", '"once upon a time"', "zyzzyva")


def run() -> str:
    """Make transcripts of words in random order, as frequent as in real texts, and look for some."""
    with tempfile.TemporaryDirectory() as folder:
        root, result = Path(folder), Path(folder) / "result.json"
        _make(root)
        seconds, _ = _searched(root, result, "bridge")  # the first search indexes all
        size_mb = sum(path.stat().st_size for path in root.glob("speech-index.sqlite*")) / 1e6
        rows = [(query, *_searched(root, result, query)) for query in QUERIES]
    lines = "".join(f"| `{query}` | {found} | {took:.3f} |\n" for query, took, found in rows)
    return (
        f"## Find\n\n{HOURS} transcripts of an hour, {WORDS_A_MINUTE} words a minute. The first search indexes all: "
        f"{seconds:.1f} s, {size_mb:.0f} MB. Then, in a fresh process, without its start:\n\n"
        f"| words | moments shown | seconds |\n|---|---|---|\n{lines}"
    )


def _make(root: Path) -> None:
    random = np.random.default_rng(1)
    known = sorted({word for path in TEXTS.glob("*.txt") for word in path.read_text(encoding="utf-8").split()})
    frequency = 1.0 / np.arange(1, len(known) + 1)  # Zipf's law
    count = 60 * WORDS_A_MINUTE
    times = np.linspace(0.0, 3600.0, count + 1)
    for hour in range(HOURS):
        texts = random.choice(random.permutation(known), count, p=frequency / frequency.sum())
        words = tuple(
            Word(start, end, str(text), 0.9) for (start, end), text in zip(pairwise(times.tolist()), texts, strict=True)
        )
        stored = StoredTranscript(Transcript(words, "en", "made"), f"talk {hour}", (Interval(0, 3600),), f"{hour}")
        AnalysisFolder(root / f"talk-{hour:03}").write_transcript(stored)


def _searched(root: Path, result: Path, query: str) -> tuple[float, int]:
    """Search in a process of its own; return its seconds and how many moments it shows."""
    cost_of([sys.executable, "-c", _SEARCH, root, result, query])
    found = json.loads(result.read_text())
    return found["seconds"], found["found"]
