"""The record of a file that a killed process was making says that it failed, and no other record does."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from flows.liveness import COMMAND, died, run_lock
from flows.lost_exports import settle_lost_exports
from storage.catalog import Catalog, Export, ExportState, Project, Source, open_catalog
from storage.process_lock import held

HOLD = "import sys, time; from pathlib import Path; from storage.process_lock import held\n"
HOLD += "with held(Path(sys.argv[1]), '1'): print('held', flush=True); time.sleep(60)"


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return open_catalog(tmp_path / "autoclip.duckdb")


@pytest.fixture
def project(catalog: Catalog) -> Project:
    with catalog.transaction() as unit:
        return unit.projects.add(Project(name="Final", source=Source(kind="file", address="/videos/final.mp4")))


def noted(catalog: Catalog, project: Project, job_id: str | None, state: ExportState = "running") -> Export:
    with catalog.transaction() as unit:
        export = Export(
            project_id=project.id, name="a.mp4", path=Path("/clips/a.mp4"), job_id=job_id, settings={}, state=state
        )
        return unit.exports.add(export)


def stored(catalog: Catalog, export: Export) -> Export:
    with catalog.reading() as view:
        return view.exports.get(export.id)


def test_what_a_killed_process_was_making_is_failed(catalog: Catalog, project: Project, tmp_path: Path) -> None:
    job = uuid4()
    export, waiting = noted(catalog, project, str(job)), noted(catalog, project, str(job), "pending")
    done = noted(catalog, project, str(job), "completed")
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(run_lock(tmp_path, job))], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    assert settle_lost_exports(catalog, tmp_path) == ()
    process.kill()
    process.communicate()

    assert {lost.id for lost in settle_lost_exports(catalog, tmp_path)} == {export.id, waiting.id}
    settled = stored(catalog, export)
    assert settled.state == "failed"
    assert f"autoclip retry {job}" in str(settled.error)
    assert stored(catalog, done) == done
    assert settle_lost_exports(catalog, tmp_path) == ()


def test_what_a_killed_command_was_making_is_failed(catalog: Catalog, project: Project, tmp_path: Path) -> None:
    export = noted(catalog, project, f"{COMMAND}{uuid4()}")
    lock = run_lock(tmp_path, str(export.job_id))
    with held(lock, "1"):
        assert settle_lost_exports(catalog, tmp_path) == ()
    lock.write_text(f"{socket.gethostname()}\n4711\n")  # what it leaves when it is killed
    assert [lost.id for lost in settle_lost_exports(catalog, tmp_path)] == [export.id]
    assert "'autoclip export'" in str(stored(catalog, export).error)
    assert died(tmp_path) == frozenset()  # no worker has to say anything of it


def test_what_has_no_run_or_one_elsewhere_is_left_alone(catalog: Catalog, project: Project, tmp_path: Path) -> None:
    elsewhere = uuid4()
    lock = run_lock(tmp_path, elsewhere)
    lock.parent.mkdir(parents=True)
    lock.write_text("another-machine\n4711\n")
    for job_id in (None, "a-command", str(elsewhere)):
        noted(catalog, project, job_id)
    assert settle_lost_exports(catalog, tmp_path) == ()


def test_a_run_that_was_begun_again_keeps_its_record(catalog: Catalog, project: Project, tmp_path: Path) -> None:
    job = uuid4()
    noted(catalog, project, str(job))
    with held(run_lock(tmp_path, job), "1"):
        assert settle_lost_exports(catalog, tmp_path) == ()
    assert len(settle_lost_exports(catalog, tmp_path)) == 1
