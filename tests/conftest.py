"""What tests of several modules share: short videos encoded on the spot, and the folder of real media."""

from __future__ import annotations

import gc
import os
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
import stand_in_media
from filelock import FileLock
from hypothesis import settings
from match import render_match
from prefect_server import ONE_CERTIFICATE, migrated_database, prefect_variables, running_server
from shared_folder import SHARED
from xdist.scheduler import LoadFileScheduling

if TYPE_CHECKING:
    from prefect.settings import Settings
    from running_service import RunningService

# Speed is measured in benchmarks: a busy machine must not fail a law.
settings.register_profile("laws", deadline=None)
settings.load_profile("laws")

MEDIA_FOLDER = SHARED / "media"


def pytest_configure() -> None:
    """Let tests interrupt programs where pytest itself runs in the background, whose shells have Ctrl-C ignored."""
    os.environ["SSL_CERT_FILE"] = os.environ["PREFECT_API_SSL_CERT_FILE"] = str(ONE_CERTIFICATE)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.set_threshold(100_000)  # until all is imported


ONE_SERVER = {
    "jobs/": "jobs",
    "web/test_jobs.py": "jobs",
    "api/test_service.py": "jobs",
    "flows/": "flows",
    "folders/": "flows",
}
"""Tests that work with one server, by a part of their path; a server takes tens of seconds of a core to start."""


def server_of(file: str) -> str:
    """Which server the tests of a file work with; else the file."""
    return next((server for part, server in ONE_SERVER.items() if part in file), file)


class ServerScheduling(LoadFileScheduling):
    """Gives all tests that work with one server to one process, and else each file as a whole."""

    def _split_scope(self, nodeid: str) -> str:
        return server_of(super()._split_scope(nodeid))


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Stop the service after the last test of jobs: even at rest it takes 6 % of a core."""
    if nextitem is not None and server_of(item.nodeid) == "jobs" != server_of(nextitem.nodeid):
        for fixture in item.session._fixturemanager.getfixturedefs("service", item) or ():
            fixture.finish(item._request)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ServerScheduling | None:
    return ServerScheduling(config, log) if config.option.dist == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that wait most: those with the whole service, then those with a browser or Prefect's server.

    They leave the cores to others meanwhile; at the end they would keep one process while the rest has nothing to do.
    The first of all is the browser with a service whose catalog is still empty.
    """
    turns: dict[Path, int] = {}
    for item in items:
        turns[item.path] = min(_turn(item), turns.get(item.path, 3))
    items.sort(key=lambda item: turns[item.path])


def _turn(item: pytest.Item) -> int:
    uses = {"chromium", "prefect_api"} & set(getattr(item, "fixturenames", ()))
    if item.get_closest_marker("service"):
        return 0 if uses else 1
    return 2 if uses else 3


def pytest_collection_finish() -> None:
    """Leave what was imported out of every garbage collection, and collect less often: 4 % of the tests' time."""
    gc.freeze()
    gc.set_threshold(5_000)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Fail a test that lacks a program where TEST_PROGRAMS=required says that all are there, as .ci/run does.

    Such a test skips with a reason that ends in "on PATH".
    """
    report = yield
    if report.skipped and os.environ.get("TEST_PROGRAMS") == "required":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        if reason.endswith("on PATH"):
            report.outcome, report.longrepr = "failed", f"{reason}; install it"
    return report


@pytest.fixture(scope="session")
def made_media(run_folder: Path) -> Callable[[str], Path | None]:
    """Return a function that gives the file that stands in for a real one, made once for all processes of a run."""
    folder = run_folder / "made-media"

    def make(name: str) -> Path | None:
        with FileLock(run_folder / "made-media.lock"):
            return stand_in_media.make(name, folder)

    return make


@pytest.fixture
def real_media(made_media: Callable[[str], Path | None]) -> Callable[[str], Path]:
    """Path of a real media file by its name in the shared folder, or of a made one with its trap; else a skip."""

    def find(name: str) -> Path:
        path = MEDIA_FOLDER / name
        found = path if path.exists() else made_media(name)
        if found is None:
            pytest.skip(stand_in_media.NOT_MADE.format(name=name))
        return found

    return find


@pytest.fixture(scope="session")
def rendered_match(run_folder: Path) -> Path:
    """The made-up match in a folder of its own, rendered once for all processes of a run; to be read, or copied."""
    path = run_folder / "match" / "match.mp4"
    with FileLock(run_folder / "match.lock"):
        if not path.exists():
            path.parent.mkdir()
            render_match(path)
    return path


@pytest.fixture(scope="session")
def empty_catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog with its tables and nothing in it: making those takes longer than most tests."""
    from storage.catalog import open_catalog

    path = tmp_path_factory.mktemp("catalog") / "empty.duckdb"
    with open_catalog(path).transaction():
        pass
    return path


