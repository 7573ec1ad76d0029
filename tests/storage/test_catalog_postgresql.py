"""The catalog in PostgreSQL under several processes, kills, a server that starts again, refusals; copied and asked."""

import os
import random
import subprocess
import sys
import threading
import time

import pytest

from autoclip.clips import Clip
from autoclip.errors import CatalogBusyError, ConflictError, NotFoundError, ParameterError, StorageError
from interfaces.cli.app import run
from storage.archive import ask
from storage.catalog import (
    Analysis,
    CompoundClip,
    CompoundItem,
    Export,
    Project,
    Source,
    StoredClip,
    catalog_at,
    new_id,
)
from storage.catalog.copying import copy_catalog
from storage.catalog.duckdb_catalog import DuckDBCatalog
from storage.data_folder import DataFolder
from storage.environment import read_environment
from storage.migrations import known_migrations

psycopg = pytest.importorskip("psycopg", reason="needs the extra 'postgres'")

WRITER = """
import sys
from storage.catalog import Export, catalog_at
catalog, project, count = catalog_at(sys.argv[1]), sys.argv[2], int(sys.argv[3])
print('ready', flush=True)
for number in range(count):
    with catalog.transaction() as unit:
        current = unit.projects.get(project)
        saved = unit.projects.save(current.changed(size_bytes=(current.size_bytes or 0) + 1))
        unit.exports.add(Export(project_id=project, name=str(saved.size_bytes)))
    print(saved.size_bytes, flush=True)
"""


@pytest.fixture(scope="module")
def url(postgresql_url):
    from postgresql_server import new_schema

    with new_schema(postgresql_url) as address:
        yield address


@pytest.fixture
def catalog(url):
    from storage.catalog.postgresql_catalog import PostgreSQLCatalog

    kept = PostgreSQLCatalog(url, busy_deadline_sec=120)
    with kept.transaction() as unit:
        unit.projects.tables.rows("DELETE FROM projects")
    return kept


def impatient(url):
    from storage.catalog.postgresql_catalog import PostgreSQLCatalog

    return PostgreSQLCatalog(url, busy_deadline_sec=0.2)


