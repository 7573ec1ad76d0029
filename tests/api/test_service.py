"""The whole service over real sockets: Prefect's server, a worker and the API, as `autoclip up` starts them."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from match import HIGHLIGHT
from PIL import Image
from running_service import PATIENCE_SEC, RunningService, until
from shared_folder import SHARED

from autoclip.media.probe import probe

pytestmark = pytest.mark.service

MEDIA = SHARED / "media"
PAGE = Path(__file__).parents[2] / "docs" / "api.md"


@dataclass
class Api:
    """The API of a running service, and a folder of videos it may open."""

    api: httpx.Client
    address: str
    videos: Path

    def wait_for(self, job_id: str) -> dict[str, Any]:
        """Follow a job by its events until it ends; its progress must never fall."""
        with self.api.stream("GET", f"/api/jobs/{job_id}/events") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            seen = [json.loads(line.removeprefix("data: ")) for line in stream.iter_lines() if line[:6] == "data: "]
        progress = [job["progress"] for job in seen]
        assert progress == sorted(progress)
        assert seen[-1]["state"] in {"completed", "failed", "cancelled", "crashed"}
        return seen[-1]


@pytest.fixture(scope="module")
def served(service: RunningService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    address = f"http://127.0.0.1:{service.environment.port}"
    with httpx.Client(base_url=address, timeout=60) as api:
        until(lambda: api.get("/api/health/ready").is_success)
        yield Api(api, address, tmp_path_factory.mktemp("videos"))


@pytest.fixture
def match(rendered_match, served, request) -> Path:
    """The match in a file of this test's own, whose content no other test has: a box that players pass over differs."""
    name = request.node.name.encode()
    path = served.videos / f"{hashlib.sha256(name).hexdigest()[:8]}.mp4"
    path.write_bytes(rendered_match.read_bytes() + struct.pack(">I4s", 8 + len(name), b"free") + name)
    return path


@pytest.fixture
def real_or_made(tmp_path, rendered_match) -> Path:
    """A real video with an odd name and several tracks where there is one; one made up elsewhere."""
    real = MEDIA / "tricky" / "ナサ émission (2 vid, 2 aud) 🚀.mp4"
    if real.exists():
        return real
    return Path(shutil.copy(rendered_match, tmp_path / "other 🚀.mp4"))


