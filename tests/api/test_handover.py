"""Clips written down for editing programs over HTTP."""

import json
from fractions import Fraction

import opentimelineio as otio
import pytest
from timecode_media import encode

from autoclip.export.interchange.formats import SUFFIXES
from interfaces.cli.app import run
from stages.register_video import register_video
from storage.catalog import CompoundClip, CompoundItem

NTSC = Fraction(30000, 1001)


@pytest.fixture
def match(workspace):
    """A project of four seconds whose timecode starts just before a minute, with three clips, one of them rejected."""
    path = encode(workspace.videos / "Finale – größte Tore.mov", NTSC, "01:00:58;28", seconds=4, audio="mono")
    project = workspace.add_project(name="Finale / Tore", path=path, duration_sec=4.0)
    clips = [
        workspace.add_clip(project, 2.0, 3.0, quality_score=0.9),
        workspace.add_clip(project, 0.0, 1.5, quality_score=0.5),
        workspace.add_clip(project, 1.0, 1.8, quality_score=0.7, verdict="rejected"),
    ]
    return project, clips


def names(answer):
    track = otio.adapters.read_from_string(answer.text, "otio_json").tracks[0]
    return [item.name for item in track if isinstance(item, otio.schema.Clip)]


@pytest.mark.parametrize(
    ("wanted", "media_type", "start"),
    [
        ("otio", "application/json", "{"),
        ("edl", "text/plain; charset=utf-8", "TITLE: Finale / Tore\nFCM: DROP FRAME\n"),
        ("fcpxml", "application/xml", "<?xml"),
        ("xmeml", "application/xml", "<?xml"),
        ("csv", "text/csv; charset=utf-8", "id,name"),
        ("ffmetadata", "text/plain; charset=utf-8", ";FFMETADATA1"),
    ],
)
def test_every_format_comes_as_a_file(client, match, wanted, media_type, start):
    answer = client.get(f"/api/projects/{match[0].id}/handover", params={"format": wanted})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == media_type
    assert answer.text.startswith(start)
    assert answer.headers["content-disposition"].startswith("attachment")
    assert SUFFIXES[wanted] in answer.headers["content-disposition"]


def test_source_times_count_from_the_timecode(client, match):
    answer = client.get(
        f"/api/projects/{match[0].id}/handover",
        params={"format": "edl", "top": 1, "handles_sec": 1.0, "record_start": "01:00:00;00"},
    )
    assert "* FROM CLIP NAME: Finale – größte Tore.mov" in answer.text
    # Frames 30 to 120 of a file that starts two frames before a minute, whose first two numbers are dropped.
    assert "01:00:59;28 01:01:03;00 01:00:00;00 01:00:03;00" in answer.text


def test_clips_are_all_that_were_not_rejected_or_those_that_are_named(client, match):
    project, clips = match
    address = f"/api/projects/{project.id}/handover"
    assert names(client.get(address)) == ["at 0", "at 2"]
    assert names(client.get(address, params={"top": 1})) == ["at 2"]
    assert names(client.get(address, params={"clip_id": [clips[2].id, clips[1].id]})) == ["at 1", "at 0"]


def test_a_compound_clip_comes_with_its_dissolves(client, workspace, match):
    project, clips = match
    items = (CompoundItem(clip_id=clips[0].id), CompoundItem(clip_id=clips[1].id, start=0.5, end=1.5))
    with workspace.catalog.transaction() as unit:
        made = unit.compounds.add(CompoundClip(project_id=project.id, name="Best", items=items, crossfade_sec=0.2))
    answer = client.get(f"/api/projects/{project.id}/handover", params={"compound_id": made.id, "format": "edl"})
    assert answer.text.startswith("TITLE: Best\n")
    assert "Best.edl" in answer.headers["content-disposition"]
    assert "002  FINALE_G B     D    006" in answer.text


