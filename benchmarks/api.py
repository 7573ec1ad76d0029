"""The API under load: lists and readers beside an analysis that writes, and videos over loopback."""

from __future__ import annotations

import http.client
import multiprocessing
import socket
import statistics
import struct
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from autoclip.clips import Clip, Scores
from benchmarks.films import make_film
from benchmarks.running_service import RunningService, running_service
from storage.catalog import Project, Source, open_catalog

CLIPS = 1000
LISTS = 150
READERS = 8
EDITS = 200
FILM_SEC = 600
"""So much of 360p is analyzed in about half a minute on two cores: some hundred lists."""

LARGE_BYTES = 1 << 30
RANGE_BYTES = 8 << 20
STREAMS = (1, 4)
BLOCK = 256 * 1024


# Readers of their own, so that no interpreter's lock is measured; forked, because that takes no time.
processes = multiprocessing.get_context("fork")


@dataclass(frozen=True, slots=True)
class Crowd:
    """What readers saw while an analysis wrote and somebody edited."""

    reads: int
    failures: int
    edits: int
    lost: int
    analysis: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """MB/s, those of a bare socket just before, and how much more memory the server had at its peak, in MB."""

    streams: int
    plain_mb_per_sec: float
    mb_per_sec: float
    grown_mb: float


def run() -> str:
    """Measure all of it and return a section of docs/benchmarks.md."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        films = home / "films"
        films.mkdir()
        film = make_film(films / "film.mp4", size="640x360", bitrate="600k", b_frames=2, seconds=FILM_SEC)
        large = _enlarged(film, films / "large.mp4")
        _plain_socket(large)  # from now on the file is in memory
        open_folders = {"AUTOCLIP_SOURCE_ROOTS": str(films), "AUTOCLIP_REQUESTS_PER_SECOND": "0"}
        with running_service(home, open_folders) as service, httpx.Client(base_url=service.address, timeout=60) as api:
            project = _many_clips(service)
            analyzed = _local(api, film)
            lists = _lists(api, project, analyzed)
            crowd = _crowd(service, api, project, _local(api, _copied(film)))
            served = _local(api, large)
            transfers = [_transfer(service, served, streams, _plain_socket(large)) for streams in STREAMS]
    return _page(lists, crowd, transfers)


def _page(lists: dict[str, list[float]], crowd: Crowd, transfers: Sequence[Transfer]) -> str:
    idle = _p95(lists["idle"])
    rows = [
        f"| {name} | {len(times)} | {statistics.median(times):.0f} | {_p95(times):.0f} | {_p95(times) / idle:.2f} |"
        for name, times in lists.items()
    ]
    moved = [
        f"| {t.streams} | {t.mb_per_sec:,.0f} | {t.plain_mb_per_sec:,.0f} | {t.mb_per_sec / t.plain_mb_per_sec:.2f} | "
        f"{t.grown_mb:.1f} |"
        for t in transfers
    ]
    return f"""## API

