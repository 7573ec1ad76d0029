"""Regular cleanup of a service after dead processes: end their runs, free their slots."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun

from flows.reaper import reap
from storage.environment import Environment
from tasks.machine_limits import KINDS, Kind, correct_slots, occupied_slots, slots_in_use

COUNT_EVERY = 12
"""Maximum number of turns between checks of the server's slot count."""

Say = Callable[[str], None]


@dataclass
class Upkeep:
    """The cleanup of one data folder.

    Attributes
    ----------
    environment : Environment
        The environment with the data folder.
    say : callable
        Prints a message for the user.
    """

    environment: Environment
    say: Say
    _miscounted: frozenset[Kind] = field(default=frozenset(KINDS), init=False)
    _counted: Mapping[Kind, int] = field(default_factory=dict, init=False)
    _turns_since_count: int = field(default=0, init=False)

    def begin(self, client: SyncPrefectClient) -> None:
        """Clean up after a killed service, as far as new runs require it."""
        for run in self._lost(client):
            self.say(f"job {run.id} ({run.name}) was lost when the service last ended; 'autoclip retry' continues it")
        self._count_slots(client)

    def turn(self, client: SyncPrefectClient) -> None:
        """End runs lost since the last turn; if the server is unreachable, wait for the next turn."""
        try:
            for run in self._lost(client):
                self.say(f"job {run.id} ({run.name}) lost its process; 'autoclip retry {run.id}' continues it")
            self._count_slots(client)
        except httpx.HTTPError:
            return

    def _lost(self, client: SyncPrefectClient) -> list[FlowRun]:
        """End lost runs; return those that nobody had cancelled."""
        lost = reap(client, self.environment.data_dir)
        return [run for run in lost if run.state is not None and not run.state.is_cancelling()]

    def _count_slots(self, client: SyncPrefectClient) -> None:
        """Correct the server's slot count if it was wrong in two turns, and not just because a slot was being taken.

        Prefect releases the slot of a killed process after a minute, and never if the server was killed while it wrote
        the lease (observed): every later run would wait for it. The server is asked when the number of working
        processes has changed, and now and then.
        """
        in_use = {kind: slots_in_use(self.environment.data_dir, kind) for kind in KINDS}
        self._turns_since_count += 1
        if in_use == self._counted and not self._miscounted and self._turns_since_count < COUNT_EVERY:
            return
        wrong = frozenset(kind for kind in KINDS if occupied_slots(client, kind) not in {None, in_use[kind]})
        for kind in wrong & self._miscounted:
            correct_slots(client, kind, in_use[kind])
        self._miscounted, self._counted, self._turns_since_count = wrong, in_use, 0
