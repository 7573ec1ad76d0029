"""Runs of machines that are gone: automations of Prefect's end them when their heartbeats stop.

The lock of a run tells a lost one at once, but only on its own machine (`flows.reaper`). For all others there is what
every machine reaches: Prefect's server, to which each run sends a heartbeat every 30 s, the first when it begins.
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
NEVER_SPOKE = "autoclip: end the runs of machines that are gone before the first heartbeat"
NEVER_BEGAN = "autoclip: end the runs that a machine took and never began"
SILENCE = timedelta(seconds=100)
"""Two heartbeats may fail to come, and the third may be 10 s late: so a machine that sleeps for half a minute, a server
that is started again, or a network that is cut for a minute ends no run. Prefect allows no more than one heartbeat in
30 s; it looks every 5 s, so a lost run has ended within two minutes."""

START_PATIENCE = timedelta(seconds=900)
"""A worker that lives says at once why it can't start a run; an image may have to be fetched first."""

_BEGINNINGS = ("Running", "Retrying", "Resuming", "Scheduled", "Late", "AwaitingConcurrencySlot", "Paused", "heartbeat")
"""What a run that was taken goes on with, or how it is put back."""

_ENDINGS = ("Completed", "CompletedWithWarnings", "Failed", "Cancelled", "Crashed", "AwaitingRetry")


def lost_machines_automations(pool: str, silence: timedelta = SILENCE) -> tuple[AutomationCore, ...]:
    """Return the automations: a run of ours has crashed if it falls silent, or is taken and never begins.

    After https://docs.prefect.io/v3/advanced/detect-zombie-flows, for our flows alone.

    Parameters
    ----------
    pool : str
        The work pool whose runs send heartbeats from the start; runs of other pools need not send any.
    silence : timedelta
        How long a run may send none.
    """
    return (
        _automation(NAME, "heartbeat", ("heartbeat",), silence),
        _automation(NEVER_SPOKE, "Running", ("heartbeat",), silence, pool),
        _automation(NEVER_BEGAN, "Pending", _BEGINNINGS, START_PATIENCE),
    )


def _automation(
    name: str, after: str, expected: tuple[str, ...], within: timedelta, pool: str | None = None
) -> AutomationCore:
    """Return the automation that crashes a run of which neither an expected event nor its end comes in time."""
    flow = {"prefect.resource.role": "flow", "prefect.resource.name": list(JOB_TYPES)}
    related = [flow, *([{"prefect.resource.role": "work-pool", "prefect.resource.name": pool}] if pool else [])]
    return AutomationCore(
        name=name,
        description="Made by autoclip, since workers on several machines share this server.",
        trigger=EventTrigger(
            after={f"prefect.flow-run.{after}"},
            expect={f"prefect.flow-run.{event}" for event in (*expected, *_ENDINGS)},
            match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
            match_related=[ResourceSpecification(each) for each in related],
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=within,
        ),
        actions=[ChangeFlowRunState(state=StateType.CRASHED, message=LOST, force=True)],
    )


def make_lost_machines_automations(client: SyncPrefectClient, pool: str) -> None:
    """Make the automations unless they are there; one that somebody changed or paused stays as it is."""
    for automation in lost_machines_automations(pool):
        if not client.read_automations_by_name(automation.name):
            client.create_automation(automation)
