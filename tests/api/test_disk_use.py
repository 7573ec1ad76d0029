"""What projects take of the disk."""

from storage.data_folder import DataFolder


def test_every_file_below_a_project_counts_and_links_do_not(client, workspace, tmp_path):
    project = workspace.add_project()
    before = client.get("/api/disk-use", params={"project_id": project.id}).json()["projects"][0]["bytes"]
    folder = DataFolder(workspace.environment.data_dir).project(project.id)
    folder.exports.mkdir(parents=True, exist_ok=True)
    (folder.exports / "clip.mp4").write_bytes(bytes(5000))
    (tmp_path / "large").write_bytes(bytes(900_000))
    (folder.root / "link").symlink_to(tmp_path / "large")
    answer = client.get("/api/disk-use", params={"project_id": project.id}).json()
    assert 5000 <= answer["projects"][0]["bytes"] - before < 6000
    assert answer["free_bytes"] > 0


def test_a_project_that_is_not_there_has_no_size(client):
    assert client.get("/api/disk-use", params={"project_id": "0123456789abcdef"}).status_code == 404
    assert client.get("/api/disk-use").status_code == 422
