"""A project whose removal fails half-way is still a deleted one; no folder is left that nobody knows."""

from pathlib import Path

import pytest

from autoclip.errors import StorageError
from stages.deleted_projects import remove_project
from storage.catalog import Catalog, Project, Source, open_catalog
from storage.data_folder import DataFolder


class Killed(DataFolder):
    """Ends as a process does that is killed after its transaction."""

    def remove_project(self, project_id: str) -> None:
        raise KeyboardInterrupt(project_id)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return open_catalog(tmp_path / "autoclip.duckdb")


def test_a_removal_that_fails_or_is_killed_leaves_nothing_that_nobody_knows(catalog: Catalog, tmp_path: Path) -> None:
    data = DataFolder(tmp_path)
    with catalog.transaction() as unit:
        project = unit.projects.add(Project(name="Match", source=Source(kind="file", address="a")))
        unit.projects.discard(project.id)
    data.project(project.id).write_report("x")
    data.discard_project(project.id)
    obstacle = data.deleted / f".{project.id}.partial"
    obstacle.touch()
    with pytest.raises(StorageError):
        remove_project(catalog, data, project.id)
    with catalog.reading() as view:
        assert [each.id for each in view.projects.page(deleted=True).items] == [project.id]
    assert (data.deleted / project.id / "report.html").exists()
    obstacle.unlink()
    with pytest.raises(KeyboardInterrupt):
        remove_project(catalog, Killed(tmp_path), project.id)
    with catalog.reading() as view:
        assert view.projects.page(deleted=True).total == 0
    assert [path.name for path in data.deleted.iterdir()] == [obstacle.name]  # as `maintenance` removes them
