"""Uploads in one go: streamed, bounded, judged by content, nothing left on failure."""

import base64
import contextlib
import os
import select
import socket

import httpx
import pytest

from interfaces.api.problems import ApiError
from interfaces.api.uploads.partial_files import PartialUploads, UploadNote


def leftovers(workspace):
    """Every file below the data folder that is neither the catalog nor in a project."""
    data = workspace.root / "data"
    return [
        path for path in data.rglob("*") if path.is_file() and not path.name.startswith("autoclip.duckdb")
    ]  # fmt: skip


def test_an_upload_becomes_a_project_with_its_own_file(client, workspace, small_film):
    with small_film.open("rb") as file:
        answer = client.post("/api/projects/upload", files={"file": ("Match day.mp4", file)}, data={"name": "Final"})
    assert answer.status_code == 201, answer.text
    project = answer.json()
    assert (project["name"], project["source"]["kind"], project["state"]) == ("Final", "upload", "ready")
    stored = workspace.folder.project(project["id"]).source / "Match day.mp4"
    assert project["path"] == str(stored)
    assert stored.read_bytes() == small_film.read_bytes()
    assert leftovers(workspace) == [stored]


def test_the_same_content_is_the_same_project(client, workspace, small_film):
    first = client.post("/api/projects/upload", files={"file": ("a.mp4", small_film.read_bytes())})
    again = client.post("/api/projects/upload", files={"file": ("b.mp4", small_film.read_bytes())})
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    assert len(leftovers(workspace)) == 1


def test_a_body_that_is_the_file_itself(client, workspace, small_film):
    answer = client.post(
        "/api/projects/upload",
        content=small_film.read_bytes(),
        headers={
            "Content-Type": "video/mp4",
            "Content-Disposition": "attachment; filename*=UTF-8''%F0%9F%9A%80%20match.mp4",
        },
    )
    assert answer.status_code == 201, answer.text
    assert answer.json()["name"] == "🚀 match"


def test_the_ending_follows_the_content(client, workspace, small_film):
    answer = client.post("/api/projects/upload", files={"file": ("holiday.jpg", small_film.read_bytes())})
    assert answer.json()["path"].endswith("/holiday.mp4")


@pytest.mark.parametrize(
    "called",
    [
        "../../../../etc/passwd",
        "..\\..\\windows\\system32\\evil.mp4",
        "/etc/cron.d/evil",
        "%2e%2e%2f%2e%2e%2fevil.mp4",
        ".bashrc",
        "-rf.mp4",
        "con.mp4",
        "a\x00b.mp4",
        "x" * 3000 + ".mp4",
        "\u202egpj.mp4",
        "ナサ émission 🚀.mp4",
        "",
    ],
)
def test_no_name_leads_out_of_the_projects_folder(client, workspace, small_film, called):
    answer = client.post(
        "/api/projects/upload",
        content=small_film.read_bytes(),
        headers={
            "Content-Type": "application/octet-stream",
            "Content-Disposition": b"attachment; filename*=UTF-8''" + _quoted(called),
        },
    )
    assert answer.status_code == 201, answer.text
    (stored,) = leftovers(workspace)
    assert stored.parent == workspace.folder.project(answer.json()["id"]).source
    assert not stored.name.startswith((".", "-"))
    assert len(stored.name.encode()) <= 200


def _quoted(text: str) -> bytes:
    from urllib.parse import quote

    return quote(text).encode()


