"""Library, command line and API where nothing is that only POSIX has; see `hidden_posix` for what that shows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

WALK = """
import base64, json, sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from fastapi.testclient import TestClient

from autoclip.clips import Clip
from interfaces.api.app import create_app
from interfaces.cli.app import run
from storage.catalog import Project, Source, catalog_of
from storage.environment import read_environment
from storage.process_lock import held, holder, is_held, remove_unheld

def shown(*words):
    out = StringIO()
    with redirect_stdout(out):
        assert run(words) == 0, words
    return out.getvalue()

film = str(Path("match.mp4").absolute())
assert len(json.loads(shown("analyze", film, "-o", "out", "--json"))["clips"]) == 1
shown("retune", "out", "--set", "pre_max=9")
shown("export", "out", "--top", "1", "--set", "encoder_preset=ultrafast")
assert len(list(Path("out/exports").glob("*.mp4"))) == 1
assert "catalog" in shown("doctor")

environment = read_environment()
with catalog_of(environment).transaction() as unit:
    project = unit.projects.add(Project(name="Cup", source=Source(kind="file", address=film)))
    clip = Clip(id=f"{project.id}-1", name="Goal", start=1, end=9, quality_score=0.8, mode="v2")
    unit.clips.replace_auto_clips(project.id, "v2", [clip])
assert "Cup" in shown("projects")
assert "Goal" in shown("clips", "Cup")
assert "Goal" in shown("clips", "--all")
assert json.loads(shown("query", "SELECT count(*) AS n FROM clips", "--format", "json")) == [{"n": 1}]

with TestClient(create_app(environment), base_url="http://127.0.0.1:8000") as client:
    assert client.get("/api/health").status_code == 200
    assert client.get(f"/api/projects/{project.id}/clips").json()["items"][0]["name"] == "Goal"
    kept = client.patch(f"/api/projects/{project.id}", json={"name": "Final"}, headers={"If-Match": "*"})
    assert kept.is_success, kept.text
    content, tus = Path(film).read_bytes(), {"Tus-Resumable": "1.0.0"}
    name = {"Upload-Metadata": "filename " + base64.b64encode(b"match.mp4").decode()}
    begun = client.post("/api/uploads", headers={**tus, **name, "Upload-Length": str(len(content))})
    assert begun.is_success, begun.text
    chunk = {**tus, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    sent = client.patch(begun.headers["location"], content=content, headers=chunk)
    assert sent.is_success, sent.text
    uploaded = next(item for item in client.get("/api/projects").json()["items"] if item["id"] != project.id)
    place = f"/api/projects/{uploaded['id']}/video"
    assert client.get(place, headers={"Range": "bytes=0-9"}).status_code == 206

lock = Path("locks/run.lock")
with held(lock, "job 1"):
    assert is_held(lock) and holder(lock) == "job 1" and not remove_unheld(lock)
assert not is_held(lock) and remove_unheld(lock)

tried = [name for name in ("fcntl", "resource", "pwd", "grp", "termios") if name in sys.modules]
assert not tried, tried
"""


@pytest.mark.filterwarnings("ignore")
def test_commands_and_api_need_nothing_that_only_posix_has(tmp_path, rendered_match):
    shutil.copy(rendered_match, tmp_path)
    (tmp_path / "walk.py").write_text(WALK)
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("AUTOCLIP_", "PREFECT_"))}
    ours = {"AUTOCLIP_DATA_DIR": str(tmp_path / "data"), "AUTOCLIP_SOURCE_ROOTS": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, TESTS / "hidden_posix.py", tmp_path / "walk.py"],
        cwd=tmp_path, env=variables | ours, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
