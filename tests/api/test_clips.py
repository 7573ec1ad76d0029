"""Clips and compound clips."""

import threading

import pytest


@pytest.fixture
def project(workspace):
    return workspace.add_project()


def test_a_clip_made_by_hand(client, project):
    made = client.post(f"/api/projects/{project.id}/clips", json={"start": 10, "end": 20.5, "name": "Goal 🥅"})
    assert made.status_code == 201, made.text
    clip = made.json()
    assert (clip["created_by"], clip["duration"], clip["name"]) == ("manual", 10.5, "Goal 🥅")
    assert client.get(made.headers["location"]).json() == clip
    assert client.get(f"/api/projects/{project.id}/clips", params={"created_by": "manual"}).json()["total"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {"start": 20, "end": 10},
        {"start": 5, "end": 5},
        {"start": -1, "end": 5},
        {"start": 90, "end": 101},
        {"start": 0, "end": 1e300},
        {"start": 1, "end": 2, "name": ""},
        {"start": 1, "end": 2, "name": "a\x00b"},
        {"start": 1, "end": 2, "name": "x" * 100_000},
        {"start": "one", "end": 2},
        {"end": 2},
    ],
)
def test_clips_that_can_not_be_are_refused(client, project, body):
    answer = client.post(f"/api/projects/{project.id}/clips", json=body)
    assert answer.status_code == 422
    assert answer.json()["code"] in {"bad-parameter", "bad-request"}
    assert client.get(f"/api/projects/{project.id}/clips").json()["total"] == 0


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_times_that_are_no_numbers_are_refused(client, project, number):
    body = f'{{"start": 1, "end": {number}}}'
    answer = client.post(
        f"/api/projects/{project.id}/clips", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422


def test_a_trim_that_ends_before_it_starts_changes_nothing(client, workspace, project):
    clip = workspace.add_clip(project, 10, 20)
    answer = client.patch(f"/api/clips/{clip.id}", json={"end": 5})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("this change is not allowed: a clip must end after it starts")
    assert client.get(f"/api/clips/{clip.id}").json()["end"] == 20


def test_a_patch_changes_what_it_names_and_marks_it(client, workspace, project):
    clip = workspace.add_clip(project, 10, 20, mode="v2")
    patched = client.patch(f"/api/clips/{clip.id}", json={"start": 11.25}).json()
    assert (patched["start"], patched["end"], patched["name"]) == (11.25, 20, "at 10")
    assert (patched["trimmed"], patched["renamed"], patched["revision"]) == (True, False, 2)
    nothing = client.patch(f"/api/clips/{clip.id}", json={"start": 11.25})
    assert (nothing.status_code, nothing.json()) == (200, patched)


def test_two_clients_changing_the_same_clip_lose_nothing(client, workspace, project):
    clip = workspace.add_clip(project, 10, 20)
    done = []

    def append_to_name(letter):
        for _ in range(6):
            while True:
                seen = client.get(f"/api/clips/{clip.id}")
                answer = client.patch(
                    f"/api/clips/{clip.id}",
                    json={"name": seen.json()["name"] + letter},
                    headers={"If-Match": seen.headers["etag"]},
                )
                if answer.status_code == 200:
                    done.append(letter)
                    break
                assert answer.status_code == 412

    threads = [threading.Thread(target=append_to_name, args=(letter,)) for letter in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    final = client.get(f"/api/clips/{clip.id}").json()
    assert sorted(final["name"].removeprefix("at 10")) == ["a"] * 6 + ["b"] * 6
    assert final["revision"] == 13
    assert len(done) == 12


def test_a_split_keeps_every_instant(client, workspace, project):
    clip = workspace.add_clip(project, 10, 20)
    answer = client.post(f"/api/clips/{clip.id}/split", json={"at": 14})
    assert answer.status_code == 201, answer.text
    first, second = answer.json()["clips"]
    assert (first["id"], first["start"], first["end"]) == (clip.id, 10, 14)
    assert (second["start"], second["end"], second["created_by"]) == (14, 20, "manual")
    for at in (10, 20, 30):
        assert client.post(f"/api/clips/{second['id']}/split", json={"at": at}).status_code == 422


def test_a_part_is_taken_out_of_a_clip_and_one_undo_puts_it_back(client, workspace, project):
    clip = workspace.add_clip(project, 10, 20)
    answer = client.post(f"/api/clips/{clip.id}/exclude", json={"start": 13, "end": 15.5})
    assert answer.status_code == 200, answer.text
    first, rest = answer.json()["clips"]
    assert (first["id"], first["start"], first["end"]) == (clip.id, 10, 13)
    assert (rest["start"], rest["end"], rest["verdict"]) == (15.5, 20, "undecided")
    client.post(f"/api/projects/{project.id}/undo").raise_for_status()
    (back,) = client.get(f"/api/projects/{project.id}/clips").json()["items"]
    assert (back["id"], back["start"], back["end"]) == (clip.id, 10, 20)


@pytest.mark.parametrize(
    ("part", "left"),
    [((5, 12), [(12, 20)]), ((10, 12), [(12, 20)]), ((17, 20), [(10, 17)]), ((17, 30), [(10, 17)])],
)
def test_a_part_that_reaches_to_an_edge_trims_the_clip(client, workspace, project, part, left):
    clip = workspace.add_clip(project, 10, 20)
    answer = client.post(f"/api/clips/{clip.id}/exclude", json={"start": part[0], "end": part[1]})
    assert [(c["start"], c["end"]) for c in answer.json()["clips"]] == left


@pytest.mark.parametrize("part", [(10, 20), (5, 30), (0, 10), (20, 25), (14, 14), (15, 14)])
def test_a_part_that_is_all_or_nothing_of_a_clip_is_refused(client, workspace, project, part):
    clip = workspace.add_clip(project, 10, 20)
    answer = client.post(f"/api/clips/{clip.id}/exclude", json={"start": part[0], "end": part[1]})
    assert answer.status_code == 422
    kept = client.get(f"/api/clips/{clip.id}").json()
    assert (kept["start"], kept["end"], kept["revision"]) == (10, 20, 1)


def test_merging_spans_the_clips_and_removes_them(client, workspace, project):
    one, two = workspace.add_clip(project, 10, 20), workspace.add_clip(project, 30, 40)
    order = {"clip_ids": [two.id, one.id], "name": "Both"}
    kept = client.post(f"/api/projects/{project.id}/clips/merge", json={**order, "keep": True})
    assert (kept.json()["start"], kept.json()["end"], kept.json()["name"]) == (10, 40, "Both")
    assert client.get(f"/api/projects/{project.id}/clips").json()["total"] == 3
    assert client.post(f"/api/projects/{project.id}/clips/merge", json=order).status_code == 201
    assert client.get(f"/api/clips/{one.id}").status_code == 404
    twice = {"clip_ids": [kept.json()["id"]] * 2}
    assert client.post(f"/api/projects/{project.id}/clips/merge", json=twice).status_code == 422


def test_clips_of_another_project_are_not_merged(client, workspace, project):
    mine, other = workspace.add_clip(project, 10, 20), workspace.add_clip(workspace.add_project(), 30, 40)
    order = {"clip_ids": [mine.id, other.id]}
    assert client.post(f"/api/projects/{project.id}/clips/merge", json=order).status_code == 422
    assert client.get(f"/api/clips/{mine.id}").status_code == 200


def test_a_compound_clip_is_made_changed_and_deleted(client, workspace, project):
    one, two = workspace.add_clip(project, 10, 20), workspace.add_clip(project, 30, 40)
    order = {"name": "Best", "items": [{"clip_id": two.id}, {"clip_id": one.id, "start": 12, "end": 15}]}
    made = client.post(f"/api/projects/{project.id}/compound-clips", json=order)
    assert made.status_code == 201, made.text
    compound = made.json()
    assert compound["duration"] == 13
    assert [item["clip_id"] for item in compound["items"]] == [two.id, one.id]
    address = made.headers["location"]
    changed = client.patch(address, json={"items": [{"clip_id": one.id}], "crossfade_sec": 0.5})
    assert (changed.json()["duration"], changed.json()["revision"]) == (10, 2)
    assert client.get(f"/api/projects/{project.id}/compound-clips").json()["total"] == 1
    used = client.delete(f"/api/clips/{one.id}")
    assert (used.status_code, used.json()["code"]) == (409, "conflict")
    assert client.delete(address, headers={"If-Match": '"1"'}).status_code == 412
    assert client.delete(address, headers={"If-Match": '"2"'}).status_code == 204
    assert client.get(address).status_code == 404
    assert client.delete(f"/api/clips/{one.id}").status_code == 204


@pytest.mark.parametrize(
    "items",
    [[], [{"clip_id": "nobody"}], [{"clip_id": "ONE"}], [{"start": 1}], [{"clip_id": "mine", "start": 50, "end": 101}]],
)
def test_compound_clips_that_can_not_be_are_refused(client, workspace, project, items):
    clip = workspace.add_clip(project, 10, 20)
    given = [{**item, "clip_id": clip.id} if item.get("clip_id") == "mine" else item for item in items]
    answer = client.post(f"/api/projects/{project.id}/compound-clips", json={"name": "x", "items": given})
    assert answer.status_code == 422


@pytest.mark.parametrize("tag", ["3", "abc", '"1', ""])
def test_a_broken_if_match_is_not_taken_for_consent(client, workspace, project, tag):
    clip = workspace.add_clip(project, 10, 20)
    answer = client.delete(f"/api/clips/{clip.id}", headers={"If-Match": tag})
    assert answer.status_code in {422, 412}
    assert client.get(f"/api/clips/{clip.id}").status_code == 200


def test_any_of_several_tags_or_a_star_will_do(client, workspace, project):
    clip = workspace.add_clip(project, 10, 20)
    address = f"/api/clips/{clip.id}"
    assert client.patch(address, json={"name": "b"}, headers={"If-Match": '"7", "1"'}).status_code == 200
    assert client.delete(address, headers={"If-Match": "*"}).status_code == 204


def test_who_runs_the_server_may_demand_revisions(open_client, workspace, project):
    client = open_client(AUTOCLIP_REQUIRE_IF_MATCH="true")
    clip = workspace.add_clip(project, 10, 20)
    address = f"/api/clips/{clip.id}"
    blind = client.patch(address, json={"name": "b"})
    assert (blind.status_code, blind.json()["code"]) == (428, "revision-needed")
    assert "If-Match" in blind.json()["detail"]
    for method, path in (("DELETE", address), ("DELETE", f"/api/projects/{project.id}")):
        assert client.request(method, path).status_code == 428
    assert client.patch(address, json={"name": "b"}, headers={"If-Match": '"1"'}).status_code == 200
    assert client.delete(address, headers={"If-Match": "*"}).status_code == 204
