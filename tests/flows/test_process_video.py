"""process-video takes a real file through every stage under a real Prefect server."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import Artifact, FlowRun, TaskRun
from prefect.states import Cancelling, Running, State
from running_service import until

from autoclip.errors import MediaError
from autoclip.progress import Progress
from autoclip.settings import Settings
from flows.analyze import analyze
from flows.liveness import project_lock
from flows.maintenance import maintenance
from flows.process_video import process_video
from stages.analyze import analyze as analyze_without_prefect
from stages.select_clips import load_selection
from stages.spoken_words import transcript_of
from storage.analysis_folder import AnalysisFolder
from storage.catalog import open_catalog
from storage.data_folder import DataFolder
from storage.process_lock import held
from tasks import progress_reporter
from tasks.progress_reporter import ProgressReporter, RunCancelledError, progress_artifacts

Encode = Callable[..., Path]


def process(source: Path, **parameters: object) -> State:
    return asyncio.run(process_video(str(source), **parameters, return_state=True))


def run_of(state: State) -> FlowRun:
    with get_client(sync_client=True) as client:
        return client.read_flow_run(state.state_details.flow_run_id)


def markdown_of(run: FlowRun) -> str:
    (table,) = [artifact for artifact in artifacts_of(run, "markdown") if artifact["key"].startswith("clips-")]
    return str(table["data"])


def artifacts_of(run: FlowRun, kind: str) -> list[dict[str, Any]]:
    wanted = {"flow_run_id": {"any_": [str(run.id)]}, "type": {"any_": [kind]}}
    with get_client(sync_client=True) as client:
        found: list[dict[str, Any]] = client.request("POST", "/artifacts/filter", json={"artifacts": wanted}).json()
    return found


def events_of(run: FlowRun) -> list[dict[str, Any]]:
    """The events that a run's exports emitted; they reach the server a little after the run has ended."""
    related = {"id": [f"prefect.flow-run.{run.id}"]}
    wanted = {"filter": {"event": {"prefix": ["autoclip.clip."]}, "related": related}}

    def found() -> list[dict[str, Any]]:
        with get_client(sync_client=True) as client:
            return list(client.request("POST", "/events/filter", json=wanted).json()["events"])

    return list(until(found))


def features_written(data_dir: Path, project_id: str) -> int:
    return (DataFolder(data_dir).project(project_id).features / "signals.parquet").stat().st_mtime_ns


def test_a_file_becomes_clips_in_the_catalog_with_all_that_shows_them(data_dir: Path, match: Encode) -> None:
    video = match("Cup final.mp4")
    state = process(video, export_top=1, timelines=["edl", "youtube"])
    assert state.is_completed(), state.message
    done = state.result()
    run, folder = run_of(state), DataFolder(data_dir).project(done.project.id)

    with open_catalog(data_dir / "autoclip.duckdb").reading() as view:
        project = view.projects.get(done.project.id)
        clips = view.clips.page(project.id).items
    assert (project.name, project.state) == ("Cup final", "analyzed")
    assert [clip.id for clip in clips] == [clip.id for clip in done.clips_file.clips]
    assert any(clip.start <= 20 < clip.end for clip in clips)
    assert all((folder.root / str(clip.thumbnail)).exists() for clip in clips)
    assert folder.report.exists()
    assert [export.state for export in done.exports] == ["completed"]
    assert done.exports[0].path.exists()

    edl, chapters = done.timelines
    assert edl.path == folder.exports / "Cup final.edl"
    assert edl.path.read_text().count("* FROM CLIP NAME: Cup final.mp4") == len(clips)
    assert (chapters.path, "YouTube takes" in chapters.error) == (None, True)

    assert state.message == f"{len(clips)} clip{'s' * (len(clips) != 1)}, 1 exported; no youtube: {chapters.error}"
    assert {f"project:{project.id}", "job:process-video"} <= set(run.tags)
    assert run.name == "process Cup final.mp4"
    assert run.labels["autoclip.clips"] == len(clips)
    with get_client(sync_client=True) as client:
        assert progress_artifacts(client, [run.id])[run.id].data == 100
    table = markdown_of(run)
    (link,) = [artifact for artifact in artifacts_of(run, "markdown") if artifact["key"] == f"report-{project.id}"]
    assert f"/api/projects/{project.id}/report" in link["data"]
    images = {artifact["data"].rpartition("/")[2] for artifact in artifacts_of(run, "image")}
    assert images
    assert images <= {clip.id for clip in clips}
    assert all(clip.name in table for clip in clips)
    assert done.exports[0].path.name in table

    (made,), (event,) = done.exports, events_of(run)
    assert event["event"] == "autoclip.clip.exported"
    assert event["payload"] == {
        "project_id": project.id,
        "clip_id": made.clip_id,
        "compound_id": None,
        "video": str(video),
        "path": str(made.path),
        "size_bytes": made.path.stat().st_size,
        "duration_sec": pytest.approx(made.duration_sec),
    }
    assert event["resource"]["prefect.resource.id"] == f"autoclip.export.{made.id}"
    named = {(thing["prefect.resource.role"], thing["prefect.resource.id"]) for thing in event["related"]}
    assert {("project", f"autoclip.project.{project.id}"), ("flow-run", f"prefect.flow-run.{run.id}")} <= named


