"""One file a project: catalogs of before come in whole, a lost index comes back, a crash is rolled forward."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from autoclip.clips import Clip
from autoclip.errors import NotFoundError, StorageError
from storage.catalog import (
    Analysis,
    CompoundClip,
    CompoundItem,
    Export,
    Project,
    Source,
    StoredClip,
    new_id,
)
from storage.catalog.duckdb_catalog import SAVED, DuckDBCatalog
from storage.catalog.layout import Layout, successor_of
from storage.keys import FileIdentity


@pytest.fixture
def catalog(duckdb_catalog) -> DuckDBCatalog:
    return duckdb_catalog


def filled(catalog, count=3):
    """Make projects with everything a project may have; return what each holds."""
    projects = []
    for number in range(count):
        with catalog.transaction() as unit:
            project = unit.projects.add(
                Project(name=f"P{number}", source=Source(kind="url", address=f"u{number}"), duration_sec=100.0)
            )
            clips = [Clip(id=new_id(), name=f"C{n}", start=n, end=n + 1, mode="v2") for n in range(5)]
            unit.clips.replace_auto_clips(project.id, "v2", clips)
            unit.analyses.record(Analysis(project_id=project.id, mode="v2", extraction_key="e", selection_key="s"))
            unit.clips.save(unit.clips.get(clips[0].id).changed(verdict="kept"))
            items = (CompoundItem(clip_id=clips[1].id), CompoundItem(clip_id=clips[0].id, start=0.5))
            unit.compounds.add(CompoundClip(project_id=project.id, name="k", items=items))
            unit.exports.add(Export(project_id=project.id, clip_id=clips[0].id, name="e", state="completed"))
        projects.append(project.id)
    with catalog.transaction() as unit:
        unit.fingerprints.remember(FileIdentity("/a", 2**63, 2**63 + 5, 7, 1, 1), "f" * 32)
    return {project: content(catalog, project) for project in projects}


def content(catalog, project):
    with catalog.reading() as view:
        return (
            view.projects.get(project),
            view.clips.page(project).items,
            view.compounds.page(project).items,
            view.exports.page(project).items,
            view.analyses.of_project(project),
            view.operations.page(project).items,
        )


def all_content(catalog):
    with catalog.reading() as view:
        projects = [project.id for project in view.projects.page().items]
        assert view.fingerprints.recall(FileIdentity("/a", 2**63, 2**63 + 5, 7, 1, 1)) in {"f" * 32, None}
    return {project: content(catalog, project) for project in projects}


def layout_of(catalog):
    with duckdb.connect(str(catalog.path), read_only=True) as connection:
        return Layout(catalog.path, connection.execute("SELECT generation FROM layout").fetchone()[0])


@pytest.fixture
def whole(tmp_path):
    """A catalog in one file, and what is in it."""
    catalog = DuckDBCatalog(tmp_path / "first" / "a.duckdb")
    expected = filled(catalog)
    catalog.backup(tmp_path / "whole.duckdb")
    return tmp_path / "whole.duckdb", expected


def test_a_catalog_of_one_file_comes_in_whole_and_is_kept(whole, tmp_path):
    file, expected = whole
    path = tmp_path / "b.duckdb"
    shutil.copy(file, path)
    catalog = DuckDBCatalog(path)
    assert all_content(catalog) == expected
    project, (_, clips, compounds, exports, _, _) = next(iter(expected.items()))
    with catalog.transaction() as unit:
        assert unit.clips.get(clips[0].id) == clips[0]
        assert unit.compounds.get(compounds[0].id) == compounds[0]
        assert unit.exports.get(exports[0].id) == exports[0]
        unit.clips.save(clips[0].changed(name="Later"))
    assert content(DuckDBCatalog(path), project)[1][0].name == "Later"
    saved = path.with_name(path.name + SAVED)
    with duckdb.connect(str(saved), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM clips").fetchone() == (15,)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_killing_who_splits_a_catalog_loses_nothing(whole, tmp_path, share):
    file, expected = whole
    path = tmp_path / "b.duckdb"
    shutil.copy(file, path)
    killed = os.fork()
    if killed == 0:
        die_after(int(share * 40))
        with DuckDBCatalog(path).reading():
            os._exit(0)
    os.waitpid(killed, 0)
    catalog = DuckDBCatalog(path)
    assert all_content(catalog) == expected
    folders = [each.name for each in path.with_name("b.duckdb.projects").iterdir() if not each.name.startswith(".")]
    assert layout_of(catalog).generation in folders


def die_after(statements):
    """Have this process killed after a number of SQL statements."""
    from storage.catalog.duckdb_session import DuckDBSession

    original, count = DuckDBSession.execute, iter(range(statements))

    def execute(session, sql, parameters=()):
        if next(count, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(session, sql, parameters)

    DuckDBSession.execute = execute


@pytest.mark.parametrize("damage", ["removed", "emptied", "garbage", "older"])
def test_an_index_that_is_lost_or_damaged_is_made_anew(tmp_path, damage):
    first = DuckDBCatalog(tmp_path / "first" / "a.duckdb")
    expected = filled(first, count=2)
    shutil.copytree(first.path.parent, tmp_path / "again")
    again = DuckDBCatalog(tmp_path / "again" / "a.duckdb")
    index = layout_of(again).index
    for ending in ("-wal", "-shm"):
        index.with_name(index.name + ending).unlink(missing_ok=True)
    if damage == "removed":
        index.unlink()
    elif damage == "older":
        with sqlite3.connect(index) as connection:
            connection.execute("PRAGMA user_version = 99")
        connection.close()
    else:
        index.write_bytes(b"" if damage == "emptied" else b"no database" * 500)
    assert all_content(again) == expected
    clip = next(iter(expected.values()))[1][2]
    with again.reading() as view:
        assert view.clips.get(clip.id) == clip


def test_an_index_of_version_1_is_kept_and_gets_what_sorts_projects(catalog):
    expected = filled(catalog, count=2)
    index = layout_of(catalog).index
    added = ("by_name", "by_change", "by_duration", "by_state")
    with closing(sqlite3.connect(index, isolation_level=None)) as connection:
        for name in added:
            connection.execute(f"DROP INDEX {name}")
        connection.execute("UPDATE projects SET folded_name = 'kept'")
        connection.execute("PRAGMA user_version = 1")
    again = DuckDBCatalog(catalog.path)
    assert all_content(again) == expected
    with closing(sqlite3.connect(index)) as connection:
        assert {row[0] for row in connection.execute("SELECT folded_name FROM projects")} == {"kept"}
        for sort in ("name", "updated_at", "duration_sec", "state"):
            sql = f"EXPLAIN QUERY PLAN SELECT id FROM projects WHERE deleted = 0 ORDER BY {sort} NULLS LAST, id"
            assert not any("TEMP B-TREE" in row[3] for row in connection.execute(sql)), sort


def test_a_projects_file_that_was_put_back_from_elsewhere_is_seen(catalog, project, tmp_path):
    file = layout_of(catalog).project(project.id)
    shutil.copy(file, tmp_path / "saved")
    with catalog.transaction() as unit:
        unit.projects.save(project.changed(name="Later"))
    file.unlink()
    shutil.copy(tmp_path / "saved", file)
    with DuckDBCatalog(catalog.path).reading() as view:
        assert view.projects.page().items == (project,)


def test_a_damaged_file_keeps_no_other_project_from_being_used(catalog, project):
    with catalog.transaction() as unit:
        other = unit.projects.add(Project(name="o", source=Source(kind="file", address="b")))
    layout_of(catalog).project(other.id).write_bytes(b"nonsense" * 1000)
    again = DuckDBCatalog(catalog.path)
    with again.transaction() as unit:
        unit.projects.save(project.changed(name="Later"))
    with again.reading() as view:
        assert view.projects.get(project.id).name == "Later"
        with pytest.raises(StorageError, match="restore a backup"):
            view.projects.get(other.id)


def test_what_was_committed_when_a_process_died_is_rolled_forward(catalog, project):
    """The state of a kill between the commit of the index and the renames: all files of the unit or none."""
    with catalog.transaction() as unit:
        other = unit.projects.add(Project(name="o", source=Source(kind="file", address="b")))
        gone = unit.projects.add(Project(name="g", source=Source(kind="file", address="c")))
    child = os.fork()
    if child == 0:
        os.replace = lambda *_: os._exit(9)
        from pathlib import Path

        Path.replace = lambda *_: os._exit(9)
        with catalog.transaction() as unit:
            unit.projects.save(unit.projects.get(project.id).changed(name="One"))
            unit.projects.save(unit.projects.get(other.id).changed(name="Two"))
            unit.projects.delete(gone.id)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    layout = layout_of(catalog)
    assert successor_of(layout.project(project.id)).exists()
    with catalog.reading() as view:
        assert sorted(p.name for p in view.projects.page().items) == ["One", "Two"]
        assert [view.projects.get(each.id).name for each in (project, other)] == ["One", "Two"]
        with pytest.raises(NotFoundError):
            view.projects.get(gone.id)
    assert set(layout.project_stamps()) == {project.id, other.id}


def test_a_unit_over_several_projects_is_kept_whole_or_not_at_all(catalog, project):
    def fail():
        with catalog.transaction() as unit:
            unit.projects.save(unit.projects.get(project.id).changed(name="Half"))
            unit.projects.add(Project(id="new", name="n", source=Source(kind="file", address="b")))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with catalog.reading() as view:
        assert view.projects.page().items == (project,)
        with pytest.raises(NotFoundError):
            view.projects.get("new")


def test_a_unit_that_only_looks_writes_no_file(catalog, project):
    before = layout_of(catalog).project_stamps()
    with catalog.transaction() as unit:
        unit.projects.get(project.id)
        assert unit.clips.page(project.id).total == 0
    assert layout_of(catalog).project_stamps() == before


def test_a_restore_puts_one_state_in_place_of_another(catalog, tmp_path):
    expected = filled(catalog)
    catalog.backup(tmp_path / "backup.duckdb")
    other = DuckDBCatalog(catalog.path)
    with catalog.transaction() as unit:
        unit.projects.delete(next(iter(expected)))
        unit.projects.add(Project(name="later", source=Source(kind="file", address="b")))
    with other.reading() as view:
        assert view.projects.page(search="later").total == 1
    catalog.restore(tmp_path / "backup.duckdb")
    assert all_content(other) == all_content(catalog) == expected
    generations = layout_of(catalog).generations
    (generations / ".of-a-killed-backup.partial").mkdir()
    (generations / "of the user").mkdir()
    for _ in range(2):  # the first closes the index of the generation before, which changes its folder
        for folder in generations.iterdir():
            os.utime(folder, (0, 0))
        catalog.backup(tmp_path / "backup.duckdb")
    assert set(generations.iterdir()) == {layout_of(catalog).folder, generations / "of the user"}
    assert all_content(other) == all_content(catalog) == expected
    (tmp_path / "nonsense").write_bytes(b"x" * 5000)
    with pytest.raises(StorageError):
        catalog.restore(tmp_path / "nonsense")
    with pytest.raises(StorageError, match="is not a file"):
        catalog.restore(tmp_path / "missing")
    assert all_content(catalog) == expected


def test_more_projects_than_stay_attached_are_read(catalog, monkeypatch):
    monkeypatch.setattr("storage.catalog.attached_files.MAX_ATTACHED", 2)
    expected = filled(catalog, count=4)
    for _ in range(2):
        assert all_content(catalog) == expected


def test_the_shell_that_holds_a_project_is_named_after_a_while(catalog, project, caplog, monkeypatch):
    monkeypatch.setattr("storage.catalog.foreign_wait.NOTICE_SEC", 0.1)
    file = layout_of(catalog).project(project.id)
    program = f"import duckdb, sys; c = duckdb.connect({str(file)!r}); print(1, flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as shell:
        shell.stdout.readline()
        impatient = DuckDBCatalog(catalog.path, busy_deadline_sec=0.5)
        with impatient.reading() as view, pytest.raises(StorageError, match="another program"):
            view.projects.get(project.id)
        assert f"waiting for process {shell.pid}" in caplog.text
        shell.stdin.close()


def test_a_clip_of_a_deleted_project_is_found_no_more(catalog, project):
    clip = StoredClip(id="c", project_id=project.id, name="c", start=1, end=2)
    with catalog.transaction() as unit:
        unit.clips.add(clip)
    with catalog.transaction() as unit:
        unit.projects.delete(project.id)
        with pytest.raises(NotFoundError):
            unit.clips.get("c")
    with catalog.reading() as view, pytest.raises(NotFoundError):
        view.clips.get("c")


def test_no_file_stays_open_where_an_open_file_can_not_be_replaced(tmp_path, monkeypatch):
    """Windows replaces no file that anybody has open: a reader that stayed attached would stop every writer."""

    def open_files():
        targets = [os.path.realpath(entry) for entry in Path("/proc/self/fd").iterdir()]
        return [target for target in targets if target.startswith(str(tmp_path)) and target.endswith(".duckdb")]

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("looks at open files through /proc")
    catalog = DuckDBCatalog(tmp_path / "autoclip.duckdb")
    with catalog.transaction() as unit:
        project = unit.projects.add(Project(name="Cup", source=Source(kind="file", address="/cup.mp4")))
    with catalog.reading() as view:
        assert view.projects.get(project.id) == project
        view.clips.page(project.id)
    assert open_files()
    monkeypatch.setattr("storage.catalog.attached_files.REPLACES_OPEN_FILES", False)
    for unit_of in (catalog.transaction, catalog.reading):
        with unit_of() as unit:
            assert unit.projects.get(project.id) == project
            unit.clips.page(project.id)
            assert open_files()
        # What the other side had attached before goes with its own next unit.
    assert open_files() == []
