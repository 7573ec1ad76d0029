"""The API where files are in a store: what is not on this machine is sent from there, or copied here to be shown."""

import shutil

import pytest

from storage.artifact_store import FsspecStore
from storage.data_folder import DataFolder
from storage.project_files import copies


@pytest.fixture
def match(encode_tracks, film, sound):
    return encode_tracks("match.mp4", film([60, 120] * 5, rate=5), sound(2.0))


@pytest.fixture
def stored(workspace, open_client, match, monkeypatch):
    """A client of an API with a store, a project that was uploaded to it, and the content of its video."""
    monkeypatch.setattr(copies, "REMEMBERED_SEC", 0.0)
    client = open_client(AUTOCLIP_STORE_URL=f"file://{workspace.root / 'store'}")
    with match.open("rb") as file:
        project = client.post("/api/projects/upload", files={"file": ("match.mp4", file)}).json()
    return client, project, match.read_bytes()


def lose_copies(workspace) -> None:
    """Have this machine be one that never saw a project."""
    shutil.rmtree(workspace.environment.data_dir / "projects")


def store_of(workspace) -> FsspecStore:
    return FsspecStore(f"file://{workspace.root / 'store'}")


def test_an_uploaded_video_is_sent_from_the_store(workspace, stored):
    client, project, content = stored
    lose_copies(workspace)
    address = f"/api/projects/{project['id']}/video"
    whole = client.get(address)
    assert (whole.status_code, whole.content) == (200, content)
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["accept-ranges"] == "bytes"
    parts = {"bytes=0-0": (0, 1), "bytes=10-19": (10, 20), "bytes=100-": (100, None), "bytes=-7": (-7, None)}
    for asked, (start, end) in parts.items():
        answer = client.get(address, headers={"Range": asked})
        assert (answer.status_code, answer.content) == (206, content[start:end]), asked
        first = start % len(content)
        assert answer.headers["content-range"] == f"bytes {first}-{first + len(answer.content) - 1}/{len(content)}"
    for whole_again in ("bytes=0-1,5-6", "lines=1-2", "bytes=9-5"):
        assert client.get(address, headers={"Range": whole_again}).content == content
    assert client.get(address, headers={"Range": f"bytes={len(content)}-"}).status_code == 416
    assert client.get(address, headers={"If-None-Match": whole.headers["etag"]}).status_code == 304
    assert client.get(address, headers={"Range": "bytes=0-1", "If-Range": '"other"'}).content == content
    head = client.head(address)
    assert (head.content, head.headers["content-length"]) == (b"", str(len(content)))
    assert client.get(f"/api/projects/{project['id']}/playback").json()["playable"] is True
    assert not list((workspace.environment.data_dir / "projects").rglob("*.mp4")), "it was copied here"


def test_a_known_video_is_not_stored_again(workspace, stored):
    client, project, content = stored
    lose_copies(workspace)
    before = store_of(workspace).objects("projects")
    again = client.post("/api/projects/upload", files={"file": ("other name.mp4", content)})
    assert (again.status_code, again.json()["id"]) == (200, project["id"])
    assert store_of(workspace).objects("projects") == before


def test_an_export_is_sent_from_the_store_and_deleted_there(workspace, stored):
    client, project, _ = stored
    folder = DataFolder.of(client.app.state.services.environment).project(project["id"])
    with folder.working():
        folder.exports.mkdir()
        (folder.exports / "goal.mp4").write_bytes(b"goal")
    from storage.catalog import Export

    with workspace.catalog.transaction() as unit:
        record = Export(
            project_id=project["id"], name="goal.mp4", state="completed", path=folder.exports / "goal.mp4", size_bytes=4
        )
        unit.exports.add(record)
    lose_copies(workspace)
    address = f"/api/exports/{record.id}"
    assert client.get(f"{address}/file").content == b"goal"
    saved = client.get(f"{address}/file", headers={"Range": "bytes=1-2"})
    assert (saved.content, saved.headers["content-disposition"][:10]) == (b"oa", "attachment")
    assert client.delete(address).status_code == 204
    assert not [each.key for each in store_of(workspace).objects("projects") if "goal" in each.key]


def test_pages_and_pictures_are_copied_here(workspace, stored):
    client, project, _ = stored
    folder = DataFolder.of(client.app.state.services.environment).project(project["id"])
    with folder.working():
        folder.report.write_text("<p>report")
        folder.debug.mkdir()
        folder.debug_path("v2").write_text("{}")
    lose_copies(workspace)
    assert client.get(f"/api/projects/{project['id']}/report").text == "<p>report"
    assert client.get(f"/api/projects/{project['id']}/debug/v2").json() == {}
    clip = workspace.add_clip(folder_project(client, project), 0.2, 1.0)
    picture = client.get(f"/api/projects/{project['id']}/thumbnails/{clip.id}")
    assert picture.content.startswith(b"\xff\xd8"), "made now, of the video that the store has"


def folder_project(client, project):
    with client.app.state.services.catalog.reading() as view:
        return view.projects.get(project["id"])


def test_a_store_that_fails_is_told_with_the_way_out(workspace, stored):
    client, project, _ = stored
    lose_copies(workspace)
    (stored_file,) = store_of(workspace).objects("projects")
    (workspace.root / "store" / stored_file.key).write_bytes(b"damaged")
    clip = workspace.add_clip(folder_project(client, project), 0.2, 1.0)
    answer = client.get(f"/api/projects/{project['id']}/thumbnails/{clip.id}")
    assert answer.status_code >= 500
    assert "damaged in the store" in answer.json()["detail"]
