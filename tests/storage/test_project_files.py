"""Machines with data folders of their own see the same files of a project, by way of a store."""

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as laws
from hypothesis import strategies as st
from made_features import Scene

from autoclip.errors import NotFoundError, StorageError
from autoclip.settings import ExtractionSettings
from storage.artifact_store import FsspecStore
from storage.data_folder import DataFolder, ProjectFolder
from storage.features import Origin
from storage.project_files import StoredRanges, copies, eviction, remove_old_ranges
from storage.project_files.local_index import INDEX, files_of

SECOND_LONG_AGO = 1_000_000_000


@pytest.fixture
def store(tmp_path) -> FsspecStore:
    return FsspecStore(f"file://{tmp_path / 'store'}")


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch):
    monkeypatch.setattr(copies, "REMEMBERED_SEC", 0.0)


def machine(root: Path, store: FsspecStore, limit: int = 10**9) -> DataFolder:
    return DataFolder(root, store, limit)


def write(folder: ProjectFolder, name: str, content: bytes) -> Path:
    path = folder.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def names(folder: ProjectFolder) -> set[str]:
    return {p.relative_to(folder.root).as_posix() for p in folder.root.rglob("*") if p.is_file()} - {INDEX}


def test_what_one_machine_made_another_has(tmp_path, store):
    one, two = (machine(tmp_path / name, store).project("p0") for name in ("one", "two"))
    with one.working():
        write(one, "v2_clips.json", b"clips")
        write(one, "thumbnails/c0.jpg", b"picture")
        write(one, "source/film.mp4", b"film")
        write(one, "exports/goal.mp4", b"goal")
        write(one, "exports/.autoclip-01234567-1-0.partial", b"half")
        write(one, "source/next.mp4.part", b"half")
    with two.working():
        assert names(two) == {"v2_clips.json", "thumbnails/c0.jpg"}
        assert two.fetch(two.source / "film.mp4").read_bytes() == b"film"
        write(two, "v2_clips.json", b"other clips")
        (two.root / "thumbnails/c0.jpg").unlink()
    with one.working():
        assert names(one) >= {"source/film.mp4", "exports/goal.mp4", "v2_clips.json"}
        assert not (one.root / "thumbnails/c0.jpg").exists()
        assert (one.root / "v2_clips.json").read_bytes() == b"other clips"
    assert len(store.objects("projects/p0")) == 3


def test_only_what_changed_is_sent(tmp_path, store, monkeypatch):
    one, two = (machine(tmp_path / name, store).project("p0") for name in ("one", "two"))
    with one.working():
        write(one, "a", b"a")
        write(one, "b", b"b")
    sent = []
    put = FsspecStore.put
    monkeypatch.setattr(FsspecStore, "put", lambda self, path, key: (sent.append(key), put(self, path, key)))
    with two.working():
        write(two, "a", b"a")  # the same again
        write(two, "b", b"B")
    assert [key.split("/")[2] for key in sent] == ["b"]
    with two.working():
        pass
    assert len(sent) == 1


def test_a_machine_that_was_killed_before_it_told_takes_what_the_other_made(tmp_path, store):
    one, two = (machine(tmp_path / name, store).project("p0") for name in ("one", "two"))
    write(one, "features/signals.parquet", b"of a killed run")
    with two.working():
        write(two, "features/signals.parquet", b"of its retry")
    with one.working():
        assert (one.root / "features/signals.parquet").read_bytes() == b"of its retry"


@pytest.mark.parametrize("name", ["v2_clips.json", "exports/goal.mp4"])
def test_what_a_stage_at_work_wrote_stays_while_others_fetch(tmp_path, store, name):
    one = machine(tmp_path / "one", store).project("p0")
    with one.working():
        write(one, name, b"before")
    with one.working():
        write(one, name, b"now")
        one.fetch(one.root / name)
        with one.working(), one.working():
            pass
        with one.editing():
            pass
        assert (one.root / name).read_bytes() == b"now"
    two = machine(tmp_path / "two", store).project("p0")
    assert two.fetch(two.root / name).read_bytes() == b"now"


def test_a_bulky_file_of_a_killed_run_does_not_replace_that_of_its_retry(tmp_path, store):
    one, two = (machine(tmp_path / name, store).project("p0") for name in ("one", "two"))
    write(one, "exports/goal.mp4", b"of a killed run")
    with two.working():
        write(two, "exports/goal.mp4", b"of its retry")
    with one.working():
        pass
    assert two.fetch(two.exports / "goal.mp4").read_bytes() == b"of its retry"
    assert one.fetch(one.exports / "goal.mp4").read_bytes() == b"of its retry"


