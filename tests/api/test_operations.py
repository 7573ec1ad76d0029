"""Verdicts, bulk changes, undo and redo over HTTP; what was deleted comes back."""

import pytest


@pytest.fixture
def project(workspace):
    return workspace.add_project()


def listed(client, project, **params):
    return client.get(f"/api/projects/{project.id}/clips", params=params).json()


def verdicts(client, project):
    return [clip["verdict"] for clip in listed(client, project)["items"]]


def test_a_verdict_is_given_listed_and_taken_back(client, workspace, project):
    clip = workspace.add_clip(project, 10, 20, mode="v2")
    workspace.add_clip(project, 30, 40)
    kept = client.patch(f"/api/clips/{clip.id}", json={"verdict": "kept"}, headers={"If-Match": '"1"'})
    assert (kept.status_code, kept.json()["verdict"], kept.headers["etag"]) == (200, "kept", '"2"')
    assert [listed(client, project, verdict=v)["total"] for v in ("kept", "undecided", "rejected")] == [1, 1, 0]
    undone = client.post(f"/api/projects/{project.id}/undo").json()
    assert (undone["operation"]["kind"], undone["clips"][0]["verdict"]) == ("verdict", "undecided")
    assert verdicts(client, project) == ["undecided", "undecided"]
    assert client.patch(f"/api/clips/{clip.id}", json={"verdict": "maybe"}).status_code == 422


def test_a_bulk_change_is_made_whole_or_not_at_all_and_undone_at_once(client, workspace, project):
    clips = [workspace.add_clip(project, start, start + 5) for start in range(0, 90, 10)]
    address = f"/api/projects/{project.id}/clips/bulk"
    changes = [{"clip_id": clip.id, "revision": 1, "verdict": "rejected"} for clip in clips]
    done = client.post(address, json={"changes": changes})
    assert done.status_code == 200, done.text
    assert {(clip["verdict"], clip["revision"]) for clip in done.json()["clips"]} == {("rejected", 2)}
    client.patch(f"/api/clips/{clips[4].id}", json={"name": "Mine"})
    late = [{"clip_id": clip.id, "revision": 2, "verdict": "kept"} for clip in clips]
    refused = client.post(address, json={"changes": late})
    assert (refused.status_code, refused.json()["code"]) == (412, "changed-meanwhile")
    assert clips[4].id in refused.json()["detail"]
    assert verdicts(client, project) == ["rejected"] * 9
    for _ in range(2):
        client.post(f"/api/projects/{project.id}/undo")
    assert verdicts(client, project) == ["undecided"] * 9
    again = client.post(f"/api/projects/{project.id}/redo").json()
    assert (again["operation"]["kind"], len(again["clips"])) == ("bulk", 9)


@pytest.mark.parametrize("change", [{"clip_id": "nobody", "verdict": "kept"}, {"end": 1.0}, {"end": 1000.0}])
def test_one_bad_change_of_many_leaves_all(client, workspace, project, change):
    clips = [workspace.add_clip(project, 10, 20), workspace.add_clip(project, 30, 40)]
    changes = [{"clip_id": clips[0].id, "verdict": "kept"}, {"clip_id": clips[1].id} | change]
    answer = client.post(f"/api/projects/{project.id}/clips/bulk", json={"changes": changes})
    assert answer.status_code in {404, 422}
    assert verdicts(client, project) == ["undecided"] * 2


def test_bulk_changes_name_revisions_where_the_server_demands_it(open_client, workspace, project):
    client = open_client(AUTOCLIP_REQUIRE_IF_MATCH="true")
    clip = workspace.add_clip(project, 10, 20)
    address = f"/api/projects/{project.id}/clips/bulk"
    assert client.post(address, json={"changes": [{"clip_id": clip.id, "verdict": "kept"}]}).status_code == 428
    named = {"clip_id": clip.id, "verdict": "kept", "revision": 1}
    assert client.post(address, json={"changes": [named]}).status_code == 200


