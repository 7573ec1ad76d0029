"""Hostile requests: nothing read or written outside, no hang, a clear refusal."""

import asyncio
import http.client
import os
import re
import select
import socket
import struct
import subprocess
import sys
import time
import zlib
from functools import partial
from typing import Any

import httpx
import pytest
from uvicorn.server import ServerState

from interfaces.api.guards import body_limits, connection_deadlines
from interfaces.api.guards.local_paths import client_settings
from interfaces.api.routes.job_events import MAX_STREAMS
from interfaces.api.server import server_config


def is_problem(answer, *statuses):
    assert answer.status_code in statuses, (answer.status_code, answer.text[:300])
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["detail"]
    assert problem["code"]
    return True


OUTSIDE = [
    "/etc/passwd",
    "/etc/../etc/passwd",
    "//etc/passwd",
    "/proc/self/environ",
    "/dev/zero",
    "/",
    "{videos}/../secret.mp4",
    "{videos}/../../../../../../etc/passwd",
    "{videos}x/film.mp4",
    "{videos}/link/film.mp4",
    "{videos}/linked.mp4",
]
NO_PATHS = [
    "film.mp4",
    "../secret.mp4",
    "~/film.mp4",
    "{videos}/a\x00b.mp4",
    "\x00",
    "",
    " ",
    "x" * 100_000,
    "file:///etc/passwd",
    "\\\\server\\share\\a.mp4",
    "{videos}/" + "x" * 3000,
]


@pytest.fixture
def traps(workspace, small_film):
    """Videos outside the roots, and links within them that lead there."""
    outside = workspace.root / "outside"
    outside.mkdir()
    for path in (outside / "film.mp4", workspace.root / "secret.mp4"):
        path.write_bytes(small_film.read_bytes())
    (workspace.videos / "link").symlink_to(outside)
    (workspace.videos / "linked.mp4").symlink_to(workspace.root / "secret.mp4")
    (workspace.root / "videosx").mkdir()
    (workspace.root / "videosx" / "film.mp4").write_bytes(small_film.read_bytes())
    return workspace


@pytest.mark.parametrize("path", OUTSIDE)
def test_paths_outside_the_roots(client, traps, path):
    for endpoint in ("/api/projects/local", "/api/folders/validate"):
        answer = client.post(endpoint, json={"path": path.format(videos=traps.videos)})
        assert is_problem(answer, 403)
        assert answer.json()["code"] == "outside-roots"
    assert client.get("/api/projects").json()["total"] == 0


@pytest.mark.parametrize("path", OUTSIDE)
def test_a_chat_outside_the_roots(client, traps, path):
    project = traps.add_project()  # that it has no video yet hides nothing
    chat = {"chat": path.format(videos=traps.videos)}
    analyze = client.post(f"/api/projects/{project.id}/analyze", json=chat)
    process = client.post("/api/jobs/process-video", json=chat | {"url": "https://1.1.1.1/live"})
    for answer in (analyze, process):
        assert is_problem(answer, 403)
        assert answer.json()["code"] == "outside-roots"


@pytest.mark.parametrize("path", [*OUTSIDE, "someone/theirs", "model.onnx"])
def test_a_model_outside_the_roots(client, traps, path):
    """Whisper's models have names, too; a repository of the hub, or a file by the worker, is none of them."""
    project = traps.add_project(path=traps.videos / "film.mp4")
    clip, model = traps.add_clip(project, 0.0, 1.0), path.format(videos=traps.videos)
    faces = {"settings": {"subject_model": model}}
    endpoints: dict[str, Any] = {"exports": faces | {"clip_id": clip.id}, "exports/batch": faces | {"all": True}}
    if "/" in path:
        endpoints |= {"analyze": {"settings": {"speech_model": model}}}
    for endpoint, order in endpoints.items():
        answer = client.post(f"/api/projects/{project.id}/{endpoint}", json=order)
        assert is_problem(answer, 403, 422), (endpoint, answer.text)
        assert "is not below a folder" in answer.text or "give an absolute" in answer.text, (endpoint, answer.text)


