"""Fit the weights of the cues of dissolves, and say how good they are on sources that they were not fitted on.

``python -m benchmarks.dissolve_weights [FOLDER]... [--reels N]``: folders of videos with their cuts as JSON of the same
name; the shared films and matches if there are none. Stretches from within the shots of each video are spliced into N
reels by cuts, dissolves of 5 to 50 frames and fades (`benchmarks.transitions`), and encoded. A span that shares most of
a dissolve is one, a span that touches no transition is none, the rest is left out. Videos whose names begin alike up to
the first ``-`` are left out together.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from autoclip.extraction import measure_pictures
from autoclip.media.probe import probe
from autoclip.settings import ExtractionSettings
from autoclip.signals import dissolves, video_analyzer
from autoclip.signals.dissolves import DissolveTrack, PossibleDissolves, WeighedSpans
from autoclip.signals.table import Event
from autoclip.timeline import Interval
from benchmarks.cut_weights import Logistic, fit_logistic
from benchmarks.cuts import CutTruth, known_documents, videos_with_cuts
from benchmarks.transitions import Reel, encode_reel, make_reel, read_shots

SHOTS_A_REEL = 20
IS_ONE = 0.7
"""Intersection over union from which a span is an example of a dissolve."""

FOUND = 0.3
"""Intersection over union from which an event counts as the dissolve."""

THRESHOLDS = (0.05, 0.13, 0.2, 0.3, 0.4, 0.5)
SHIPPED = Logistic(np.array(dissolves.CUE_WEIGHTS), dissolves.INTERCEPT)


@dataclass(frozen=True, slots=True)
class Example:
    """A reel's spans, and what is known of them.

    Attributes
    ----------
    reel : Reel
        The reel, without its pictures.
    spans : WeighedSpans
        What was measured.
    is_dissolve : ndarray
        1 a dissolve, 0 none, -1 left out.
    """

    reel: Reel
    spans: WeighedSpans
    is_dissolve: NDArray[np.int8]

    def found(self, model: Logistic, threshold: float) -> list[Interval]:
        """Return the dissolves that a model finds, beside the true cuts and fades."""
        score = expit(model.logits(self.spans.cues))
        kept = score >= threshold
        unmeasured = np.zeros(int(kept.sum()), np.bool_)
        start, end = self.spans.start_sec[kept], self.spans.end_sec[kept]
        # Above the shipped bound, whatever the threshold: the order among the spans alone decides.
        raised = np.asarray(dissolves.MIN_SCORE + (1 - dissolves.MIN_SCORE) * score[kept], np.float32)
        fades = tuple(Event("fade", fade.start, fade.end) for fade in self.reel.fades)
        events = dissolves.dissolves(PossibleDissolves(start, end, raised, unmeasured), np.array(self.reel.cuts), fades)
        return [Interval(event.start_sec, event.end_sec or event.start_sec) for event in events]


def dissolves_of(reel: Reel) -> list[Interval]:
    """Return the transitions of a reel that are no part of a fade."""
    return [span for span in reel.transitions if not any(span.iou(fade) > 0 for fade in reel.fades)]


def make_example(seed: int, path: Path, truth: CutTruth) -> Example:
    """Splice a reel of a video's shots, encode it, and measure its spans on the product's own pass."""
    random = np.random.default_rng(seed)
    reel = make_reel(random, read_shots(random, path, truth, SHOTS_A_REEL))
    parts: list[WeighedSpans] = []

    def weigh(track: DissolveTrack, middles: NDArray[np.intp]) -> PossibleDissolves:
        parts.append(dissolves.weighed_spans(track, middles))
        return dissolves.possible_dissolves(track, middles)

    with tempfile.TemporaryDirectory() as folder, patch.object(video_analyzer, "possible_dissolves", weigh):
        encoded = Path(folder) / "reel.mp4"
        encode_reel(encoded, reel.pictures)
        measure_pictures(encoded, probe(encoded), ExtractionSettings(profile="exact"))
    spans = WeighedSpans(
        np.concatenate([part.start_sec for part in parts]),
        np.concatenate([part.end_sec for part in parts]),
        np.concatenate([part.cues for part in parts]),
    )
    joined = Reel(transitions=reel.transitions, fades=reel.fades, cuts=reel.cuts)
    return Example(joined, spans, _kinds(joined, spans))


def _kinds(reel: Reel, spans: WeighedSpans) -> NDArray[np.int8]:
    kinds = np.zeros(spans.start_sec.size, np.int8)
    for joined in (*reel.transitions, *reel.fades):
        kinds[(spans.start_sec < joined.end) & (spans.end_sec > joined.start)] = -1
    for joined in dissolves_of(reel):
        shared = np.minimum(spans.end_sec, joined.end) - np.maximum(spans.start_sec, joined.start)
        whole = np.maximum(spans.end_sec, joined.end) - np.minimum(spans.start_sec, joined.start)
        kinds[shared >= IS_ONE * whole] = 1
    return kinds


def fit(examples: Sequence[Example]) -> Logistic:
    """Fit the weights; every reel counts the same."""
    cues, kinds = [example.spans.cues for example in examples], [example.is_dissolve for example in examples]
    return fit_logistic(cues, kinds, [1 / max(1, int((kind >= 0).sum())) for kind in kinds])


def f1(examples: Sequence[Example], model: Logistic, threshold: float) -> float:
    """Return F1 over the dissolves of some reels."""
    hit = right = wanted = found = 0
    for example in examples:
        events, truth = example.found(model, threshold), dissolves_of(example.reel)
        hit += sum(any(span.iou(event) > FOUND for event in events) for span in truth)
        right += sum(any(event.iou(span) > FOUND for span in truth) for event in events)
        wanted, found = wanted + len(truth), found + len(events)
    recall, precision = hit / max(1, wanted), right / max(1, found)
    return 2 * recall * precision / max(recall + precision, 1e-9)


def left_out_table(examples: Mapping[str, Sequence[Example]]) -> str:
    """Score each source by weights fitted without it, and by those that are shipped."""
    groups = sorted({name.split("-")[0] for name in examples})
    lines = [f"{'F1 from score':32}" + " ".join(f"{value:5.2f}" for value in THRESHOLDS)]
    means: dict[str, list[list[float]]] = {"fitted": [], "shipped": []}
    for group in groups:
        own = [one for name, made in examples.items() if name.split("-")[0] == group for one in made]
        others = [one for name, made in examples.items() if name.split("-")[0] != group for one in made]
        models = {"fitted": fit(others)} if others else {}
        for kind, model in (models | {"shipped": SHIPPED}).items():
            means[kind].append([f1(own, model, threshold) for threshold in THRESHOLDS])
            lines.append(f"{f'{group}, {kind}':32}" + " ".join(f"{value:5.3f}" for value in means[kind][-1]))
    for kind, rows in means.items():
        if rows:
            lines.append(f"{f'mean, {kind}':32}" + " ".join(f"{value:5.3f}" for value in np.mean(rows, axis=0)))
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Fit, and print the table and the weights."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dissolve_weights", description=__doc__)
    parser.add_argument("folders", type=Path, nargs="*")
    parser.add_argument("--reels", type=int, default=2, help="reels that are made of each video")
    options = parser.parse_args(arguments)
    known = [(path, CutTruth.of(document)) for path, document in known_documents().items()]
    pairs = [pair for folder in options.folders for pair in videos_with_cuts(folder)] or known
    examples: dict[str, list[Example]] = {}
    for path, truth in pairs:
        if not enough_shots(truth):
            continue
        sys.stderr.write(f"splicing {path.name}\n")
        examples[path.stem] = [make_example(seed, path, truth) for seed in range(options.reels)]
    print(left_out_table(examples))
    model = fit([example for made in examples.values() for example in made])
    print(f"CUE_WEIGHTS = {tuple(round(float(weight), 2) for weight in model.weights)}")
    print(f"INTERCEPT = {model.intercept:.2f}")
    return 0


def enough_shots(truth: CutTruth) -> bool:
    """Whether a video has shots that are long enough to be spliced."""
    edges = [60, *truth.cuts, truth.frames - 10]
    return sum(end - start > 134 for start, end in pairwise(edges)) >= 4


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
