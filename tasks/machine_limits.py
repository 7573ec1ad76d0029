"""Limit how many decodes and renders run at once with Prefect's concurrency limits: on this machine, and on all.

``autoclip up`` creates a limit of each kind for its machine, and one for all machines if its environment sets one. A
slot is taken in both at once, so no process holds one while waiting for the other. Without a limit (a single run
without a service), nothing is limited.
"""

from __future__ import annotations

import itertools
import logging
import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal, get_args
from uuid import uuid4

from httpx import HTTPError, HTTPStatusError, codes
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectNotFound
from prefect.logging import get_logger

from autoclip.errors import StorageError
from autoclip.progress import Progress, ProgressListener
from autoclip.system.files import is_older
from storage.environment import read_environment
from storage.process_lock import held, is_held, remove_unheld
from tasks.server_access import retry_until_reachable

LEASE_SEC = 60
"""Prefect's shortest lease in seconds: after a holder was killed, its slot is free again after this time."""
TURN_SEC = 1.0
"""Seconds between two requests for a slot; in between the listener is called, through which a run learns that it is
cancelled.
"""

PATIENT_AFTER_TURNS, ASK_EVERY = 10, 4
"""After this many attempts, a slot is requested only at every fourth."""

Kind = Literal["decode", "render"]
KINDS: tuple[Kind, ...] = get_args(Kind)


def limit_name(kind: Kind) -> str:
    """Return the name of this machine's limit."""
    return f"autoclip-{kind}-{re.sub(r'[^A-Za-z0-9]+', '-', socket.gethostname())}"


def total_limit_name(kind: Kind) -> str:
    """Return the name of the limit of all machines together."""
    return f"autoclip-{kind}-all-machines"


def occupied_slots(client: SyncPrefectClient, kind: Kind) -> int | None:
    """Return how many slots of this machine are taken according to Prefect's server; None if the limit was removed."""
    try:
        return client.read_global_concurrency_limit_by_name(limit_name(kind)).active_slots
    except ObjectNotFound:
        return None


def correct_slots(client: SyncPrefectClient, kind: Kind, taken: int) -> None:
    """Set how many slots of this machine are taken on Prefect's server."""
    client.update_global_concurrency_limit(limit_name(kind), GlobalConcurrencyLimitUpdate(active_slots=taken))


def slots_in_use(data_dir: Path, kind: Kind) -> int:
    """Return how many living processes hold a slot, and remove the locks of dead ones."""
    in_use = 0
    for path in _slot_folder(data_dir, kind).glob("*.lock"):
        if is_held(path):
            in_use += 1
        elif is_older(path, LEASE_SEC):
            remove_unheld(path)
    return in_use


@contextmanager
def decoding(on_progress: ProgressListener) -> Iterator[None]:
    """Decode within the limits of this machine and of all."""
    with _slot("decode", "extract", on_progress):
        yield


@contextmanager
def rendering(on_progress: ProgressListener) -> Iterator[None]:
    """Render within the limits of this machine and of all."""
    with _slot("render", "export", on_progress):
        yield


@contextmanager
def _slot(kind: Kind, stage: str, on_progress: ProgressListener) -> Iterator[None]:
    with ExitStack() as stack:
        limits = retry_until_reachable(lambda: _limits(kind))
        if limits:
            waiting = Progress(stage, 0.0, f"waiting for a free slot to {kind}")
            _wait_for_slot(stack, limits, lambda: on_progress(waiting))
            stack.enter_context(_at_work(kind))
        yield
        _give_back(stack)


def _wait_for_slot(stack: ExitStack, limits: list[str], on_wait: Callable[[], None]) -> None:
    """Take a slot as soon as one is free; requests become less frequent over time."""
    for turn in itertools.count():
        is_due = turn < PATIENT_AFTER_TURNS or turn % ASK_EVERY == 0
        if is_due and retry_until_reachable(lambda: _taken(stack, limits)):
            return
        on_wait()
        time.sleep(TURN_SEC)


@contextmanager
def _at_work(kind: Kind) -> Iterator[None]:
    """Prove to other processes that the holder of a slot lives, which Prefect's server can't know."""
    path = _slot_folder(read_environment().data_dir, kind) / f"{uuid4()}.lock"
    with held(path, str(os.getpid())):
        yield
    remove_unheld(path)


def _slot_folder(data_dir: Path, kind: Kind) -> Path:
    return data_dir / "slots" / kind


def _give_back(slot: ExitStack) -> None:
    """Release the slot of finished work. If the server can't do it, the slot is free when its lease ends."""
    try:
        slot.close()
    except (HTTPError, StorageError) as error:
        get_logger("autoclip.machine_limits").warning("the slot is released late: %s", error)


def _limits(kind: Kind) -> list[str]:
    """Return the names of the limits for a kind of work."""
    with get_client(sync_client=True) as client:
        return [name for name in (limit_name(kind), total_limit_name(kind)) if _is_active(client, name)]


def _is_active(client: SyncPrefectClient, name: str) -> bool:
    try:
        return client.read_global_concurrency_limit_by_name(name).active
    except ObjectNotFound:
        return False


def _is_a_fault(record: logging.LogRecord) -> bool:
    """Leave out what Prefect logs at each attempt while a slot is taken; `_taken` gets the same as an exception."""
    return "ConcurrencySlotAcquisition" not in record.getMessage()


logging.getLogger("prefect._internal.concurrency").addFilter(_is_a_fault)


def _taken(stack: ExitStack, limits: list[str]) -> bool:
    """Take a slot in all limits until the stack ends; return False if one of them has none."""
    try:
        stack.enter_context(concurrency(limits, max_retries=0, lease_duration=LEASE_SEC))
    except ConcurrencySlotAcquisitionError as error:
        if isinstance(error.__cause__, HTTPStatusError) and error.__cause__.response.status_code == codes.LOCKED:
            return False
        if isinstance(error.__cause__, HTTPError):
            raise error.__cause__ from None
        raise
    return True
