"""The catalog under several processes, threads, forks, kills and refusals."""

import os
import subprocess
import sys
import threading
import time
from fractions import Fraction
from pathlib import Path

import duckdb
import pytest
from timecode_media import encode

from autoclip.errors import CatalogBusyError, StorageError
from stages.register_video import register_video
from storage.catalog import CatalogMemory, Export, Project, Source, open_catalog, projects
from storage.catalog.duckdb_catalog import DuckDBCatalog
from storage.catalog.fair_lock import FairLock
from storage.catalog.file_system import file_system_of, refuse_network_file_system
from storage.catalog.statements import columns_of
from storage.keys import FileIdentity, fingerprint
from storage.migrations import Migration, known_migrations, migrate

NEXT = len(known_migrations()) + 1
"""Number of a migration that a later version might bring."""

WRITER = """
import sys
from pathlib import Path
from storage.catalog import Export
from storage.catalog.duckdb_catalog import DuckDBCatalog
catalog, project, count = DuckDBCatalog(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])
print('ready', flush=True)
for number in range(count):
    with catalog.transaction() as unit:
        current = unit.projects.get(project)
        saved = unit.projects.save(current.changed(size_bytes=(current.size_bytes or 0) + 1))
        unit.exports.add(Export(project_id=project, name=str(saved.size_bytes)))
    print(saved.size_bytes, flush=True)
"""


@pytest.fixture
def catalog(duckdb_catalog) -> DuckDBCatalog:
    return duckdb_catalog


def start(catalog, project, count):
    command = [sys.executable, "-c", WRITER, str(catalog.path), project.id, str(count)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    return process


def numbers_kept(catalog, project):
    with catalog.reading() as view:
        counter = view.projects.get(project.id).size_bytes or 0
        return counter, sorted(int(export.name) for export in view.exports.page(project.id).items)


def test_read_modify_writes_of_several_processes_lose_nothing_and_readers_never_fail(catalog, project):
    writers = [start(catalog, project, 12) for _ in range(4)]
    while any(writer.poll() is None for writer in writers):
        counter, rows = numbers_kept(catalog, project)
        assert rows == list(range(1, counter + 1))
        time.sleep(0.02)
    assert [writer.wait() for writer in writers] == [0] * 4
    assert numbers_kept(catalog, project) == (48, list(range(1, 49)))
    for writer in writers:
        writer.stdout.close()


def test_a_killed_writer_loses_nothing_it_committed_and_keeps_nothing_half(catalog, project):
    for attempt in range(7):
        with start(catalog, project, 10_000) as writer:
            told = [int(writer.stdout.readline()) for _ in range(attempt % 2)]
            time.sleep(0.019 * (attempt + 1))
            writer.kill()
            told += [int(line) for line in writer.stdout.read().splitlines() if line]
        counter, rows = numbers_kept(catalog, project)
        assert rows == list(range(1, counter + 1))
        assert counter >= max(told, default=0)
    assert counter > 0


def test_killing_the_process_that_makes_the_catalog_leaves_one_that_opens(tmp_path):
    program = (
        "import sys; from pathlib import Path; from storage.catalog.duckdb_catalog import DuckDBCatalog\n"
        "print(1, flush=True)\n"
        "with DuckDBCatalog(Path(sys.argv[1])).transaction(): pass"
    )
    for attempt in range(6):
        path = tmp_path / f"{attempt}.duckdb"
        with subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE) as maker:
            maker.stdout.readline()
            time.sleep(0.006 * attempt)
            maker.kill()
        with DuckDBCatalog(path).reading() as view:
            assert view.projects.page().total == 0


def test_waiting_ends_at_the_deadline_and_leaves_the_lock_usable(catalog, project):
    impatient = DuckDBCatalog(catalog.path, busy_deadline_sec=0.2)
    with catalog.transaction():
        before = time.monotonic()
        with pytest.raises(CatalogBusyError, match="try again later"), impatient.transaction():
            pass
        assert 0.1 < time.monotonic() - before < 25
    with impatient.transaction() as unit:
        assert unit.projects.get(project.id) == project


def test_readers_do_not_wait_for_a_writer_and_see_the_state_before(catalog, project):
    reader = DuckDBCatalog(catalog.path, busy_deadline_sec=0.2)
    with catalog.transaction() as unit:
        changed = unit.projects.save(project.changed(name="Later"))
        with reader.reading() as view:
            assert view.projects.get(project.id) == project
    with reader.reading() as view:
        assert view.projects.get(project.id) == changed