@pytest.mark.parametrize(
    ("params", "status", "said"),
    [
        ({"format": "doc"}, 422, "fcpxml"),
        ({"top": 1, "clip_id": "a"}, 422, "give one of"),
        ({"handles_sec": -1}, 422, "greater than or equal to 0"),
        ({"handles_sec": "inf"}, 422, "finite"),
        ({"handles_sec": 1e9}, 422, "600"),
        ({"record_start": "noon"}, 422, "is not a timecode"),
        ({"record_start": "9" * 1000}, 422, "20"),
        ({"format": "youtube"}, 422, "3 chapters"),
        ({"format": "csv", "handles_sec": 1}, 422, "for editing programs"),
        ({"clip_id": "nosuch"}, 404, "nosuch"),
        ({"compound_id": "nosuch"}, 404, "nosuch"),
        ({"handles": 1}, 422, "did you mean 'handles_sec'"),
    ],
)
def test_what_is_not_allowed_is_refused(client, match, params, status, said):
    answer = client.get(f"/api/projects/{match[0].id}/handover", params=params)
    assert answer.status_code == status, answer.text
    assert said in json.dumps(answer.json())


def test_clips_of_another_project_are_not_found(client, workspace, match):
    other = workspace.add_project(path=match[0].path)
    foreign = workspace.add_clip(other, 0.0, 1.0)
    answer = client.get(f"/api/projects/{match[0].id}/handover", params={"clip_id": foreign.id})
    assert (answer.status_code, "belongs to another project" in answer.json()["detail"]) == (404, True)


def test_a_project_without_clips_or_without_its_video_says_so(client, workspace, match):
    project, _ = match
    empty = workspace.add_project(path=project.path)
    assert "no clip to hand over" in client.get(f"/api/projects/{empty.id}/handover").json()["detail"]
    project.path.unlink()
    answer = client.get(f"/api/projects/{project.id}/handover")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


@pytest.fixture
def registered(workspace):
    """A project of an analyzed file with a start timecode, a clip, and a video that is out of reach now."""
    path = encode(workspace.videos / "Halbfinale.mov", Fraction(25), "10:00:00:00", seconds=4)
    project = register_video(workspace.catalog, path).project
    workspace.add_clip(project, 1.0, 2.0)
    path.unlink()
    return project


def test_the_video_of_a_hand_over_may_be_out_of_reach(client, registered, workspace, monkeypatch, tmp_path):
    project = registered
    for wanted in ("otio", "edl", "fcpxml", "xmeml", "csv"):
        answer = client.get(f"/api/projects/{project.id}/handover", params={"format": wanted})
        assert (answer.status_code, "Halbfinale" in answer.text) == (200, True)
        assert wanted != "edl" or "10:00:01:00 10:00:02:00" in answer.text
    monkeypatch.setenv("AUTOCLIP_DATA_DIR", str(workspace.environment.data_dir))
    assert run(["handover", project.id, "--format", "edl", "--to", str(tmp_path / "a.edl")]) == 0
    assert "10:00:01:00 10:00:02:00" in (tmp_path / "a.edl").read_text()

    shown = {"text": "10:00:00:00", "base": 25, "drop_frame": False, "reel": None}
    (listed,) = client.get("/api/projects").json()["items"]
    assert (listed["timecode"], "media" in listed) == (shown, False)
    assert client.get(f"/api/projects/{project.id}").json()["timecode"] == shown


def test_another_file_in_the_place_of_a_registered_one_is_probed_before_it_is_played(client, workspace):
    path = encode(workspace.videos / "a.mov", Fraction(25), "10:00:00:00")
    project = register_video(workspace.catalog, path).project
    address = f"/api/projects/{project.id}/playback"
    assert client.get(address).json()["frame_rate"] == 25
    path.write_text("no video")
    assert client.get(address).status_code == 415
    encode(path, Fraction(50))
    assert client.get(address).json()["frame_rate"] == 50


def test_a_project_shows_its_timecode(client, match):
    project, _ = match
    shown = client.get(f"/api/projects/{project.id}").json()["timecode"]
    assert shown == {"text": "01:00:58;28", "base": 30, "drop_frame": True, "reel": None}
    project.path.unlink()
    assert client.get(f"/api/projects/{project.id}").json()["timecode"] is None
