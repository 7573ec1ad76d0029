"""Captions, corrections and search by words over HTTP."""

import pytest

from autoclip.speech.transcript import Transcript, spread
from autoclip.timeline import Interval
from storage.catalog import CompoundClip, CompoundItem
from storage.transcripts import StoredTranscript


@pytest.fixture
def talk(workspace):
    """A project of 100 s in which two sentences are said, with a clip of each."""
    project = workspace.add_project(name="Talk / 1")
    words = (*spread("We moved the deadline.", 10.0, 12.0), *spread("Nobody had noticed.", 40.0, 41.5))
    stored = StoredTranscript(Transcript(words, "en", "test"), "key", (Interval(0, 100),), "content")
    workspace.folder.project(project.id).write_transcript(stored)
    return project, [workspace.add_clip(project, 39.0, 42.0), workspace.add_clip(project, 9.0, 13.0)]


def test_captions_come_in_every_format(client, talk):
    project, _ = talk
    vtt = client.get(f"/api/projects/{project.id}/captions")
    assert vtt.headers["content-type"].startswith("text/vtt")
    assert "00:10.000 --> " in vtt.text
    srt = client.get(f"/api/projects/{project.id}/captions", params={"format": "srt"})
    assert "00:00:40,000 --> " in srt.text
    told = client.get(f"/api/projects/{project.id}/captions", params={"format": "json"}).json()
    assert [word["text"] for word in told["words"]][:2] == ["We", "moved"]


def test_captions_of_a_clip_and_of_a_compound_count_from_its_start(client, workspace, talk):
    project, clips = talk
    clip = client.get(f"/api/projects/{project.id}/captions", params={"format": "json", "clip_id": clips[0].id}).json()
    assert clip["words"][0]["start_sec"] == 1.0
    items = tuple(CompoundItem(clip_id=each.id) for each in clips)
    with workspace.catalog.transaction() as unit:
        compound = unit.compounds.add(CompoundClip(project_id=project.id, name="Both", items=items, crossfade_sec=0.5))
    query = {"format": "json", "compound_id": compound.id}
    both = client.get(f"/api/projects/{project.id}/captions", params=query).json()
    assert [cue["start_sec"] for cue in both["cues"]] == [1.0, 3.5]


def test_corrections_are_kept_and_seen(client, talk):
    project, _ = talk
    heard = client.get(f"/api/projects/{project.id}/captions", params={"format": "json"}).json()["words"][3]
    wish = [{"start": heard["start_sec"], "end": heard["end_sec"], "text": "headline."}]
    assert client.post(f"/api/projects/{project.id}/corrections", json={"corrections": wish}).json() == wish
    assert client.get(f"/api/projects/{project.id}/corrections").json() == wish
    assert "We moved the headline." in client.get(f"/api/projects/{project.id}/captions").text
    assert [m["text"] for m in client.get("/api/moments", params={"words": "headlines"}).json()["items"]] == [
        "We moved the headline."
    ]


def test_moments_are_found_over_all_projects_or_some(client, workspace, talk):
    project, _ = talk
    other = workspace.add_project(name="Silent")
    found = client.get("/api/moments", params={"words": "NOTICE"}).json()
    assert found == {
        "items": [
            {"project_id": project.id, "project": "Talk / 1", "start": 40.0, "end": 41.5, "text": "Nobody had noticed."}
        ],
        "searched": 1,
    }
    assert client.get("/api/moments", params={"words": "notice", "project_id": other.id}).json()["searched"] == 0


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("moments", {}, 422),
        ("moments", {"words": "x" * 501}, 422),
        ("moments", {"words": "?!"}, 422),
        ("moments", {"words": "x", "project_id": "nobody00"}, 404),
        ("projects/PROJECT/captions", {"format": "ass"}, 422),
        ("projects/PROJECT/captions", {"clip_id": "a", "compound_id": "b"}, 422),
        ("projects/PROJECT/captions", {"clip_id": "nobody00"}, 404),
        ("projects/OTHER/captions", {}, 404),
        ("projects/nobody00/corrections", {}, 404),
    ],
)
def test_what_is_not_there_or_no_question_is_refused(client, workspace, talk, *, path, query, status):
    other = workspace.add_project(name="Silent")
    path = path.replace("PROJECT", talk[0].id).replace("OTHER", other.id)
    answer = client.get(f"/api/{path}", params=query)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize("wish", [[], [{"start": 2, "end": 1, "text": "x"}], [{"start": 1.0, "end": 2.0}], "x"])