def test_a_unit_leaves_no_files_behind(catalog, project):
    def files():
        return {path for path in catalog.path.parent.rglob("*") if path.is_file() and "index.sqlite" not in path.name}

    def fail():
        with catalog.transaction() as unit:
            unit.projects.save(project.changed(name="Half"))
            raise RuntimeError

    kept = files()
    assert {path.name for path in kept} == {
        "autoclip.duckdb",
        "autoclip.duckdb.lock",
        f"autoclip.duckdb.{project.id}.duckdb",
    }
    with pytest.raises(RuntimeError):
        fail()
    assert files() == kept


def test_another_thread_also_waits_until_the_deadline(catalog):
    impatient = DuckDBCatalog(catalog.path, busy_deadline_sec=0.1)
    failures = []

    def write():
        try:
            with impatient.transaction():
                pass
        except CatalogBusyError as error:
            failures.append(error)

    with impatient.transaction():
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
    assert "another thread" in str(failures[0])


def test_a_program_that_knows_no_lock_of_ours_is_waited_for_and_then_named(catalog, project):
    impatient = DuckDBCatalog(catalog.path, busy_deadline_sec=0.2)
    program = f"import duckdb, sys; c = duckdb.connect({str(catalog.path)!r}); print(1, flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as shell:
        shell.stdout.readline()
        with pytest.raises(CatalogBusyError, match="another program"), impatient.reading():
            pass
        threading.Timer(0.3, shell.stdin.close).start()
        with catalog.reading() as view:
            assert view.projects.get(project.id) == project


def test_threads_take_turns_in_the_order_they_asked():
    turns, order, asked = FairLock(), [], threading.Semaphore(0)

    def ask(number):
        asked.release()
        with turns.held(30) as taken:
            assert taken
            order.append(number)

    threads = []
    with turns.held(0):
        for number in range(6):
            threads.append(threading.Thread(target=ask, args=(number,)))
            threads[-1].start()
            asked.acquire()
            while len(turns._waiting) <= number:
                time.sleep(0.001)
        with turns.held(0.01) as taken:
            assert not taken
        assert order == []
    for thread in threads:
        thread.join()
    assert order == list(range(6))
    with turns.held(0) as taken:
        assert taken


def test_two_catalogs_in_one_process_see_each_others_changes(catalog, project):
    other = DuckDBCatalog(catalog.path)
    for number in range(5):
        one, two = (catalog, other) if number % 2 else (other, catalog)
        with one.transaction() as unit:
            unit.projects.save(unit.projects.get(project.id).changed(name=str(number)))
        with two.reading() as view:
            assert view.projects.get(project.id).name == str(number)
    with catalog.reading() as here, other.reading() as there:
        assert here.projects.get(project.id) == there.projects.get(project.id)


def test_one_catalog_a_process_and_path(tmp_path):
    assert open_catalog(tmp_path / "a.duckdb") is open_catalog(tmp_path / "a.duckdb")
    assert not (tmp_path / "a.duckdb").exists()


def test_a_child_that_leaves_its_parents_unit_by_the_door_harms_nothing(tmp_path):
    program = """
import os, sys
from pathlib import Path
from storage.catalog import Project, Source
from storage.catalog.duckdb_catalog import DuckDBCatalog
catalog = DuckDBCatalog(Path(sys.argv[1]))
try:
    with catalog.transaction() as unit:
        unit.projects.add(Project(id='one', name='one', source=Source(kind='file', address='a')))
        child = os.fork()
        if child == 0:
            sys.exit(3)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
except SystemExit:
    raise
with catalog.transaction() as unit:
    unit.projects.add(Project(id='two', name='two', source=Source(kind='file', address='a')))
    child = os.fork()
    if child == 0:
        sys.exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
with catalog.reading() as view:
    assert view.projects.page(sort='name').total == 2
"""
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "a.duckdb")], check=True, timeout=300)


def test_a_deleted_catalog_is_made_anew_and_a_replaced_one_is_seen(catalog, project, tmp_path):
    catalog.backup(tmp_path / "copy.duckdb")
    catalog.path.unlink()
    with catalog.reading() as view:
        assert view.projects.page().total == 0
    (tmp_path / "copy.duckdb").replace(catalog.path)
    with catalog.transaction() as unit:
        assert unit.projects.get(project.id) == project


def test_the_log_of_a_catalog_that_is_gone_is_never_mixed_into_a_new_one(tmp_path):
    log = tmp_path / "a.duckdb.wal"
    log.write_bytes(b"commits")
    with (
        pytest.raises(StorageError, match=r"a\.duckdb\.wal holds changes"),
        DuckDBCatalog(tmp_path / "a.duckdb").reading(),
    ):
        pass
    assert log.read_bytes() == b"commits"