def test_a_model_below_the_roots_or_by_name_is_taken(traps):
    given = {"speech_model": "large-v3", "subject_model": "", "crf": 20}
    assert client_settings(traps.environment, given) == given
    (traps.videos / "faces.onnx").touch()
    below = {"subject_model": f"{traps.videos}/../videos/faces.onnx", "speech_model": str(traps.videos)}
    placed = {"subject_model": str(traps.videos / "faces.onnx"), "speech_model": str(traps.videos)}
    assert client_settings(traps.environment, below) == placed


@pytest.mark.parametrize("path", NO_PATHS)
def test_paths_that_are_none(client, traps, path):
    answer = client.post("/api/projects/local", json={"path": path.format(videos=traps.videos)})
    assert is_problem(answer, 403, 422)
    analyze = f"/api/projects/{traps.add_project().id}/analyze"
    assert is_problem(client.post(analyze, json={"chat": path.format(videos=traps.videos)}), 403, 422)


def test_chats_that_are_none(client, workspace):
    analyze = f"/api/projects/{workspace.add_project().id}/analyze"
    os.mkfifo(workspace.videos / "pipe.chat.json")
    (workspace.videos / "folder.chat.json").mkdir()
    for name, status in (("pipe.chat.json", 415), ("folder.chat.json", 415), ("missing.chat.json", 404)):
        chat = {"chat": str(workspace.videos / name)}
        assert is_problem(client.post(analyze, json=chat), status)
        process = client.post("/api/jobs/process-video", json=chat | {"url": "https://1.1.1.1/live"})
        assert is_problem(process, status)


@pytest.mark.parametrize("offset", ["NaN", "1e7", "-1e7", "Infinity", '"later"', "null"])
def test_offsets_of_chats_that_are_none(client, workspace, offset):
    analyze = f"/api/projects/{workspace.add_project().id}/analyze"
    body, kind = f'{{"chat_offset": {offset}}}', {"Content-Type": "application/json"}
    assert is_problem(client.post(analyze, content=body, headers=kind), 422)


def test_what_is_outside_is_not_even_told_apart(client, traps):
    there = client.post("/api/folders/validate", json={"path": "/etc/passwd"})
    nowhere = client.post("/api/folders/validate", json={"path": "/etc/nobody-has-this"})
    assert there.json()["detail"].replace("/etc/passwd", "X") == nowhere.json()["detail"].replace(
        "/etc/nobody-has-this", "X"
    )


def test_without_roots_nothing_is_open(open_client, workspace, small_film):
    client = open_client(AUTOCLIP_SOURCE_ROOTS="")
    (workspace.videos / "film.mp4").write_bytes(small_film.read_bytes())
    answer = client.post("/api/projects/local", json={"path": str(workspace.videos / "film.mp4")})
    assert is_problem(answer, 403)
    assert "AUTOCLIP_SOURCE_ROOTS" in answer.json()["detail"]


@pytest.mark.parametrize("folder", ["/tmp/autoclip-evil", "/etc", "{outputs}/../elsewhere", "{outputs}/link/x"])
def test_exports_are_written_below_the_roots_only(client, workspace, folder):
    (workspace.outputs / "link").symlink_to(workspace.root)
    project = workspace.add_project()
    before = set(workspace.root.rglob("*"))
    answer = client.post(
        f"/api/projects/{project.id}/output-folder", json={"folder": folder.format(outputs=workspace.outputs)}
    )
    assert is_problem(answer, 403)
    assert set(workspace.root.rglob("*")) == before


IDS = [
    "..",
    "../..",
    "%2e%2e",
    "..%2f..%2fetc%2fpasswd",
    "..%2f..%2fautoclip.duckdb",
    "%2Fetc%2Fpasswd",
    "a%00b",
    "%00",
    "x" * 10_000,
    "A",
    "a;b",
    "%C3%BC",
    "'%20OR%201=1%20--",
    "%252e%252e",
    "..%5c..%5cwindows",
]