def start(url, project, count):
    command = [sys.executable, "-c", WRITER, url, project.id, str(count)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    return process


def numbers_kept(catalog, project):
    with catalog.reading() as view:
        counter = view.projects.get(project.id).size_bytes or 0
        return counter, sorted(int(export.name) for export in view.exports.page(project.id).items)


def filled(catalog, count=2):
    """Make projects with everything a project may have, a deleted one among them."""
    for number in range(count):
        with catalog.transaction() as unit:
            source = Source(kind="url", address=f"u{number}", subtitles={"de": "ü 大.vtt", "a": "b"})
            project = unit.projects.add(Project(name=f"P{number} 'x' 💥", source=source, duration_sec=0.1 + 0.2 + 99))
            clips = [Clip(id=new_id(), name=f"C{n}", start=n / 3, end=n + 1, mode="v2") for n in range(5)]
            unit.clips.replace_auto_clips(project.id, "v2", clips)
            keys = {"extraction_key": "e", "selection_key": "s"}
            unit.analyses.record(Analysis(project_id=project.id, mode="v2", settings={"z": 0.1, "a": 1}, **keys))
            unit.clips.save(unit.clips.get(clips[0].id).changed(verdict="kept"))
            items = (CompoundItem(clip_id=clips[1].id), CompoundItem(clip_id=clips[0].id, start=0.5))
            unit.compounds.add(CompoundClip(project_id=project.id, name="k", items=items))
            unit.exports.add(
                Export(project_id=project.id, clip_id=clips[0].id, name="e", state="completed", command=("a",))
            )
        with catalog.transaction() as unit:
            unit.clips.delete(clips[4].id)
        with catalog.transaction() as unit:
            unit.operations.undo(project.id)
    with catalog.transaction() as unit:
        unit.projects.discard(project.id)


def content(catalog):
    """Return everything that the repositories tell."""
    with catalog.reading() as view:
        projects = [*view.projects.page(sort="name").items, *view.projects.page(deleted=True).items]
        return [
            (
                project,
                *(
                    ()
                    if project.deleted_at
                    else (
                        view.clips.page(project.id, sort="start").items,
                        view.compounds.page(project.id).items,
                        view.exports.page(project.id).items,
                        view.analyses.of_project(project.id),
                        view.operations.page(project.id).items,
                    )
                ),
            )
            for project in projects
        ]


def test_read_modify_writes_of_several_processes_lose_nothing_and_readers_never_fail(catalog, url, project):
    writers = [start(url, project, 15) for _ in range(3)]
    while any(writer.poll() is None for writer in writers):
        counter, rows = numbers_kept(catalog, project)
        assert rows == list(range(1, counter + 1))
    assert [writer.wait() for writer in writers] == [0] * 3
    assert numbers_kept(catalog, project) == (45, list(range(1, 46)))
    for writer in writers:
        writer.stdout.close()


def test_a_killed_client_loses_nothing_it_committed_and_leaves_no_lock(catalog, url, project):
    chance = random.Random(3)
    for _ in range(4):
        with start(url, project, 10_000) as writer:
            told = [int(writer.stdout.readline())]
            time.sleep(chance.uniform(0, 0.1))
            writer.kill()
            told += [int(line) for line in writer.stdout.read().splitlines() if line]
        with catalog.transaction() as unit:  # would wait for a lock that stayed
            unit.projects.get(project.id)
        counter, rows = numbers_kept(catalog, project)
        assert rows == list(range(1, counter + 1))
        assert counter >= max(told)


def test_who_waits_past_the_deadline_is_told_and_others_are_not_kept(catalog, url, project):
    with catalog.transaction() as unit:
        other = unit.projects.add(Project(name="o", source=Source(kind="file", address="b")))
    waiter = impatient(url)
    with catalog.transaction() as unit:
        changed = unit.projects.save(project.changed(name="Later"))
        with pytest.raises(CatalogBusyError, match="try again later"), waiter.transaction() as late:
            late.projects.get(project.id)
        with waiter.transaction() as free:
            free.projects.save(other.changed(name="p"))
        with waiter.reading() as view:
            assert view.projects.get(project.id) == project
            assert view.projects.get(other.id).name == "p"
    with waiter.transaction() as unit:
        assert unit.projects.get(project.id) == changed


def test_a_reader_sees_one_state_of_everything(catalog, url, project):
    with catalog.reading() as view:
        before = view.projects.get(project.id)
        with impatient(url).transaction() as unit:
            unit.projects.save(project.changed(name="Later"))
            unit.projects.add(Project(name="New", source=Source(kind="file", address="b")))
        assert view.projects.get(project.id) == before
        assert view.projects.page().total == 1


def test_who_looks_for_a_file_first_adds_it_and_nobody_else(catalog):
    barrier, added = threading.Barrier(4), []

    def register():
        barrier.wait()
        with catalog.transaction() as unit:
            if not unit.projects.from_address("/videos/new.mp4"):
                time.sleep(0.05)
                added.append(
                    unit.projects.add(Project(name="n", source=Source(kind="file", address="/videos/new.mp4")))
                )

    threads = [threading.Thread(target=register) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(added) == 1


def test_units_that_wait_for_each_other_do_not_wait_for_ever(catalog, project):
    with catalog.transaction() as unit:
        other = unit.projects.add(Project(name="o", source=Source(kind="file", address="b")))
    barrier, failures = threading.Barrier(2), []

    def change(first, second):
        try:
            with catalog.transaction() as unit:
                unit.projects.get(first.id)
                barrier.wait()
                unit.projects.save(unit.projects.get(second.id).changed(name="x"))
        except CatalogBusyError as error:
            failures.append(str(error))

    threads = [threading.Thread(target=change, args=pair) for pair in ((project, other), (other, project))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failures) == 1
    assert "waited for each other" in failures[0]


def test_a_connection_that_broke_between_units_is_replaced_and_one_that_breaks_in_a_unit_is_said(catalog, project, url):
    def cut():
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'autoclip' AND datname = current_database()"
            )

    cut()
    with catalog.transaction() as unit:
        unit.projects.save(project.changed(name="Kept"))

    def fail():
        with catalog.transaction() as unit:
            saved = unit.projects.save(unit.projects.get(project.id).changed(name="Half"))
            cut()
            unit.projects.get(saved.id)

    with pytest.raises(StorageError, match="nothing of this unit of work was kept"):
        fail()
    with catalog.reading() as view:
        assert view.projects.get(project.id).name == "Kept"


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("postgresql://nobody:secret@127.0.0.1:1/none", "can't be reached; start PostgreSQL"),
        ("postgresql://me@/%zz", "not an address of a PostgreSQL database"),
    ],
)
def test_a_server_that_is_not_there_is_said_at_once_and_without_the_password(address, told):
    before = time.monotonic()
    with pytest.raises((StorageError, ParameterError), match=told) as caught, catalog_at(address).reading():
        pass
    assert time.monotonic() - before < 60
    assert "secret" not in str(caught.value)