def test_a_stage_that_fails_sends_nothing_but_its_work_goes_along_later(tmp_path, store):
    one = machine(tmp_path / "one", store).project("p0")
    with pytest.raises(ZeroDivisionError), one.working():
        write(one, "a", bytes([1 // 0]) if write(one, "a", b"a") else b"")
    assert store.objects("projects/p0") == ()
    with one.working():
        pass
    assert len(store.objects("projects/p0")) == 1


def test_features_arrive_as_a_set(tmp_path, store):
    one, two = (machine(tmp_path / name, store).project("p0") for name in ("one", "two"))
    with one.working():
        features, origin = Scene(20.0).features(), Origin("f" * 32, ExtractionSettings(step_sec=0.5), 3)
        one.write_features(features, origin)
    with two.working():
        assert two.features_key() == origin.key


def test_what_comes_damaged_is_not_taken(tmp_path, store):
    one, two = (machine(tmp_path / name, store).project("p0") for name in ("one", "two"))
    with one.working():
        write(one, "v2_clips.json", b"whole")
    (stored,) = store.objects("projects/p0")
    (tmp_path / "store" / stored.key).write_bytes(b"whale")
    with pytest.raises(StorageError, match=f"{stored.key}: its content differs from what was written"), two.working():
        pass
    assert names(two) == set()


def test_a_name_in_the_store_leads_nowhere_else(tmp_path, store):
    one = machine(tmp_path / "one", store).project("p0")
    one.root.mkdir(parents=True)
    (one.root / "features").symlink_to(tmp_path)
    other = machine(tmp_path / "two", store).project("p0")
    with other.working():
        write(other, "features/stolen", b"x")
    with pytest.raises(Exception, match="leads outside"), one.working():
        pass
    assert not (tmp_path / "stolen").exists()


def test_of_two_versions_all_machines_take_the_same(tmp_path, store):
    """Two writers, neither of which lived to remove the other's."""
    one, two = (machine(tmp_path / name, store).project("p0") for name in ("one", "two"))
    with one.working():
        write(one, "a", b"first")
    (first,) = store.objects("projects/p0")
    with two.working():
        write(two, "a", b"second")
    (second,) = store.objects("projects/p0")
    target = tmp_path / "store" / first.key
    target.write_bytes(b"first")
    os.utime(target, ns=(SECOND_LONG_AGO, SECOND_LONG_AGO))
    third = machine(tmp_path / "three", store).project("p0")
    with third.working():
        assert (third.root / "a").read_bytes() == b"second"
        write(third, "a", b"third")
    assert second not in store.objects("projects/p0")
    assert len(store.objects("projects/p0")) == 1


def test_a_removed_project_is_gone_from_the_store(tmp_path, store):
    data = machine(tmp_path / "one", store)
    for project_id in ("p0", "p1"):
        with data.project(project_id).working():
            write(data.project(project_id), "a", b"a")
    data.discard_project("p0")
    assert len(store.objects("projects/p0")) == 1  # it can be restored
    data.remove_project("p0")
    assert store.objects("projects/p0") == ()
    assert len(store.objects("projects/p1")) == 1


def test_a_file_that_is_not_here_is_removed_from_the_store(tmp_path, store):
    one, two = (machine(tmp_path / name, store).project("p0") for name in ("one", "two"))
    with one.working():
        write(one, "exports/goal.mp4", b"goal")
        write(one, "exports/goal 2.mp4", b"goal")
    two.forget(two.exports / "goal.mp4")
    assert [each.key.split("/")[-2] for each in store.objects("projects/p0")] == ["goal 2.mp4"]
    one.fetch(one.exports)
    assert names(one) == {"exports/goal 2.mp4"}


def long_ago(data: DataFolder, project_id: str, days: float) -> None:
    """Let it be so long since the files of a project were used and written."""
    for mark in (data.root / "store" / "used").glob(f"{project_id}.*"):
        os.utime(mark, (time.time() - days * 86400,) * 2)


@pytest.fixture
def full(tmp_path, store, monkeypatch) -> DataFolder:
    """A machine with three projects of 1000 bytes each; p1 was not used for the longest time."""
    monkeypatch.setattr(eviction, "changed_at", lambda _path: 0.0)
    data = machine(tmp_path / "one", store)
    for project_id, days in {"p0": 1, "p1": 3, "p2": 2}.items():
        with data.project(project_id).working():
            write(data.project(project_id), "source/film.mp4", bytes(1000))
        data.project(project_id).fetch(data.project(project_id).source)
        long_ago(data, project_id, days)
    return data


def held_here(data: DataFolder) -> set[str]:
    return {path.parts[-3] for path in data.projects.glob("*/source/film.mp4")}


@pytest.mark.parametrize(
    ("limit", "left"),
    [(3000, {"p0", "p1", "p2"}), (2999, {"p0", "p2"}), (2000, {"p0", "p2"}), (1999, {"p0"}), (0, set())],
)
def test_the_longest_unused_copies_go_first(full, store, limit, left):
    write(full.project("p3"), INDEX, b"")  # damaged, which is not for others to stumble over
    machine(full.root, store, limit).make_room()
    assert held_here(full) == left
    for project_id in ("p0", "p1", "p2"):
        source = full.project(project_id).source / "film.mp4"
        assert full.fetch(source).read_bytes() == bytes(1000)


def test_what_is_in_use_or_not_in_the_store_stays(full, store):
    write(full.project("p1"), "source/film.mp4", bytes(1001))  # changed since it was copied
    long_ago(full, "p1", 3)
    with full.project("p2").files.place.pinned():
        machine(full.root, store, 0).make_room()
        assert held_here(full) == {"p1", "p2"}
    machine(full.root, store, 0).make_room()
    assert held_here(full) == {"p1"}


def test_a_killed_process_pins_nothing(full, store):
    script = (
        "import os, sys; from pathlib import Path; from storage.artifact_store import FsspecStore;"
        "from storage.data_folder import DataFolder; root, url = sys.argv[1:];"
        "pin = DataFolder(Path(root), FsspecStore(url), 0).project('p2').files.place.pinned(); pin.__enter__();"
        "print('pinned', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(full.root), store.name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"pinned\n"
        machine(full.root, store, 0).make_room()
        assert held_here(full) == {"p2"}
        process.kill()
        process.wait()
    machine(full.root, store, 0).make_room()
    assert held_here(full) == set()


def test_without_a_store_nothing_is_written_beside_the_files(tmp_path):
    folder = DataFolder(tmp_path).project("p0")
    with folder.working():
        write(folder, "a", b"a")
    assert folder.stored(folder.root / "a") is None
    assert {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()} == {"projects/p0/a"}


FILES = st.sampled_from(["a", "b", "features/c", "source/d"])
STEPS = st.lists(st.tuples(st.integers(0, 2), FILES, st.none() | st.binary(min_size=1, max_size=3)), max_size=6)


@laws(max_examples=8, deadline=None)
@given(steps=STEPS)
def test_every_machine_sees_the_last_change(tmp_path_factory, steps):
    root = tmp_path_factory.mktemp("machines")
    store = FsspecStore(f"file://{root / 'store'}")
    folders = [machine(root / str(number), store).project("p0") for number in range(3)]
    truth: dict[str, bytes] = {}
    for number, name, content in steps:
        folder = folders[number]
        with folder.working():
            path = folder.fetch(folder.root / name)
            assert (path.read_bytes() if path.exists() else None) == truth.get(name)
            if content is None:
                path.unlink(missing_ok=True)
                folder.forget(path)
                truth.pop(name, None)
            else:
                write(folder, name, content)
                truth[name] = content
    for folder in folders:
        folder.fetch(folder.source)
        with folder.working():
            assert {name: (folder.root / name).read_bytes() for name in names(folder)} == truth
    shutil.rmtree(root)


def test_a_range_that_one_machine_measured_another_merges(tmp_path, store):
    ranges, name = StoredRanges(store, "p0", "c" * 32), ".0001-ab.partial.range"
    measured, merged = tmp_path / "one" / name, tmp_path / "two" / name
    measured.parent.mkdir()
    measured.write_bytes(b"measured")
    assert not ranges.has(merged)
    with pytest.raises(NotFoundError, match=r"0001-ab.* is not in the store; 'autoclip retry' measures it again"):
        ranges.get(merged)
    ranges.put(measured)
    ranges.get(merged)
    assert merged.read_bytes() == b"measured"
    assert not StoredRanges(store, "p0", "d" * 32).has(merged), "another video"
    assert not ranges.has(tmp_path / ".0001-ac.partial.range"), "other settings"
    with machine(tmp_path / "three", store).project("p0").working():
        pass
    assert not list((tmp_path / "three").rglob("*.range"))
    StoredRanges(store, "p1", "c" * 32).put(measured)
    ranges.remove()
    assert [each.key.split("/")[1] for each in store.objects("ranges")] == ["p1"]
    assert (remove_old_ranges(store, 3600), remove_old_ranges(store, -3600)) == (0, 1)


def test_a_range_that_is_damaged_in_the_store_is_not_merged(tmp_path, store):
    ranges, path = StoredRanges(store, "p0", "c" * 32), tmp_path / ".0001-ab.partial.range"
    path.write_bytes(b"measured")
    ranges.put(path)
    (key,) = (each.key for each in store.objects("ranges"))
    (tmp_path / "store" / key).write_bytes(b"meas")
    with pytest.raises(StorageError, match="its content differs from what was written"):
        ranges.get(tmp_path / "merged" / path.name)
    assert not (tmp_path / "merged" / path.name).exists()


def test_folders_that_vanish_while_a_project_is_listed_are_passed_over(tmp_path):
    over = threading.Event()

    def come_and_go() -> None:
        while not over.is_set():
            for number in range(5):
                (tmp_path / str(number) / "inner").mkdir(parents=True, exist_ok=True)
            for number in range(5):
                shutil.rmtree(tmp_path / str(number))

    others = threading.Thread(target=come_and_go)
    others.start()
    try:
        assert {files_of(tmp_path) for _ in range(500)} == {()}
    finally:
        over.set()
        others.join()