def test_the_log_tells_what_was_done_and_what_can_be_undone(client, workspace, project):
    clip = workspace.add_clip(project, 10, 20)
    client.post(f"/api/clips/{clip.id}/split", json={"at": 14})
    log = client.get(f"/api/projects/{project.id}/operations")
    assert [operation["kind"] for operation in log.json()["items"]] == ["split", "create"]
    assert (log.json()["undo"], log.json()["redo"], log.headers["etag"]) == (2, None, '"2"')
    short = client.get(f"/api/projects/{project.id}/operations", params={"limit": 0})
    assert (short.json()["items"], short.json()["undo"], short.headers["etag"]) == ([], 2, '"2"')
    stale = client.post(f"/api/projects/{project.id}/undo", headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    undone = client.post(f"/api/projects/{project.id}/undo", headers={"If-Match": log.headers["etag"]})
    assert (undone.json()["undo"], undone.json()["redo"], len(undone.json()["removed"])) == (1, 2, 1)
    assert [(c["start"], c["end"]) for c in listed(client, project)["items"]] == [(10, 20)]
    client.post(f"/api/projects/{project.id}/undo")
    assert client.post(f"/api/projects/{project.id}/undo").status_code == 409
    assert client.post("/api/projects/nobody/undo").status_code == 404


def test_a_clip_is_merged_with_its_neighbor_and_duplicated(client, workspace, project):
    first, second, third = (workspace.add_clip(project, s, s + 5, verdict="kept") for s in (10, 20, 30))
    client.patch(f"/api/clips/{second.id}", json={"verdict": "rejected"})
    merged = client.post(f"/api/clips/{first.id}/merge", json={"neighbor": "next"}).json()
    assert (merged["start"], merged["end"], merged["verdict"]) == (10, 35, "kept")
    assert client.get(f"/api/clips/{third.id}").status_code == 404
    assert client.post(f"/api/clips/{merged['id']}/merge", json={"neighbor": "previous"}).status_code == 404
    copy = client.post(f"/api/clips/{merged['id']}/duplicate").json()
    assert (copy["start"], copy["end"], copy["verdict"], copy["created_by"]) == (10, 35, "undecided", "manual")
    kinds = [o["kind"] for o in client.get(f"/api/projects/{project.id}/operations").json()["items"]]
    assert kinds[:2] == ["duplicate", "merge"]


def test_a_deleted_clip_comes_back_as_it_was(client, workspace, project):
    clip = workspace.add_clip(project, 10, 20)
    client.patch(f"/api/clips/{clip.id}", json={"name": "Goal"})
    client.delete(f"/api/clips/{clip.id}")
    workspace.add_clip(project, 30, 40)
    address = f"/api/projects/{project.id}"
    assert [each["id"] for each in client.get(f"{address}/deleted-clips").json()] == [clip.id]
    back = client.post(f"{address}/clips/{clip.id}/restore")
    assert (back.status_code, back.json()["name"], back.json()["revision"]) == (201, "Goal", 3)
    assert client.post(f"{address}/clips/{clip.id}/restore").status_code == 404
    assert client.get(f"{address}/deleted-clips").json() == []


def test_a_discarded_project_is_gone_until_it_is_restored(client, workspace, project):
    clip = workspace.add_clip(project, 10, 20)
    workspace.folder.project(project.id).write_report("report")
    with workspace.catalog.transaction() as unit:
        unit.projects.discard(project.id)
    workspace.folder.discard_project(project.id)
    address = f"/api/projects/{project.id}"
    assert client.get(address).status_code == client.get(f"{address}/clips").status_code == 404
    assert client.get("/api/projects").json()["total"] == 0
    assert [p["id"] for p in client.get("/api/projects", params={"deleted": True}).json()["items"]] == [project.id]
    obstacle = workspace.folder.project(project.id).root / "of another program"
    obstacle.mkdir(parents=True)
    assert client.post(f"{address}/restore").status_code >= 400
    assert client.get("/api/projects", params={"deleted": True}).json()["total"] == 1
    obstacle.rmdir()
    obstacle.parent.rmdir()
    assert client.post(f"{address}/restore").status_code == 200
    assert client.get(f"{address}/clips").json()["items"][0]["id"] == clip.id
    assert workspace.folder.project(project.id).root.exists()
    assert client.post(f"{address}/restore").status_code == 200
