"""What the catalog costs when the archive grows: the same requests on a small and a large one, in turns.

Run alone with ``python -m benchmarks archive``.
"""

from __future__ import annotations

import multiprocessing
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from storage.catalog import StoredClip, new_id
from storage.catalog.duckdb_catalog import DuckDBCatalog
from storage.catalog.duckdb_session import Access, DuckDBSession
from storage.catalog.split import make_empty

CLIPS_A_PROJECT = 200
"""The candidates of one long video."""

SMALL, LARGE = 5, 1000
"""Projects: 1,000 and 200,000 clips."""

MEMORY = Path("/dev/shm")
"""A file system in memory (Linux)."""

ROUNDS = 30
WRITERS, WRITES = 8, 12
TARGET_RATIO = 1.5

processes = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Request:
    """One kind of request.

    Attributes
    ----------
    name : str
        What it does.
    run : callable
        Does it once, on a catalog, with the number of the round.
    """

    name: str
    run: Callable[[DuckDBCatalog, int], None]


def run() -> str:
    """Measure both and return a section of docs/benchmarks.md."""
    with tempfile.TemporaryDirectory() as folder:
        small, large = (make_archive(Path(folder) / str(count), count) for count in (SMALL, LARGE))
        rows = [_row(request, small, large) for request in REQUESTS]
        written = [_bytes_of_a_change(catalog) for catalog in (small, large)]
        contended = [_contend(catalog) for catalog in (small, large)]
    lost = sum(each.lost for each in contended)
    writers = " | ".join(f"{_at(each.spent_ms, 0.5):.0f} / {_at(each.spent_ms, 0.99):.0f}" for each in contended)
    lines = "\n".join(rows)
    return f"""## Catalog of a large archive

The same requests in turns on catalogs of {SMALL * CLIPS_A_PROJECT:,} and {LARGE * CLIPS_A_PROJECT:,} clips
({CLIPS_A_PROJECT} a project), {ROUNDS} rounds; wall time in ms, median / 90th percentile. The ratio of the
medians is to be {TARGET_RATIO} at most. A change waits for the disk several times; the load is given below.

| | {SMALL * CLIPS_A_PROJECT:,} clips | {LARGE * CLIPS_A_PROJECT:,} clips | ratio |
|---|---|---|---|
{lines}
| bytes a rename writes | {written[0]:,} | {written[1]:,} | {written[1] / written[0]:.2f} |
| {WRITERS} writers at once, each a rename, median / p99 | {writers} | |

{WRITERS} writers made {WRITES} renames each on both; {lost} were lost.
"""


def make_archive(folder: Path, projects: int) -> DuckDBCatalog:
    """Make a catalog of this many projects from one file that is split on first use.

    It is made in memory where there is a file system for that, and copied: to flush a thousand files one by one takes
    many minutes on a busy disk.
    """
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as place:
        path = _one_file(Path(place) / "archive.duckdb", projects)
        with DuckDBCatalog(path, busy_deadline_sec=3600).reading():
            shutil.copytree(place, folder, ignore=shutil.ignore_patterns("*.lock", "*-wal", "*-shm", "*.before-split"))
    catalog = DuckDBCatalog(folder / path.name, busy_deadline_sec=3600)
    with catalog.reading():
        return catalog


def _one_file(path: Path, projects: int) -> Path:
    """Write projects and their clips to one file, as a catalog of an earlier version."""
    session = DuckDBSession()
    make_empty(session, path, time.monotonic() + 60)
    session.attach(path, "whole", Access.WRITE, time.monotonic() + 60)
    session.use("whole")
    session.execute(f"""
        INSERT INTO projects BY NAME SELECT 'p' || i AS id, 'Project ' || i AS name, '/videos/' || i || '.mp4' AS path,
            'f' || i AS fingerprint, 14400.0 AS duration_sec, 'analyzed' AS state, 1 AS revision,
            TIMESTAMP '2026-01-01' + INTERVAL (i) MINUTE AS created_at, created_at AS updated_at
            FROM range({projects}) AS projects(i);
        INSERT INTO sources BY NAME SELECT id AS project_id, 'file' AS kind, path AS address, '[]' AS chapters,
            '[]' AS heatmap, '{{}}' AS subtitles FROM projects;
        INSERT INTO clips BY NAME SELECT 'p' || i || '-c' || n AS id, 'p' || i AS project_id, 'Clip ' || n AS name,
            n * 60.0 AS "start", n * 60.0 + 25.0 AS "end", (n * 7919 % 1000) / 1000 AS quality_score,
            'loud and fast; begins at a cut' AS reason, 'v2' AS mode, '{{}}' AS scores, 'auto' AS created_by,
            false AS renamed, false AS trimmed, 'undecided' AS verdict, 1 AS revision,
            TIMESTAMP '2026-01-01' AS created_at, created_at AS updated_at
            FROM range({projects}) AS projects(i), range({CLIPS_A_PROJECT}) AS clips(n)
    """)
    session.execute("CHECKPOINT")
    session.close()
    return path


