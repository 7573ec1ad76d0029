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
NEVER_BEGAN = "autoclip: end the runs that a machine took and never began"
SILENCE = timedelta(seconds=180)
"""Six heartbeats. A server that is being started again, or a network that is cut for a moment, ends no run."""

START_PATIENCE = timedelta(seconds=900)
"""A worker that lives says at once why it can't start a run; an image may have to be fetched first."""

_PENDING = "prefect.flow-run.Pending"
_BEGINNINGS = ("Running", "Retrying", "Resuming", "Scheduled", "Late", "AwaitingConcurrencySlot", "Paused", "heartbeat")
"""What a run that was taken goes on with, or how it is put back."""

_HEARTBEAT = "prefect.flow-run.heartbeat"
_ENDINGS = ("Completed", "CompletedWithWarnings", "Failed", "Cancelled", "Crashed", "AwaitingRetry")


def lost_machines_automations() -> tuple[AutomationCore, ...]:
    """Return the automations: a run of ours has crashed if it falls silent, or is taken and never begins.

    After https://docs.prefect.io/v3/advanced/detect-zombie-flows, for our flows alone.
    """
    silent = _automation(NAME, _HEARTBEAT, ("heartbeat",), SILENCE)
    return silent, _automation(NEVER_BEGAN, _PENDING, _BEGINNINGS, START_PATIENCE)


def _automation(name: str, after: str, expected: tuple[str, ...], within: timedelta) -> AutomationCore:
    """Return the automation that crashes a run of which neither an expected event nor its end comes in time."""
    return AutomationCore(
        name=name,
        description="Made by autoclip, since workers on several machines share this server.",
        trigger=EventTrigger(
            after={after},
            expect={f"prefect.flow-run.{event}" for event in (*expected, *_ENDINGS)},
            match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
            match_related=ResourceSpecification(
                {"prefect.resource.role": "flow", "prefect.resource.name": list(JOB_TYPES)}
            ),
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=within,
        ),
        actions=[ChangeFlowRunState(state=StateType.CRASHED, message=LOST, force=True)],
    )


def make_lost_machines_automations(client: SyncPrefectClient) -> None:
    """Make the automations unless they are there; one that somebody changed or paused stays as it is."""
    for automation in lost_machines_automations():
        if not client.read_automations_by_name(automation.name):
            client.create_automation(automation)