ROOMS = (
    "projects/{}",
    "projects/{}/video",
    "projects/{}/clips",
    "clips/{}",
    "compound-clips/{}",
    "exports/{}/file",
    "jobs/{}",
    "projects/{}/report",
    "projects/{}/debug/v2",
    "projects/0123456789abcdef/thumbnails/{}",
    "uploads/{}",
)


def test_ids_that_are_none(serve):
    """Sent as they are: a client of the ordinary kind would resolve the dots itself."""
    line = http.client.HTTPConnection(serve().removeprefix("http://"), timeout=60)
    for room in ROOMS:
        for identity in IDS:
            path = f"/api/{room.format(identity)}"
            line.request("GET", path)
            answer = line.getresponse()
            assert answer.status in {400, 404, 405, 422}, (path[:100], answer.status)
            assert b"root:" not in answer.read()
    line.close()


def test_files_that_point_to_others(client, workspace, small_film):
    """Renamed playlists and scripts, which FFmpeg would follow if it were let."""
    secret = workspace.videos / "secret.mp4"
    secret.write_bytes(small_film.read_bytes())
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.5)
    port = listener.getsockname()[1]
    scripts = {
        "hls.mp4": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:2,\nfile://{secret}\n#EXT-X-ENDLIST\n",
        "remote.mp4": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:2,\nhttp://127.0.0.1:{port}/a.ts\n#EXT-X-ENDLIST\n",
        "concat.mp4": f"ffconcat version 1.0\nfile '{secret}'\n",
        "sdp.mp4": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
        f"m=video {port} RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        "dash.mp4": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period>'
        "<AdaptationSet>"
        f'<Representation id="1" bandwidth="1"><BaseURL>http://127.0.0.1:{port}/a.mp4</BaseURL></Representation>'
        f"</AdaptationSet></Period></MPD>",
    }
    for name, text in scripts.items():
        (workspace.videos / name).write_text(text)
        local = client.post("/api/projects/local", json={"path": str(workspace.videos / name)})
        assert is_problem(local, 415), name
        sent = client.post("/api/projects/upload", files={"file": (name, text.encode())})
        assert is_problem(sent, 415), name
    with pytest.raises(TimeoutError):
        listener.accept()
    listener.close()
    assert client.get("/api/projects").json()["total"] == 0


@pytest.mark.parametrize("size", [65_535, 16_000])
def test_a_picture_of_absurd_dimensions(client, workspace, encode_tracks, film, size):
    """Headers that promise 12 GB of picture, if anybody believed them."""
    options = {"codec": "mjpeg", "pixel_format": "yuvj420p", "options": {"strict": "-2"}}
    honest = encode_tracks("honest.avi", film([40, 200] * 5, **options)).read_bytes()
    assert client.post("/api/projects/upload", files={"file": ("honest.avi", honest)}).status_code == 201
    header = honest.index(b"MJPG", honest.index(b"strf"))  # BITMAPINFOHEADER: width and height are 12 bytes before
    huge = bytearray(honest)
    huge[header - 12 : header - 4] = struct.pack("<ii", size, size)
    for match in re.finditer(rb"\xff\xc0\x00\x11\x08", honest):  # each frame's start of frame: height and width follow
        huge[match.end() : match.end() + 4] = struct.pack(">HH", size, size)
    answer = client.post("/api/projects/upload", files={"file": ("huge.avi", bytes(huge))})
    assert is_problem(answer, 415), answer.json()
    assert client.get("/api/projects").json()["total"] == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/a.mp4",
        "http://127.1/a.mp4",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://localhost:4200/api/admin",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://192.168.1.1/",
        "http://0.0.0.0/",
        "http://[64:ff9b::127.0.0.1]/",
        "http://[64:ff9b:1::10.0.0.1]/",
        "http://[fe80::1%25eth0]/",
        "http://[::1%25nowhere]/",
        "http://[2002:7f00:1::]/",
        "http://[::127.0.0.1]/",
        "http://[fec0::1]/",
        "http://224.0.1.1/",
        "http://100.64.0.1/",
    ],
)
def test_addresses_within_this_network(client, url):
    assert is_problem(client.post("/api/projects/youtube", json={"url": url}), 403)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.com/a",
        "concat:/etc/passwd|/etc/shadow",
        "javascript:alert(1)",
        "https://",
        "http://[",
        "-o/tmp/x",
        "https://user:secret@93.184.216.34/",
        "http://93.184.216.34:99999/",
        "https://a b/",
        "https://+😍/",
        "https://[generic]/",
        "https://a..b/",
        "x" * 100_000,
        "https://93.184.216.34/\x00",
        "\ud800",
    ],
)
def test_addresses_that_are_none(client, url):
    import json

    answer = client.post(
        "/api/projects/youtube", content=json.dumps({"url": url}), headers={"Content-Type": "application/json"}
    )
    assert is_problem(answer, 403, 422)