@pytest.mark.parametrize("content", [b"", b"no database at all" * 1000])
def test_what_is_no_catalog_is_refused_and_left_alone(tmp_path, content):
    path = tmp_path / "a.duckdb"
    path.write_bytes(content)
    with pytest.raises(StorageError, match="restore a backup"), DuckDBCatalog(path).transaction():
        pass
    assert path.read_bytes() == content


def test_a_backup_is_a_whole_catalog(catalog, project, tmp_path):
    with start(catalog, project, 10_000) as writer:
        try:
            time.sleep(0.05)
            catalog.backup(tmp_path / "backup" / "copy.duckdb")
        finally:
            writer.kill()
    counter, rows = numbers_kept(DuckDBCatalog(tmp_path / "backup" / "copy.duckdb"), project)
    assert rows == list(range(1, counter + 1))
    with pytest.raises(StorageError, match="the catalog itself"):
        catalog.backup(catalog.path)


def test_a_full_disk_loses_nothing_that_was_committed(catalog, project):
    program = (
        "import resource, signal, sys\nfrom pathlib import Path\n"
        "from autoclip.errors import StorageError\nfrom storage.catalog import Export\n"
        "from storage.catalog.duckdb_catalog import DuckDBCatalog\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "catalog, project = DuckDBCatalog(Path(sys.argv[1])), sys.argv[2]\n"
        "limit = Path(sys.argv[1]).stat().st_size + 2_000_000\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))\n"
        "done = 0\n"
        "try:\n"
        "    for number in range(1, 100):\n"
        "        with catalog.transaction() as unit:\n"
        "            current = unit.projects.get(project)\n"
        "            unit.projects.save(current.changed(size_bytes=number))\n"
        "            noise = hex(pow(3, 400_000 + number))\n"
        "            unit.exports.add(Export(project_id=project, name=str(number), note=noise))\n"
        "        done = number\n"
        "except StorageError as error: print(done); print(error)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, catalog.path, project.id], capture_output=True, text=True, check=True
    )
    done, message = run.stdout.split("\n", 1)
    assert "no room is left" in message
    counter, rows = numbers_kept(catalog, project)
    assert rows == list(range(1, counter + 1))
    assert counter >= int(done) > 0
    with catalog.transaction() as unit:
        unit.exports.add(Export(project_id=project.id, name=str(counter + 1)))


def test_a_catalog_of_an_older_version_is_brought_up_to_date(catalog, project, monkeypatch):
    newer = (
        *known_migrations(),
        Migration(NEXT, "rating", "ALTER TABLE clips ADD COLUMN rating INTEGER; UPDATE clips SET rating = 3;"),
    )
    use_migrations(monkeypatch, newer)
    later = DuckDBCatalog(catalog.path)
    with later.reading() as view:
        assert "rating" in {
            row["column_name"] for row in view.clips.tables.of_project(project.id).rows("DESCRIBE clips")
        }
        assert view.projects.get(project.id) == project
        done = view.clips.tables.of_project(project.id).rows(
            "SELECT number, name, applied_at FROM migrations ORDER BY number"
        )
        assert [(row["number"], row["name"]) for row in done] == [(each.number, each.name) for each in newer]
    monkeypatch.undo()
    with pytest.raises(StorageError, match="newer autoclip"), DuckDBCatalog(catalog.path).reading():
        pass


def test_a_migration_that_fails_half_way_leaves_no_trace(catalog, project, monkeypatch):
    broken = (*known_migrations(), Migration(NEXT, "broken", "CREATE TABLE half (a INTEGER); SELECT nothing;"))
    use_migrations(monkeypatch, broken)
    with pytest.raises(StorageError), DuckDBCatalog(catalog.path).transaction():
        pass
    monkeypatch.undo()
    with DuckDBCatalog(catalog.path).transaction() as unit:
        tables = {row["name"] for row in unit.projects.tables.of_project(project.id).rows("SHOW TABLES")}
        assert "half" not in tables
        assert unit.projects.get(project.id) == project


def test_migrations_are_numbered_without_gaps():
    assert [migration.number for migration in known_migrations()] == list(range(1, len(known_migrations()) + 1))


def test_migrating_twice_does_nothing():
    connection = duckdb.connect()

    def execute(sql, parameters=()):
        cursor = connection.execute(sql, parameters)
        return [dict(zip([c[0] for c in cursor.description], row, strict=True)) for row in cursor.fetchall()]

    assert migrate(execute, known_migrations()) == known_migrations()
    assert migrate(execute, known_migrations()) == ()


