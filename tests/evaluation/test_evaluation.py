"""Evaluation and truth: the figures by hand, the same as a plain computation of them, and every form of truth."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_features import Scene
from shared_folder import SHARED

from autoclip.clips import Clip
from autoclip.errors import ParameterError
from autoclip.evaluation.scores import evaluate, evaluate_edges
from autoclip.evaluation.truth import HighlightTruth, TruthEvent, TruthInterval, read_truth
from autoclip.selection.pipeline import select
from autoclip.settings import Settings
from autoclip.timeline import Interval


def clip(start, end, score, anchor=None):
    return Clip(id=f"{start}-{end}", name="c", start=start, end=end, quality_score=score, anchor_time_sec=anchor)


def truth(*pairs):
    return HighlightTruth(events=tuple(TruthEvent(time, weight) for time, weight in pairs))


def test_coverage_counts_the_weight_inside_the_best_clips_of_the_budget():
    clips = [clip(0, 10, 0.5), clip(50, 60, 0.9), clip(80, 90, 0.1)]
    result = evaluate(clips, truth((5, 1.0), (55, 1.0), (56, 0.25), (85, 1.0)), 100, budget=0.2)
    assert result.coverage == pytest.approx(2.25 / 3.25)
    assert result.spent == pytest.approx(0.2)
    assert result.lift == pytest.approx(result.coverage / 0.2)


def test_the_last_clip_is_cut_short_to_the_budget():
    result = evaluate([clip(0, 40, 0.9)], truth((5, 1.0), (30, 1.0)), 100, budget=0.2)
    assert result.coverage == 0.5


def test_average_precision_is_one_when_the_clips_are_the_labels():
    assert evaluate([clip(8, 12.9, 0.9)], truth((10, 1.0)), 100).average_precision == 1.0


def test_hits_count_clips_that_hold_a_highlight():
    clips = [clip(0, 10, 0.9), clip(20, 30, 0.8), clip(40, 50, 0.7)]
    hits = {hit.rank: hit.share for hit in evaluate(clips, truth((5, 1.0), (25, 0.25)), 100).hits}
    assert hits == {1: 1.0, 3: pytest.approx(1 / 3)}


def test_no_clip_covers_nothing():
    result = evaluate([], truth((5, 1.0)), 100)
    assert (result.coverage, result.spent, result.clip_count) == (0.0, 0.0, 0)


def test_intervals_count_by_the_seconds_they_last():
    intervals = HighlightTruth(intervals=(TruthInterval(Interval(10, 20), 1.0), TruthInterval(Interval(50, 60), 0.5)))
    assert evaluate([clip(10, 20, 1)], intervals, 100).coverage == pytest.approx(2 / 3)


def plain_figures(clips, events, duration, budget):
    """The figures written down once more, plainly."""
    used = np.zeros(int(duration * 10) + 2, bool)
    left = budget * duration
    for c in sorted(clips, key=lambda c: -c.quality_score):
        s, e = int(c.start * 10), int(c.end * 10)
        new = (~used[s:e]).sum() / 10
        if new > left:
            used[(np.flatnonzero(~used[s:e]) + s)[: int(left * 10)]] = True
            break
        used[s:e] = True
        left -= new
    coverage = sum(w for t, w in events if used[min(int(t * 10), len(used) - 1)]) / sum(w for _, w in events)
    labels = np.zeros(int(duration) + 1, bool)
    for t, w in events:
        if w >= 1:
            labels[max(0, int(t) - 2) : int(t) + 3] = True
    scores = np.full(len(labels), -1e9)
    for c in clips:
        s, e = int(c.start), int(c.end) + 1
        scores[s:e] = np.maximum(scores[s:e], c.quality_score)
    hits = labels[np.argsort(-scores, kind="stable")]
    return coverage, (np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean()


@given(
    st.lists(st.tuples(st.floats(0, 110), st.floats(1, 15), st.integers(0, 1000)), min_size=1, max_size=20),
    st.lists(st.tuples(st.floats(0, 119), st.sampled_from([0.25, 1.0])), min_size=1, max_size=15),
    st.sampled_from([0.1, 0.2, 0.5]),
)
def test_figures_equal_the_plain_computation(spans, events, budget):
    clips = [clip(s, min(s + d, 120.0), q / 1000) for s, d, q in {q: (s, d, q) for s, d, q in spans}.values()]
    events = [*events, (60.0, 1.0)]
    result = evaluate(clips, truth(*sorted(events)), 120.0, budget=budget)
    coverage, precision = plain_figures(clips, events, 120.0, budget)
    assert result.coverage == pytest.approx(coverage)
    assert result.average_precision == pytest.approx(precision)


def test_edges_are_told_apart():
    pauses = [Interval(20.0, 20.4), Interval(31.0, 31.4)]
    features = Scene(60, level_dbfs=-50).speech(5, 55, pauses).cut(12.0).features()
    result = evaluate_edges([clip(12.0, 20.2, 1, anchor=16.0), clip(25.0, 31.2, 1, anchor=28)], features, Settings())
    assert result.count == 4
    assert (result.on_cut, result.in_pause, result.natural) == (0.25, 0.5, 0.75)
    assert result.on_cut_in_reach == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "time,weight\n12.5,1\n20,0.25\n"),
        ("a.csv", "\ufefftime,weight\n12.5,\n20,0.25\n"),
        ("a.json", '[{"time": 12.5, "weight": 1}, {"time": 20, "weight": 0.25}]'),
        ("a.json", '{"events": [{"time_sec": 20, "weight": 0.25}, {"time_sec": 12.5}]}'),
        (
            "a.json",
            (
                '{"fps": 35, "frames": 700, "events": [{"t": 12.5, "type": "kill"}, {"t": 20, "type": "hurt"},'
                '{"t": 3, "type": "weapon"}]}'
            ),
        ),
        (
            "a.json",
            '{"weights": {"goal": 1, "shot": 0.25}, "events": [{"t": 12.5, "type": "goal"},{"t": 20, "type": "shot"}]}',
        ),
    ],
)
def test_events_are_read_in_every_form(tmp_path, name, text):
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert read_truth(tmp_path / name).events == (TruthEvent(12.5, 1.0), TruthEvent(20.0, 0.25))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "start,end,score\n10,18,0.9\n"),
        ("a.json", '{"duration": 100, "intervals": [{"start": 10, "end": 18, "score": 0.9}]}'),
    ],
)
def test_intervals_are_read_in_every_form(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert read_truth(tmp_path / name).intervals == (TruthInterval(Interval(10, 18), 0.9),)


def test_the_length_of_a_recorded_match_is_exact(tmp_path):
    match = {"fps": "30000/1001", "frames": 300, "events": [{"t": 1, "type": "kill"}]}
    (tmp_path / "a.json").write_text(json.dumps(match))
    assert read_truth(tmp_path / "a.json").duration_sec == pytest.approx(10.01)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "when,what\n1,2\n"),
        ("a.csv", "time,weight\nsoon,1\n"),
        ("a.csv", "time,weight\n-1,1\n"),
        ("a.csv", "time,weight\n1,nan\n"),
        ("a.json", "{"),
        ("a.json", "[]"),
        ("a.json", "3"),
        ("a.json", "[1, 2]"),
        ("a.json", '[{"start": 9, "end": 1}]'),
        ("a.json", "[" * 10_000),
        ("a.json", '[{"time": ' + "9" * 400 + "}]"),
        ("a.json", '{"events": [{"time": 1}], "frames": "x", "fps": []}'),
        ("a.csv", "time,weight\n1," + "1" * 200_000),
        ("a.json", '[{"start": 1, "end": 9}, {"time": 3}]'),
    ],
)
def test_what_is_no_truth_is_refused_with_the_forms_that_are(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(ParameterError, match="time,weight"):
        read_truth(tmp_path / name)


def test_a_missing_truth_is_refused(tmp_path):
    with pytest.raises(ParameterError, match="can't be read"):
        read_truth(tmp_path / "none.json")


@pytest.mark.skipif(not (SHARED / "truth").is_dir(), reason="the shared truth files are not here; set AUTOCLIP_SHARED")
@pytest.mark.parametrize("name", ["arena_180s", "arena_300s"])
def test_the_shared_truth_is_read(name):
    found = read_truth(SHARED / "truth" / f"{name}.json")
    assert found.duration_sec == pytest.approx(float(name[6:-1]))
    assert {event.weight for event in found.events} == {1.0, 0.25}


def test_the_choice_beats_chance_on_planted_moments():
    scene = Scene(600).moment(100).moment(300).moment(450)
    events = truth(*((moment.midpoint, 1.0) for moment in scene.moments))
    result = evaluate(select(scene.features(), Settings(), "x").clips, events, 600)
    assert result.coverage == 1.0
    assert result.hits[1].share == 1.0
