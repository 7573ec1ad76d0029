"""The flow that makes a video playable in browsers."""

from __future__ import annotations

from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.analysis import name_after_project
from flows.job_flow import job_flow, own_run_id
from tasks.progress_reporter import ProgressReporter
from tasks.render_proxy import render_proxy

PLAN = {"export": 100.0}


@job_flow("proxy", "Make a video playable in browsers")
async def proxy(project_id: str) -> State[str]:
    """Render a proxy of a project's video that browsers can play, once per content.

    Args:
        project_id: Id of the project.
    """
    await name_after_project(project_id, "proxy of")
    with ProgressReporter(own_run_id(), PLAN) as report:
        path = render_proxy(project_id, report)
    return Completed(message="browsers can play it now", data=path)
