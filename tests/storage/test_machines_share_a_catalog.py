"""What a catalog says to machines whose data folders have different names, and who may write a project's files."""

import subprocess
import sys
from pathlib import Path

import pytest

from storage.catalog import Export, Project, Source, catalog_of
from storage.environment import read_environment

psycopg = pytest.importorskip("psycopg", reason="needs the extra 'postgres'")

HOLDER = """
import sys
from storage.catalog import catalog_at
with catalog_at(sys.argv[1]).sole_writer('p0', print):
    print('held', flush=True)
    sys.stdin.read()
"""


class WaitedError(Exception):
    pass


def give_up() -> None:
    raise WaitedError


@pytest.fixture(scope="module")
def url(postgresql_url):
    from postgresql_server import new_schema

    with new_schema(postgresql_url) as address:
        yield address


def seen_from(url: str, data_dir: Path):
    variables = {"AUTOCLIP_DATABASE_URL": url, "AUTOCLIP_DATA_DIR": str(data_dir), "AUTOCLIP_STORE_URL": "file:///x"}
    return catalog_of(read_environment(variables, data_dir / "no.env"))


def test_files_of_projects_are_below_the_data_folder_of_whoever_asks(url, tmp_path):
    one, two = seen_from(url, tmp_path / "one"), seen_from(url, tmp_path / "deep" / "two")
    project = Project(name="Match", source=Source(kind="upload", address="match.mp4"))
    folder = tmp_path / "one" / "projects" / project.id
    project = project.changed(path=folder / "source" / "match.mp4")
    export = Export(project_id=project.id, name="goal.mp4", path=folder / "exports" / "goal.mp4")
    shared = Project(name="Shared", source=Source(kind="file", address="/videos/a.mp4"), path=Path("/videos/a.mp4"))
    with one.transaction() as unit:
        unit.projects.add(project)
        unit.projects.add(shared)
        unit.exports.add(export)
    there = tmp_path / "deep" / "two" / "projects" / project.id
    with two.transaction() as unit:
        seen = unit.projects.get(project.id)
        assert seen.path == there / "source" / "match.mp4"
        assert unit.projects.save(seen.changed(name="Derby")).path == seen.path
        assert {each.path for each in unit.projects.page().items} == {seen.path, Path("/videos/a.mp4")}
        assert unit.exports.get(export.id).path == there / "exports" / "goal.mp4"
        assert [each.path for each in unit.exports.page(project.id).items] == [there / "exports" / "goal.mp4"]
    with one.reading() as view:
        assert view.projects.get(project.id).path == project.path
        assert view.exports.get(export.id).path == export.path


def test_one_machine_at_a_time_writes_the_files_of_a_project_and_a_killed_one_does_not(url, tmp_path):
    catalog = seen_from(url, tmp_path)
    command = [sys.executable, "-c", HOLDER, url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(WaitedError), catalog.sole_writer("p0", give_up):
            pass
        with catalog.sole_writer("p1", give_up):
            pass
        process.kill()
        process.wait()
    waits = []
    with catalog.sole_writer("p0", lambda: waits.append(1)):
        assert len(waits) < 60  # PostgreSQL notices at once that the connection is gone, or nearly so
