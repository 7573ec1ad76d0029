"""Every endpoint over a disk that is full answers with a problem of ours, never with an inner error."""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from timecode_media import encode

from interfaces.api.uploads import receiving

METHODS = ("get", "post", "patch", "put", "delete", "head", "options")


@pytest.fixture
def small_disk(workspace: Any) -> Iterator[Path]:
    """The data folder on a file system of its own, with a project and a clip."""
    data = workspace.environment.data_dir
    catalog = workspace.environment.catalog_path.read_bytes()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(data)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("may not mount a small file system here")
    workspace.environment.catalog_path.write_bytes(catalog)
    yield data
    subprocess.run(["umount", "--lazy", str(data)], check=True)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encode(tmp_path_factory.mktemp("film") / "film.mp4", Fraction(25))


def test_every_endpoint_says_what_the_disk_refuses(workspace, small_disk, open_client):
    project = workspace.add_project()
    clip = workspace.add_clip(project, 10.0, 20.0)
    client = open_client()
    document = client.get("/api/openapi.json").json()
    fill(small_disk)
    known = {"project_id": project.id, "clip_id": clip.id}
    answers = dict(walked(client, document, known))
    assert len(answers) > 50
    for what, answer in answers.items():
        assert answer.status_code < 600, what
        text = answer.text[:2000]
        assert "internal-error" not in text, (what, text)
        assert "Traceback" not in text, (what, text)
        assert "[Errno" not in text, (what, text)
    changed = answers[f"PATCH /api/clips/{clip.id}"]
    assert changed.status_code == 507, changed.text
    assert changed.json()["code"] == "storage-failed"


TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture
def no_reserve(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let uploads fill the disk to its last byte."""
    monkeypatch.setattr(receiving, "RESERVE_BYTES", 0)


def left_in(data: Path) -> list[Path]:
    """Return what uploads left."""
    return [path for path in data.rglob("*") if path.is_file() and not path.name.startswith(("autoclip.", "filler"))]


@pytest.mark.usefixtures("no_reserve")
def test_uploads_that_fill_the_disk_say_so_and_leave_nothing(small_disk, open_client, video):
    client, block = open_client(), bytes(1 << 20)
    form = b"--b\r\nContent-Disposition: form-data; name=file; filename=a.mp4\r\n\r\n"
    for head, kind in ((form, "multipart/form-data; boundary=b"), (b"", "video/mp4")):
        body = itertools.chain([head], itertools.repeat(block, 40))
        answer = client.post("/api/projects/upload", content=body, headers={"Content-Type": kind})
        assert (answer.status_code, answer.json()["code"]) == (507, "no-room")
        assert "free space on the server" in answer.json()["detail"]
        assert left_in(small_disk) == []
    fill(small_disk)
    for headers in ({}, {"Content-Type": "application/offset+octet-stream"}):
        answer = client.post("/api/uploads", content=b"x" * 900, headers=TUS | {"Upload-Length": "1000"} | headers)
        assert answer.status_code == 507, answer.text
        assert left_in(small_disk) == []


@pytest.mark.usefixtures("no_reserve")
def test_a_resumable_upload_goes_on_when_there_is_room_again(small_disk, open_client, video):
    client, content = open_client(), video.read_bytes()
    begun = client.post("/api/uploads", headers=TUS | {"Upload-Length": str(len(content))})
    address = begun.headers["Location"]
    fill(small_disk)

    def add(offset: int) -> Any:
        headers = TUS | {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        return client.patch(address, content=content[offset:], headers=headers)

    full = add(0)
    assert (full.status_code, full.json()["code"]) == (507, "no-room")
    came = int(client.head(address, headers=TUS).headers["Upload-Offset"])
    assert came < len(content)
    (small_disk / "filler").unlink()
    done = add(came)
    assert done.status_code == 204, done.text
    project = client.get(f"/api/projects/{done.headers['Autoclip-Project']}").json()
    assert (project["state"], project["size_bytes"]) == ("ready", len(content))


@pytest.mark.usefixtures("no_reserve")
def test_an_upload_that_the_catalog_has_no_room_for_leaves_nothing(small_disk, open_client, video):
    client, content = open_client(), video.read_bytes()
    fill(small_disk)
    with (small_disk / "filler").open("r+b") as filler:
        filler.truncate(filler.seek(0, 2) - len(content) - 20_000)
    answer = client.post("/api/projects/upload", content=content, headers={"Content-Type": "video/mp4"})
    assert (answer.status_code, answer.json()["code"]) == (507, "storage-failed"), answer.text
    assert "no room is left" in answer.json()["detail"]
    assert left_in(small_disk) == []
    (small_disk / "filler").unlink()
    assert client.get("/api/projects").json()["total"] == 0


def test_a_thumbnail_that_has_no_room_says_so(workspace, small_disk, open_client, video):
    project = workspace.add_project(path=shutil.copy(video, workspace.videos / "film.mp4"), duration_sec=2.0)
    clip = workspace.add_clip(project, 0.0, 1.0)
    client = open_client()
    fill(small_disk)
    answer = client.get(f"/api/projects/{project.id}/thumbnails/{clip.id}")
    assert (answer.status_code, "no room is left" in answer.json()["detail"]) == (507, True), answer.text
    assert left_in(small_disk) == []


def fill(disk: Path) -> None:
    with (disk / "filler").open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(1 << 16))
        except OSError:
            return


def walked(client: Any, document: dict[str, Any], known: dict[str, str]) -> Iterator[tuple[str, Any]]:
    """Call every operation with what its document shows as an example; those that stream are only begun."""
    for path, item in document["paths"].items():
        for method in (method for method in METHODS if method in item):
            operation = item[method]
            if "text/event-stream" in str(operation["responses"].get("200", {})):
                continue
            place = re.sub(r"\{(\w+)(?::path)?\}", lambda found: known.get(found[1], "0123456789abcdef"), path)
            query = {
                parameter["name"]: _example(parameter["schema"])
                for parameter in operation.get("parameters", ())
                if parameter["in"] == "query" and parameter.get("required")
            }
            content = operation.get("requestBody", {}).get("content", {})
            options: dict[str, Any] = {"params": query}
            if "application/json" in content:
                options["json"] = _example(_resolved(document, content["application/json"]["schema"]))
            elif content:
                options["content"] = b"x" * 1000
                options["headers"] = {"Content-Type": next(iter(content))}
            yield f"{method.upper()} {place}", client.request(method.upper(), place, **options)


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    return document["components"]["schemas"][name] if name else schema


def _example(schema: dict[str, Any]) -> Any:
    return (schema.get("examples") or [schema.get("default", 1)])[0]
