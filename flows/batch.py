"""Process many videos, each as its own job, a few at a time. One failure does not stop the others."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal
from uuid import UUID

import httpx
from prefect import get_client, get_run_logger
from prefect.artifacts import acreate_table_artifact
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import ObjectNotFound
from prefect.states import AwaitingRetry, Cancelling, Completed

from autoclip.errors import AutoclipError
from autoclip.progress import Progress
from flows.deployments import QueueName
from flows.job_flow import MESSAGE_LENGTH, ended, note_failures, own_run_id
from tasks.markdown import escape_rows
from tasks.progress_reporter import ProgressReporter
from tasks.server_access import await_until_reachable

CHILD = "process-video"
LOOK_SEC = 1.0
READ_AT_ONCE = 200
STOPPED_WITH_BATCH = "stopped-with-batch"
"""Tag of a job that was stopped with its batch, not on its own."""


@dataclass(frozen=True, slots=True)
class Item:
    """One video to process.

    Attributes
    ----------
    label : str
        Name for people.
    parameters : mapping
        Parameters of ``process-video``, ready for JSON.
    key : str
        Idempotency key: the same key never starts a second job; empty for a key that is unique in this batch.
    """

    label: str
    parameters: Mapping[str, Any]
    key: str = ""


@dataclass(frozen=True, slots=True)
class ItemOutcome:
    """The outcome of one video, and its reason."""

    label: str
    state: Literal["done", "skipped", "failed"]
    reason: str = ""
    job_id: str = ""


@dataclass
class _Turn:
    """The items that are waiting, running and ended."""

    waiting: list[tuple[int, Item]]
    running: dict[UUID, tuple[int, Item]] = field(default_factory=dict)
    ended: dict[int, ItemOutcome] = field(default_factory=dict)


async def run_items(
    items: Sequence[Item],
    max_concurrent: int,
    report: ProgressReporter,
    stage: str,
    *,
    queue: QueueName = "videos",
    retry_failed: bool = False,
) -> tuple[ItemOutcome, ...]:
    """Process videos as separate jobs and wait for all of them.

    A batch that is run again finds its jobs by their keys, so none is repeated. If the batch is stopped, so are its
    running jobs.

    Parameters
    ----------
    items : sequence of Item
        The videos, in the order in which they are started.
    max_concurrent : int
        Maximum number of jobs at the same time.
    report : ProgressReporter
        Called with the progress of `stage`.
    stage : str
        Name of the stage.
    queue : str
        Work queue of the jobs; it must differ from that of the run that waits for them.
    retry_failed : bool
        Whether to run a job again that failed under the same key. A job that crashed, or was stopped with its batch, is
        always run again, because that was not the video's fault.
    """
    if not items:
        return ()
    turn = _Turn(list(enumerate(items)))
    async with get_client() as client:
        deployment = await _deployment(client)
        try:
            while turn.waiting or turn.running:
                while turn.waiting and len(turn.running) < max_concurrent:
                    number, item = turn.waiting.pop(0)
                    begin = partial(_begin, client, deployment, item, number, queue, retry_failed=retry_failed)
                    turn.running[(await await_until_reachable(begin)).id] = (number, item)
                await await_until_reachable(partial(_collect, client, turn))
                report(
                    Progress(stage, len(turn.ended) / max(len(items), 1), f"{len(turn.ended)} of {len(items)} videos")
                )
                if turn.running:
                    await asyncio.sleep(LOOK_SEC)
        except BaseException:
            await asyncio.shield(_stop(client, turn))
            raise
    return tuple(turn.ended[number] for number in range(len(items)))


async def publish_summary(outcomes: Sequence[ItemOutcome]) -> State[tuple[ItemOutcome, ...]]:
    """Attach the table of all videos to the run, and end it; it fails only if every video failed.

    The failed videos, and the reasons, are in the run's log, its message and its labels.
    """
    rows = [{"video": o.label, "state": o.state, "reason": o.reason, "job": o.job_id} for o in outcomes]
    await acreate_table_artifact(escape_rows(rows), key="videos", description="What became of each video")
    count = {state: sum(o.state == state for o in outcomes) for state in ("done", "skipped", "failed")}
    failures = [f"{o.label}: {o.reason}" for o in outcomes if o.state == "failed"]
    await note_failures(failures)
    if outcomes and len(failures) == len(outcomes):
        raise AutoclipError(f"{len(outcomes)} of {len(outcomes)} failed: {'; '.join(failures)}"[:MESSAGE_LENGTH])
    if not count["done"] and not failures:
        return Completed(message=f"nothing new, {count['skipped']} skipped", data=tuple(outcomes))
    message = f"{count['done']} done, {count['skipped']} skipped, {count['failed']} failed"
    return ended([message], tuple(outcomes), warnings=failures)


async def _deployment(client: PrefectClient) -> UUID:
    try:
        return (await client.read_deployment_by_name(f"{CHILD}/{CHILD}")).id
    except ObjectNotFound:
        reason = f"there is no deployment {CHILD}/{CHILD} to run each video; 'autoclip up' makes it"
        raise AutoclipError(reason) from None


async def _begin(
    client: PrefectClient, deployment: UUID, item: Item, number: int, queue: QueueName, *, retry_failed: bool
) -> FlowRun:
    """Start an item's job, or find an earlier one with the same key."""
    run = await client.create_flow_run_from_deployment(
        deployment,
        parameters=dict(item.parameters),
        name=f"process {item.label}"[:200],
        tags=[f"job:{CHILD}", f"batch:{own_run_id()}"],
        idempotency_key=item.key or f"batch:{own_run_id()}:{number}",
        work_queue_name=queue,
    )
    if _is_to_be_retried(run, retry_failed=retry_failed):
        await client.set_flow_run_state(run.id, AwaitingRetry(), force=True)
    return run


