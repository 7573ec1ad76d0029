"""What a killed render leaves goes with the next one; what is under way, or somebody else's, stays."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from autoclip.export.render_context import temporary_path
from autoclip.export.unfinished_files import remove_unfinished, unfinished_name
from autoclip.system import processes
from stages.output_folders import remove_unfinished_exports
from storage.catalog import Project, Source, open_catalog

RENDERS = """
import sys, time
from pathlib import Path
from autoclip.export.render_context import temporary_path
with temporary_path(Path(sys.argv[1])) as part:
    part.write_bytes(b"half")
    print(part, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def rendering():
    """Another process in the midst of a file."""
    started = []

    def start(folder: Path) -> tuple[subprocess.Popen[str], Path]:
        process = subprocess.Popen([sys.executable, "-c", RENDERS, str(folder)], stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process, Path(process.stdout.readline().strip())

    yield start
    for process in started:
        process.kill()
        process.communicate()


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_the_next_file_clears_away_what_a_killed_render_left(tmp_path, rendering):
    process, part = rendering(tmp_path)
    with temporary_path(tmp_path):
        assert part.exists(), "it is under way"
    kill(process)
    with temporary_path(tmp_path):
        assert not part.exists()


def test_only_own_temporary_names_that_nobody_writes_are_removed(tmp_path, rendering, monkeypatch):
    process, _ = rendering(tmp_path)
    kill(process)
    foreign = unfinished_name().replace(unfinished_name().split("-")[1], "0" * 8)
    (tmp_path / foreign).write_bytes(b"of another machine")
    ours = unfinished_name()
    (tmp_path / ours).write_bytes(b"ours")
    for name in (".autoclip-notes.partial", "clip.mp4", ".autoclip-x", ".other.partial"):
        (tmp_path / name).write_bytes(b"the user's")
    (tmp_path / "deeper").mkdir()
    (tmp_path / unfinished_name()).symlink_to(tmp_path / "clip.mp4")
    before = {path.name for path in tmp_path.iterdir()}
    (gone,) = remove_unfinished(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == before - {gone.name}
    os.utime(tmp_path / foreign, (0, 0))
    assert [path.name for path in remove_unfinished(tmp_path)] == [foreign]
    assert remove_unfinished(tmp_path / "nowhere") == ()
    monkeypatch.setattr(processes, "START_TIME_SEC", -3600.0)  # as if this process had begun after it, with its id
    assert [path.name for path in remove_unfinished(tmp_path)] == [ours]


def test_maintenance_looks_into_every_output_folder(tmp_path, rendering):
    catalog = open_catalog(tmp_path / "autoclip.duckdb")
    folders = [tmp_path / "clips", tmp_path / "more", tmp_path / "linked"]
    parts = []
    for folder in folders:
        process, part = rendering(folder)
        kill(process)
        parts.append(part)
        with catalog.transaction() as unit:
            unit.projects.add(
                Project(name=folder.name, source=Source(kind="file", address="/film.mp4"), output_folder=folder)
            )
    folders[2].rename(tmp_path / "elsewhere")
    folders[2].symlink_to(tmp_path / "elsewhere")
    process, other = rendering(tmp_path / "named by a run")
    kill(process)
    found = remove_unfinished_exports(catalog, 3600.0, [other.parent, tmp_path / "gone"])
    assert sorted(found) == sorted([*parts[:2], other])
    assert (tmp_path / "elsewhere" / parts[2].name).exists()