def _rename(catalog: DuckDBCatalog, number: int) -> None:
    with catalog.transaction() as unit:
        unit.clips.save(unit.clips.get(f"p3-c{number % CLIPS_A_PROJECT}").changed(name=f"Renamed {number}"))


def _decide(catalog: DuckDBCatalog, number: int) -> None:
    verdict = "kept" if number % 2 else "rejected"
    with catalog.transaction() as unit:
        unit.clips.save(unit.clips.get(f"p2-c{number % CLIPS_A_PROJECT}").changed(verdict=verdict))


def _create(catalog: DuckDBCatalog, number: int) -> None:
    with catalog.transaction() as unit:
        unit.clips.add(StoredClip(id=new_id(), project_id="p4", name="c", start=number, end=number + 1.0))


def _rename_project(catalog: DuckDBCatalog, number: int) -> None:
    with catalog.transaction() as unit:
        unit.projects.save(unit.projects.get("p1").changed(name=f"Renamed {number}"))


def _list_clips(catalog: DuckDBCatalog, _number: int) -> None:
    with catalog.reading() as view:
        assert len(view.clips.page("p0", limit=100, sort="-quality_score").items) == 100


def _list_projects(catalog: DuckDBCatalog, _number: int) -> None:
    with catalog.reading() as view:
        assert len(view.projects.page(limit=5).items) == 5


def _list_by_name(catalog: DuckDBCatalog, _number: int) -> None:
    with catalog.reading() as view:
        assert len(view.projects.page(limit=5, sort="name").items) == 5


def _get_clip(catalog: DuckDBCatalog, number: int) -> None:
    with catalog.reading() as view:
        view.clips.get(f"p0-c{number % CLIPS_A_PROJECT}")


REQUESTS = (
    Request("rename a clip", _rename),
    Request("decide about a clip", _decide),
    Request("make a clip", _create),
    Request("rename a project", _rename_project),
    Request("a page of 100 clips", _list_clips),
    Request("a page of 5 projects", _list_projects),
    Request("the same by name", _list_by_name),
    Request("one clip by its id", _get_clip),
)


@dataclass(frozen=True, slots=True)
class Contended:
    """What several writers at once saw."""

    lost: int
    spent_ms: tuple[float, ...]


def _row(request: Request, small: DuckDBCatalog, large: DuckDBCatalog) -> str:
    sys.stderr.write(f"{request.name}\n")
    spent: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS + 1):
        for catalog, times in ((small, spent[0]), (large, spent[1]))[:: 1 if number % 2 else -1]:
            before = time.perf_counter()
            request.run(catalog, number)
            if number:  # the first attaches files
                times.append((time.perf_counter() - before) * 1e3)
    shown = " | ".join(f"{_at(times, 0.5):.1f} / {_at(times, 0.9):.1f}" for times in spent)
    return f"| {request.name} | {shown} | {statistics.median(spent[1]) / statistics.median(spent[0]):.2f} |"


def _bytes_of_a_change(catalog: DuckDBCatalog) -> int:
    """Return how much this process hands to the disk for one rename (Linux: /proc/self/io)."""
    before = _written_bytes()
    _rename(catalog, 1)
    return _written_bytes() - before


def _written_bytes() -> int:
    facts = dict(line.split(": ") for line in Path("/proc/self/io").read_text("ascii").splitlines())
    return int(facts["wchar"])


def _contend(catalog: DuckDBCatalog) -> Contended:
    sys.stderr.write(f"{WRITERS} writers\n")
    spent = processes.SimpleQueue()
    team = [processes.Process(target=_write, args=(catalog.path, number, spent)) for number in range(WRITERS)]
    for process in team:
        process.start()
    times = [value for _ in team for value in spent.get()]
    for process in team:
        process.join()
    with catalog.reading() as view:
        names = [view.clips.get(f"p{_project_of(number)}-c{number}").name for number in range(WRITERS)]
    lost = sum(name != f"Written {WRITES - 1}" for name in names)
    return Contended(lost, tuple(times))


def _write(path: Path, number: int, spent: multiprocessing.SimpleQueue[list[float]]) -> None:
    catalog, times = DuckDBCatalog(path, busy_deadline_sec=120), []
    for count in range(WRITES):
        before = time.perf_counter()
        with catalog.transaction() as unit:
            clip = unit.clips.get(f"p{_project_of(number)}-c{number}")
            unit.clips.save(clip.changed(name=f"Written {count}"))
        times.append((time.perf_counter() - before) * 1e3)
    spent.put(times)


def _project_of(number: int) -> int:
    """Two writers a project."""
    return number % (WRITERS // 2)


def _at(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


if __name__ == "__main__":
    print(run())