@pytest.fixture
def asked_for_tasks(monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """Note each time that the server is asked how far a task is."""
    asked: list[UUID] = []
    ask = SyncPrefectClient.read_task_run

    def noted(client: SyncPrefectClient, task_run_id: UUID) -> TaskRun:
        asked.append(task_run_id)
        return ask(client, task_run_id)

    monkeypatch.setattr(SyncPrefectClient, "read_task_run", noted)
    return asked


def test_a_second_run_measures_nothing_again_joins_the_project_and_selects_as_without_prefect(
    data_dir: Path, match: Encode, tmp_path: Path, asked_for_tasks: list[UUID]
) -> None:
    video = match()
    first = process(video).result()
    written = features_written(data_dir, first.project.id)
    moved = video.rename(video.with_name("another name.mp4"))

    clips = tmp_path / "clips" / "of today"
    second = process(moved, export_top=1, timelines=["csv", "edl"], to=str(clips), handles_sec=1.5).result()
    assert second.project.id == first.project.id
    assert second.project.output_folder is None
    assert asked_for_tasks == []
    files = [second.exports[0].path, *(timeline.path for timeline in second.timelines)]
    assert sorted(clips.iterdir()) == sorted(files)
    seconds, frames = divmod(round((second.clips_file.clips[0].start - 1.5) * 24), 24)
    assert f"00:00:{seconds:02}:{frames:02}" in second.timelines[1].path.read_text()

    changed = Settings.from_flat({"step_sec": 1.0})
    said = "1\n00:00:16,000 --> 00:00:21,000\nWhy did nobody tell the mayor? She was away.\n"
    moved.with_suffix(".srt").write_text(said, encoding="utf-8")
    asyncio.run(analyze(first.project.id, changed))
    assert features_written(data_dir, first.project.id) > written
    done = analyze_without_prefect(moved, AnalysisFolder(tmp_path / "out"), changed)
    folder = DataFolder(data_dir).project(first.project.id)
    assert transcript_of(folder) == transcript_of(AnalysisFolder(tmp_path / "out"))
    assert [(c.start, c.end, c.name, c.reason) for c in load_selection(folder).clips] == [
        (c.start, c.end, c.name, c.reason) for c in done.clips_file.clips
    ]
    assert any("mayor" in clip.name for clip in done.clips_file.clips)


def test_a_chat_that_is_named_is_counted_with_its_offset(data_dir: Path, match: Encode, tmp_path: Path) -> None:
    chat = tmp_path / "stream.txt"
    chat.write_text("[0:00:01] <ann> hahaha\n[0:00:01] <bob> hahaha\n")
    done = process(match(), settings={"extraction": {"step_sec": 1.0}}, chat=str(chat), chat_offset=2.0).result()
    folder = DataFolder(data_dir).project(done.project.id)
    assert folder.read_features().series["chat_laughter"].tolist()[:5] == [0, 0, 0, 2, 0]
    again = asyncio.run(analyze(done.project.id, done.selection.settings, str(chat), return_state=True))
    assert again.is_completed(), again.message
    assert folder.read_features().series["chat_laughter"].tolist()[:5] == [0, 2, 0, 0, 0]


def test_a_chat_that_leads_out_of_the_roots_ends_a_run_before_it_begins(
    data_dir: Path, match: Encode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video, outside = match(), tmp_path / "outside.txt"
    outside.write_text("[0:00:01] <ann> so\n")
    root = tmp_path / "root"
    root.mkdir()
    (root / "chat.txt").symlink_to(outside)
    monkeypatch.setenv("AUTOCLIP_SOURCE_ROOTS", str(root))
    state = process(video, chat=str(root / "chat.txt"))
    assert state.is_failed()
    assert "through a link" in str(state.message)
    assert not (data_dir / "projects").exists()


def test_a_run_of_which_no_export_succeeded_has_failed(data_dir: Path, match: Encode) -> None:
    state = process(match(), export_top=1, export={"disk_reserve_mb": 10_000_000})
    assert state.is_failed()
    assert "none of 1 exports succeeded" in str(state.message)
    assert "free some space" in str(state.message)
    run = run_of(state)
    assert "free some space" in markdown_of(run)
    (event,) = events_of(run)
    assert event["event"] == "autoclip.clip.export-failed"
    assert "free some space" in event["payload"]["error"]
    assert event["payload"]["path"] is None


def test_a_cut_off_file_ends_in_a_state_of_its_own_name_that_says_so(data_dir: Path, match: Encode) -> None:
    whole = match("cut off.mp4", container_options={"movflags": "faststart"})
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    state = process(whole)
    assert state.is_completed()
    assert state.name == "CompletedWithWarnings"
    assert "header says" in str(state.message)
    assert "header says" in markdown_of(run_of(state))


def test_the_environment_decides_what_a_run_leaves_open(
    data_dir: Path, match: Encode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOCLIP_SEGMENTATION_MODE", "v1")
    monkeypatch.setenv("AUTOCLIP_STEP_SEC", "1.0")
    done = process(match(), settings={"extraction": {"step_sec": 2.0}}).result()
    assert done.clips_file.mode == "v1"
    assert done.clips_file.settings["step_sec"] == 2.0


def test_what_is_no_video_fails_in_one_sentence_and_leaves_nothing(data_dir: Path, tmp_path: Path) -> None:
    path = tmp_path / "notes.mp4"
    path.write_text("no video at all\n" * 100)
    state = process(path)
    assert state.is_failed()
    assert str(path) in str(state.message)
    assert "\n" not in str(state.message)
    with pytest.raises(MediaError):
        state.result()
    with open_catalog(data_dir / "autoclip.duckdb").reading() as view:
        assert view.projects.page().total == 0


def test_bad_parameters_end_a_run_before_it_begins(data_dir: Path, match: Encode) -> None:
    state = process(match(), settings={"windows": {"pre_maxx": 3}})
    assert state.is_failed()
    assert "pre_maxx" in str(state.message)
    assert not data_dir.exists()


def test_a_run_without_a_worker_stops_when_it_is_asked_to(data_dir: Path, match: Encode) -> None:
    video = match()
    project = process(video).result().project

    def cancel_when_waiting() -> None:
        with get_client(sync_client=True) as client:
            while True:
                wanted = {"tags": {"all_": ["job:analyze"]}, "state": {"type": {"any_": ["RUNNING"]}}}
                found = client.request("POST", "/flow_runs/filter", json={"flow_runs": wanted}).json()
                run = UUID(found[0]["id"]) if found else None
                report = run and progress_artifacts(client, [run]).get(run)
                if run and report and "job another" in str(report.description):
                    client.set_flow_run_state(run, Cancelling(), force=True)
                    return
                time.sleep(0.1)

    thread = threading.Thread(target=contextvars.copy_context().run, args=[cancel_when_waiting], daemon=True)
    with held(project_lock(data_dir, project.id), "another"):
        thread.start()
        state = asyncio.run(analyze(project.id, return_state=True))
    assert state.is_cancelled(), state
    assert state.message == "cancelled on request"
    with open_catalog(data_dir / "autoclip.duckdb").reading() as view:
        assert view.projects.get(project.id) == project


def test_progress_goes_on_from_where_a_crashed_attempt_was(prefect_api: str) -> None:
    plan = {"extract": 100.0}
    with get_client(sync_client=True) as client:
        run = client.create_flow_run(maintenance, state=Running())

        def attempt(fraction: float, message: str) -> float:
            with suppress(KeyError), ProgressReporter(run.id, plan) as report:
                report(Progress("extract", fraction, message))
                while True:
                    shown = progress_artifacts(client, [run.id]).get(run.id)
                    if shown is not None and message in str(shown.description):
                        raise KeyError("crashed")
                    time.sleep(0.05)
            assert shown is not None
            return float(str(shown.data))

        assert attempt(0.5, "first") == 50
        assert attempt(0.0, "second") == 50


def test_progress_outlives_a_deleted_artifact_and_ends_with_a_deleted_run(
    prefect_api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress_reporter, "PERIOD_SEC", 0.05)
    with get_client(sync_client=True) as client:
        run = client.create_flow_run(maintenance, state=Running())

        def shown() -> Artifact | None:
            return progress_artifacts(client, [run.id]).get(run.id)

        with suppress(RunCancelledError), ProgressReporter(run.id, {"extract": 100.0}) as report:
            first = until(shown)
            client.delete_artifact(first.id)
            report(Progress("extract", 0.5))
            second = until(shown)
            assert second.id != first.id
            client.delete_flow_run(run.id)
            until(report._asked_to_stop.is_set)
            report(Progress("extract", 0.6))
            pytest.fail("the work goes on, though its run was deleted")
