"""Runs of machines that are gone: an automation of Prefect's ends them when their heartbeats stop.

The lock of a run tells a lost one at once, but only on its own machine (`flows.reaper`). For all others there is what
every machine reaches: Prefect's server, to which each run sends a heartbeat every 30 s.
"""

from __future__ import annotations

from datetime import timedelta

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification

from flows.job_types import JOB_TYPES
from flows.reaper import LOST

NAME = "autoclip: end the runs of machines that are gone"
SILENCE = timedelta(seconds=180)
"""Six heartbeats. A server that is being started again, or a network that is cut for a moment, ends no run."""

_HEARTBEAT = "prefect.flow-run.heartbeat"
_ENDINGS = ("Completed", "CompletedWithWarnings", "Failed", "Cancelled", "Crashed", "AwaitingRetry")


def lost_machines_automation() -> AutomationCore:
    """Return the automation: a run of ours that sent a heartbeat, and then neither another nor its end, has crashed.

    After https://docs.prefect.io/v3/advanced/detect-zombie-flows, for our flows alone.
    """
    return AutomationCore(
        name=NAME,
        description="Made by autoclip, since workers on several machines share this server.",
        trigger=EventTrigger(
            after={_HEARTBEAT},
            expect={_HEARTBEAT, *(f"prefect.flow-run.{ending}" for ending in _ENDINGS)},
            match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
            match_related=ResourceSpecification(
                {"prefect.resource.role": "flow", "prefect.resource.name": list(JOB_TYPES)}
            ),
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=SILENCE,
        ),
        actions=[ChangeFlowRunState(state=StateType.CRASHED, message=LOST, force=True)],
    )


def make_lost_machines_automation(client: SyncPrefectClient) -> None:
    """Make the automation unless it is there; one that somebody changed or paused stays as it is."""
    if not client.read_automations_by_name(NAME):
        client.create_automation(lost_machines_automation())
