"""A running application over an empty data folder; what needs jobs takes the real Prefect server of the session."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi.testclient import TestClient
from made_features import Scene

from autoclip.settings import ExtractionSettings
from autoclip.signals.table import Features
from interfaces.api.app import create_app
from storage.catalog import Catalog, Project, Source, StoredClip, open_catalog
from storage.data_folder import DataFolder
from storage.environment import Environment, read_environment
from storage.features import Origin

HOST = "http://127.0.0.1:8000"


@dataclass
class House:
    """A data folder with its catalog, and folders that are open to the API."""

    root: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> Environment:
        given = {
            "AUTOCLIP_DATA_DIR": str(self.root / "data"),
            "AUTOCLIP_SOURCE_ROOTS": str(self.videos),
            "AUTOCLIP_OUTPUT_ROOTS": str(self.outputs),
            "AUTOCLIP_REQUESTS_PER_SECOND": "0",
        }
        return read_environment(given | self.variables, self.root / "no.env")

    @property
    def videos(self) -> Path:
        folder = self.root / "videos"
        folder.mkdir(exist_ok=True)
        return folder

    @property
    def outputs(self) -> Path:
        folder = self.root / "outputs"
        folder.mkdir(exist_ok=True)
        return folder

    @property
    def catalog(self) -> Catalog:
        return open_catalog(self.environment.catalog_path)

    @property
    def folder(self) -> DataFolder:
        return DataFolder(self.environment.data_dir)

    def add_project(self, **fields: Any) -> Project:
        """A project of 100 s whose video nobody looks at."""
        facts = {"name": "Match", "source": Source(kind="file", address="/nowhere.mp4"), "duration_sec": 100.0}
        with self.catalog.transaction() as unit:
            return unit.projects.add(Project(**facts | fields))

    def add_clip(self, project: Project, start: float, end: float, **fields: Any) -> StoredClip:
        clip = StoredClip(id=f"{project.id[:8]}-{start:g}-{end:g}".replace(".", "-"), name=f"at {start:g}",
                          start=start, end=end, project_id=project.id, **fields)  # fmt: skip
        with self.catalog.transaction() as unit:
            return unit.clips.add(clip)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def open_client(house: House) -> Iterator[Callable[..., TestClient]]:
    """Start the application with further variables; return a client of it."""
    clients: list[TestClient] = []

    def start(**variables: str) -> TestClient:
        house.variables |= variables
        client = TestClient(create_app(house.environment), base_url=HOST, raise_server_exceptions=False)
        client.__enter__()
        clients.append(client)
        return client

    yield start
    for client in clients:
        client.__exit__(None, None, None)


@pytest.fixture
def client(open_client: Callable[..., TestClient]) -> TestClient:
    return open_client()


@pytest.fixture
def small_film(encode_tracks, film, sound) -> Path:
    """Two seconds of grey with a tone, in an MP4."""
    return encode_tracks("film.mp4", film([40, 200] * 25), sound(2.0))


@pytest.fixture
def features() -> Features:
    """Two minutes with two planted moments."""
    return Scene(120.0).moment(30.0).moment(80.0).features()


@pytest.fixture
def origin() -> Origin:
    return Origin("f" * 32, ExtractionSettings(), 1)


@pytest.fixture
def serve(house: House) -> Iterator[Callable[..., str]]:
    """Serve the application on a port of its own, over real sockets; return its address."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(**variables: str) -> str:
        house.variables |= variables
        config = uvicorn.Config(
            create_app(house.environment), host="127.0.0.1", port=0, log_level="error", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.01)
        running.append((server, thread))
        port = server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join(20)
