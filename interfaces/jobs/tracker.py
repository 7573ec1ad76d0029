"""Submit, read, cancel and retry jobs, which only Prefect's server stores."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast
from uuid import UUID, uuid5

from prefect.client.schemas.filters import WorkerFilter, WorkerFilterStatus
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import AwaitingRetry, Cancelling

from autoclip.errors import ConflictError, NotFoundError, ServiceError
from autoclip.settings import Settings
from flows.job_names import job_name
from flows.job_types import JOB_TYPES, JobType
from flows.liveness import WATCHED_BY, worker_may_report
from flows.parameters import require_known
from flows.reaper import finalize_lost_run
from interfaces.jobs.job import STATES, Job, JobState, job_of, project_of
from interfaces.jobs.request_key import RequestKey
from interfaces.prefect_server import api_address, open_client, server_faults
from storage.catalog import Page, UnitOfWork, catalog_of
from storage.environment import Environment, read_environment
from tasks.progress_reporter import progress_artifacts

FOLLOW_SEC = 1.0
"""Seconds between polls: progress changes at most once per second."""
WORKER_SETTLES_SEC = 60.0
"""A worker reports on a run 1 to 3 s after its process has ended, on a busy machine ten times as late; an earlier retry
would be undone.
"""
FOREIGN_SETTLES_SEC = 10.0
"""The same for Prefect's own worker, which does not record that it has reported."""
SETTLE_LOOK_SEC = 0.3
REMEMBERED_ANALYSES = 50
"""Number of the latest analyses of a project in which an idempotency key is recognized."""
DUE_SEC = 60.0
"""Maximum difference of the clocks of several machines, in seconds."""
READ_AT_ONCE = 200
"""Maximum number of records in one response of Prefect's server."""


