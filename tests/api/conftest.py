"""A running application over an empty data folder; what needs jobs takes the real Prefect server of the session."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi.testclient import TestClient
from made_features import Scene

from autoclip.settings import ExtractionSettings
from autoclip.signals.table import Features
from interfaces.api.app import create_app
from interfaces.api.server import server_config
from storage.catalog import Catalog, Project, Source, StoredClip, _opened, open_catalog
from storage.data_folder import DataFolder
from storage.environment import Environment, read_environment
from storage.features import Origin

HOST = "http://127.0.0.1:8000"


@dataclass
class Workspace:
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
            "AUTOCLIP_PREFECT_PORT": "9",  # where nothing answers: what needs jobs is tried in test_service.py
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
def workspace(tmp_path: Path, empty_catalog: Path) -> Iterator[Workspace]:
    workspace = Workspace(tmp_path)
    path = workspace.environment.catalog_path
    path.parent.mkdir()
    shutil.copy(empty_catalog, path)
    yield workspace
    _opened.cache_clear()  # each keeps four files open, and on most systems a process may have 1,024


@pytest.fixture(scope="session")
def standing_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """One application for all tests that change nothing of its environment: building one takes 0.2 s."""
    workspace = Workspace(tmp_path_factory.mktemp("standing"))
    with TestClient(create_app(workspace.environment), base_url=HOST, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def open_client(workspace: Workspace, standing_client: TestClient) -> Iterator[Callable[..., TestClient]]:
    """Start an application with further variables, or move the running one to this workspace; return a client."""
    clients: list[TestClient] = []

    def start(**variables: str) -> TestClient:
        workspace.variables |= variables
        if not workspace.variables:
            return taken_to(standing_client, workspace)
        client = TestClient(create_app(workspace.environment), base_url=HOST, raise_server_exceptions=False)
        client.__enter__()
        clients.append(client)
        return client

    yield start
    for client in clients:
        client.__exit__(None, None, None)


def taken_to(client: TestClient, workspace: Workspace) -> TestClient:
    """Have an application work on the catalog and the folders of a workspace."""
    state = client.app.state  # type: ignore[attr-defined]
    if not hasattr(state, "services_at_start"):
        state.services_at_start = state.services
    state.services = replace(
        state.services_at_start,
        environment=workspace.environment,
        catalog=workspace.catalog,
        data_folder=workspace.folder,
    )
    return client


@pytest.fixture
def client(open_client: Callable[..., TestClient]) -> TestClient:
    return open_client()


@pytest.fixture(scope="session")
def encoded() -> dict[str, bytes]:
    """Films that were encoded once for all tests."""
    return {}


@pytest.fixture
def small_film(encoded, encode_tracks, film, sound, tmp_path) -> Path:
    """Two seconds of gray with a tone, in an MP4."""
    if "small" not in encoded:
        encoded["small"] = encode_tracks("film.mp4", film([40, 200] * 25), sound(2.0)).read_bytes()
    path = tmp_path / "film.mp4"
    path.write_bytes(encoded["small"])
    return path


@pytest.fixture
def features() -> Features:
    """Two minutes with two planted moments."""
    return Scene(120.0).moment(30.0).moment(80.0).features()


@pytest.fixture
def origin() -> Origin:
    return Origin("f" * 32, ExtractionSettings(), 1)


@pytest.fixture
def serve(workspace: Workspace) -> Iterator[Callable[..., str]]:
    """Serve the application on a port of its own, over real sockets; return its address."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(**variables: str) -> str:
        workspace.variables |= variables
        server = uvicorn.Server(server_config(workspace.environment, port=0))
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
        thread.join(60)
