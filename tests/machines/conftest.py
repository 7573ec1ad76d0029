"""Machines that share a PostgreSQL, an S3 and a Prefect server; each has a data folder and a name of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pytest
from object_store import new_bucket, running_s3
from postgresql_server import new_schema, running_postgresql
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect_server import prefect_variables, running_server

from interfaces.service.registration import register
from storage.environment import Environment, read_environment

NAMED = "import os, socket; socket.gethostname = lambda: os.environ['TEST_HOST_NAME']"
AUTOCLIP = (sys.executable, "-c", "from interfaces.cli.start import main; main()")


@dataclass
class Machine:
    """A machine: its name, its data folder, and what every process on it has in its environment."""

    name: str
    root: Path
    variables: dict[str, str]
    worker: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> Environment:
        own = {name: value for name, value in self.variables.items() if name.startswith("AUTOCLIP_")}
        return read_environment(own, self.root / "no.env")

    @property
    def everything(self) -> dict[str, str]:
        return os.environ | self.variables

    def start_worker(self) -> None:
        log = (self.root / "worker.log").open("ab")
        command = [*AUTOCLIP, "worker"]
        self.worker = subprocess.Popen(command, env=self.everything, cwd=self.root, stdout=log, stderr=log)

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Stop every process of the machine for a while, as a machine that sleeps does."""
        assert self.worker is not None
        worker = psutil.Process(self.worker.pid)
        worker.suspend()
        processes = (worker, *worker.children(recursive=True))
        for process in processes[1:]:
            process.suspend()
        try:
            yield
        finally:
            for process in reversed(processes):
                process.resume()

    def lose_power(self) -> None:
        """End every process of the machine at once."""
        if self.worker is not None:
            worker = psutil.Process(self.worker.pid)
            worker.suspend()  # so that it starts nothing meanwhile
            for process in (*worker.children(recursive=True), worker):
                process.kill()
            self.worker.wait()
            self.worker = None


@dataclass
class Site:
    """What the machines share."""

    root: Path
    shared: dict[str, str]
    api_url: str
    store_url: str

    def machine(self, name: str) -> Machine:
        root = self.root / name
        (root / "named").mkdir(parents=True)
        (root / "named" / "sitecustomize.py").write_text(NAMED)
        repository = Path(__file__).parents[2]
        own = {
            "AUTOCLIP_DATA_DIR": str(root / "data"),
            "AUTOCLIP_SOURCE_ROOTS": str(self.root / "videos"),
            "PYTHONPATH": f"{root / 'named'}{os.pathsep}{repository}",
            "TEST_HOST_NAME": name,
            **prefect_variables(root, self.api_url),
        }
        return Machine(name, root, self.shared | own)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    pytest.importorskip("psycopg_pool", reason="needs the extra 'postgres'")
    root = tmp_path_factory.mktemp("site")
    (root / "prefect").mkdir()
    with ExitStack() as stack:
        s3 = stack.enter_context(running_s3())
        database = stack.enter_context(new_schema(stack.enter_context(running_postgresql())))
        api_url = stack.enter_context(running_server(root / "prefect"))
        store_url = f"{new_bucket(s3)}/archive"
        shared = {
            **s3,
            "AUTOCLIP_DATABASE_URL": database,
            "AUTOCLIP_STORE_URL": store_url,
            "AUTOCLIP_REQUESTS_PER_SECOND": "0",
            "PREFECT_WORKER_QUERY_SECONDS": "1",
        }
        yield Site(root, shared, api_url, store_url)


@pytest.fixture
def prefect_client(site: Site) -> Iterator[SyncPrefectClient]:
    with temporary_settings({PREFECT_API_URL: site.api_url}), get_client(sync_client=True) as client:
        yield client


@pytest.fixture
def machines(site: Site, prefect_client: SyncPrefectClient) -> Iterator[tuple[Machine, Machine]]:
    """Two machines with workers; the work pool and the deployments are made by the first."""
    pair = site.machine("anna"), site.machine("bert")
    register(prefect_client, pair[0].environment)
    try:
        for machine in pair:
            machine.start_worker()
        yield pair
    finally:
        for machine in pair:
            machine.lose_power()


@pytest.fixture
def match(site: Site, encode_tracks: Callable[..., Path], film: type, sound: type) -> Callable[[int], Path]:
    """Encode 30 s with four seconds of noise, another one for each number, in the folder that all machines see."""

    def encode(number: int) -> Path:
        noise = np.random.default_rng(number)
        pictures = [
            noise.integers(0, 255, (48, 64, 3), dtype=np.uint8) if i in range(60, 80) else 60 + number
            for i in range(150)
        ]
        made = encode_tracks(f"match{number}.mp4", film(pictures, rate=5), sound(30.0))
        target = site.root / "videos" / made.name
        target.parent.mkdir(exist_ok=True)
        return made.rename(target)

    return encode
