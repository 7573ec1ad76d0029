"""The catalog under load: nothing lost, no reader fails, no kill damages it; how fast, next to a sibling design.

Run alone with ``python -m benchmarks catalog``: some six minutes on two quiet cores, three times as long on busy ones.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path

from storage.catalog import Catalog, Export, Project, Source
from storage.catalog.duckdb_catalog import DuckDBCatalog
from storage.environment import names_postgresql

WRITERS = 8
WRITES = 200
KILLS = 600
READER_PAUSE_SEC = 0.02
SEED = 7

# Forked, not spawned: 200 victims need no 200 starts of Python, and forking a process that has a catalog is a case too.
processes = multiprocessing.get_context("fork")


@dataclass(frozen=True, slots=True)
class Contention:
    """What eight writers and a reader saw."""

    lost: int
    failed_reads: int
    torn_reads: int
    wall_sec: float
    cpu_sec: float
    writes_ms: tuple[float, ...]
    reads_ms: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Kills:
    """What the kills left."""

    kills: int
    committed: int
    acknowledged_and_lost: int
    torn: int
    unopenable: int
    open_after_ms: tuple[float, ...]


def run() -> str:
    """Measure both and return a section of docs/benchmarks.md."""
    with tempfile.TemporaryDirectory() as folder:
        flush_ms = measure_flushes(Path(folder) / "flushed")
        contention = measure_contention(f"{folder}/contention.duckdb")
        kills = survive_kills(f"{folder}/kills.duckdb")
    return f"""## Catalog

{described(contention, kills, flush_ms, "four")}"""


def described(contention: Contention, kills: Kills, flush_ms: Sequence[float], flushes: str) -> str:
    """Write what was measured of one catalog."""
    pause_ms = READER_PAUSE_SEC * 1e3
    return f"""{WRITERS} processes x {WRITES} read-modify-writes (read a project, change it, record an export; every
commit flushed to the disk) with a reader every {pause_ms:.0f} ms. One flush of 4 KiB to this disk took
{_two(flush_ms)} ms (p50 / p99) just before; a transaction waits for {flushes}.

| | |
|---|---|
| lost | {contention.lost} |
| failed or torn of {len(contention.reads_ms)} reads | {contention.failed_reads + contention.torn_reads} |
| transactions/s | {WRITERS * WRITES / contention.wall_sec:.0f} |
| CPU ms a transaction, the reader's included | {contention.cpu_sec * 1e3 / WRITERS / WRITES:.0f} |
| write p50 / p99 ms | {_two(contention.writes_ms)} |
| read p50 / p99 ms | {_two(contention.reads_ms)} |

`kill -9` of the writing process at a random moment, again and again on one catalog:

