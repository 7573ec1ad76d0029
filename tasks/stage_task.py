"""The behavior that all stages share as Prefect tasks."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast
from uuid import UUID

import httpx
from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State, TaskRun
from prefect.exceptions import MissingContextError, ObjectNotFound, TerminationSignal
from prefect.logging import get_logger, get_run_logger
from prefect.runtime import flow_run
from prefect.states import Cancelled
from prefect.transactions import TransactionState, get_transaction

from autoclip.errors import CatalogBusyError, system_errors
from stages.results import (
    CandidateWindows,
    ExtractedFeatures,
    FoundAnchors,
    RegisteredVideo,
    ScoredBoundaries,
    SelectedClips,
)
from storage.names import is_identifier
from tasks.places import project_folder
from tasks.progress_reporter import RunCancelledError

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

NAME_LENGTH = 200


class StageTask(Task[Arguments, Result]):
    """A stage as a Prefect task.

    A call of a cancelled task raises, like that of a failed one; Prefect's own task returns the state.
    """

    def __call__(self, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401
        """Run the task in this thread."""
        outcome: object = super().__call__(*arguments, **named)
        if not isinstance(outcome, State) or named.get("return_state"):
            return outcome
        return outcome.result(_sync=True)  # type: ignore[call-overload]  # in an async flow it is a coroutine else


def _translated(stage: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Translate operating system errors of a stage."""

    @functools.wraps(stage)
    def run(*arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
        with system_errors():
            return stage(*arguments, **named)

    return run


def _with_files(stage: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Fetch the files of the stage's project before it runs, and store what it changed."""

    @functools.wraps(stage)
    def run(*arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
        project_id = _project_of(next(iter((*arguments, *named.values())), None))
        if project_id is not None:
            with project_folder(project_id).working():
                return stage(*arguments, **named)
        result = stage(*arguments, **named)
        if isinstance(result, RegisteredVideo):  # a stage that starts from a file or an address
            project_folder(result.project_id).keep()
        return result

    return run


def _project_of(value: object) -> str | None:
    """Return the project that a stage is given in any form; None if it is given none yet."""
    source = _source_of(value)
    if source is not None:
        return source.project_id
    return value if isinstance(value, str) and is_identifier(value) else None


def _source_of(value: object) -> RegisteredVideo | None:
    """Return the video that the result of a stage is about."""
    if isinstance(value, FoundAnchors | ScoredBoundaries | CandidateWindows | SelectedClips):
        value = value.features
    if isinstance(value, ExtractedFeatures):
        value = value.source
    return value if isinstance(value, RegisteredVideo) else None


def stage_task(name: str, text: str) -> Callable[[Callable[Arguments, Result]], Task[Arguments, Result]]:
    """Turn a stage into a Prefect task.

    With a store, the project's files are fetched before the stage and stored after it.

    The stages themselves keep their results on disk under the key of content, settings and version, however they are
    run. A task that found its result calls `mark_as_cached`, and Prefect shows it as ``Cached``. Only a busy catalog is
    retried; a broken file stays broken.

    Parameters
    ----------
    name : str
        Name of the task in Prefect's page; a run is named after it and its video.
    text : str
        A sentence about it for Prefect's page.
    """

    def decorate(stage: Callable[Arguments, Result]) -> Task[Arguments, Result]:
        return StageTask(
            _stoppable(_translated(_with_files(stage))),
            name=name,
            description=text,
            task_run_name=functools.partial(_run_name, name),
            tags=["autoclip"],
            cache_policy=NO_CACHE,
            persist_result=False,
            retries=2,
            retry_delay_seconds=5,
            retry_condition_fn=_is_worth_another_try,
        )

    return decorate


def mark_as_cached() -> None:
    """Show this task run as ``Cached`` in Prefect: its result already existed.

    Prefect considers a result found if the transaction is committed before its task ends.
    """
    transaction = get_transaction()
    if transaction is not None:
        transaction.state = TransactionState.COMMITTED


def run_logger() -> logging.Logger | logging.LoggerAdapter[logging.Logger]:
    """Return the logger of this run; outside a run, as in a test, that of the process."""
    try:
        return get_run_logger()
    except MissingContextError:
        return get_logger("autoclip")


def subject_of(value: object) -> str:
    """Return the subject of a task for its name: the file name of the video, if `value` contains it."""
    named = _source_of(value) or value
    return named.name if isinstance(named, RegisteredVideo | Path) else str(value)


def _stoppable(stage: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """End a stage that was stopped on request as cancelled, not as failed or crashed."""

    @functools.wraps(stage)
    def run(*arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
        try:
            return stage(*arguments, **named)
        except RunCancelledError as stop:
            return cast("Result", Cancelled(message=str(stop)))
        except TerminationSignal:
            if not _is_to_be_cancelled():
                raise
            return cast("Result", Cancelled(message="cancelled on request"))

    return run


def _is_to_be_cancelled() -> bool:
    """Whether somebody cancelled this flow run; a stopping service, whose server may be gone already, cancels none."""
    with suppress(httpx.HTTPError, ObjectNotFound), get_client(sync_client=True) as client:
        state = client.read_flow_run(UUID(flow_run.get_id())).state
        return state is not None and (state.is_cancelling() or state.is_cancelled())
    return False


def _run_name(name: str, parameters: dict[str, Any]) -> str:
    subject = next(iter(parameters.values()), "")
    return f"{name.replace('-', ' ')} {subject_of(subject)}".strip()[:NAME_LENGTH]


def _is_worth_another_try(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    return isinstance(state.data, CatalogBusyError) or isinstance(
        getattr(state.data, "exception", None), CatalogBusyError
    )
