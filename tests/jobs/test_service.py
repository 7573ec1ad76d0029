"""The service as it is lived with: real server, worker and API; jobs submitted, read, and left alone."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from running_service import AUTOCLIP, PATIENCE_SEC, RunningService, until

from autoclip.errors import NotFoundError, ParameterError
from autoclip.settings import Settings
from flows.deployments import DEPLOYMENTS
from interfaces.jobs import Job, Jobs
from stages.register_video import register_video
from storage.catalog import open_catalog

pytestmark = pytest.mark.service

Wait = Callable[..., Job]
TESTS = Path(__file__).parents[1]


def test_every_deployment_runs_when_triggered_through_the_rest_api(
    service: RunningService, jobs: Jobs, wait: Wait, clip_source: Callable[..., Path], prefect_rest: httpx.Client
) -> None:
    def trigger(job_type: str, parameters: dict[str, Any]) -> str:
        deployment = prefect_rest.get(f"/deployments/name/{job_type}/{job_type}").raise_for_status().json()
        # Prefect answers 503 while its database is busy, and its own client asks again; so do people's scripts.
        for _ in range(20):
            answer = prefect_rest.post(
                f"/deployments/{deployment['id']}/create_flow_run", json={"parameters": parameters}
            )
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            time.sleep(1)
        return str(answer.raise_for_status().json()["id"])

    foreign = service.environment.data_dir / "slots" / "render" / "foreign.lock"
    foreign.with_name(f"{foreign.name}.mutex").mkdir(parents=True)
    foreign.touch()  # the search for lost runs fails on it, which must not end the service
    video = clip_source("match.mp4")
    ran = {"process-video": wait(jobs, trigger("process-video", {"source": str(video), "export_top": 1}))}
    project = str(ran["process-video"].project_id)
    with open_catalog(service.environment.catalog_path).reading() as view:
        clips = [clip.id for clip in view.clips.page(project).items]
    begun = {
        "analyze": trigger("analyze", {"project_id": project, "settings": {"segmentation_mode": "v1"}}),
        "export": trigger("export", {"project_id": project, "clip_id": clips[0]}),
        "export-batch": trigger("export-batch", {"project_id": project}),
        "download": trigger("download", {"project_id": project}),
        "proxy": trigger("proxy", {"project_id": project}),
        "process-folder": trigger("process-folder", {"folder": str(video.parent), "min_age_sec": 0}),
        "maintenance": trigger("maintenance", {}),
    }
    ran |= {job_type: wait(jobs, job_id) for job_type, job_id in begun.items()}

    until(lambda: f"{foreign.name}.mutex" in service.said())
    foreign.with_name(f"{foreign.name}.mutex").rmdir()
    assert set(ran) == {deployment.job_type for deployment in DEPLOYMENTS}
    assert {job_type: job.state for job_type, job in ran.items()} == dict.fromkeys(ran, "completed"), ran
    assert ran["process-video"].result.clips
    assert [path.exists() for path in ran["process-video"].result.files] == [True]
    assert ran["analyze"].project_id == project
    assert {job.id for job in jobs.page(project_id=project, job_type="export").items} == {ran["export"].id}


def test_bad_parameters_are_refused_before_a_run_is_made(jobs: Jobs, prefect_rest: httpx.Client) -> None:
    before = jobs.page().total
    for parameters in (
        {"source": "a.mp4", "export_top": -1},
        {"source": "a", "settings": {"windows": {"pre_max": -3}}},
    ):
        with pytest.raises(ParameterError):
            jobs.submit("process-video", parameters)
    with pytest.raises(ParameterError, match="did you mean 'source'"):
        jobs.submit("process-video", {"sourcee": "a.mp4"})
    assert jobs.page().total == before
    deployment = prefect_rest.get("/deployments/name/process-video/process-video").json()
    schema = deployment["parameter_openapi_schema"]
    mode = schema["definitions"]["Settings"]["properties"]["segmentation_mode"]
    assert [choice.get("enum") or choice["type"] for choice in mode["anyOf"]] == [["v1", "v2"], "null"]
    assert schema["properties"]["export_top"]["maximum"] == 1000
    assert "best clips" in schema["properties"]["export_top"]["description"]


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"sourcee": "b.mp4"}, "unknown parameter 'sourcee'; did you mean 'source'?; parameter 'source' is missing"),
        ({"source": "/nosuch/a.mp4", "settings": {"extraction": {"step_sec": "x"}}}, "settings.extraction.step_sec"),
    ],
)
def test_a_run_with_a_wrong_parameter_fails_with_its_name(
    jobs: Jobs, wait: Wait, prefect_rest: httpx.Client, parameters: dict[str, Any], said: str
) -> None:
    deployment = prefect_rest.get("/deployments/name/process-video/process-video").raise_for_status().json()
    order = {"parameters": parameters, "enforce_parameter_schema": False}
    made = prefect_rest.post(f"/deployments/{deployment['id']}/create_flow_run", json=order).raise_for_status().json()
    job = wait(jobs, made["id"])
    states = prefect_rest.get("/flow_run_states/", params={"flow_run_id": job.id}).json()
    assert (job.state, said in str(job.error)) == ("failed", True), job
    assert not str(job.error).startswith("Validation of flow parameters")
    assert "CRASHED" not in [state["type"] for state in states]


def test_two_who_ask_for_the_same_analysis_get_the_same_job(
    service: RunningService, jobs: Jobs, wait: Wait, clip_source: Callable[..., Path]
) -> None:
    catalog = open_catalog(service.environment.catalog_path)
    project = register_video(catalog, clip_source("twice.mp4", seed=3)).project
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(jobs.analyze(project.id).id)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert wait(jobs, found[0]).state == "completed"
    again = jobs.analyze(project.id, Settings())
    assert again.id != found[0]
    jobs.cancel(again.id)
    wait(jobs, again.id)


def test_a_folder_with_a_broken_file(
    service: RunningService, jobs: Jobs, wait: Wait, clip_source: Callable[..., Path], tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    (folder / "deeper").mkdir(parents=True)
    clip_source("v0.mp4", seconds=12, seed=10).rename(folder / "v0.mp4")
    shutil.copy(folder / "v0.mp4", folder / "deeper" / "copy of v0.mp4")
    (folder / "broken.mp4").write_bytes(b"no video" * 100)
    job = wait(jobs, jobs.submit("process-folder", {"folder": str(folder), "min_age_sec": 0}).id)
    assert job.state == "completed"
    assert job.stage.startswith("1 done, 0 skipped, 1 failed; ")
    (failure,) = job.result.failures
    assert job.stage.endswith(f"; {failure}")
    assert failure.startswith("broken.mp4: holds no MP4 index")
    told = [*AUTOCLIP, "job", job.id, "--follow", "--json"]
    shown = subprocess.run(told, env=service.variables_of_all, capture_output=True, text=True, check=False)
    assert shown.returncode == 1, shown.stderr
    assert json.loads(shown.stdout)["result"]["failures"] == [failure]
    wanted = {"logs": {"flow_run_id": {"any_": [job.id]}}}
    logged = httpx.post(f"{service.api_url}/logs/filter", json=wanted, timeout=60).json()
    assert f"failed: {failure}" in [line["message"] for line in logged]


def test_a_job_that_nobody_knows(jobs: Jobs) -> None:
    for job_id in ("1234", "00000000-0000-0000-0000-000000000000"):
        with pytest.raises(NotFoundError):
            jobs.get(job_id)


def test_a_job_is_submitted_and_followed_without_what_only_posix_has(
    service: RunningService, tmp_path: Path, clip_source: Callable[..., Path]
) -> None:
    program = tmp_path / "autoclip.py"
    program.write_text("from interfaces.cli.start import main; main()")
    command = (sys.executable, TESTS / "hidden_posix.py", program)
    words = ("run", clip_source("evening.mp4"), "--follow", "--json")
    done = subprocess.run(
        [*command, *words], env=service.variables_of_all, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    followed = json.loads(done.stdout)
    assert followed["state"] == "completed"
    assert f"'autoclip cancel {followed['id'][:8]}' stops it" in done.stderr


def test_z_a_second_up_says_what_runs_and_a_stop_leaves_nothing_behind(
    service: RunningService, jobs: Jobs, long_source: Callable[..., Path], tmp_path: Path
) -> None:
    browser = {"BROWSER": f"sh -c 'echo %s > {tmp_path}/opened'", "AUTOCLIP_HOST": "0.0.0.0", "HOME": str(tmp_path)}
    second = subprocess.run(
        [*AUTOCLIP, "up", "--open"],
        env=service.variables_of_all | browser | {"AUTOCLIP_API_TOKEN": "a token that is long enough"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SEC,
        check=False,
    )
    assert second.returncode == 0
    assert "runs already" in second.stderr
    assert second.stderr.count(" answers") == 2
    assert not (tmp_path / ".prefect").exists()  # Prefect makes it on import, which takes a second
    assert (tmp_path / "opened").read_text() == f"http://127.0.0.1:{service.environment.port}/\n"

    job = jobs.submit("process-video", {"source": str(long_source("interrupted.mp4", 5))})
    until(service.decodes, pause_sec=0.02)
    told_to_ignore = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # by nohup
    service.stop(signal.SIGTERM if told_to_ignore else signal.SIGHUP)  # as when the terminal is closed
    assert service.pids() == []
    service.start()
    until(lambda: jobs.get(job.id).state == "completed", pause_sec=1)
