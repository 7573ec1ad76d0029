"""Runs that can't start because a parameter is unknown to their flow, or a required one is missing.

Prefect creates such runs unless their deployment's schema forbids it, and their process ends with "code 1" before any
of our code runs. Our worker refuses them before it starts a process. Runs of another worker are refused after it has
reported the crash.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.states import Failed

from autoclip.errors import ParameterError
from flows.job_names import job_name
from flows.job_types import JobType
from flows.parameters import require_known


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a job can't start."""

    job_type: JobType
    reason: str


def refusal_of(job_type: JobType, flow_run: FlowRun, schema: Mapping[str, Any]) -> Refusal | None:
    """Return which parameters of a run are unknown or missing; None if it can start.

    Parameters
    ----------
    job_type : str
        The flow.
    flow_run : FlowRun
        The run.
    schema : mapping
        JSON schema of the flow's parameters, from Prefect.
    """
    try:
        require_known(job_type, flow_run.parameters, schema.get("properties", {}), schema.get("required") or ())
    except ParameterError as error:
        return Refusal(job_type, str(error))
    return None


async def refuse_run(client: PrefectClient, flow_run: FlowRun, refusal: Refusal) -> None:
    """End a run as failed, with the reason as its message."""
    await name_and_tag(client, flow_run, refusal.job_type)
    await client.set_flow_run_state(flow_run.id, Failed(message=refusal.reason), force=True)


async def name_and_tag(client: PrefectClient, flow_run: FlowRun, job_type: JobType) -> None:
    """Name and tag a run that ended before its own code could do so."""
    if f"job:{job_type}" not in flow_run.tags:
        tags = sorted({*flow_run.tags, f"job:{job_type}"})
        await client.update_flow_run(flow_run.id, name=job_name(job_type, flow_run.parameters), tags=tags)
