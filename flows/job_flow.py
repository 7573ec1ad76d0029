"""Turn a Prefect flow into a job: its name and tags, a liveness lock, and a final state with a message."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, ParamSpec, TypeVar, cast
from uuid import UUID

from prefect import Flow, get_client, get_run_logger
from prefect.client.schemas.objects import FlowRun, State
from prefect.context import FlowRunContext
from prefect.exceptions import CancelledRun, ParameterTypeError
from prefect.runtime import flow_run as this_run
from prefect.states import Cancelled, Completed, Failed
from pydantic import ValidationError

from autoclip.errors import AutoclipError, of_system
from flows.job_names import job_name
from flows.job_types import JobType
from flows.liveness import attempt_of_this_process, run_lock
from flows.parameters import open_defaults, refusal
from flows.refused_runs import name_and_tag, refusal_of, refuse_run
from storage.catalog import Export
from storage.process_lock import held
from tasks.places import data_folder
from tasks.progress_reporter import RunCancelledError
from tasks.server_access import await_until_reachable, limit_pauses, waiting_for_server

WITH_WARNINGS = "CompletedWithWarnings"
"""Name of the state of a job that completed with warnings. Its event is ``prefect.flow-run.CompletedWithWarnings``."""
MESSAGE_LENGTH = 2000

limit_pauses()  # every process of a job imports this

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
JobBody = Callable[Arguments, Coroutine[Any, Any, Any]]


def job_flow(job_type: JobType, text: str) -> Callable[[JobBody[Arguments]], Flow[Arguments, Coroutine[Any, Any, Any]]]:
    """Turn a coroutine function into a flow that is a job.

    The body is async although its tasks are not: Prefect spends a second at the end of a sync flow (joining a heartbeat
    thread) and none on an async one. Its docstring has an ``Args:`` section, because Prefect's form takes the help of
    each parameter from it.

    Parameters
    ----------
    job_type : str
        Type of the job and name of the flow.
    text : str
        Description for Prefect's page.
    """

    def decorate(body: JobBody[Arguments]) -> Flow[Arguments, Coroutine[Any, Any, Any]]:
        @functools.wraps(body)
        async def job(*arguments: Arguments.args, **named: Arguments.kwargs) -> Any:  # noqa: ANN401
            lock = run_lock(data_folder().root, own_run_id())
            with waiting_for_server(), held(lock, attempt_of_this_process(this_run.get_run_count())):
                await tag_and_name_run(f"job:{job_type}", name=job_name(job_type, this_run.get_parameters()))
                return await _ending(body(*arguments, **named))

        # Prefect resolves annotations in the namespace of the given function, which for `job` is this module's.
        job.__signature__ = open_defaults(inspect.signature(body, eval_str=True))  # type: ignore[attr-defined]
        job.__annotations__ = inspect.get_annotations(body, eval_str=True)
        # Parameters are validated immediately; results are in the catalog, not in Prefect.
        return JobFlow(
            job,
            name=job_type,
            description=text,
            persist_result=False,
            validate_parameters=True,
            on_failure=[_name_run],
            on_crashed=[_explain_crash],
        )

    return decorate


class JobFlow(Flow[Arguments, Result]):
    """A flow that is a job. An invalid parameter is refused with a sentence that names it."""

    def validate_parameters(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Return the parameters as the flow takes them; raise `ParameterError` if one is invalid."""
        try:
            return super().validate_parameters(parameters)
        except ParameterTypeError as error:
            if isinstance(error.__context__, ValidationError):  # which is more specific than Prefect's message
                raise refusal(error.__context__) from None
            raise


async def _name_run(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001
    """Name and tag a run that failed before its body could do so."""
    async with get_client() as client:
        await name_and_tag(client, flow_run, cast("JobType", flow.name))


async def _explain_crash(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001
    """Name and tag a run that crashed before its body could do so; a run that could not start has failed."""
    job_type = cast("JobType", flow.name)
    refused = refusal_of(job_type, flow_run, flow.parameters.model_dump())
    async with get_client() as client:
        if refused is None:
            await name_and_tag(client, flow_run, job_type)
        else:
            await refuse_run(client, flow_run, refused)


async def _ending(body: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401
    """Run a job to its end. Cancellation and our errors become states with a one-sentence message."""
    try:
        return await body
    except (RunCancelledError, CancelledRun):
        ending: State[Any] = Cancelled(message="cancelled on request")
    except Exception as error:
        reason = error if isinstance(error, AutoclipError) else of_system(error)
        if reason is None:
            raise
        get_run_logger().debug("where it happened", exc_info=True)
        ending = Failed(message=str(reason), data=reason)
    return ending


def ended(facts: Sequence[str], data: Result, *, warnings: Sequence[str] = ()) -> State[Result]:
    """Return the final state of a successful job. With warnings, it has its own name, which automations can watch.

    Parameters
    ----------
    facts : sequence of str
        Its results in words, such as ``"3 clips"``.
    data : object
        The result of the flow.
    warnings : sequence of str
        Problems that did not stop it.
    """
    message = ", ".join(facts)
    if not warnings:
        return Completed(message=message, data=data)
    return Completed(name=WITH_WARNINGS, message="; ".join([message, *warnings])[:MESSAGE_LENGTH], data=data)


async def tag_and_name_run(*tags: str, name: str | None = None) -> None:
    """Add tags to this run, and name it: a run started from Prefect's page has neither."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        raise RuntimeError("only a flow run can tag_and_name_run itself")
    run = context.flow_run
    run.tags = sorted({*run.tags, *tags})

    async def tell() -> None:
        async with get_client() as client:
            await client.update_flow_run(run.id, name=name or run.name, tags=run.tags)

    await await_until_reachable(tell)


def exported(records: Sequence[Export]) -> dict[str, int | str]:
    """Return the labels of a run's exports: number of files, ids of their records, failures."""
    made = [record.id for record in records if record.state == "completed"]
    failures = [f"{record.name}: {record.error}" for record in records if record.state != "completed"]
    return {"exports": len(made), "export_ids": ",".join(made), "failures": _as_lines(failures)}


async def note_failures(failures: Sequence[str]) -> None:
    """Record failures and their reasons in the log and labels of this run, where the job view reads them."""
    for failure in failures:
        get_run_logger().warning("failed: %s", failure)
    await label(failures=_as_lines(failures))


def _as_lines(failures: Sequence[str]) -> str:
    """Format failures for a label, one per line."""
    return "\n".join(" ".join(failure.split())[:MESSAGE_LENGTH] for failure in failures)


async def label(**counts: int | str) -> None:
    """Store numbers of the result as labels of this run, where the list of jobs reads them."""

    async def tell() -> None:
        async with get_client() as client:
            labels: dict[str, bool | int | float | str] = {f"autoclip.{name}": count for name, count in counts.items()}
            await client.update_flow_run_labels(own_run_id(), labels)

    await await_until_reachable(tell)


def own_run_id() -> UUID:
    """Return the id of the run that calls this."""
    return UUID(this_run.get_id())