@pytest.mark.parametrize("name", ["x" * 100_000, "a\x00b", "\x1b[2J", "\ud800", "", "   ", "\n", "\u200b\u202e"])
def test_names_that_are_none(client, workspace, name):
    import json

    project = workspace.add_project()
    answer = client.patch(
        f"/api/projects/{project.id}", content=json.dumps({"name": name}), headers={"Content-Type": "application/json"}
    )
    assert is_problem(answer, 422)
    assert len(answer.text) < 5000


@pytest.mark.parametrize(
    "name", ["'; DROP TABLE projects; --", "{{7*7}}", "<script>alert(1)</script>", "%s%n", "\u202eevil", "../../x"]
)
def test_names_that_are_only_odd_survive_as_they_are(client, workspace, name):
    project = workspace.add_project()
    assert client.patch(f"/api/projects/{project.id}", json={"name": name}).json()["name"] == name
    assert client.get("/api/projects", params={"search": name}).json()["total"] == 1


def test_bodies_that_are_bombs(client, workspace):
    project = workspace.add_project()
    address = f"/api/projects/{project.id}/clips"
    kind = {"Content-Type": "application/json"}
    deep = b"[" * 200_000 + b"]" * 200_000
    assert is_problem(client.post(address, content=deep, headers=kind), 400, 422)
    digits = b'{"start": 1, "end": ' + b"9" * 100_000 + b"}"
    assert is_problem(client.post(address, content=digits, headers=kind), 400, 422)
    packed = zlib.compress(b" " * 10_000_000)
    assert is_problem(client.post(address, content=packed, headers={**kind, "Content-Encoding": "deflate"}), 400, 422)
    assert is_problem(client.post(address, content=b"\xff\xfe{}", headers=kind), 400, 422)
    many = {"name": "x", "items": [{"clip_id": "a"}] * 20_000}
    assert is_problem(client.post(f"/api/projects/{project.id}/compound-clips", json=many), 422)


def _raw(address, request, patience=60.0):
    """Send bytes as they are; return what comes back until the line is closed."""
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=patience) as line:
        line.sendall(request)
        answer = b""
        try:
            while part := line.recv(65_536):
                answer += part
                if b"\r\n\r\n" in answer and b"problem+json" in answer:
                    break
        except ConnectionResetError:
            pass  # closed while there was more of the request to come: refused
        return answer


def test_ten_gigabytes_announced_are_refused_before_they_come(serve, workspace):
    address = serve(AUTOCLIP_UPLOAD_LIMIT_GB="1")
    request = (
        b"POST /api/projects/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\n"
        b"Content-Length: 10000000000\r\n\r\nfirst bytes"
    )
    answer = _raw(address, request)
    assert answer.startswith(b"HTTP/1.1 413")
    assert not any(path.is_file() for path in (workspace.root / "data").rglob("*partial*"))