@pytest.mark.parametrize(
    "content",
    [b"", b"no video", b"\x00" * 100_000, b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", b"RIFF\xff\xff\xff\xffAVI "],
)
def test_what_is_no_video_leaves_nothing(client, workspace, content):
    answer = client.post("/api/projects/upload", files={"file": ("film.mp4", content)})
    assert answer.status_code in {415, 422}, answer.text
    assert "partial" not in answer.text
    assert leftovers(workspace) == []
    assert client.get("/api/projects").json()["total"] == 0


def test_forms_that_are_none(client, workspace, small_film):
    film = small_film.read_bytes()
    whole = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n' + film + b"\r\n--x--\r\n"
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    assert client.post("/api/projects/upload", content=whole[:-200], headers=kind).status_code == 400
    assert (
        client.post("/api/projects/upload", content=whole, headers={"Content-Type": "multipart/form-data"}).status_code
        == 400
    )
    assert client.post("/api/projects/upload", content=b"junk" * 100, headers=kind).status_code == 400
    assert client.post("/api/projects/upload", files={"name": (None, "no file")}).status_code == 422
    several = [("file", ("a.mp4", film)), ("file", ("b.mp4", film))]
    assert client.post("/api/projects/upload", files=several).status_code == 422
    assert (
        client.post("/api/projects/upload", files={"file": ("a.mp4", film)}, data={"name": "\x01"}).status_code == 422
    )
    long = {str(number): "x" for number in range(30)}
    assert client.post("/api/projects/upload", files={"file": ("a.mp4", film)}, data=long).status_code == 413
    assert leftovers(workspace) == []


def test_more_than_the_limit_is_refused_before_and_while_it_comes(open_client, workspace, small_film):
    limit = small_film.stat().st_size // 2
    client = open_client(AUTOCLIP_UPLOAD_LIMIT_GB=str(limit / 1e9))
    told = client.post("/api/projects/upload", files={"file": ("a.mp4", small_film.read_bytes())})
    assert (told.status_code, told.json()["code"]) == (413, "too-large")
    untold = client.post("/api/projects/upload", content=iter([small_film.read_bytes()]))
    assert untold.status_code == 413
    assert leftovers(workspace) == []


def test_more_than_the_disk_holds_is_refused_at_once(open_client, workspace):
    client = open_client(AUTOCLIP_UPLOAD_LIMIT_GB="10000")
    free = os.statvfs(workspace.root).f_bavail * os.statvfs(workspace.root).f_frsize
    begun = client.post("/api/uploads", headers={"Tus-Resumable": "1.0.0", "Upload-Length": str(free + 1)})
    assert (begun.status_code, begun.json()["code"]) == (507, "no-room")
    assert leftovers(workspace) == []


TUS = {"Tus-Resumable": "1.0.0"}
CHUNK = {**TUS, "Content-Type": "application/offset+octet-stream"}


def begin(client, film, **headers):
    called = base64.b64encode(b"Grand final.mp4").decode()
    return client.post(
        "/api/uploads",
        headers={**TUS, "Upload-Length": str(len(film)), "Upload-Metadata": f"filename {called}", **headers},
    )


def test_an_upload_in_chunks(client, workspace, small_film):
    film = small_film.read_bytes()
    begun = begin(client, film)
    assert begun.status_code == 201, begun.text
    address = begun.headers["location"]
    half = len(film) // 2
    first = client.patch(address, content=film[:half], headers={**CHUNK, "Upload-Offset": "0"})
    assert (first.status_code, first.headers["upload-offset"]) == (204, str(half))
    assert "upload-expires" in first.headers
    found = client.head(address, headers=TUS)
    assert (found.headers["upload-offset"], found.headers["upload-length"]) == (str(half), str(len(film)))
    wrong = client.patch(address, content=film[half:], headers={**CHUNK, "Upload-Offset": "0"})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "wrong-offset")
    last = client.patch(address, content=film[half:], headers={**CHUNK, "Upload-Offset": str(half)})
    assert last.status_code == 204, last.text
    project = client.get(f"/api/projects/{last.headers['autoclip-project']}").json()
    assert (project["name"], project["state"]) == ("Grand final", "ready")
    assert client.head(address, headers=TUS).status_code == 404
    assert [path.name for path in leftovers(workspace)] == ["Grand final.mp4"]


def test_an_upload_that_is_no_video_ends_with_its_last_chunk(client, workspace):
    address = begin(client, b"x" * 1000).headers["location"]
    ended = client.patch(address, content=b"x" * 1000, headers={**CHUNK, "Upload-Offset": "0"})
    assert ended.status_code == 415
    assert "Grand final.mp4" in ended.json()["detail"]
    assert leftovers(workspace) == []


def test_more_than_announced_is_refused(client, workspace):
    address = begin(client, b"x" * 100).headers["location"]
    answer = client.patch(address, content=b"x" * 101, headers={**CHUNK, "Upload-Offset": "0"})
    assert answer.status_code == 413
    untold = client.patch(address, content=iter([b"x" * 101]), headers={**CHUNK, "Upload-Offset": "0"})
    assert untold.status_code == 413


def test_an_announced_length_ends_the_body_at_once(serve, workspace):
    """300 MB for an upload of 1,000 bytes: refused with the first block too many, or by what is announced."""
    address = serve()
    begun = httpx.post(f"{address}/api/uploads", headers={**TUS, "Upload-Length": "1000"}, timeout=60)
    path = begun.headers["location"]
    for length in (None, 300_000_000):
        sent, answer = send_until_refused(address, path, length)
        assert answer.startswith(b"HTTP/1.1 413"), answer
        assert sent < 20_000_000, sent
    assert httpx.head(f"{address}{path}", headers=TUS, timeout=60).headers["upload-offset"] == "0"


