"""How clips were chosen, over HTTP: the curve, the moments, the boundaries, and what was dropped and why."""

import pytest
from made_features import Scene

from autoclip.clips import ClipsFile
from autoclip.selection.pipeline import select
from autoclip.settings import Settings


@pytest.fixture
def analyzed(workspace, origin):
    """A project of two minutes with two planted moments, one on top of a third, which overlaps it and is dropped."""
    project = workspace.add_project(duration_sec=120.0)
    settings = Settings.from_flat({"overlap_iou_threshold": 0.1})
    features = Scene(120.0).moment(30.0).moment(80.0).moment(88.0, louder=12.0).cut(28.0, 41.0, 95.0).features()
    selection = select(features, settings, project.id)
    folder = workspace.folder.project(project.id)
    folder.write_features(features, origin)
    folder.write_clips(ClipsFile(mode="v2", video={}, settings=settings.flat(), clips=selection.clips))
    return project, selection


def test_the_way_to_the_clips_is_told(client, analyzed):
    project, selection = analyzed
    answer = client.get(f"/api/projects/{project.id}/selection", params={"points": 60}).json()
    curve = answer["excitement"]
    assert len(curve["values"]) == 60
    assert len(curve["values"]) * curve["step_sec"] == pytest.approx(120, abs=1)
    loudest = max(range(60), key=lambda index: curve["values"][index] or 0) * curve["step_sec"]
    assert any(moment <= loudest + 1 < moment + 8 for moment in (30, 80, 88))
    assert [anchor["time_sec"] for anchor in answer["anchors"]] == [anchor.time_sec for anchor in selection.anchors]
    assert {28.0, 41.0, 95.0} <= {boundary["starts_at_sec"] for boundary in answer["boundaries"]}
    lost = [verdict for verdict in selection.verdicts if not verdict.kept]
    assert sorted(window["reason"] for window in answer["dropped"]) == sorted(verdict.reason for verdict in lost)
    rivals = [selection.windows[verdict.other].interval.start for verdict in lost if verdict.other is not None]
    assert sorted(window["rival_start"] for window in answer["dropped"] if window["rival_start"] is not None) == rivals


def test_a_new_choice_is_told_although_the_last_was_remembered(client, workspace, analyzed):
    project, _ = analyzed
    address = f"/api/projects/{project.id}/selection"
    before = client.get(address).json()
    folder = workspace.folder.project(project.id)
    settings = Settings.from_flat(
        {"anchor_threshold": 20.0, "audio_only_z_threshold": 20.0, "max_anchors_per_minute": 0.1}
    )
    clips = ClipsFile(mode="v2", video={}, settings=settings.flat(), clips=())
    folder.write_clips(clips)
    assert before["anchors"] != []
    assert len(client.get(address).json()["anchors"]) < len(before["anchors"])


def test_a_project_without_an_analysis_has_no_selection(client, workspace):
    answer = client.get(f"/api/projects/{workspace.add_project().id}/selection")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