def _is_to_be_retried(run: FlowRun, *, retry_failed: bool) -> bool:
    """Return whether an existing run with the same key must be run again."""
    if run.state is None or not run.state.is_final() or run.state.is_completed():
        return False
    innocent = run.state.is_crashed() or (run.state.is_cancelled() and STOPPED_WITH_BATCH in run.tags)
    return retry_failed or innocent or f"batch:{own_run_id()}" in run.tags


async def _collect(client: PrefectClient, turn: _Turn) -> None:
    """Record the jobs that have ended."""
    if not turn.running:
        return
    wanted = {"id": {"any_": [str(run_id) for run_id in turn.running]}}
    body = {"flow_runs": wanted, "limit": READ_AT_ONCE}
    found = [FlowRun.model_validate(r) for r in (await client.request("POST", "/flow_runs/filter", json=body)).json()]
    known = {run.id for run in found}
    for run in found:
        if run.state is not None and run.state.is_final():
            number, item = turn.running.pop(run.id)
            turn.ended[number] = _outcome(item, run)
    for gone in [run_id for run_id in turn.running if run_id not in known]:
        number, item = turn.running.pop(gone)
        turn.ended[number] = ItemOutcome(item.label, "failed", "its job was deleted", str(gone))


def _outcome(item: Item, run: FlowRun) -> ItemOutcome:
    if run.state is not None and run.state.is_completed():
        fresh = f"batch:{own_run_id()}" in run.tags
        return ItemOutcome(item.label, "done" if fresh else "skipped", run.state.message or "", str(run.id))
    reason = (run.state.message if run.state else None) or "it ended without a reason"
    place, _, rest = reason.partition(": ")
    reason = rest if place.endswith(item.label) else reason  # the label says it already
    return ItemOutcome(item.label, "failed", reason.splitlines()[0][:500], str(run.id))


async def _stop(client: PrefectClient, turn: _Turn) -> None:
    """Cancel the running jobs, each of them, whatever happens to the others."""
    for run_id in turn.running:
        try:
            tags = (await client.read_flow_run(run_id)).tags
            await client.update_flow_run(run_id, tags=sorted({*tags, STOPPED_WITH_BATCH}))
            await client.set_flow_run_state(run_id, Cancelling(message="its batch was cancelled"))
        except ObjectNotFound:
            continue
        except httpx.HTTPError as error:
            get_run_logger().warning("job %s can't be cancelled with its batch: %s", run_id, error)
