"""Our worker: Prefect's process worker, which leaves runs to machines that can do them.

It also records how long it may still report on a run.

Prefect's worker reports up to three times on a run that was killed or cancelled: when the process has ended, when a
cancellation is complete, and when it has cleaned up after the process, seconds later. It never checks whether the run
was restarted meanwhile, so a late report would end the new attempt. Nor does it check whether a request to cancel that
arrives late, as on a busy server, belongs to the attempt that is running.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any
from uuid import UUID

import anyio.abc
import httpx
from prefect.client.schemas.filters import WorkerFilter, WorkerFilterStatus
from prefect.client.schemas.objects import Flow, FlowRun
from prefect.client.schemas.responses import DeploymentResponse, WorkerFlowRunResponse
from prefect.exceptions import ObjectNotFound
from prefect.logging.configuration import setup_logging
from prefect.runner._cancellation_manager import CancellationManager
from prefect.workers.process import ProcessJobConfiguration, ProcessWorker, ProcessWorkerResult
from pydantic import PrivateAttr

from flows.job_types import JOB_TYPES
from flows.liveness import NOBODY, WATCHED_BY, this_process, worker_name
from flows.refused_runs import Refusal, refusal_of, refuse_run
from interfaces.service.routing import capabilities_in, name_with, needs_of_run
from interfaces.service.work_pools import engine_command, videos_at_once
from stages.capabilities import capabilities_of
from storage.environment import read_environment
from tasks.server_access import limit_pauses


class JobConfiguration(ProcessJobConfiguration):
    """How a job's process is started, or why it must not be."""

    _refusal: Refusal | None = PrivateAttr(None)

    @property
    def refusal(self) -> Refusal | None:
        """Return why the job can't start; None if it can."""
        return self._refusal

    def prepare_for_flow_run(
        self,
        flow_run: FlowRun,
        deployment: DeploymentResponse | None = None,
        flow: Flow | None = None,
        *rest: Any,  # noqa: ANN401
        **named: Any,  # noqa: ANN401
    ) -> None:
        """Apply the specifics of a run, and validate its parameters."""
        super().prepare_for_flow_run(flow_run, deployment, flow, *rest, **named)
        self._stay_on_this_machine()
        schema = deployment.parameter_openapi_schema if deployment is not None else None
        if flow is not None and flow.name in JOB_TYPES and schema:
            self._refusal = refusal_of(flow.name, flow_run, schema)

    def _stay_on_this_machine(self) -> None:
        """For machines that share only a store, start the job with the Python and the data folder of this machine.

        The work pool has those of the machine that created it.
        """
        environment = read_environment()
        if environment.store_url:
            self.command = engine_command(sys.executable)
            self.working_dir = environment.data_dir / "work"
            self.working_dir.mkdir(parents=True, exist_ok=True)


