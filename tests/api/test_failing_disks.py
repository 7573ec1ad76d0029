"""Every endpoint over a disk that is full answers with a problem of ours, never with an inner error."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

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
    assert changed.status_code in {500, 507}, changed.text
    assert changed.json()["code"] == "storage-failed"


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
