"""The whole choice: from made-up features to clips, with the debug document."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_features import STEP_SEC, Scene, empty_features

from autoclip.selection.pipeline import select
from autoclip.settings import Settings
from autoclip.timeline import Grid


def choose(features, **changed):
    return select(features, Settings.from_flat(changed), "test")


def match():
    return Scene(600).moment(100).moment(300).moment(450).cut(*np.arange(7.3, 600, 11.7).tolist())


@settings(max_examples=25, deadline=None)
@given(
    duration=st.floats(0.1, 400),
    seed=st.integers(0, 1000),
    shortest=st.floats(1, 20),
    longest=st.floats(20, 80),
    cuts=st.lists(st.floats(0, 400), max_size=40),
)
def test_windows_lie_in_the_video_and_keep_the_limits(duration, seed, shortest, longest, cuts):
    scene = Scene(duration, seed=seed).cut(*sorted(cut for cut in cuts if cut < duration))
    selection = choose(scene.features(), min_clip_seconds=shortest, max_clip_seconds=longest)
    for window in selection.windows:
        assert window.interval.start >= 0
        assert window.interval.end <= duration
        assert shortest - 1e-6 <= window.interval.duration <= longest + 1e-6
    assert selection.clips or selection.message


def test_every_planted_moment_is_in_a_clip_and_clips_do_not_contain_each_other():
    scene = match()
    clips = choose(scene.features()).clips
    top = sorted(clips, key=lambda clip: -clip.quality_score)[:3]
    for moment in scene.moments:
        assert any(clip.start <= moment.midpoint < clip.end for clip in top)
    for clip in clips:
        assert not any(other is not clip and other.interval.encloses(clip.interval) for other in clips)


def test_ids_are_stable_and_belong_to_their_scope():
    features = match().features()
    first, again = choose(features), choose(features)
    other = select(features, Settings(), "another")
    assert [clip.id for clip in first.clips] == [clip.id for clip in again.clips]
    assert not {clip.id for clip in first.clips} & {clip.id for clip in other.clips}


def test_the_reading_snippet_of_the_description_runs_on_the_debug_document(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    selection = choose(match().features(), window_formula="anchor")
    (tmp_path / "segmentation_v2_debug.json").write_text(json.dumps(selection.debug_document()))
    snippet = """
import json
from dataclasses import replace
with open("segmentation_v2_debug.json") as f:
    debug = json.load(f)

# Top anchors
for a in sorted(debug["anchors"], key=lambda x: x["score"], reverse=True)[:5]:
    print(f"{a['time_sec']:.1f}s: score={a['score']:.2f}, reason={a['reason']}")

# Why clips were dropped
for d in debug["filter_report"]["overlap"]:
    if d["action"] == "drop_overlap":
        print(f"Dropped clip {d['clip_index']}: {d['reason']}")
"""
    exec(compile(snippet, "snippet", "exec"), {})
    printed = capsys.readouterr().out
    assert printed.count("score=") == 5
    assert "Dropped clip" in printed


def test_the_debug_document_accounts_for_every_candidate():
    selection = choose(match().features(), target_clip_count_soft=2)
    document = selection.debug_document()
    dropped = {
        row["clip_index"]
        for rows in document["filter_report"].values()
        for row in rows
        if row["action"].startswith("drop_")
    }
    assert len(document["clips"]) == 2
    assert dropped | set(selection.final) == set(range(len(document["candidate_windows"])))
    assert not dropped & set(selection.final)
    assert all(row["reason"] for rows in document["filter_report"].values() for row in rows)


@pytest.mark.parametrize("mode", ["v1", "v2"])
@pytest.mark.parametrize("sound", [True, False])
def test_nothing_is_invented_in_silence_and_black(mode, sound):
    selection = choose(empty_features(60, sound=sound), segmentation_mode=mode)
    assert selection.clips == ()
    assert "black or still" in selection.message


@pytest.mark.parametrize("mode", ["v1", "v2"])
def test_a_video_shorter_than_a_clip_says_so(mode):
    selection = choose(Scene(1.0).features(), segmentation_mode=mode)
    assert selection.clips == ()
    assert "shortest clip" in selection.message


def test_speech_over_a_still_is_content():
    scene = Scene(60, level_dbfs=-60).still(0, 60)
    for at in range(2, 58, 4):
        scene.speech(at, at + 2.5 + (at % 3) / 2, [], loudness=-30 + at % 7)
    assert choose(scene.features()).clips


def test_a_talking_head_is_no_duplicate_of_itself():
    scene = Scene(400, level_dbfs=-60).still(0, 400)
    random = np.random.default_rng(5)
    at = 0.0
    while at < 395:
        length = random.uniform(0.3, 2.5)
        scene.speech(at, at + length, [], loudness=random.uniform(-35, -20))
        at += length + random.uniform(0.15, 1.0)
    selection = choose(scene.features())
    assert len(selection.clips) > 5
    assert not [v for v in selection.verdicts if v.stage == "duplicate" and not v.kept]


def test_a_replay_is_dropped_as_a_duplicate_wherever_it_is():
    scene = Scene(1800).moment(200, louder=18).moment(900, louder=12)
    random = np.random.default_rng(3)
    for at in np.arange(185, 235, 0.7):
        scene.sound_at(float(at), 0.4, float(random.uniform(-6, 6)))
    scene.repeat(185, 1500, 45)
    selection = choose(scene.features())
    dropped = [v for v in selection.verdicts if v.stage == "duplicate" and not v.kept]
    assert dropped
    for verdict in dropped:
        twins = sorted(selection.windows[index].anchor.time_sec for index in (verdict.clip_index, verdict.other))
        assert abs(twins[1] - twins[0] - (1500 - 185)) < 10
    assert "looks and sounds like" in dropped[0].reason


def test_a_film_that_is_repeated_six_times_yields_the_clips_of_the_film():
    scene = Scene(300)
    for at, louder in ((40, 18), (90, 16), (150, 14), (200, 12), (260, 10)):
        scene.moment(at, louder=louder)
    once = scene.features()
    six = replace(
        once,
        duration_sec=1800.0,
        grid=Grid.covering(1800.0, STEP_SEC),
        series={name: np.tile(values, 6) for name, values in once.series.items()},
        frame_hash=np.tile(once.frame_hash, 6),
        envelope_dbfs=np.tile(once.envelope_dbfs, 6),
    )
    few = {"keep_share": 0.06, "keep_at_least_sec": 0}
    lengths = [sum(clip.end - clip.start for clip in choose(features, **few).clips) for features in (once, six)]
    assert lengths[1] == pytest.approx(lengths[0], abs=8)


def test_loudness_that_is_absent_is_said_so():
    scene = Scene(300, sound=False).motion_at(100, 8, 6)
    selection = choose(scene.features())
    assert "there is no sound" in max(selection.clips, key=lambda clip: clip.quality_score).reason
    assert selection.debug_document()["features"]["absent"]["audio_rms"] == "the video has no sound"


def test_v1_covers_the_video_and_says_where_its_edges_lie():
    clips = choose(match().features(), segmentation_mode="v1").clips
    assert clips[0].start == 0
    assert clips[-1].end == 600
    assert "ends on a cut" in clips[0].reason
    assert {clip.mode for clip in clips} == {"v1"}


def test_an_empty_grid_is_no_error():
    features = type(empty_features(1))(0.0, Grid(0.5, 0), {})
    assert choose(features).clips == ()
