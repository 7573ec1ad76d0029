"""Exports in the catalog: listed, fetched, deleted; what can't be ordered is refused before a job begins."""

import pytest

from storage.catalog import Export


@pytest.fixture
def project(workspace):
    return workspace.add_project(path=workspace.videos / "film.mp4")


def add_export(workspace, project, path, state="completed"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"a rendered film")
    with workspace.catalog.transaction() as unit:
        return unit.exports.add(Export(project_id=project.id, name=path.name, path=path, state=state))


def test_an_export_is_listed_fetched_and_deleted_with_its_file(client, workspace, project):
    path = workspace.folder.project(project.id).exports / "Goal 🥅.mp4"
    export = add_export(workspace, project, path)
    (listed,) = client.get(f"/api/projects/{project.id}/exports").json()["items"]
    assert listed["file_url"] == f"/api/exports/{export.id}/file"
    fetched = client.get(listed["file_url"])
    assert (fetched.content, fetched.headers["content-type"]) == (b"a rendered film", "video/mp4")
    assert fetched.headers["content-disposition"].startswith("attachment")
    shown = client.get(listed["file_url"], params={"inline": True})
    assert shown.headers["content-disposition"].startswith("inline")
    assert client.delete(f"/api/exports/{export.id}").status_code == 204
    assert not path.exists()
    assert client.get(f"/api/exports/{export.id}").status_code == 404


def test_files_outside_the_folders_are_neither_sent_nor_deleted(client, workspace, project):
    secret = workspace.root / "secret.mp4"
    export = add_export(workspace, project, secret)
    link = workspace.folder.project(project.id).exports / "link.mp4"
    link.parent.mkdir(parents=True)
    linked = add_export(workspace, project, workspace.root / "other.mp4")
    link.symlink_to(workspace.root / "other.mp4")
    with workspace.catalog.transaction() as unit:
        linked = unit.exports.save(linked.changed(path=link))
    for one in (export, linked):
        refused = client.get(f"/api/exports/{one.id}/file")
        assert refused.status_code == 404
        assert "outside" in refused.json()["detail"]
        assert client.delete(f"/api/exports/{one.id}").status_code == 204
    assert secret.exists()
    assert (workspace.root / "other.mp4").exists()


def test_an_export_under_way_is_not_deleted(client, workspace, project):
    export = add_export(workspace, project, workspace.folder.project(project.id).exports / "a.mp4", state="running")
    assert client.delete(f"/api/exports/{export.id}").status_code == 409
    assert client.get(f"/api/exports/{export.id}/file").status_code == 404


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"clip_id": "nobody"},
        {"clip_id": "a", "compound_id": "b"},
        {"clip_id": "mine", "settings": {"crf": 99}},
        {"clip_id": "mine", "settings": {"cfr": 20}},
        {"clip_id": "mine", "settings": {"name_template": "{nonsense}"}},
    ],
)
def test_orders_that_can_not_be_are_refused(client, workspace, project, order):
    clip = workspace.add_clip(project, 1, 5)
    given = {**order, "clip_id": clip.id} if order.get("clip_id") == "mine" else order
    assert client.post(f"/api/projects/{project.id}/exports", json=given).status_code == 422


@pytest.mark.parametrize("order", [{}, {"all": True, "top": 3}, {"clip_ids": []}, {"clip_ids": ["nobody"]}, {"top": 0}])
def test_batches_that_can_not_be_are_refused(client, workspace, project, order):
    workspace.add_clip(project, 1, 5)
    assert client.post(f"/api/projects/{project.id}/exports/batch", json=order).status_code == 422


def test_a_batch_of_nothing(client, project):
    answer = client.post(f"/api/projects/{project.id}/exports/batch", json={"all": True})
    assert answer.status_code == 409


def test_without_a_video_there_is_nothing_to_work_on(client, workspace):
    empty = workspace.add_project()
    clip = workspace.add_clip(empty, 1, 5)
    assert client.post(f"/api/projects/{empty.id}/exports", json={"clip_id": clip.id}).status_code == 409
    assert client.post(f"/api/projects/{empty.id}/analyze").status_code == 409
    assert client.post(f"/api/projects/{empty.id}/proxy").status_code == 404
    assert client.post(f"/api/projects/{empty.id}/retune", json={}).status_code == 404