def test_the_api_section_of_the_description_from_end_to_end(  # noqa: PLR0915 - one walk, in order
    served, tmp_path, match, real_or_made
):
    api = served.api

    # Projects
    before, analyzed_before = (api.get(f"/api/{what}").json()["total"] for what in ("projects", "jobs?type=analyze"))
    remote = api.post("/api/projects/youtube", json={"url": "https://93.184.216.34/watch?v=1"})
    assert remote.status_code == 201, remote.text
    local = api.post("/api/projects/local", json={"path": str(match), "name": "Match"})
    assert local.status_code == 201, local.text
    project = f"/api/projects/{local.json()['id']}"
    with real_or_made.open("rb") as file:
        sent = api.post("/api/projects/upload", files={"file": (real_or_made.name, file)})
    assert sent.status_code == 201, sent.text
    assert sent.json()["name"] == real_or_made.stem
    assert api.get("/api/projects").json()["total"] == before + 3
    assert api.get(project).json()["state"] == "ready"
    assert api.post(f"{project}/download").status_code == 409  # a file has nothing to download
    fetching = api.post(f"/api/projects/{remote.json()['id']}/download")
    assert fetching.status_code == 202, fetching.text
    api.post(f"/api/jobs/{fetching.json()['id']}/cancel")
    key, order = {"Idempotency-Key": "once"}, {"settings": {"target_clip_count_soft": 5}}
    analyzing = api.post(f"{project}/analyze", json=order, headers=key)
    assert analyzing.status_code == 202, analyzing.text
    joined = api.post(f"{project}/analyze", headers={"Idempotency-Key": "joins"})
    done = served.wait_for(analyzing.json()["id"])
    assert done["state"] == "completed", done
    assert done["progress"] == 100
    again = api.post(f"{project}/analyze", json=order, headers=key)
    joined_again = api.post(f"{project}/analyze", headers={"Idempotency-Key": "joins"})
    for other in (joined, again, joined_again):  # a key stands for its job for good, also one that only joined it
        assert other.json()["id"] == analyzing.json()["id"]
    reused = api.post(f"{project}/analyze", json={"settings": {"target_clip_count_soft": 6}}, headers=key)
    assert (reused.status_code, reused.json()["code"]) == (422, "key-reused")
    folder = tmp_path / "match"
    assert api.post(f"{project}/output-folder", json={"folder": str(folder)}).status_code == 200

    # Clips
    clips = api.get(f"{project}/clips", params={"sort": "-quality_score"}).json()["items"]
    assert clips
    best = clips[0]
    assert best["start"] <= HIGHLIGHT.start
    assert best["end"] >= HIGHLIGHT.end - 1
    assert api.get(f"/api/clips/{best['id']}").json() == best
    picture = api.get(best["thumbnail_url"])
    assert Image.open(io.BytesIO(picture.content)).size == (320, 180)
    named = api.patch(f"/api/clips/{best['id']}", json={"name": "Goal"}, headers={"If-Match": f'"{best["revision"]}"'})
    assert named.status_code == 200, named.text
    by_hand = api.post(f"{project}/clips", json={"start": 2, "end": 5, "name": "../../../../tmp/evil\\..\\x"}).json()
    unwanted = api.post(f"{project}/clips", json={"start": 20, "end": 24}).json()
    assert api.delete(f"/api/clips/{unwanted['id']}").status_code == 204

    # Compound clips
    items = [{"clip_id": by_hand["id"]}, {"clip_id": best["id"], "start": 14, "end": 17}]
    compound = api.post(f"{project}/compound-clips", json={"name": "Both", "items": items}).json()
    assert compound["duration"] == 6
    assert api.get(f"{project}/compound-clips").json()["total"] == 1
    assert api.get(f"/api/compound-clips/{compound['id']}").json() == compound

    # Exports
    order = {"compound_id": compound["id"], "settings": {"crf": 30}}
    exporting = api.post(f"{project}/exports", json=order, headers=key)
    assert exporting.status_code == 202, exporting.text
    assert exporting.json()["name"].startswith("export ")
    assert exporting.json()["id"] != analyzing.json()["id"]  # a key belongs to one kind of job
    assert api.post(f"{project}/exports", json=order, headers=key).json()["id"] == exporting.json()["id"]
    other = {**order, "settings": {"crf": 31}}
    assert api.post(f"{project}/exports", json=other, headers=key).json()["code"] == "key-reused"
    assert served.wait_for(exporting.json()["id"])["state"] == "completed"
    batch = api.post(f"{project}/exports/batch", json={"all": True, "settings": {"crf": 30}})
    assert batch.status_code == 202, batch.text
    assert served.wait_for(batch.json()["id"])["state"] == "completed"
    exports = api.get(f"{project}/exports", params={"state": "completed"}).json()["items"]
    assert len(exports) == 1 + api.get(f"{project}/clips").json()["total"]
    joined = next(export for export in exports if export["compound_id"])
    assert {Path(export["path"]).parent for export in exports} == {folder}  # whatever the clips are called
    assert {path.name for path in folder.iterdir()} == {Path(export["path"]).name for export in exports}
    fetched = api.get(joined["file_url"])
    assert fetched.headers["content-disposition"].startswith("attachment")
    (tmp_path / "joined.mp4").write_bytes(fetched.content)
    assert probe(tmp_path / "joined.mp4").duration_sec == pytest.approx(6.0, abs=0.1)
    assert api.get(joined["file_url"], headers={"Range": "bytes=0-99"}).status_code == 206
    assert api.delete(f"/api/exports/{joined['id']}").status_code == 204
    assert not Path(joined["path"]).exists()

    # Jobs
    jobs = api.get(f"{project}/jobs").json()
    assert {job["type"] for job in jobs["items"]} == {"analyze", "export", "export-batch"}
    assert api.get(f"/api/jobs/{jobs['items'][0]['id']}").json()["state"] == "completed"
    assert api.post(f"/api/jobs/{jobs['items'][0]['id']}/cancel").status_code == 409
    assert api.get("/api/jobs", params={"type": "analyze"}).json()["total"] == analyzed_before + 1
    assert api.get("/api/jobs/01234567-89ab-cdef-0123-456789abcdef").status_code == 404

    # Static files
    video = api.get(f"{project}/video", headers={"Range": "bytes=0-999"})
    assert (video.status_code, video.content) == (206, match.read_bytes()[:1000])

    # And gone
    assert api.delete(f"/api/compound-clips/{compound['id']}").status_code == 204
    assert api.delete(project).status_code == 204
    assert api.get(project).status_code == 404
    assert match.exists()