| kills | commits | acknowledged and lost | torn | unopenable | first read after a kill p50 / p99 ms |
|---|---|---|---|---|---|
| {kills.kills} | {kills.committed} | {kills.acknowledged_and_lost} | {kills.torn} | {kills.unopenable} | \
{_two(kills.open_after_ms)} |
"""


def measure_flushes(path: Path, *, count: int = 100) -> tuple[float, ...]:
    """Time what every transaction waits for: a small write flushed to the disk, in ms."""
    spent = []
    with path.open("wb", buffering=0) as file:
        for _ in range(count):
            file.write(bytes(4096))
            before = time.perf_counter()
            os.fsync(file.fileno())
            spent.append((time.perf_counter() - before) * 1e3)
    return tuple(spent)


def measure_contention(location: str, *, writers: int = WRITERS, writes: int = WRITES) -> Contention:
    """Let `writers` processes make `writes` read-modify-writes each, with a reader beside them."""
    project = _new_project(location)
    begin, end = processes.Event(), processes.Event()
    written, read = processes.SimpleQueue(), processes.SimpleQueue()
    team = [processes.Process(target=_write, args=(location, project, writes, begin, written)) for _ in range(writers)]
    reader = processes.Process(target=_read, args=(location, project, begin, end, read))
    for process in (*team, reader):
        process.start()
    cpu_before, before = _children_cpu_sec(), time.perf_counter()
    begin.set()
    spent = [written.get() for _ in team]
    wall = time.perf_counter() - before
    end.set()
    reads, failed, torn = read.get()
    for process in (*team, reader):
        process.join()
    cpu = _children_cpu_sec() - cpu_before
    counter, names = _state(opened(location), project)
    total = writers * writes
    lost = max(total - counter, len(set(range(1, total + 1)) - set(names)))
    return Contention(lost, failed, torn, wall, cpu, tuple(value for some in spent for value in some), tuple(reads))


def survive_kills(location: str, *, kills: int = KILLS) -> Kills:
    """Kill a writer `kills` times at random moments and look at what is there each time."""
    project = _new_project(location)
    chance = random.Random(SEED)
    lost = torn = unopenable = counter = 0
    times = []
    for number in range(kills):
        if number % 50 == 0:
            sys.stderr.write(f"{number} of {kills} kills\n")
        committed = _kill_a_writer(location, project, chance.uniform(0.0, 0.2))
        before = time.perf_counter()
        try:
            counter, names = _state(opened(location), project)
        except Exception:  # noqa: BLE001 - whatever it is, the catalog could not be read
            unopenable += 1
            continue
        times.append((time.perf_counter() - before) * 1e3)
        lost += max(0, committed - counter)
        torn += names != list(range(1, counter + 1))
    return Kills(kills, counter, lost, torn, unopenable, tuple(times))


def _kill_a_writer(location: str, project: str, after_sec: float) -> int:
    """Start a writer, kill it a while after its first commit, and return the last commit that it reported."""
    receiver, sender = os.pipe()
    writer = processes.Process(target=_write_and_tell, args=(location, project, sender))
    writer.start()
    os.close(sender)
    with os.fdopen(receiver) as pipe:
        first = pipe.readline()
        time.sleep(after_sec)
        os.kill(writer.pid or 0, signal.SIGKILL)
        writer.join()
        lines = [first, *pipe.read().split("\n")[:-1]]
    return int(lines[-1])


def _write(
    location: str, project: str, writes: int, begin: Event, spent: multiprocessing.SimpleQueue[list[float]]
) -> None:
    catalog, times = opened(location, busy_deadline_sec=120), []
    begin.wait()
    for _ in range(writes):
        before = time.perf_counter()
        _count_up(catalog, project)
        times.append((time.perf_counter() - before) * 1e3)
    spent.put(times)


def _write_and_tell(location: str, project: str, sender: int) -> None:
    catalog = opened(location)
    while True:
        os.write(sender, f"{_count_up(catalog, project)}\n".encode())


def _read(location: str, project: str, begin: Event, end: Event, seen: multiprocessing.SimpleQueue[object]) -> None:
    catalog, times, failed, torn = opened(location, busy_deadline_sec=120), [], 0, 0
    shown = 0
    begin.wait()
    while not end.is_set():
        before = time.perf_counter()
        try:
            with catalog.reading() as view:
                counter = view.projects.get(project).size_bytes or 0
                total = view.exports.page(project, limit=1).total
        except Exception:  # noqa: BLE001 - any failure of a reader counts
            failed += 1
        else:
            torn += counter != total
            if counter // 100 > shown:
                shown = counter // 100
                sys.stderr.write(f"{counter} transactions\n")
        times.append((time.perf_counter() - before) * 1e3)
        time.sleep(READER_PAUSE_SEC)
    seen.put((times, failed, torn))


def _count_up(catalog: Catalog, project: str) -> int:
    """Read, change, record: one transaction."""
    with catalog.transaction() as unit:
        current = unit.projects.get(project)
        count = (current.size_bytes or 0) + 1
        unit.projects.save(current.changed(size_bytes=count))
        unit.exports.add(Export(project_id=project, name=str(count)))
    return count


def opened(location: str, *, busy_deadline_sec: float = 30) -> Catalog:
    """Open a catalog anew, by its path or PostgreSQL's URL."""
    if not names_postgresql(location):
        return DuckDBCatalog(Path(location), busy_deadline_sec=busy_deadline_sec)
    from storage.catalog.postgresql_catalog import PostgreSQLCatalog  # noqa: PLC0415 - needs an extra

    return PostgreSQLCatalog(location, busy_deadline_sec=busy_deadline_sec)


def _children_cpu_sec() -> float:
    """CPU time of all children that have ended, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _new_project(location: str) -> str:
    with opened(location).transaction() as unit:
        return unit.projects.add(Project(name="Load", source=Source(kind="file", address="none"))).id


def _state(catalog: Catalog, project: str) -> tuple[int, list[int]]:
    with catalog.reading() as view:
        counter = view.projects.get(project).size_bytes or 0
        rows = view.exports.tables.of_project(project).rows("SELECT name FROM exports WHERE project_id = ?", [project])
    return counter, sorted(int(row["name"]) for row in rows)


def _two(values: Sequence[float]) -> str:
    """Write the median and the 99th percentile."""
    ordered = sorted(values)
    if not ordered:
        return "-"
    return f"{ordered[len(ordered) // 2]:.1f} / {ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]:.1f}"


if __name__ == "__main__":
    print(run())
