"""The demo through the whole chain: its goals are found, its decoys are not, its edges lie on the planted cuts."""

import numpy as np
import pytest

from autoclip.extraction import extract
from autoclip.media.probe import probe
from autoclip.selection.pipeline import select
from autoclip.settings import Settings
from synthetic_media import render_demo


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Truth, features and selection of the demo at the default settings."""
    path = tmp_path_factory.mktemp("demo") / "demo.mp4"
    truth = render_demo(path)
    settings = Settings()
    video = probe(path)
    features = extract(path, video, settings.extraction)
    return truth, features, select(features, settings, "demo")


def test_every_planted_cut_is_found_to_the_frame_and_no_other(demo):
    truth, features, selection = demo
    threshold = selection.settings.boundaries.scene_threshold
    found = [event.start_sec for event in features.events_of("cut") if event.score >= threshold]
    assert found == pytest.approx([cut.time_sec for cut in truth.cuts], abs=1e-6)


def test_planted_freezes_are_found(demo):
    truth, features, _ = demo
    black = truth.black_runs[0].interval
    found = [e for e in features.events_of("freeze") if not black.contains((e.start_sec + e.end_sec) / 2)]
    assert [e.start_sec for e in found] == pytest.approx([r.interval.start for r in truth.freeze_runs], abs=0.09)
    assert [e.end_sec for e in found] == pytest.approx([r.interval.end for r in truth.freeze_runs], abs=0.09)


def test_black_is_found_with_the_darkest_frames_of_the_fades_around_it(demo):
    truth, features, _ = demo
    (found,) = features.events_of("black")
    planted = truth.black_runs[0].interval
    # Frames of a fade count as black once their pixels are below `black_pixel_threshold`.
    assert planted.start - 0.2 <= found.start_sec <= planted.start + 1e-6
    assert planted.end - 1e-6 <= found.end_sec <= planted.end + 0.2


def test_every_goal_is_inside_a_clip(demo):
    truth, _, selection = demo
    missed = [
        mark.label for mark in truth.highlights
        if not any(clip.interval.encloses(mark.interval) for clip in selection.clips)
    ]  # fmt: skip
    assert not missed


def test_no_decoy_is_in_a_clip(demo):
    truth, _, selection = demo
    shown = [
        (mark.label, clip.start, clip.end) for mark in truth.decoys for clip in selection.clips
        if clip.interval.overlap(mark.interval) > 0.5
    ]  # fmt: skip
    assert not shown


def test_edges_near_a_cut_lie_on_it(demo):
    truth, _, selection = demo
    cuts = np.array([cut.time_sec for cut in truth.cuts])
    kinds = {
        (window.interval.start, edge.time_sec): edge.boundary.kind
        for window in (selection.windows[i] for i in selection.final)
        for edge in (window.start, window.end)
        if edge.boundary
    }
    on_cut = [time for (_, time), kind in kinds.items() if kind == "cut"]
    assert on_cut
    assert all(np.abs(cuts - time).min() < 1e-6 for time in on_cut)
