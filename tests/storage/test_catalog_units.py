"""Units of work on every kind of catalog: kept whole or not at all; threads, and forked children."""

import os
import threading

import pytest

from autoclip.errors import NotFoundError, StorageError


def test_threads_share_one_catalog(catalog, project):
    def write(count):
        for _ in range(count):
            with catalog.transaction() as unit:
                current = unit.projects.get(project.id)
                unit.projects.save(current.changed(size_bytes=(current.size_bytes or 0) + 1))

    threads = [threading.Thread(target=write, args=(5,)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with catalog.reading() as view:
        assert view.projects.get(project.id).size_bytes == 25


def test_a_failed_block_undoes_everything(catalog, project):
    def fail():
        with catalog.transaction() as unit:
            unit.projects.save(project.changed(name="Half"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    with catalog.reading() as view:
        assert view.projects.get(project.id) == project


def test_a_failed_statement_undoes_everything_even_if_its_error_is_caught(catalog, project):
    def fail():
        with catalog.transaction() as unit:
            unit.projects.save(project.changed(name="Half"))
            with pytest.raises(StorageError):
                unit.projects.tables.of_project(project.id).rows("SELECT nothing FROM nowhere")

    with pytest.raises(StorageError, match="nothing of this unit of work was kept"):
        fail()
    with catalog.reading() as view:
        assert view.projects.get(project.id) == project


def test_a_question_without_an_answer_undoes_nothing(catalog, project):
    with catalog.transaction() as unit:
        unit.projects.save(project.changed(name="Kept"))
        with pytest.raises(NotFoundError):
            unit.clips.get("nope")
    with catalog.reading() as view:
        assert view.projects.get(project.id).name == "Kept"


def test_a_unit_within_a_unit_is_part_of_it(catalog, project):
    def fail():
        with catalog.transaction() as outer:
            with catalog.transaction() as inner:
                inner.projects.save(project.changed(name="Inner"))
            with catalog.reading() as view:
                assert view.projects.get(project.id).name == "Inner"
            assert outer.projects.get(project.id).name == "Inner"
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    with catalog.reading() as view:
        assert view.projects.get(project.id) == project


def test_a_failed_inner_unit_fails_the_outer_one(catalog, project):
    def inner():
        with catalog.transaction() as unit:
            unit.projects.save(project.changed(name="Half"))
            raise RuntimeError("stop")

    def outer():
        with catalog.transaction(), pytest.raises(RuntimeError):
            inner()

    with pytest.raises(StorageError, match="a part of it failed"):
        outer()
    with catalog.reading() as view:
        assert view.projects.get(project.id) == project


def test_reading_changes_nothing(catalog, project):
    with catalog.reading() as view:
        with pytest.raises(StorageError, match="only reads"), catalog.transaction():
            pass
        with pytest.raises(StorageError, match=r"read-only|only reads"):
            view.projects.save(project.changed(name="x"))


def test_a_forked_child_has_a_catalog_of_its_own(catalog, project):
    with catalog.reading():
        pass
    child = os.fork()
    if child == 0:
        # What other tests loaded (Prefect) has exit handlers of its own, so the child leaves without any.
        try:
            with catalog.transaction() as unit:
                unit.projects.save(unit.projects.get(project.id).changed(name="Child"))
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    with catalog.transaction() as unit:
        assert unit.projects.get(project.id).name == "Child"


def test_a_child_forked_inside_a_unit_neither_keeps_its_lock_nor_commits_it(catalog, project):
    reader, writer = os.pipe()
    with catalog.transaction() as unit:
        unit.projects.save(project.changed(name="Parent"))
        child = os.fork()
        if child == 0:  # leaves the block like any other program would, but is no part of it
            os.close(writer)
            os.read(reader, 1)
            try:
                unit.projects.get(project.id)
            except StorageError:
                os._exit(7)
            os._exit(1)
    os.close(reader)
    with catalog.transaction() as unit:
        assert unit.projects.get(project.id).name == "Parent"
    os.close(writer)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
