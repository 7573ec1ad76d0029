"""Signals, peaks and events down-sampled; choosing again from them."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_features import Scene

from autoclip.clips import ClipsFile
from autoclip.media.probe import probe
from autoclip.settings import Settings
from autoclip.signals.table import SIGNAL_UNITS, Event
from autoclip.speech.transcript import Transcript, Word
from autoclip.timeline import Interval
from interfaces.api.downsampling import downsample
from stages.record import record
from stages.retune import retune
from storage.transcripts import StoredTranscript


@given(
    values=st.lists(st.one_of(st.floats(-1e3, 1e3, width=32), st.just(float("nan"))), max_size=60),
    per_bucket=st.integers(1, 20),
)
def test_each_bucket_holds_the_extremes_and_mean_of_what_was_measured(values, per_bucket):
    series = np.array(values, np.float32)
    buckets = downsample(series, per_bucket)
    runs = [series[first : first + per_bucket] for first in range(0, series.size, per_bucket)]
    assert buckets.mean.size == len(runs)
    for index, run in enumerate(runs):
        measured = run[np.isfinite(run)].astype(float)
        if measured.size == 0:
            assert np.isnan([buckets.mean[index], buckets.min[index], buckets.max[index]]).all()
        else:
            assert buckets.min[index] == measured.min()
            assert buckets.max[index] == measured.max()
            assert buckets.mean[index] == pytest.approx(measured.mean(), abs=1e-3)


@pytest.fixture
def analyzed(workspace, origin, small_film):
    """A project of two minutes whose analysis is there, with two planted moments."""
    project = workspace.add_project(duration_sec=120.0, path=small_film)
    scene = Scene(120.0).moment(30.0).moment(80.0).cut(24.0, 40.0, 74.0, 92.0)
    scene.events += [Event("black", 60.0, 61.0, 0.5)]
    folder = workspace.folder.project(project.id)
    folder.write_features(scene.features(), origin)
    video = probe(small_film).model_dump(mode="json")
    folder.write_clips(ClipsFile(mode="v2", video=video, settings=Settings().flat(), clips=()))
    record(workspace.catalog, retune(folder, Settings(), project.id))
    return project


def test_signals_in_as_many_points_as_asked_for(client, analyzed):
    answer = client.get(f"/api/projects/{analyzed.id}/signals", params={"points": 50})
    assert answer.status_code == 200, answer.text
    signals = answer.json()
    assert len(signals["times"]) <= 50
    motion = signals["signals"]["motion_score"]
    assert len(motion["mean"]) == len(signals["times"])
    loudest = int(np.argmax(signals["signals"]["audio_rms"]["max"]))
    moment = signals["times"][loudest]
    assert 28 <= moment <= 36 or 78 <= moment <= 86
    assert signals["absent"] == {"most_replayed": "the source brought none"}
    every = client.get(f"/api/projects/{analyzed.id}/signals", params={"points": 10_000}).json()
    assert len(every["times"]) == 240
    assert every["step_sec"] == 0.5


def test_a_part_of_some_signals(client, analyzed):
    params = {"start": 20, "end": 30, "names": ["motion_score", "nonsense"], "normalized": True}
    part = client.get(f"/api/projects/{analyzed.id}/signals", params=params).json()
    assert (part["start"], part["end"], len(part["times"])) == (20, 30, 20)
    assert list(part["signals"]) == ["motion_score"]
    assert part["absent"] == {"nonsense": "there is no such signal"}
    beyond = client.get(f"/api/projects/{analyzed.id}/signals", params={"start": 5000}).json()
    assert beyond["times"] == []
    assert client.get(f"/api/projects/{analyzed.id}/signals", params={"start": 5, "end": 1}).status_code == 422


def test_peaks_of_the_waveform(client, analyzed):
    peaks = client.get(f"/api/projects/{analyzed.id}/peaks", params={"points": 120}).json()
    assert len(peaks["peaks"]) == 120
    assert peaks["step_sec"] == pytest.approx(1.0)
    assert peaks["peaks"][32] > 3 * peaks["peaks"][10]
    assert all(0 <= peak <= 1.5 for peak in peaks["peaks"])


def test_events_by_kind_and_part(client, analyzed):
    address = f"/api/projects/{analyzed.id}/events"
    events = client.get(address).json()
    assert [event["start_sec"] for event in events["events"]] == [24.0, 40.0, 60.0, 74.0, 92.0]
    black = client.get(address, params={"kind": "black"}).json()["events"]
    assert [(event["start_sec"], event["end_sec"]) for event in black] == [(60.0, 61.0)]
    assert client.get(address, params={"start": 60.5, "end": 80}).json()["total"] == 2
    surest = client.get(address, params={"limit": 2}).json()
    assert (len(surest["events"]), surest["total"]) == (2, 5)
    assert client.get(address, params={"kind": "explosion"}).status_code == 422


def test_what_was_not_measured_is_told(client, workspace):
    project = workspace.add_project()
    for room in ("signals", "peaks", "events"):
        answer = client.get(f"/api/projects/{project.id}/{room}")
        assert answer.status_code == 404, answer.text
        assert "analyze the video first" in answer.json()["detail"]


def test_a_preview_changes_nothing(client, workspace, analyzed):
    address = f"/api/projects/{analyzed.id}"
    before = client.get(f"{address}/clips").json()
    assert before["total"] >= 2
    files = {
        path: path.read_bytes() for path in workspace.folder.project(analyzed.id).root.rglob("*") if path.is_file()
    }
    shown = client.post(f"{address}/retune", json={"preview": True, "settings": {"target_clip_count_soft": 1}})
    assert shown.status_code == 200, shown.text
    assert (shown.json()["preview"], len(shown.json()["clips"])) == (True, 1)
    assert len(shown.json()["removed"]) == before["total"] - 1
    assert client.get(f"{address}/clips").json() == before
    assert {path: path.read_bytes() for path in files} == files


def test_choosing_again_keeps_what_people_changed(client, analyzed):
    address = f"/api/projects/{analyzed.id}"
    first, *others = [clip["id"] for clip in client.get(f"{address}/clips").json()["items"]]
    assert others
    client.patch(f"/api/clips/{first}", json={"name": "Mine"})
    by_hand = client.post(f"{address}/clips", json={"start": 1, "end": 9}).json()
    fewer = {"target_clip_count_soft": 1}
    shown = client.post(f"{address}/retune", json={"preview": True, "settings": fewer}).json()
    chosen = client.post(f"{address}/retune", json={"settings": fewer})
    assert chosen.status_code == 200, chosen.text
    (best,) = (clip["id"] for clip in chosen.json()["clips"])
    for result in (shown, chosen.json()):
        assert sorted(result["removed"]) == sorted(set(others) - {best})
        assert result["kept"] == [first]
    left = {clip["id"] for clip in client.get(f"{address}/clips").json()["items"]}
    assert left == {first, best, by_hand["id"]}
    assert client.get(f"{address}/report").status_code == 200
    assert client.head(f"{address}/debug/v2").headers["content-type"] == "application/json"
    assert client.get(f"{address}/debug/v2").json()["config"]["target_clip_count_soft"] == 1
    back = client.post(f"{address}/retune", json={"settings": {"target_clip_count_soft": 200}}).json()
    assert [clip["id"] for clip in back["clips"]] == [first, *others]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"step_sec": 0.25}, "determines the features"),
        ({"anchor_treshold": 1}, "did you mean 'anchor_threshold'"),
        ({"normalisation": "local"}, "it is now called 'normalization'"),
        ({"pre_max": -1}, "pre_max"),
        ({"pre_max": "many"}, "pre_max"),
    ],
)
def test_settings_that_can_not_be_are_refused(client, analyzed, settings, words):
    answer = client.post(f"/api/projects/{analyzed.id}/retune", json={"settings": settings})
    assert answer.status_code == 422
    assert words in answer.json()["detail"]


def test_the_settings_schema_is_the_model(open_client):
    client = open_client(AUTOCLIP_PRE_MAX="9")
    schema = client.get("/api/settings").json()
    parameters = {parameter["name"]: parameter for parameter in schema["analysis"]}
    assert set(parameters) == {parameter.name for parameter in Settings.parameters()}
    changed = parameters["pre_max"]
    assert (changed["default"], changed["value"], changed["origin"]) == (14.0, 9.0, "environment")
    assert (changed["unit"], changed["minimum"], changed["maximum"]) == ("s", 0.0, 600.0)
    assert parameters["segmentation_mode"]["choices"] == ["v1", "v2"]
    assert {parameter["name"] for parameter in schema["export"]} >= {"cut", "crf"}


def test_a_preset_goes_below_the_settings(client, analyzed):
    presets = {preset["name"]: preset["settings"] for preset in client.get("/api/presets").json()}
    assert {"none", "sports", "talk"} <= set(presets)
    address = f"/api/projects/{analyzed.id}"
    order = {"preset": "talk", "settings": {"pre_max": 7.0}}
    assert client.post(f"{address}/retune", json=order).status_code == 200
    used = client.get(f"{address}/debug/v2").json()["config"]
    assert used["pre_max"] == 7.0
    assert used["post_max"] == presets["talk"]["post_max"]
    assert client.post(f"{address}/retune", json={"preset": "../evil"}).status_code == 422


def _best(client, project):
    listed = client.get(f"/api/projects/{project.id}/clips", params={"sort": "-quality_score"}).json()["items"]
    return listed[0]


def test_a_trim_says_anew_what_is_true_of_the_clip(client, analyzed):
    before = _best(client, analyzed)
    away = {"start": (before["anchor_time_sec"] + before["end"]) / 2, "end": before["end"]}
    after = client.patch(f"/api/clips/{before['id']}", json=away).json()
    assert after["start"] <= after["anchor_time_sec"] < after["end"]
    assert after["anchor_time_sec"] != before["anchor_time_sec"]
    assert after["quality_score"] != before["quality_score"]
    assert after["thumbnail"] is None
    assert "start set by hand" in after["reason"]
    assert 0 <= after["score"] <= 100
    assert after["name"] == before["name"]
    named = client.patch(f"/api/clips/{before['id']}", json={"name": "Mine"}).json()
    assert named["reason"] == after["reason"]


def test_both_halves_of_a_split_and_what_is_merged_of_them_are_told_as_they_are(client, analyzed):
    clip = _best(client, analyzed)
    at = (clip["anchor_time_sec"] + clip["end"]) / 2
    half, rest = client.post(f"/api/clips/{clip['id']}/split", json={"at": at}).json()["clips"]
    assert half["anchor_time_sec"] == clip["anchor_time_sec"]
    assert "end set by hand" in half["reason"]
    assert at <= rest["anchor_time_sec"] < rest["end"]
    assert rest["quality_score"] > 0
    assert "start set by hand" in rest["reason"]
    order = {"clip_ids": [half["id"], rest["id"]]}
    merged = client.post(f"/api/projects/{analyzed.id}/clips/merge", json=order).json()
    assert merged["quality_score"] == pytest.approx(clip["quality_score"], abs=0.05)
    assert merged["start"] <= merged["anchor_time_sec"] < merged["end"]


def test_a_clip_made_by_hand_has_a_score_and_a_reason(client, analyzed):
    made = client.post(f"/api/projects/{analyzed.id}/clips", json={"start": 25, "end": 40}).json()
    assert 30 <= made["anchor_time_sec"] <= 36.5
    assert made["score"] > 0
    assert made["reason"]


@pytest.mark.parametrize("span", [{"start": 10, "end": 10.01}, {"start": 10, "end": 10.039}])
def test_a_clip_of_less_than_a_frame_is_refused(client, analyzed, span):
    assert client.post(f"/api/projects/{analyzed.id}/clips", json=span).status_code == 422
    clip = _best(client, analyzed)
    short = {"end": clip["start"] + span["end"] - span["start"]}
    assert client.patch(f"/api/clips/{clip['id']}", json=short).status_code == 422
    bulk = {"changes": [{"clip_id": clip["id"], "revision": clip["revision"], **short}]}
    assert client.post(f"/api/projects/{analyzed.id}/clips/bulk", json=bulk).status_code == 422


def test_retuning_starts_from_the_analysis_and_takes_the_amount(client, analyzed):
    address = f"/api/projects/{analyzed.id}/retune"
    assert len(client.post(address, json={"count": 1}).json()["clips"]) == 1
    assert len(client.post(address, json={}).json()["clips"]) > 1
    long = client.post(address, json={"preview": True, "length": "20-30"}).json()["clips"]
    assert all(20 - 1e-6 <= clip["duration"] <= 30 + 1e-6 for clip in long)
    total = client.post(address, json={"preview": True, "total": "0:25"}).json()["clips"]
    assert sum(clip["duration"] for clip in total) <= 25
    for wrong in ({"count": 0}, {"total": "soon"}, {"length": "40-20"}, {"total": 2}):
        assert client.post(address, json=wrong).status_code == 422, wrong


def test_words_of_a_part_with_where_they_come_from(client, workspace, analyzed):
    address = f"/api/projects/{analyzed.id}/transcript"
    assert client.get(address).status_code == 404
    words = (Word(1.0, 1.5, "Grüße,", 0.98765), Word(2.0, 2.5, "Welt.", None), Word(70.0, 70.5, "Ende.", 0.5))
    heard = (Interval(0.0, 90.0),)
    stored = StoredTranscript(Transcript(words, "de", "faster-whisper base"), "k" * 32, heard, "f" * 32)
    workspace.folder.project(analyzed.id).write_transcript(stored)
    whole = client.get(address).json()
    assert [word["text"] for word in whole["words"]] == ["Grüße,", "Welt.", "Ende."]
    assert whole["words"][0] == {"start_sec": 1.0, "end_sec": 1.5, "text": "Grüße,", "confidence": 0.988}
    assert whole["words"][1]["confidence"] is None
    assert (whole["language"], whole["origin"], whole["total"]) == ("de", "faster-whisper base", 3)
    assert whole["heard"] == [{"start": 0.0, "end": 90.0}]
    part = client.get(address, params={"start": 0, "end": 60, "limit": 1}).json()
    assert [word["text"] for word in part["words"]] == ["Grüße,"]
    assert part["total"] == 2
    assert client.get(address, params={"start": 5, "end": 1}).status_code == 422


def test_every_signal_that_the_page_draws_is_measured_under_that_name():
    source = Path(__file__).parents[2] / "interfaces/web/src/review/overview/lanes.ts"
    table = re.search(r"const SIGNALS.*?= \{(.*?)\n\};", source.read_text("utf-8"), re.DOTALL).group(1)
    drawn = re.findall(r'"(\w+)"', table)
    assert len(drawn) > 5
    assert set(drawn) <= set(SIGNAL_UNITS)
