"""Projects: made, listed, changed, deleted."""

import shutil
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest


def test_a_file_below_a_root_becomes_a_project_once(client, workspace, small_film):
    path = workspace.videos / "Grand final.mp4"
    shutil.copy(small_film, path)
    made = client.post("/api/projects/local", json={"path": str(path)})
    assert made.status_code == 201, made.text
    project = made.json()
    assert project["name"] == "Grand final"
    assert project["state"] == "ready"
    assert project["duration_sec"] == pytest.approx(2.0)
    assert made.headers["location"] == f"/api/projects/{project['id']}"
    again = client.post("/api/projects/local", json={"path": str(path)})
    assert (again.status_code, again.json()["id"]) == (200, project["id"])
    copy = workspace.videos / "copy.mp4"
    shutil.copy(small_film, copy)
    assert client.post("/api/projects/local", json={"path": str(copy)}).status_code == 200
    assert client.get("/api/projects").json()["total"] == 1


def test_a_file_that_is_no_video_is_refused_and_nothing_is_stored(client, workspace):
    path = workspace.videos / "song.mp4"
    path.write_text("no video at all")
    answer = client.post("/api/projects/local", json={"path": str(path)})
    assert answer.status_code == 415
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "unreadable-media"
    assert client.get("/api/projects").json()["items"] == []


def test_a_file_that_is_not_there_is_not_found(client, workspace):
    answer = client.post("/api/projects/local", json={"path": str(workspace.videos / "gone.mp4")})
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert "gone.mp4" in answer.json()["detail"]


def test_an_address_becomes_a_project_once(client):
    made = client.post("/api/projects/youtube", json={"url": "https://93.184.216.34/watch?v=1", "name": "Final"})
    assert made.status_code == 201, made.text
    assert made.json()["state"] == "created"
    assert made.json()["video_url"] is None
    again = client.post("/api/projects/youtube", json={"url": "https://93.184.216.34/watch?v=1"})
    assert (again.status_code, again.json()["id"]) == (200, made.json()["id"])
    assert again.json()["name"] == "Final"
    named = client.post("/api/projects/youtube", json={"url": "https://93.184.216.34/watch?v=1", "name": "Cup"})
    assert (named.status_code, named.json()["id"], named.json()["name"]) == (200, made.json()["id"], "Cup")


def test_lists_are_paged_sorted_and_searched(client, workspace):
    for name in ("Alpha", "Beta", "alphabet"):
        workspace.add_project(name=name)
    page = client.get("/api/projects", params={"sort": "name", "limit": 2}).json()
    assert [project["name"] for project in page["items"]] == ["Alpha", "Beta"]
    assert (page["total"], page["limit"], page["offset"]) == (3, 2, 0)
    found = client.get("/api/projects", params={"search": "ALPHA"}).json()
    assert {project["name"] for project in found["items"]} == {"Alpha", "alphabet"}
    refused = client.get("/api/projects", params={"sort": "size"})
    assert refused.status_code == 422


def test_details_count_what_was_made(client, workspace):
    project = workspace.add_project()
    workspace.add_clip(project, 1, 2)
    details = client.get(f"/api/projects/{project.id}")
    assert details.headers["etag"] == '"1"'
    assert details.json()["clip_count"] == 1
    assert details.json()["analyses"] == []


def test_a_rename_with_an_old_revision_is_refused(client, workspace):
    project = workspace.add_project()
    address = f"/api/projects/{project.id}"
    first = client.patch(address, json={"name": "New"}, headers={"If-Match": '"1"'})
    assert first.headers["etag"] == '"2"'
    late = client.patch(address, json={"name": "Other"}, headers={"If-Match": '"1"'})
    assert late.status_code == 412
    assert "read it again" in late.json()["detail"]
    assert client.get(address).json()["name"] == "New"


def test_an_output_folder_below_a_root_is_made(client, workspace):
    project = workspace.add_project()
    folder = workspace.outputs / "for" / "friends"
    answer = client.post(f"/api/projects/{project.id}/output-folder", json={"folder": str(folder)})
    assert answer.status_code == 200, answer.text
    assert folder.is_dir()
    assert answer.json()["output_folder"] == str(folder)
    back = client.post(f"/api/projects/{project.id}/output-folder", json={"folder": None})
    assert back.json()["output_folder"] is None
    file = workspace.outputs / "file"
    file.touch()
    refused = client.post(f"/api/projects/{project.id}/output-folder", json={"folder": str(file / "x")})
    assert refused.status_code == 422