class Jobs:
    """The jobs of a Prefect server; a context manager with one connection that threads may share.

    Parameters
    ----------
    environment : Environment, optional
        The environment with the server and the catalog; by default that of this process.

    Raises
    ------
    ServiceError
        From every method, if the server can't be reached.
    """

    def __init__(self, environment: Environment | None = None) -> None:
        self._environment = environment or read_environment()
        self._address = api_address(self._environment)
        self._client = open_client(self._address)
        self._job_types: dict[UUID, JobType] = {}

    def __enter__(self) -> Self:
        self._client.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._client.__exit__(kind, error, traceback)

    def submit(
        self,
        job_type: JobType,
        parameters: Mapping[str, Any],
        *,
        project_id: str | None = None,
        name: str | None = None,
        idempotency_key: str | None = None,
        request_key: RequestKey | None = None,
    ) -> Job:
        """Have a worker run a job.

        Parameters
        ----------
        job_type : str
            Type of the job.
        parameters : mapping
            Parameters of the flow, as JSON values; validated before a run is created.
        project_id : str, optional
            Its project, if known.
        name : str, optional
            Name of the run until it names itself; by default, it is made of the parameters.
        idempotency_key : str, optional
            The same key returns the same job instead of starting another one.
        request_key : RequestKey, optional
            Stored with the run, so that the key is recognized later.

        Raises
        ------
        ParameterError
            If a parameter is unknown or not allowed.
        KeyReusedError
            If `request_key` was used for another request.
        """
        with server_faults(self._address, "deployment"):
            deployment = self._deployment(job_type)
            schema = deployment["parameter_openapi_schema"]
            require_known(job_type, parameters, schema.get("properties", {}))
            tags = [f"job:{job_type}", *([f"project:{project_id}"] if project_id else [])]
            body: dict[str, Any] = {
                "name": name or job_name(job_type, parameters),
                "parameters": dict(parameters),
                "tags": tags,
            }
            if idempotency_key:
                body["idempotency_key"] = idempotency_key
            if request_key is not None:
                body["labels"] = {request_key.label: request_key.fingerprint}
            answer = self._client.request(
                "POST", "/deployments/{id}/create_flow_run", path_params={"id": deployment["id"]}, json=body
            )
            run = FlowRun.model_validate(answer.json())
        if request_key is None:
            return job_of(run, job_type, None)
        return self.get(str(run.id)) if request_key.stands_for(run) else self._joined(run, request_key)

    def analyze(
        self,
        project_id: str,
        settings: Settings | None = None,
        *,
        chat: Mapping[str, object] | None = None,
        request_key: RequestKey | None = None,
    ) -> Job:
        """Analyze a project, or return its running analysis. `chat` has the flow's parameters for the chat.

        Two simultaneous requests get the same job, because the key of the new run derives from the previous runs.

        Raises
        ------
        KeyReusedError
            If `request_key` was used for another request.
        """
        before = self._runs({"tags": {"all_": [f"project:{project_id}"]}}, ["analyze"], limit=REMEMBERED_ANALYSES)
        known = next((run for run in before if request_key is not None and request_key.stands_for(run)), None)
        if known is not None:
            return self.get(str(known.id))
        under_way = next((run for run in before if not job_of(run, "analyze", None).ended), None)
        if under_way is not None:
            return self._joined(under_way, request_key)
        parameters: dict[str, Any] = {"project_id": project_id, **(chat or {})}
        if settings is not None:
            parameters["settings"] = settings.model_dump(mode="json")
        previous = uuid5(UUID(int=0), " ".join(sorted(str(run.id) for run in before)))  # the clock may be set back
        key = f"analyze:{project_id}:{previous}"
        return self.submit("analyze", parameters, project_id=project_id, idempotency_key=key, request_key=request_key)

    def get(self, job_id: str) -> Job:
        """Return a job.

        Raises
        ------
        NotFoundError
            If there is none with that id.
        """
        found = self._jobs([self._run(job_id)])
        if not found:
            raise NotFoundError(f"job {job_id} was just deleted with its flow")
        return found[0]

    def page(
        self,
        *,
        project_id: str | None = None,
        state: JobState | None = None,
        job_type: JobType | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> Page[Job]:
        """List jobs, newest first, without runs that a schedule has planned for later."""
        wanted = _not_planned(project_id, state)
        types = [job_type] if job_type else list(JOB_TYPES)
        runs = self._runs(wanted, types, limit=min(limit, READ_AT_ONCE), offset=offset)
        with server_faults(self._address):
            count = int(self._client.request("POST", "/flow_runs/count", json=_filter(wanted, types)).json())
        return Page(tuple(self._jobs(runs)), count, limit, offset)

    def workers(self) -> tuple[str, ...]:
        """Return the names of the workers that live, which tell what their machines can do; none without a pool."""
        living = WorkerFilter(status=WorkerFilterStatus(any_=["ONLINE"]))
        try:
            with server_faults(self._address):
                found = self._client.read_workers_for_work_pool(self._environment.work_pool, living)
        except NotFoundError:
            return ()
        return tuple(sorted(worker.name for worker in found))

    def follow(self, job_id: str) -> Iterator[Job]:
        """Yield a job whenever it has changed, until it has ended."""
        before: Job | None = None
        while before is None or not before.ended:
            now = self.get(job_id)
            if now != before:
                yield now
            before = now
            if not now.ended:
                time.sleep(FOLLOW_SEC)

    def cancel(self, job_id: str) -> Job:
        """Cancel a job; one that has not started is cancelled immediately.

        Raises
        ------
        NotFoundError
            If there is none with that id.
        ConflictError
            If it has already ended.
        """
        run = self._run(job_id)
        before = self.get(job_id)
        if before.ended:
            raise ConflictError(f"job {job_id} has already ended ({before.state}); there is nothing to cancel")
        with server_faults(self._address):
            # The response may be REJECT although the run is cancelled now: its state decides.
            self._client.set_flow_run_state(run.id, Cancelling(message="cancelled on request"))
            finalize_lost_run(self._client, self._client.read_flow_run(run.id), self._environment.data_dir)
        return self.get(job_id)

    def retry(self, job_id: str) -> Job:
        """Run a failed, crashed or cancelled job again; finished stages are not repeated.

        Returns
        -------
        Job
            The same job, or a new one with the same parameters if it never belonged to a deployment.

        Raises
        ------
        NotFoundError
            If there is none with that id.
        ConflictError
            If it has not ended, or succeeded.
        """
        before, run = self.get(job_id), self._run(job_id)
        if before.state not in {"failed", "crashed", "cancelled"}:
            raise ConflictError(f"job {job_id} is {before.state}; only one that failed or was stopped can be retried")
        if run.deployment_id is None:
            return self.submit(before.type, run.parameters, project_id=project_of(run), name=run.name)
        with server_faults(self._address):
            self._wait_for_final_report(run)
            self._client.set_flow_run_state(run.id, AwaitingRetry(), force=True)
        return self.get(job_id)

    def _wait_for_final_report(self, run: FlowRun) -> None:
        """Wait until the worker can no longer report how the run ended."""
        patience = WORKER_SETTLES_SEC if WATCHED_BY in run.labels else FOREIGN_SETTLES_SEC
        past = (datetime.now(UTC) - run.end_time).total_seconds() if run.end_time else 0.0
        deadline = time.monotonic() + patience - max(past, 0.0)  # negative if the clock was set back
        while worker_may_report(run) and time.monotonic() < deadline:
            time.sleep(SETTLE_LOOK_SEC)
            run = self._client.read_flow_run(run.id)

    def _joined(self, run: FlowRun, request_key: RequestKey | None) -> Job:
        """Return the job of a running analysis, and store that a key now stands for it."""
        if request_key is not None:
            with server_faults(self._address):
                self._client.update_flow_run_labels(run.id, {request_key.label: request_key.fingerprint})
        return self.get(str(run.id))

    def _run(self, job_id: str) -> FlowRun:
        try:
            identity = UUID(job_id)
        except ValueError:
            raise NotFoundError(f"there is no job {job_id[:80]!r}; 'autoclip jobs' lists them") from None
        with server_faults(self._address):
            return self._client.read_flow_run(identity)

    def _runs(self, wanted: Mapping[str, Any], types: Sequence[str], *, limit: int, offset: int = 0) -> list[FlowRun]:
        body = _filter(wanted, types) | {"sort": "EXPECTED_START_TIME_DESC", "limit": limit, "offset": offset}
        with server_faults(self._address):
            found = self._client.request("POST", "/flow_runs/filter", json=body).json()
            return [FlowRun.model_validate(run) for run in found]

    def _jobs(self, runs: Sequence[FlowRun]) -> list[Job]:
        """Describe runs, reading all related records at once."""
        if not runs:
            return []
        with server_faults(self._address):
            reports = progress_artifacts(self._client, [run.id for run in runs])
            types = self._types(runs)
        files = self._files(runs)
        known = [run for run in runs if run.flow_id in types]  # a flow may be deleted, with its runs
        return [job_of(run, types[run.flow_id], reports.get(run.id), files.get(str(run.id), ())) for run in known]

    def _types(self, runs: Sequence[FlowRun]) -> dict[UUID, JobType]:
        """Return the names of the runs' flows, cached."""
        unknown = sorted({str(run.flow_id) for run in runs if run.flow_id not in self._job_types})
        if unknown:
            self._job_types |= self._read_types(unknown)
        return self._job_types

    def _read_types(self, flow_ids: Sequence[str]) -> dict[UUID, JobType]:
        wanted = {"id": {"any_": list(flow_ids)}}
        found = self._client.request("POST", "/flows/filter", json={"flows": wanted}).json()
        names = {UUID(flow["id"]): flow["name"] for flow in found}
        foreign = sorted({name for name in names.values() if name not in JOB_TYPES})
        if foreign:
            raise NotFoundError(f"this run belongs to the flow {foreign[0]!r}, which is none of autoclip's")
        return cast("dict[UUID, JobType]", names)

    def _files(self, runs: Sequence[FlowRun]) -> dict[str, tuple[Path, ...]]:
        """Read the exports of runs from the catalog."""
        exporting = [run for run in runs if run.labels.get("autoclip.export_ids")]
        if not exporting:
            return {}
        files = {}
        with catalog_of(self._environment).reading() as view:
            for run in exporting:
                noted = str(run.labels["autoclip.export_ids"]).split(",")
                files[str(run.id)] = tuple(path for identity in noted if (path := _path_of(view, identity)) is not None)
        return files

    def _deployment(self, job_type: JobType) -> dict[str, Any]:
        wanted = {"deployments": {"name": {"any_": [job_type]}}, "flows": {"name": {"any_": [job_type]}}}
        found = self._client.request("POST", "/deployments/filter", json=wanted).json()
        if not found:
            raise ServiceError(
                f"{self._address}: knows no deployment {job_type!r}; 'autoclip up' makes it, or 'prefect deploy --all'"
            )
        return cast("dict[str, Any]", found[0])


def _path_of(view: UnitOfWork, export_id: str) -> Path | None:
    """Return the path of an export; None if it was deleted."""
    try:
        return view.exports.get(export_id).path
    except NotFoundError:
        return None


def _not_planned(project_id: str | None, state: JobState | None) -> dict[str, Any]:
    """Return the conditions of a list of jobs. Only waiting runs are compared with the clock, which may be set back."""
    due = datetime.now(UTC) + timedelta(seconds=DUE_SEC)
    is_due: dict[str, Any] = {"expected_start_time": {"before_": due.isoformat()}}
    types = [kind.value for kind, name in STATES.items() if name == state]
    wanted = {"state": {"type": {"any_": types}}} if state else {}
    if project_id is not None:  # what a schedule plans has no tag of a project yet
        return wanted | {"tags": {"all_": [f"project:{project_id}"]}}
    if state is None:
        return is_due | {"operator": "or_", "state": {"type": {"not_any_": [StateType.SCHEDULED.value]}}}
    return wanted | (is_due if state == "scheduled" else {})


def _filter(wanted: Mapping[str, Any], types: Sequence[str]) -> dict[str, Any]:
    return {"flow_runs": dict(wanted), "flows": {"name": {"any_": list(types)}}}
