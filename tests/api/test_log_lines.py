"""What the commonest failures say, to clients and in the log: the thing, the reason and the way out."""

from __future__ import annotations

import errno
import logging
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from autoclip.media.ffmpeg import find_ffmpeg
from autoclip.media.probe import probe
from interfaces.api.problems import handle_problems
from interfaces.api.server import server_config
from storage.analysis_folder import AnalysisFolder

WAY_OUT = re.compile(r"; (it .*; )?(free|choose|check|copy|close|name|connect)\b[^;]*$")


def refused_by_the_system(number: int) -> Callable[[Path], object]:
    def refuse(folder: Path) -> object:
        raise OSError(number, os.strerror(number), str(folder / "clip.mp4"))

    return refuse


def without_memory(_: Path) -> object:
    raise MemoryError


def without_ffmpeg(folder: Path) -> object:
    return find_ffmpeg(folder / "ffmpeg")


FAILURES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a video that is gone": (lambda folder: probe(folder / "gone.mp4"), "gone.mp4"),
    "an empty file": (lambda folder: probe(folder / "empty.mp4"), "empty.mp4"),
    "no video": (lambda folder: probe(folder / "text.mp4"), "text.mp4"),
    "a folder": (probe, ""),
    "a folder that is a file": (lambda folder: AnalysisFolder(folder / "text.mp4").make(), "text.mp4"),
    "no ffmpeg": (without_ffmpeg, "ffmpeg"),
    "a full disk": (refused_by_the_system(errno.ENOSPC), "clip.mp4"),
    "no permission": (refused_by_the_system(errno.EACCES), "clip.mp4"),
    "a disk that fails": (refused_by_the_system(errno.EIO), "clip.mp4"),
    "too many open files": (refused_by_the_system(errno.EMFILE), "clip.mp4"),
    "no memory": (without_memory, "memory"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_names_the_thing_the_reason_and_the_way_out(failure, tmp_path, caplog):
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("no video at all " * 100)
    fail, thing = FAILURES[failure]
    app = FastAPI()
    handle_problems(app)
    app.get("/try")(lambda: fail(tmp_path))
    with caplog.at_level(logging.WARNING):
        answer = TestClient(app).get("/try")
    told = answer.json()["detail"]
    lines = [record.getMessage() for record in caplog.records]
    assert lines == ([f"GET /try: {told}"] if answer.status_code >= 500 else [])
    assert re.match(rf".*{thing}\b.* ", told)
    assert WAY_OUT.search(told), told
    assert "Errno" not in told


def test_the_access_log_holds_no_query(workspace):
    """It may hold the signature of a link, or a token that a client sent in the wrong place."""
    server_config(workspace.environment, port=0)
    log = logging.getLogger("uvicorn.access")
    arguments = ("127.0.0.1:1", "GET", "/api/projects?token=secret", "1.1", 401)
    record = log.makeRecord(log.name, logging.INFO, "", 0, '%s - "%s %s HTTP/%s" %d', arguments, None)
    assert log.filter(record)
    assert record.getMessage() == '127.0.0.1:1 - "GET /api/projects HTTP/1.1" 401'