@dataclass
class Film:
    """One picture track for `encode_tracks`: RGB pictures, or gray levels that fill a picture."""

    pictures: Sequence[np.ndarray | int]
    size: tuple[int, int] = (64, 48)
    rate: Fraction = Fraction(25)
    ticks: Sequence[int] | None = None
    time_base: Fraction | None = None
    codec: str = "libx264"
    pixel_format: str = "yuv420p"
    options: dict[str, str] = field(default_factory=lambda: {"preset": "ultrafast", "crf": "10"})
    setup: Callable[[Any], None] = lambda _stream: None


@dataclass
class Sound:
    """One track of a 440 Hz tone for `encode_tracks`."""

    seconds: float = 1.0
    codec: str = "aac"
    layout: str = "mono"
    setup: Callable[[Any], None] = lambda _stream: None


@pytest.fixture
def encode_tracks(tmp_path: Path) -> Callable[..., Path]:
    """Encode tracks into a file under `tmp_path` and return its path."""

    def encode(
        name: str,
        *tracks: Film | Sound,
        container_options: dict[str, str] | None = None,
        metadata: dict[str, str] | None = None,
        chapters: list[dict[str, Any]] | None = None,
    ) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w", container_options=container_options or {}) as output:
            output.metadata.update(metadata or {})
            if chapters:
                output.set_chapters(chapters)
            streams = [_add_stream(output, track) for track in tracks]
            packets = [
                packet for track, stream in zip(tracks, streams, strict=True) for packet in _encoded(track, stream)
            ]
            for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
                output.mux(packet)
        if hasattr(os, "sched_setscheduler"):  # SVT-AV1 leaves root's thread with a priority above everything else
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        return path

    return encode


@pytest.fixture
def film() -> type[Film]:
    return Film


@pytest.fixture
def sound() -> type[Sound]:
    return Sound


@dataclass(frozen=True)
class PrefectServer:
    """A real Prefect server: the address of its API, and its home folder."""

    url: str
    home: Path


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this run of the tests, the same in all of its processes."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def prefect_database(run_folder: Path) -> Path:
    """A database with the tables of Prefect's server, whose making takes a server half of the time to its start."""
    with FileLock(run_folder / "prefect.lock"):
        return migrated_database(run_folder / "prefect")


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory, prefect_database: Path) -> Iterator[PrefectServer]:
    """A server that lives as long as the session. Only the tests that ask for ``prefect_api`` talk to it."""
    home = tmp_path_factory.mktemp("prefect")
    shutil.copy(prefect_database, home)
    with running_server(home) as url:
        yield PrefectServer(url, home)


@pytest.fixture(scope="session")
def prefect_settings(prefect_server: PrefectServer) -> Settings:
    """Prefect's settings for those who talk to the session's server; to put them together takes a third of a second."""
    from prefect.settings import PREFECT_API_URL, PREFECT_HOME, PREFECT_LOGGING_TO_API_ENABLED, temporary_settings

    server = prefect_server
    updates = {PREFECT_API_URL: server.url, PREFECT_HOME: server.home, PREFECT_LOGGING_TO_API_ENABLED: False}
    with temporary_settings(updates) as made:
        return made