def test_a_correction_that_is_none_changes_nothing(client, talk, wish):
    project, _ = talk
    assert client.post(f"/api/projects/{project.id}/corrections", json={"corrections": wish}).status_code == 422
    assert client.get(f"/api/projects/{project.id}/corrections").json() == []


def test_a_word_is_corrected_as_it_was_read(client, talk):
    address = f"/api/projects/{talk[0].id}/transcript"
    word = client.get(address).json()["words"][3]
    change = {"start_sec": word["start_sec"], "end_sec": word["end_sec"], "text": "headline.", "was": word["text"]}
    assert client.patch(address, json=change).json() == {"words": [{**word, "text": "headline."}]}
    assert [each["text"] for each in client.get(address).json()["words"][:4]] == ["We", "moved", "the", "headline."]
    assert client.patch(address, json=change).status_code == 412  # somebody was faster
    gone = client.patch(address, json={**change, "was": "headline.", "text": ""})
    assert gone.json() == {"words": []}
    assert client.patch(address, json={**change, "was": None}).status_code == 404
    assert len(client.get(address).json()["words"]) == 6


@pytest.mark.parametrize("change", [{}, {"start_sec": 2, "end_sec": 1, "text": "x"}, {"start_sec": 10, "end_sec": 11}])
def test_a_change_of_a_word_that_is_none_is_refused(client, talk, change):
    assert client.patch(f"/api/projects/{talk[0].id}/transcript", json=change).status_code == 422


def test_clips_are_made_of_moments_once(client, talk):
    project, _ = talk
    answer = client.post("/api/moments/clips", json={"words": "noticing"})
    assert answer.status_code == 201
    (clip,) = answer.json()["clips"]
    assert clip["name"] == "Nobody had noticed."
    assert (clip["start"], clip["end"]) == pytest.approx((39.7, 41.8))
    assert clip["created_by"] == "manual"
    again = client.post("/api/moments/clips", json={"words": "noticed", "project_id": [project.id]}).json()
    assert [each["id"] for each in again["clips"]] == [clip["id"]]
    assert client.get(f"/api/projects/{project.id}/clips").json()["total"] == 3
    client.post(f"/api/projects/{project.id}/undo")
    assert client.get(f"/api/projects/{project.id}/clips").json()["total"] == 2
    assert client.post("/api/moments/clips", json={"words": "nothing of it"}).json() == {"clips": []}


def test_what_an_export_would_take_out_is_told(client, talk):
    _, clips = talk
    asked = {"tighten_sec": 0.5}
    found = client.get(f"/api/clips/{clips[1].id}/tightening", params=asked).json()
    assert [(r["start"], r["end"], r["reason"]) for r in found["removed"]] == [
        (9.0, pytest.approx(9.85), "pause"),
        (pytest.approx(12.15), 13.0, "pause"),
    ]
    assert found["kept"] == [{"start": pytest.approx(9.85), "end": pytest.approx(12.15)}]
    assert found["removed_sec"] == pytest.approx(1.7)
    nothing = client.get(f"/api/clips/{clips[1].id}/tightening", params={"tighten_sec": 0}).json()
    assert (nothing["removed"], nothing["removed_sec"]) == ([], 0)


def test_without_words_and_sound_there_is_nothing_to_go_by(client, workspace):
    clip = workspace.add_clip(workspace.add_project(), 10, 20)
    answer = client.get(f"/api/clips/{clip.id}/tightening", params={"tighten_fillers": True})
    assert answer.status_code == 422
    assert "no transcript" in answer.json()["detail"]


def test_a_hand_over_holds_what_is_kept(client, workspace, encode_tracks, film):
    path = encode_tracks("talk.mp4", film([40] * 150, size=(64, 48)))
    project = workspace.add_project(name="Talk", path=path, duration_sec=6.0)
    clip = workspace.add_clip(project, 0.5, 5.5)
    words = (*spread("We moved it.", 1.0, 2.0), *spread("Nobody noticed.", 4.0, 5.0))
    stored = StoredTranscript(Transcript(words, "en", "test"), "key", (Interval(0, 6),), "content")
    workspace.folder.project(project.id).write_transcript(stored)
    asked = {"format": "csv", "clip_id": clip.id, "tighten_sec": 1.0}
    assert len(client.get(f"/api/projects/{project.id}/handover", params=asked).text.splitlines()) == 3