One client lists {CLIPS:,} clips (`GET /api/projects/ID/clips?limit=1000`) again and again; the target is a p95 within 2
times of the idle one while an analysis ({FILM_SEC // 60} min of 640x360) keeps the machine busy and writes.

| service | lists | p50 ms | p95 ms | of idle |
|---|---|---|---|---|
{chr(10).join(rows)}

{READERS} clients read projects, clips and lists while another analysis writes, and one client renames a clip again and
again, each time from the revision it read.

| | |
|---|---|
| reads, of which failed | {crowd.reads:,}, {crowd.failures} |
| edits, of which lost | {crowd.edits}, {crowd.lost} |
| the analysis | {crowd.analysis} |

A video of {LARGE_BYTES >> 30} GiB read in ranges of {RANGE_BYTES >> 20} MiB over loopback, and, just before, the same
file sent by a bare Python socket in blocks of {BLOCK >> 10} KiB.

| streams at once | MB/s | bare socket, MB/s | of it | server's memory grown by, MB |
|---|---|---|---|---|
{chr(10).join(moved)}
"""


def _lists(api: httpx.Client, project: str, analyzed: str) -> dict[str, list[float]]:
    """Time lists while nothing runs, while an analysis does, and after it."""
    path = f"/api/projects/{project}/clips?limit={CLIPS}"
    for _ in range(10):
        api.get(path)
    idle = [_timed(api, path) for _ in range(LISTS)]
    job = api.post(f"/api/projects/{analyzed}/analyze").json()["id"]
    while api.get(f"/api/jobs/{job}").json()["state"] != "running":
        time.sleep(0.2)
    busy: list[float] = []
    while not busy or len(busy) % 10 or api.get(f"/api/jobs/{job}").json()["state"] == "running":
        busy.append(_timed(api, path))
    _ended(api, job)
    return {"idle": idle, "an analysis runs": busy, "idle again": [_timed(api, path) for _ in range(LISTS)]}


def _timed(api: httpx.Client, path: str) -> float:
    before = time.perf_counter()
    answer = api.get(path)
    spent = (time.perf_counter() - before) * 1e3
    assert answer.is_success, answer.text
    time.sleep(0.02)
    return spent


def _crowd(service: RunningService, api: httpx.Client, project: str, analyzed: str) -> Crowd:
    """Let many read and one edit while an analysis writes."""
    paths = (f"/api/projects/{analyzed}", f"/api/projects/{analyzed}/clips", f"/api/projects/{project}/clips?limit=50")
    clip = api.post(f"/api/projects/{analyzed}/clips", json={"start": 1, "end": 4, "name": "0"}).json()["id"]
    job = api.post(f"/api/projects/{analyzed}/analyze").json()["id"]
    ended, seen, edits = threading.Event(), [0] * READERS, [0]
    failures: list[str] = []

    def read(number: int) -> None:
        with httpx.Client(base_url=service.address, timeout=60) as reader:
            while not ended.is_set():
                for path in (*paths, f"/api/clips/{clip}"):
                    answer = reader.get(path)
                    seen[number] += 1
                    if not answer.is_success:
                        failures.append(answer.text)
                time.sleep(0.05)

    def edit() -> None:
        with httpx.Client(base_url=service.address, timeout=60) as editor:
            while not ended.is_set() and edits[0] < EDITS:
                found = editor.get(f"/api/clips/{clip}")
                change = {"name": str(int(found.json()["name"]) + 1)}
                answer = editor.patch(f"/api/clips/{clip}", json=change, headers={"If-Match": found.headers["etag"]})
                edits[0] += answer.status_code == httpx.codes.OK
                time.sleep(0.05)

    team = [threading.Thread(target=read, args=(number,)) for number in range(READERS)]
    team.append(threading.Thread(target=edit))
    for one in team:
        one.start()
    state = _ended(api, job)
    ended.set()
    for one in team:
        one.join()
    counted = int(api.get(f"/api/clips/{clip}").json()["name"])
    return Crowd(sum(seen), len(failures), edits[0], edits[0] - counted, state)


def _transfer(service: RunningService, project: str, streams: int, plain: float) -> Transfer:
    """Read a large video in ranges, several at once."""
    path, pid = f"/api/projects/{project}/video", service.pid_of("serve")
    _read_ranges(service, path, 0, 4 * RANGE_BYTES)
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak is counted from now on
    before = _memory_mb(pid, "VmRSS")
    share = LARGE_BYTES // streams
    team = [
        processes.Process(target=_read_ranges, args=(service, path, number * share, share)) for number in range(streams)
    ]
    begun = time.perf_counter()
    for one in team:
        one.start()
    for one in team:
        one.join()
    took = time.perf_counter() - begun
    assert all(one.exitcode == 0 for one in team)
    return Transfer(streams, plain, LARGE_BYTES / 1e6 / took, _memory_mb(pid, "VmHWM") - before)


def _read_ranges(service: RunningService, path: str, first: int, size: int) -> None:
    """Read part of a file, range by range, on one line."""
    line = http.client.HTTPConnection("127.0.0.1", service.environment.port)
    buffer = bytearray(BLOCK)
    for start in range(first, first + size, RANGE_BYTES):
        last = min(start + RANGE_BYTES, first + size) - 1
        line.request("GET", path, headers={"Range": f"bytes={start}-{last}"})
        answer = line.getresponse()
        assert answer.status == http.client.PARTIAL_CONTENT, answer.read()
        came = 0
        while read := answer.readinto(buffer):
            came += read
        assert came == last - start + 1
    line.close()


def _plain_socket(path: Path) -> float:
    """Send a file over loopback with nothing but a socket; return MB/s."""
    listener = socket.create_server(("127.0.0.1", 0))

    def send() -> None:
        line, _ = listener.accept()
        with line, path.open("rb", buffering=0) as file:
            while block := file.read(BLOCK):
                line.sendall(block)

    sender = processes.Process(target=send)
    sender.start()
    buffer, came, begun = bytearray(BLOCK), 0, time.perf_counter()
    with socket.create_connection(listener.getsockname()) as line:
        while read := line.recv_into(buffer):
            came += read
    took = time.perf_counter() - begun
    sender.join()
    listener.close()
    return came / 1e6 / took


def _many_clips(service: RunningService) -> str:
    """Make a project with clips as an analysis leaves them."""
    with open_catalog(service.environment.catalog_path).transaction() as unit:
        source = Source(kind="file", address="/none.mp4")
        project = unit.projects.add(Project(name="Many", source=source, duration_sec=40_000.0))
        unit.clips.replace_auto_clips(project.id, "v2", [_clip(project.id, number) for number in range(CLIPS)])
    return project.id


def _clip(project: str, number: int) -> Clip:
    start = 30.0 * number
    return Clip(
        id=f"{project[:8]}-{number}", name=f"Highlight {number}", start=start, end=start + 14.25, mode="v2",
        quality_score=0.5, anchor_time_sec=start + 6.5, anchor_reason="peak", reason="loud and fast at 6.5 s",
        scores=Scores(excitement=0.6, boundary=0.5, narrative=0.9, dead_time=0.1), thumbnail=f"thumbnails/{number}.jpg",
    )  # fmt: skip


def _enlarged(film: Path, path: Path) -> Path:
    """Append a box that players pass over (`free`, ISO/IEC 14496-12 section 8.1.2), as large as is wanted."""
    content = film.read_bytes()
    with path.open("wb") as file:
        file.write(content)
        file.write(struct.pack(">I4s", LARGE_BYTES, b"free"))
        file.truncate(len(content) + LARGE_BYTES)
    return path


def _copied(film: Path) -> Path:
    """Make the same film with other content, which is another project."""
    copy = film.with_name("copy.mp4")
    copy.write_bytes(film.read_bytes() + struct.pack(">I4s", 16, b"free") + bytes(8))
    return copy


def _local(api: httpx.Client, path: Path) -> str:
    answer = api.post("/api/projects/local", json={"path": str(path)})
    assert answer.is_success, answer.text
    return str(answer.json()["id"])


def _ended(api: httpx.Client, job: str) -> str:
    look: Callable[[], Any] = lambda: api.get(f"/api/jobs/{job}").json()["state"]  # noqa: E731
    while (state := look()) not in {"completed", "failed", "crashed", "cancelled"}:
        time.sleep(0.5)
    return str(state)


def _memory_mb(pid: int, name: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))]


if __name__ == "__main__":
    print(run())
