"""The service that the tests of the page work with, in a thread of its own, and the data behind it."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass

import uvicorn
from made_project import MadeProject

from autoclip.speech.transcript import Transcript, Word
from autoclip.timeline import Interval
from interfaces.api.server import server_config
from storage.catalog import Catalog, StoredClip, open_catalog
from storage.data_folder import DataFolder
from storage.environment import Environment
from storage.transcripts import StoredTranscript


@dataclass
class Site:
    """The service that a test works with, and the data behind it."""

    environment: Environment
    project: MadeProject
    port: int
    _server: uvicorn.Server | None = None
    _thread: threading.Thread | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def review_address(self) -> str:
        return f"{self.address}#/projects/{self.project.id}"

    @property
    def catalog(self) -> Catalog:
        return open_catalog(self.environment.catalog_path)

    @property
    def clips(self) -> list[StoredClip]:
        """The clips of the project, the best first."""
        with self.catalog.reading() as view:
            return list(view.clips.page(self.project.id, sort="-quality_score").items)

    def clip(self, clip_id: str) -> StoredClip:
        return next(clip for clip in self.clips if clip.id == clip_id)

    def start(self) -> None:
        self._server = uvicorn.Server(server_config(self.environment, port=self.port))
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive(), "the server did not start"
            time.sleep(0.01)

    def stop(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.force_exit = self._server.should_exit = True
            self._thread.join(60)
        self._server = None


def plant_words(site: Site, *words: tuple[float, str]) -> None:
    """Let the project have a transcript of words of half a second."""
    folder = DataFolder(site.environment.data_dir).project(site.project.id)
    transcript = Transcript(tuple(Word(start, start + 0.5, text) for start, text in words), "en", "planted")
    origin = folder.features_origin()
    assert origin is not None
    folder.write_transcript(
        StoredTranscript(transcript, "planted", (Interval(0, words[-1][0] + 1),), origin.fingerprint)
    )


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