MOUNTS = """\
22 1 252:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:40 / /mnt/my\\040share rw,relatime shared:5 - nfs4 host:/x rw
31 30 0:41 / /mnt/my\\040share/local rw - xfs /dev/b rw
32 22 0:42 / /home/u/remote rw - fuse.sshfs u@h: rw
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [("/", "ext4"), ("/mnt/my share/a", "nfs4"), ("/mnt/my share/local/a", "xfs"), ("/home/u/remote", "fuse.sshfs")],
)
def test_network_file_systems_are_refused(tmp_path, folder, kind):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    assert file_system_of(Path(folder), mounts) == kind
    if kind in {"ext4", "xfs"}:
        refuse_network_file_system(Path(folder), mounts)
    else:
        with pytest.raises(StorageError, match=kind):
            refuse_network_file_system(Path(folder), mounts)


def test_where_the_system_does_not_tell_any_folder_is_allowed(tmp_path):
    refuse_network_file_system(tmp_path, tmp_path / "none")


def test_fingerprints_are_remembered_per_file(catalog, tmp_path):
    memory, video = CatalogMemory(catalog), tmp_path / "video.mp4"
    video.write_bytes(b"one")
    os.utime(video, ns=(time.time_ns() + 10**12,) * 2)  # it has changed just now, however long the next line takes
    fresh = fingerprint(video, memory)
    assert memory.recall(FileIdentity.of(video)) is None
    identity = FileIdentity.of(video)
    memory.remember(identity, "remembered")
    memory.remember(identity, fresh)
    assert memory.recall(identity) == fresh
    assert fingerprint(video, memory) == fresh
    video.write_bytes(b"two!")
    assert memory.recall(FileIdentity.of(video)) is None


def test_a_catalog_from_before_verdicts_keeps_its_clips_undecided(tmp_path):
    path = tmp_path / "old.duckdb"
    connection = duckdb.connect(str(path))
    migrate(lambda sql, parameters=(): rows_of(connection.execute(sql, list(parameters))), known_migrations()[:1])
    connection.execute("""
        INSERT INTO projects BY NAME SELECT 'p' AS id, 'P' AS name, 'ready' AS state, 1 AS revision,
            now()::TIMESTAMP AS created_at, now()::TIMESTAMP AS updated_at;
        INSERT INTO sources VALUES ('p', 'file', '/a.mp4', NULL, NULL, NULL, '[]', '[]', '{}');
        INSERT INTO clips BY NAME SELECT 'c' AS id, 'p' AS project_id, 'C' AS name, 1 AS "start", 2 AS "end",
            0.5 AS quality_score, '' AS reason, '{}' AS scores, 'auto' AS created_by, false AS renamed,
            false AS trimmed, 1 AS revision, now()::TIMESTAMP AS created_at, now()::TIMESTAMP AS updated_at;
    """)
    connection.close()
    with DuckDBCatalog(path).transaction() as unit:
        assert unit.clips.get("c").verdict == "undecided"
        unit.clips.save(unit.clips.get("c").changed(verdict="kept"))
    with DuckDBCatalog(path).reading() as view:
        assert view.clips.page("p", verdict="kept").total == 1


def test_a_catalog_from_before_media_was_kept_is_read_and_filled(tmp_path, monkeypatch):
    video = encode(tmp_path / "a.mov", Fraction(25), "10:00:00:00")
    use_migrations(monkeypatch, known_migrations()[:3])
    old = DuckDBCatalog(tmp_path / "autoclip.duckdb")
    facts = Project(name="Old", source=Source(kind="file", address="a"), path=video, fingerprint=fingerprint(video))
    monkeypatch.setattr(projects, "columns_of", lambda record, *left_out: columns_of(record, "media", *left_out))
    with old.transaction() as unit:
        project = unit.projects.add(facts)
    monkeypatch.undo()
    catalog = DuckDBCatalog(tmp_path / "autoclip.duckdb")
    with catalog.reading() as view:
        assert view.projects.get(project.id).media is None
        assert view.projects.page().items == (project,)
    again = register_video(catalog, video).project
    assert (again.id, again.revision, again.media.timecode.text) == (project.id, 2, "10:00:00:00")
    with catalog.reading() as view:
        assert view.projects.get(project.id) == again
    assert register_video(catalog, video).project == again


def rows_of(result):
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def use_migrations(monkeypatch, migrations):
    for module in ("duckdb_session", "attached_files", "split"):
        monkeypatch.setattr(f"storage.catalog.{module}.known_migrations", lambda: migrations)