@dataclass
class Crowd:
    """Clients that read and edit at once, until they are told to end; what went wrong, and what edits were granted."""

    address: str
    ended: threading.Event = field(default_factory=threading.Event)
    faults: list[str] = field(default_factory=list)
    edits: list[str] = field(default_factory=list)

    def read(self, *paths: str) -> None:
        with httpx.Client(base_url=self.address, timeout=60) as api:
            while not self.ended.wait(0.2):
                answers = [api.get(path) for path in paths]
                self.faults += [answer.text for answer in answers if answer.status_code != 200]

    def edit(self, clip: str, letter: str) -> None:
        """Append a letter to a clip's name, each time from the revision that was read."""
        with httpx.Client(base_url=self.address, timeout=60) as api:
            while not self.ended.wait(0.1):
                seen = api.get(clip)
                change = {"name": (seen.json()["name"] + letter)[-400:]}
                answer = api.patch(clip, json=change, headers={"If-Match": seen.headers["etag"]})
                self.edits += [letter] if answer.status_code == 200 else []
                self.faults += [answer.text] if answer.status_code not in {200, 412} else []


def test_nothing_is_lost_while_an_analysis_writes_and_others_read_and_edit(served, match):
    project = "/api/projects/" + served.api.post("/api/projects/local", json={"path": str(match)}).json()["id"]
    clip = served.api.post(f"{project}/clips", json={"start": 1, "end": 4}).headers["location"]
    job = served.api.post(f"{project}/analyze").json()["id"]
    crowd = Crowd(served.address)
    team = [threading.Thread(target=crowd.read, args=(project, f"{project}/clips", clip)) for _ in range(4)]
    team += [threading.Thread(target=crowd.edit, args=(clip, letter)) for letter in "ab"]
    for one in team:
        one.start()
    last = served.wait_for(job)
    crowd.ended.set()
    for one in team:
        one.join()
    assert last["state"] == "completed", last
    assert crowd.faults == []
    final = served.api.get(clip).json()
    assert set(crowd.edits) == {"a", "b"}
    assert final["revision"] == 1 + len(crowd.edits)  # each that was granted was kept, on top of the one before
    assert (final["start"], final["end"], final["created_by"]) == (1, 4, "manual")


def test_a_job_is_cancelled_and_run_again(served, match):
    project = served.api.post("/api/projects/local", json={"path": str(match)}).json()["id"]
    chat = served.videos / "stream.txt"
    chat.write_text("[0:00:01] <ann> hahaha\n[0:00:01] <bob> hahaha\n")
    order = {"chat": str(chat), "chat_offset": 2.0, "settings": {"step_sec": 1.0}}
    job = served.api.post(f"/api/projects/{project}/analyze", json=order).json()["id"]
    assert served.api.delete(f"/api/projects/{project}").status_code == 409  # a job is at work on it
    assert served.api.post(f"/api/jobs/{job}/cancel").status_code == 202
    assert served.wait_for(job)["state"] == "cancelled"
    assert served.api.get(f"/api/projects/{project}").json()["state"] == "ready"
    retried = served.api.post(f"/api/jobs/{job}/retry")
    assert retried.status_code == 202, retried.text
    assert served.wait_for(retried.json()["id"])["state"] == "completed"
    assert served.api.get(f"/api/projects/{project}").json()["state"] == "analyzed"
    signals = served.api.get(f"/api/projects/{project}/signals", params={"names": "chat_messages", "end": 6}).json()
    assert signals["signals"]["chat_messages"]["mean"][:5] == [0, 0, 0, 2, 0]


def test_what_browsers_do_not_play_gets_a_proxy(served, encode_tracks, film, sound):
    strange = served.videos / "strange.mkv"
    strange.write_bytes(encode_tracks("strange.mkv", film([40, 200] * 25), sound(2.0)).read_bytes())
    project = served.api.post("/api/projects/local", json={"path": str(strange)}).json()["id"]
    before = served.api.get(f"/api/projects/{project}/playback").json()
    assert (before["playable"], before["url"]) == (False, None)
    job = served.api.post(f"/api/projects/{project}/proxy")
    assert job.status_code == 202, job.text
    assert served.wait_for(job.json()["id"])["state"] == "completed"
    after = served.api.get(f"/api/projects/{project}/playback").json()
    assert (after["proxy"], after["content_type"]) == (True, "video/mp4")
    part = served.api.get(after["url"], headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, b"ftyp")


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="no curl or no jq on PATH")
def test_the_examples_of_the_page_run_as_written(served, match, tmp_path):
    (tmp_path / "match.mp4").write_bytes(match.read_bytes())
    blocks = re.findall(r"```(sh|python)\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    page = "\n".join(text for kind, text in blocks if kind == "sh")
    script = page.replace("http://127.0.0.1:8000", served.address).replace("/srv/videos/match.mp4", str(match))
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE_SEC,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert '"Winning goal"' in ran.stdout
    assert probe(tmp_path / "best-of.mp4").duration_sec > 5
    program = "\n".join(text for kind, text in blocks if kind == "python")
    program = program.replace("http://127.0.0.1:8000", served.address)
    told = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert "points of motion" in told.stdout
    assert "Goal" in told.stdout or "Highlight" in told.stdout or "goal" in told.stdout