def test_a_refused_output_folder_is_not_made(client, workspace):
    project = workspace.add_project()
    folder = workspace.outputs / "new"
    address = f"/api/projects/{project.id}/output-folder"
    old = client.post(address, json={"folder": str(folder)}, headers={"If-Match": '"7"'})
    assert old.status_code == 412
    nobody = client.post("/api/projects/0123456789abcdef/output-folder", json={"folder": str(folder)})
    assert nobody.status_code == 404
    long = client.post(address, json={"folder": str(folder / ("x" * 256) / "deep")})
    assert long.status_code == 422
    assert "is a name of 256 bytes, and file systems allow 255" in long.json()["detail"]
    assert not folder.exists()


@pytest.mark.parametrize("beginning", ["whole", "half"])
def test_a_file_that_is_still_being_copied_is_a_conflict(client, workspace, small_film, beginning):
    """With a readable beginning, and with one that no program can read yet."""
    content = small_film.read_bytes()
    path = workspace.videos / "arriving.mp4"
    path.write_bytes(content if beginning == "whole" else content[: len(content) // 2])
    with copying(path):
        answer = client.post("/api/projects/local", json={"path": str(path)})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict"), answer.text
    assert "arriving.mp4: changed while it was read; try again when it is completely written" in answer.json()["detail"]
    assert client.get("/api/projects").json()["items"] == []


@contextmanager
def copying(path):
    """Another program that goes on writing."""
    program = "import sys, time\nwhile True:\n open(sys.argv[1], 'ab').write(b'more'); time.sleep(0.005)"
    writer = subprocess.Popen([sys.executable, "-S", "-c", program, str(path)])
    size = path.stat().st_size
    while path.stat().st_size == size:
        time.sleep(0.01)
    yield
    writer.kill()
    writer.wait()


def test_without_prefect_a_project_is_not_deleted_behind_its_jobs_back(client, workspace):
    project = workspace.add_project()
    answer = client.delete(f"/api/projects/{project.id}")
    assert answer.status_code == 503
    assert "autoclip up" in answer.json()["detail"]
    assert client.get(f"/api/projects/{project.id}").status_code == 200


def test_unknown_fields_suggest_the_nearest(client):
    answer = client.post("/api/projects/local", json={"paht": "/x"})
    assert answer.status_code == 422
    assert "did you mean 'path'" in answer.json()["detail"]
    query = client.get("/api/projects", params={"limti": 3})
    assert query.status_code == 422
    assert "did you mean 'limit'" in query.json()["detail"]


def test_a_layout_is_chosen_once_for_all_clips_and_taken_back(client, workspace):
    project = workspace.add_project(display_width=1280, display_height=720)
    address, layout = f"/api/projects/{project.id}", {"framing": "facecam-top", "facecam": "960,540,320,180"}
    assert client.get(address).json()["layout"] is None
    assert client.patch(address, json={"layout": layout}).json()["layout"] == layout
    assert client.patch(address, json={"name": "New"}).json()["layout"] == layout
    assert client.get("/api/projects").json()["items"][0]["layout"] == layout
    beyond = client.patch(address, json={"layout": layout | {"facecam": "961,540,320,180"}})
    assert (beyond.status_code, "1280x720" in beyond.json()["detail"]) == (422, True)
    for bad in ({"framing": "sideways"}, {"facecam": "1,2,3"}, {"facecam": "-1,0,9,9"}):
        assert client.patch(address, json={"layout": bad}).status_code == 422
    for open_camera in ({"facecam": ""}, {}):
        changed = client.patch(address, json={"layout": {"framing": "blur"} | open_camera})
        assert changed.json()["layout"] == {"framing": "blur", "facecam": ""}
    assert client.patch(address, json={"layout": None}).json()["layout"] is None


def test_a_camera_is_looked_for_and_may_not_be_there(client, workspace, small_film):
    path = workspace.videos / "film.mp4"
    path.write_bytes(small_film.read_bytes())
    project = client.post("/api/projects/local", json={"path": str(path)}).json()
    assert client.get(f"/api/projects/{project['id']}/facecam").json() == {"facecam": None}
    assert client.get("/api/projects/nobody/facecam").status_code == 404