def test_a_database_that_is_not_there_is_said(postgresql_url):
    missing = postgresql_url.replace("/postgres?", "/missing?") if "/postgres?" in postgresql_url else None
    if missing is None:
        pytest.skip("the name of the database in the URL is not known")
    with pytest.raises(StorageError, match='database "missing" does not exist'), catalog_at(missing).reading():
        pass


def test_without_the_extra_the_way_out_is_told(tmp_path):
    program = (
        "import sys; sys.modules['psycopg'] = None\nfrom interfaces.cli.app import run; sys.exit(run(['projects']))"
    )
    variables = os.environ | {"AUTOCLIP_DATABASE_URL": "postgresql://x@h/d"}
    done = subprocess.run([sys.executable, "-c", program], env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'autoclip[postgres]'" in done.stderr


def test_a_url_is_shown_without_its_password():
    shown = {
        "postgresql://me:s3cret@db:5432/a?sslmode=require": "postgresql://me:***@db:5432/a?sslmode=require",
        "postgresql://me@db/a?password=s3cret&x=1": "postgresql://me@db/a?password=***&x=1",
        "postgresql:///a": "postgresql:///a",
    }
    for url, safe in shown.items():
        environment = read_environment({"AUTOCLIP_DATABASE_URL": url})
        assert environment.model_dump(mode="json")["database_url"] == safe
        assert "s3cret" not in repr(environment)
        assert environment.variables()["AUTOCLIP_DATABASE_URL"] == url


def test_the_tables_are_those_of_duckdb(catalog, duckdb_catalog, project):
    tables = ("projects", "sources", "analyses", "clips", "compound_clips", "compound_items", "exports", "operations")
    with duckdb_catalog.transaction() as unit:
        kept = unit.projects.add(Project(name="o", source=Source(kind="file", address="b")))
        described = unit.projects.tables.of_project(kept.id)
        wanted = {table: {row["column_name"] for row in described.rows(f"DESCRIBE {table}")} for table in tables}
    with catalog.reading() as view:
        rows = view.projects.tables.rows(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()"
        )
    found = {table: {row["column_name"] for row in rows if row["table_name"] == table} for table in tables}
    assert found == wanted


def test_tables_that_a_newer_version_changed_are_left_alone(catalog, url, project):
    later = len(known_migrations("postgresql")) + 1
    with catalog.transaction() as unit:
        unit.projects.tables.rows("INSERT INTO migrations (number, name) VALUES (?, 'later')", [later])
    try:
        with pytest.raises(StorageError, match="use one version everywhere"), catalog.reading():
            pass
        with pytest.raises(StorageError, match="newer autoclip"), impatient(url).transaction():
            pass
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DELETE FROM migrations WHERE name = 'later'")
    with catalog.reading() as view:
        assert view.projects.get(project.id) == project


def test_two_processes_may_make_the_tables_at_once(postgresql_url):
    from postgresql_server import new_schema

    from storage.catalog.postgresql_catalog import PostgreSQLCatalog

    with new_schema(postgresql_url) as address:
        catalogs = [PostgreSQLCatalog(address, busy_deadline_sec=120) for _ in range(3)]
        barrier, seen = threading.Barrier(3), []

        def look(each):
            barrier.wait()
            with each.transaction() as unit:
                seen.append(unit.projects.page().total)

        threads = [threading.Thread(target=look, args=(each,)) for each in catalogs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert seen == [0, 0, 0]


def test_a_catalog_is_copied_to_postgresql_and_back_as_it_is(catalog, url, duckdb_catalog, tmp_path, capsys):
    filled(duckdb_catalog)
    was = content(duckdb_catalog)
    copied = copy_catalog(duckdb_catalog, catalog)
    assert {table.name: table.rows for table in copied}["clips"] == 10
    assert content(catalog) == was
    with pytest.raises(ConflictError, match=r"contains 2 projects.*--replace"):
        copy_catalog(duckdb_catalog, catalog)
    assert run(["catalog", "copy", url, f"duckdb:///{tmp_path}/back/autoclip.duckdb"]) == 0
    assert "every row is the same" in capsys.readouterr().err
    assert content(DuckDBCatalog(tmp_path / "back" / "autoclip.duckdb")) == was
    assert run(["catalog", "copy", str(tmp_path / "nowhere.duckdb"), url]) == 4
    assert "there is no catalog" in capsys.readouterr().err
    assert content(catalog) == was


def test_a_backup_brings_back_what_it_held_and_a_broken_one_changes_nothing(catalog, tmp_path):
    filled(catalog)
    was = content(catalog)
    catalog.backup(tmp_path / "kept.duckdb")
    (tmp_path / "broken.duckdb").write_bytes(b"no database")
    with catalog.transaction() as unit:
        unit.projects.save(was[0][0].changed(name="Later"))
        unit.projects.add(Project(name="new", source=Source(kind="file", address="b")))
    later = content(catalog)
    with pytest.raises(StorageError, match="damaged or not a catalog"):
        catalog.restore(tmp_path / "broken.duckdb")
    with pytest.raises(StorageError, match="not a file"):
        catalog.restore(tmp_path / "missing.duckdb")
    assert content(catalog) == later
    catalog.restore(tmp_path / "kept.duckdb")
    assert content(catalog) == was


def test_questions_are_answered(catalog, tmp_path):
    filled(catalog)
    answer = ask(catalog, DataFolder(tmp_path), "SELECT count(*) AS clips, min(created_at) AS first FROM clips")
    (row,) = answer.table.to_pylist()
    assert row["clips"] == 5
    with catalog.reading() as view:
        clips = view.clips.page(view.projects.page().items[0].id).items
    assert row["first"] == min(clip.created_at for clip in clips)


def test_names_sort_by_code_point_and_are_found_in_any_case(catalog, duckdb_catalog):
    names = ["b", "B", "a", "Ä", "ä", "_", "Финал", "ΣΑΣ"]
    for each in (catalog, duckdb_catalog):
        with each.transaction() as unit:
            for name in names:
                unit.projects.add(Project(name=name, source=Source(kind="file", address=name)))
        with each.reading() as view:
            assert [project.name for project in view.projects.page(sort="name").items] == sorted(names)
            assert view.projects.page(search="ä").total == view.projects.page(search="Ä").total == 2
            assert view.projects.page(search="ФИН").total == view.projects.page(search="ΣΑΣ").total == 1


def test_an_id_that_another_process_has_just_added_is_a_conflict(catalog, url, project):
    clip = StoredClip(id="same", name="c", start=1, end=2, project_id=project.id, created_by="manual")
    with catalog.transaction() as unit:
        other = unit.projects.add(Project(name="o", source=Source(kind="file", address="b")))

    def be_slower():
        with catalog.transaction() as unit:
            assert not unit.projects.tables.index.owners(["same"])
            with impatient(url).transaction() as quicker:
                quicker.clips.add(clip.changed(project_id=other.id))
            unit.clips.put_back(project.id, [], [clip.model_dump(mode="json", include=set(StoredClip.model_fields))])

    with pytest.raises(ConflictError, match="added the same record meanwhile"):
        be_slower()


def test_a_deleted_project_takes_no_more(catalog, project):
    with catalog.transaction() as unit:
        unit.projects.delete(project.id)
    with pytest.raises(NotFoundError), catalog.transaction() as unit:
        unit.exports.add(Export(project_id=project.id, name="e"))
