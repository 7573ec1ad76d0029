import pytest

from autoclip.errors import ParameterError, StorageError
from storage.artifact_store import FsspecStore
from storage.data_folder import DataFolder, require_space


def test_the_layout_is_that_of_the_design(tmp_path):
    data = DataFolder(tmp_path)
    project = data.project("abc-1")
    assert data.catalog == tmp_path / "autoclip.duckdb"
    assert project.root == tmp_path.resolve() / "projects" / "abc-1"
    assert [path.name for path in (project.source, project.exports, project.features, project.thumbnails)] == [
        "source",
        "exports",
        "features",
        "thumbnails",
    ]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["..", "../..", "/etc", "a/b", "", "A"])
def test_only_ids_name_projects(tmp_path, name):
    data = DataFolder(tmp_path)
    for verb in (data.project, data.remove_project):
        with pytest.raises(ParameterError):
            verb(name)


def test_a_project_folder_that_links_elsewhere_is_refused(tmp_path):
    data, outside = DataFolder(tmp_path / "data"), tmp_path / "outside"
    outside.mkdir()
    data.projects.mkdir(parents=True)
    (data.projects / "evil").symlink_to(outside)
    with pytest.raises(ParameterError, match="outside"):
        data.remove_project("evil")
    assert outside.exists()


def test_removing_takes_everything_and_follows_no_links(tmp_path):
    data, precious = DataFolder(tmp_path / "data"), tmp_path / "precious"
    precious.write_text("keep")
    project = data.project("one")
    project.write_report("x")
    (project.root / "link").symlink_to(precious)
    data.project("two").write_report("y")
    data.remove_project("one")
    data.remove_project("never-was")
    assert [path.name for path in data.projects.iterdir()] == ["two"]
    assert precious.read_text() == "keep"


def test_space_is_asked_for_where_it_will_be_used(tmp_path):
    require_space(tmp_path / "not" / "yet", 1)
    with pytest.raises(StorageError, match="are needed"):
        require_space(tmp_path / "not" / "yet", 10**18)


def test_only_files_of_projects_are_looked_for_in_a_store(tmp_path):
    data = DataFolder(tmp_path, FsspecStore(f"file://{tmp_path / 'store'}"))
    assert data.project_of(tmp_path / "projects" / "p0" / "source" / "a.mp4").root == tmp_path / "projects" / "p0"
    elsewhere = (
        "projects",
        "projects/A folder of mine/a.mp4",
        "projects/.half.partial/a.mp4",
        "videos/projects/p0/a.mp4",
    )
    for path in elsewhere:
        assert data.project_of(tmp_path / path) is None
    assert DataFolder(tmp_path).project_of(tmp_path / "projects" / "p0" / "a.mp4") is None