def test_a_body_that_stalls_is_given_up(serve, workspace, monkeypatch):
    monkeypatch.setattr(body_limits.BodyLimits.__init__, "__defaults__", (0.5,))
    project = workspace.add_project()
    address = serve()
    for path in (f"/api/projects/{project.id}/clips", "/api/projects/upload"):
        request = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        ).encode()
        assert _raw(address, request).startswith(b"HTTP/1.1 408"), path
    assert httpx.get(f"{address}/api/health", timeout=60).status_code == 200
    assert not any(path.is_file() for path in (workspace.root / "data").rglob("*partial*"))


def test_headers_that_never_end_are_given_up(serve, monkeypatch):
    monkeypatch.setattr(connection_deadlines, "HEADERS_SEC", 1.0)
    address = serve()
    host, port = address.removeprefix("http://").split(":")
    for beginning in (b"", b"GET /api/hea", b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: "):
        with socket.create_connection((host, int(port)), timeout=60) as line:
            line.sendall(beginning)
            begun = time.monotonic()
            while beginning and not select.select([line], [], [], 0.2)[0]:
                line.sendall(b"a")
                assert time.monotonic() - begun < 30, "a byte now and then bought time"
            answer = line.recv(4096)
        assert answer == (connection_deadlines.LATE if beginning else b""), beginning
    assert httpx.get(f"{address}/api/health", timeout=60).status_code == 200


def test_a_line_that_is_kept_open_may_rest_between_requests(serve, monkeypatch):
    monkeypatch.setattr(connection_deadlines, "HEADERS_SEC", 1.0)
    with httpx.Client(base_url=serve(), timeout=60) as client:
        for _ in range(2):
            assert client.get("/api/health").status_code == 200
            time.sleep(1.2)


def test_the_headers_of_a_second_request_are_given_up_too(serve, monkeypatch):
    monkeypatch.setattr(connection_deadlines, "HEADERS_SEC", 1.0)
    host, port = serve().removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as line:
        line.sendall(b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        first = line.recv(65_536)
        time.sleep(1.2)  # rests longer than headers may take
        line.sendall(b"GET /api/hea")
        late = b"".join(iter(lambda: line.recv(65_536), b""))
    assert first.startswith(b"HTTP/1.1 200")
    assert late.endswith(connection_deadlines.LATE)


def test_a_client_that_reads_nothing_is_given_up(workspace, monkeypatch):
    monkeypatch.setattr(connection_deadlines, "UNREAD_SEC", 0.05)
    config = server_config(workspace.environment)
    config.load()

    async def lives() -> tuple[bool, bool]:
        ours, theirs = socket.socketpair()
        with theirs:
            make = partial(
                connection_deadlines.ConnectionDeadlines, config=config, server_state=ServerState(), app_state={}
            )
            transport, line = await asyncio.get_running_loop().create_connection(make, sock=ours)
            line.pause_writing()
            line.resume_writing()
            await asyncio.sleep(0.1)
            read = not transport.is_closing()
            line.pause_writing()
            await asyncio.sleep(0.1)
            return read, not transport.is_closing()

    assert asyncio.run(lives()) == (True, False)


def test_event_streams_leave_threads_to_others(serve, workspace):
    """Prefect's server answers none of them, as if it were busy."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as silent:
        address = serve(AUTOCLIP_PREFECT_PORT=str(silent.getsockname()[1]))
        host, port = address.removeprefix("http://").split(":")
        request = b"GET /api/jobs/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        streams = [socket.create_connection((host, int(port))) for _ in range(MAX_STREAMS)]
        for stream in streams:
            stream.sendall(request)
            assert stream.recv(12) == b"HTTP/1.1 200"
        assert httpx.get(f"{address}/api/projects", timeout=60).status_code == 200
        for stream in streams:
            stream.close()


def test_a_client_that_goes_away_leaves_nothing(serve, workspace, small_film):
    address = serve()
    host, port = address.removeprefix("http://").split(":")
    head = (
        b"POST /api/projects/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\n"
        b"Content-Length: 3000000\r\n\r\n"
    )
    uploads, deadline = workspace.root / "data" / "uploads", time.monotonic() + 60
    with socket.create_connection((host, int(port))) as line:
        line.sendall(head + b"x" * 2_000_000)
        while not list(uploads.glob(".*")) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert list(uploads.glob(".*"))
    while list(uploads.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(uploads.iterdir()) == []
    assert httpx.get(f"{address}/api/projects", timeout=60).json()["total"] == 0


def test_a_chunk_that_breaks_off_can_be_gone_on_with(serve, workspace, small_film):
    address = serve()
    film = small_film.read_bytes()
    host, port = address.removeprefix("http://").split(":")
    tus = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(film))}
    upload = httpx.post(f"{address}/api/uploads", headers=tus, timeout=60).headers["location"]
    head = (
        f"PATCH {upload} HTTP/1.1\r\nHost: 127.0.0.1\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
        f"Content-Type: application/offset+octet-stream\r\nContent-Length: {len(film)}\r\n\r\n"
    ).encode()
    with socket.create_connection((host, int(port))) as line:
        line.sendall(head + film[:10_000])
        time.sleep(0.3)
    came, deadline = 0, time.monotonic() + 60
    while came == 0 and time.monotonic() < deadline:
        came = int(httpx.head(f"{address}{upload}", headers=tus, timeout=60).headers["upload-offset"])
    assert 0 < came <= 10_000
    chunk = {**tus, "Upload-Offset": str(came), "Content-Type": "application/offset+octet-stream"}
    rest = httpx.patch(f"{address}{upload}", content=film[came:], headers=chunk, timeout=60)
    assert rest.status_code == 204, rest.text
    assert rest.headers["autoclip-project"]


NO_HTTP = [
    b"GET /api/projects HTTP/1.1\r\n\r\n",
    b"GET http://evil.example/api/projects HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    b"GET /api/projects HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    (
        b"POST /api/links HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ),
    b"POST /api/links HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -5\r\n\r\n",
    b"POST /api/links HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5, 6\r\n\r\nhello",
]


def test_lines_that_are_no_http(serve):
    address = serve()
    for line in NO_HTTP:
        answer = _raw(address, line + b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 4") or answer == b"", (line[:100], answer[:100])
        assert httpx.get(f"{address}/api/health", timeout=60).status_code == 200


def test_special_files_are_no_videos(client, workspace):
    os.mkfifo(workspace.videos / "pipe.mp4")
    (workspace.videos / "loop.mp4").symlink_to(workspace.videos / "loop.mp4")
    (workspace.videos / "folder.mp4").mkdir()
    assert is_problem(client.post("/api/projects/local", json={"path": str(workspace.videos / "pipe.mp4")}), 415)
    assert is_problem(client.post("/api/projects/local", json={"path": str(workspace.videos / "folder.mp4")}), 415)
    assert is_problem(
        client.post("/api/projects/local", json={"path": str(workspace.videos / "loop.mp4")}), 403, 415, 422
    )


def test_no_process_was_left(client):
    mine = subprocess.run(
        ["ps", "--ppid", str(os.getpid()), "-o", "comm="], capture_output=True, text=True, check=False
    )
    assert "ffmpeg" not in mine.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every name is text")
@pytest.mark.parametrize("purpose", ["source", "output"])
def test_a_link_to_a_name_that_is_no_utf_8_is_refused(client, workspace, purpose):
    root = workspace.videos if purpose == "source" else workspace.outputs
    odd = root / os.fsdecode(b"caf\xe9")
    odd.mkdir()
    (root / "link").symlink_to(odd)
    answer = client.post("/api/folders/validate", json={"path": str(root / "link"), "purpose": purpose})
    assert (answer.status_code, "not UTF-8" in answer.json()["detail"]) == (422, True)
    answer = client.post("/api/folders/validate", json={"path": str(root), "purpose": purpose})
    assert answer.json()["usable"]
