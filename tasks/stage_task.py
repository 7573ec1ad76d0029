"""What every stage has in common as a Prefect task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun

from autoclip.errors import CatalogBusyError

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def stage_task(name: str, text: str) -> Callable[[Callable[Arguments, Result]], Task[Arguments, Result]]:
    """Make a stage a Prefect task.

    Prefect caches nothing: the stages themselves keep what is on disk under the key of its content, settings and
    version, which holds whichever way they are run. Only a busy catalog is tried again; a broken file stays broken.

    Parameters
    ----------
    name : str
        Name of the task in Prefect's page.
    text : str
        A sentence about it, shown there.
    """
    return task(
        name=name,
        description=text,
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=2,
        retry_delay_seconds=5,
        retry_condition_fn=_is_worth_another_try,
    )


def _is_worth_another_try(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    return isinstance(state.data, CatalogBusyError) or isinstance(
        getattr(state.data, "exception", None), CatalogBusyError
    )