@pytest.fixture
def prefect_api(
    prefect_server: PrefectServer, prefect_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Address of the session's Prefect server; flows called in this test talk to it, those of the next test do not."""
    from prefect.context import SettingsContext, get_settings_context

    for name, value in prefect_variables(prefect_server.home, prefect_server.url).items():
        monkeypatch.setenv(name, value)
    with SettingsContext(profile=get_settings_context().profile, settings=prefect_settings):
        yield prefect_server.url


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, prefect_database: Path) -> Iterator[RunningService]:
    """The whole service, started as people start it, for all tests of jobs; it may use the folders of this run."""
    from running_service import RunningService

    if not Path("/proc/self/environ").exists():
        pytest.skip("finds the service's processes through /proc")
    running = RunningService(
        tmp_path_factory.mktemp("service"),
        prefect_database,
        AUTOCLIP_SOURCE_ROOTS=str(tmp_path_factory.getbasetemp()),
        AUTOCLIP_REQUESTS_PER_SECOND="0",
    )
    running.start()
    yield running
    if running.process is not None and running.process.poll() is None:
        running.stop(signal.SIGINT)


def _add_stream(output: Any, track: Film | Sound) -> Any:
    if isinstance(track, Sound):
        stream = output.add_stream(track.codec, rate=48000, layout=track.layout)
    else:
        stream = output.add_stream(track.codec, rate=track.rate, options=dict(track.options))
        stream.width, stream.height = track.size
        stream.pix_fmt = track.pixel_format
        stream.codec_context.time_base = stream.time_base = track.time_base or 1 / Fraction(track.rate)
    track.setup(stream)
    return stream


def _encoded(track: Film | Sound, stream: Any) -> list[Any]:
    frames = _tone(track) if isinstance(track, Sound) else _frames(track)
    packets = [packet for frame in frames for packet in stream.encode(frame)]
    return [*packets, *stream.encode(None)]


def _frames(track: Film) -> list[av.VideoFrame]:
    time_base = track.time_base or 1 / Fraction(track.rate)
    ticks = track.ticks if track.ticks is not None else range(len(track.pictures))
    frames = []
    for tick, picture in zip(ticks, track.pictures, strict=True):
        frame = av.VideoFrame.from_ndarray(_pixels(picture, track.size), format="rgb24").reformat(
            format=track.pixel_format
        )
        frame.pts, frame.time_base = tick, time_base
        frames.append(frame)
    return frames


def _pixels(picture: np.ndarray | int, size: tuple[int, int]) -> np.ndarray:
    if isinstance(picture, np.ndarray):
        return np.ascontiguousarray(picture)
    return np.full((size[1], size[0], 3), picture, dtype=np.uint8)


def _tone(track: Sound) -> list[av.AudioFrame]:
    channels = av.AudioLayout(track.layout).nb_channels
    frames = []
    for start in range(0, int(track.seconds * 48000), 1024):
        wave = 0.3 * np.sin(2 * np.pi * 440 * np.arange(start, start + 1024) / 48000)
        frame = av.AudioFrame.from_ndarray(np.tile(wave.astype(np.float32), (channels, 1)), "fltp", track.layout)
        frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
        frames.append(frame)
    return frames


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say in one line what an outsider's run leaves out, and how to have it."""
    skipped = terminalreporter.stats.get("skipped", ())
    lacking = [report for report in skipped if "AUTOCLIP_SHARED" in str(report.longrepr)]
    if lacking:
        terminalreporter.write_line(
            f"{len(lacking)} of {len(skipped)} skipped tests need films, matches or phone recordings, which can't be "
            "made; set AUTOCLIP_SHARED to the folder that holds media/ and truth/"
        )