class JobWorker(ProcessWorker):
    """Runs each job in a separate process; the job has this process's name as a label until its end is reported."""

    job_configuration = JobConfiguration

    def __init__(
        self, work_pool: str, process: str, capabilities: frozenset[str], places: Mapping[str, int] | None = None
    ) -> None:
        name = name_with(worker_name(process), capabilities)
        super().__init__(work_pool, name=name, create_pool_if_not_found=False)
        self._capabilities = capabilities
        self._places = dict(places or {})
        self._in_hand: dict[UUID, str] = {}
        self._at_work: set[UUID] = set()

    @classmethod
    def __dispatch_key__(cls) -> str:
        """Leave the name ``process`` to Prefect's own worker."""
        return "autoclip-process"

    async def _submit_scheduled_flow_runs(self, flow_run_response: list[WorkerFlowRunResponse]) -> list[FlowRun]:
        """Start waiting runs while this machine has free places, except those that another machine can do better."""
        left = await self._left_to_others([response.flow_run for response in flow_run_response])
        ours = [response for response in flow_run_response if response.flow_run.id not in left]
        under_way = self._at_work | self._submitting_flow_run_ids
        self._in_hand = {run: queue for run, queue in self._in_hand.items() if run in under_way}
        return await super()._submit_scheduled_flow_runs([each for each in ours if self._takes_place(each)])

    async def _submit_run(self, flow_run: FlowRun) -> None:
        """Start a run. Any error that left this method would end the worker, and every run it works on."""
        try:
            await super()._submit_run(flow_run)
        except Exception:  # noqa: BLE001 - whatever a server answers
            self.get_flow_run_logger(flow_run).exception("the run can't be started now")
            self._submitting_flow_run_ids.discard(flow_run.id)
            self._release_limit_slot(flow_run.id)

    async def _cancel_run(self, flow_run_id: UUID) -> None:
        """Cancel a run that has not begun; as above, an error ends nothing else. The reaper ends what remains."""
        try:
            await super()._cancel_run(flow_run_id)
        except Exception:
            self._logger.exception("run %s can't be cancelled now", flow_run_id)

    def _takes_place(self, response: WorkerFlowRunResponse) -> bool:
        """Take one of this machine's places for runs of a queue, if the run has it already or one is free."""
        run, queue = response.flow_run.id, response.flow_run.work_queue_name or ""
        taken = sum(other == queue for each, other in self._in_hand.items() if each != run)
        if taken >= self._places.get(queue, sys.maxsize):
            return False
        self._in_hand[run] = queue
        return True

    async def _left_to_others(self, runs: list[FlowRun]) -> set[UUID]:
        """Return the runs of which this machine lacks something that another one has, whose worker lives."""
        needs = {run.id: needs_of_run(run.parameters) for run in runs}
        lacking = {run: wanted for run, wanted in needs.items() if wanted - self._capabilities}
        if not lacking:
            return set()
        living = WorkerFilter(status=WorkerFilterStatus(any_=["ONLINE"]))
        workers = await self.client.read_workers_for_work_pool(self._work_pool_name, living)
        others = [capabilities_in(worker.name) for worker in workers]
        return {run for run, wanted in lacking.items() if any(wanted <= other for other in others)}

    async def run(
        self,
        flow_run: FlowRun,
        configuration: ProcessJobConfiguration,
        task_status: anyio.abc.TaskStatus[int] | None = None,
    ) -> ProcessWorkerResult:
        """Run a job's process to its end, and report how it ended; a job that can't start fails without one."""
        refused = configuration.refusal if isinstance(configuration, JobConfiguration) else None
        if refused is not None:
            await refuse_run(self.client, flow_run, refused)
            if task_status is not None:
                task_status.started(0)
            return ProcessWorkerResult(identifier="refused", status_code=0)
        self._at_work.add(flow_run.id)
        try:
            await self._note(flow_run, this_process())
            done = await super().run(flow_run, configuration, task_status)
        finally:
            self._at_work.discard(flow_run.id)
            await self._note(flow_run, NOBODY)
        # The server already has the failure; any other status makes the base class report it again.
        return ProcessWorkerResult(identifier=done.identifier, status_code=0)

    async def _note(self, flow_run: FlowRun, watcher: str) -> None:
        try:
            await self.client.update_flow_run_labels(flow_run.id, {WATCHED_BY: watcher})
        except (httpx.HTTPError, ObjectNotFound) as error:  # a failed label must not stop the job
            self.get_flow_run_logger(flow_run).warning("the worker of this run can't be recorded: %s", error)


async def cancel_if_asked(manager: CancellationManager, run_id: UUID) -> None:
    """Cancel a run whose state still is ``Cancelling``; else the request was for an attempt that has ended.

    An error would end the run as crashed; the run itself looks for the request as well.
    """
    try:
        run = await manager._client.read_flow_run(run_id)  # noqa: SLF001 - Prefect offers no other way in
        if run.state is not None and run.state.is_cancelling():
            await manager.cancel(run)
    except (httpx.HTTPError, ObjectNotFound) as error:
        manager._logger.warning("run %s can't be cancelled now: %s", run_id, error)  # noqa: SLF001


async def work() -> None:
    """Run jobs of the environment's work pool until SIGINT or SIGTERM."""
    CancellationManager.cancel_by_id = cancel_if_asked  # type: ignore[method-assign, assignment]
    limit_pauses()
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("a worker works in a task")
    stop = partial(asyncio.get_running_loop().call_soon_threadsafe, task.cancel)
    for wanted in (signal.SIGINT, signal.SIGTERM):
        signal.signal(wanted, lambda *_: stop())  # the event loop of Windows has no signal handlers
    environment = read_environment()
    places = {"videos": videos_at_once()} if environment.store_url else {}  # else Prefect's server limits the queue
    await JobWorker(environment.work_pool, this_process(), capabilities_of(environment), places).start()


def main() -> None:
    """Run jobs until this process is terminated."""
    setup_logging()
    with suppress(asyncio.CancelledError):
        asyncio.run(work())


if __name__ == "__main__":
    main()