def send_until_refused(address, path, length):
    """Send 300 MB as long as they are taken; return how many were, and the answer."""
    host, port = address.removeprefix("http://").split(":")
    kind = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    head = f"PATCH {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
    head += f"Content-Type: application/offset+octet-stream\r\n{kind}\r\n\r\n"
    block = b"x" * 65_536
    chunk = b"%x\r\n%s\r\n" % (len(block), block) if length is None else block
    sent = 0
    with socket.create_connection((host, int(port)), timeout=60) as line:
        line.sendall(head.encode())
        answered = select.poll()  # select() takes no number of a file above 1,023
        answered.register(line, select.POLLIN)
        with contextlib.suppress(OSError):
            while sent < 300_000_000 and not answered.poll(0):
                line.sendall(chunk)
                sent += len(block)
        with contextlib.suppress(ConnectionResetError):
            return sent, line.recv(4096)
    return sent, b""


def test_a_beginning_that_is_refused_takes_no_place(client, workspace):
    """Uploads that nobody was told the address of would fill the hundred places."""
    for body in (b"x" * 101, iter([b"x" * 101])):
        answer = client.post("/api/uploads", content=body, headers={**CHUNK, "Upload-Length": "100"})
        assert answer.status_code == 413
    assert leftovers(workspace) == []


@pytest.mark.parametrize(
    "part",
    [
        b'Content-Disposition: form-data; name="same"\r\n\r\nx',
        b"Content-Disposition: form-data\r\n\r\nx",
        b"X: y\r\n\r\n",
    ],
    ids=["one name", "no name", "no disposition"],
)
def test_fields_are_counted_not_their_names(client, workspace, part):
    body = b"".join(b"--x\r\n" + part + b"\r\n" for _ in range(300)) + b"--x--\r\n"
    answer = client.post(
        "/api/projects/upload", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert answer.status_code == 413, answer.text


@pytest.mark.parametrize("header", [b"X-Long: " + b"y" * 1_000_000, b"y" * 1_000_000 + b": x", b"X: y\r\n" * 5000])
def test_headers_of_a_part_have_a_limit(client, workspace, header):
    body = b"--x\r\n" + header.rstrip() + b"\r\n\r\nx\r\n--x--\r\n"
    answer = client.post(
        "/api/projects/upload", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert answer.status_code in {400, 413}, answer.text


@pytest.mark.parametrize("boundary", ["x" * 71, "x" * 5000, '"' + "x" * 5000 + '"'])
def test_a_boundary_that_is_too_long_is_a_bad_request(client, workspace, boundary):
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    answer = client.post("/api/projects/upload", content=b"x", headers=kind)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-form")


def test_an_upload_given_up_leaves_nothing(client, workspace):
    address = begin(client, b"x" * 100).headers["location"]
    assert client.delete(address, headers=TUS).status_code == 204
    assert client.delete(address, headers=TUS).status_code == 404
    assert leftovers(workspace) == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Tus-Resumable": "0.2.2"}, 412),
        ({"Upload-Length": "-1"}, 422),
        ({"Upload-Length": "0"}, 413),
        ({"Upload-Length": "9" * 30}, 422),
        ({"Upload-Metadata": "filename not-base64!"}, 422),
        ({"Upload-Metadata": "filename 75"}, 422),
        ({"Upload-Metadata": "a b c"}, 422),
    ],
)
def test_uploads_that_can_not_begin(client, workspace, headers, status):
    assert begin(client, b"x" * 100, **headers).status_code == status
    assert leftovers(workspace) == []


def test_metadata_of_any_client_is_taken(client, workspace, small_film):
    film = small_film.read_bytes()
    called = base64.b64encode("Tor \xff".encode("latin-1")).decode()
    begun = begin(client, film, **{"Upload-Metadata": f"is_confidential,filename {called}, filetype dmlkZW8vbXA0"})
    done = client.patch(begun.headers["location"], content=film, headers={**CHUNK, "Upload-Offset": "0"})
    assert client.get(f"/api/projects/{done.headers['autoclip-project']}").json()["name"] == "Tor \ufffd"


def test_the_protocol_is_announced(client):
    answer = client.options("/api/uploads")
    assert answer.status_code == 204
    assert "creation" in answer.headers["tus-extension"]


def test_an_upload_has_one_writer_at_a_time(tmp_path):
    uploads = PartialUploads(tmp_path)
    upload = uploads.begin(UploadNote(length=3, called="a.mp4"))
    with uploads.sole_writer(upload):
        with pytest.raises(ApiError, match="another request") as refused, uploads.sole_writer(upload):
            pass
        assert refused.value.status_code == 423
        upload.path.write_bytes(b"abc")  # a lock on the file itself would keep Windows from that
    with uploads.sole_writer(upload):
        uploads.remove(upload.id)
    assert list(tmp_path.iterdir()) == []
