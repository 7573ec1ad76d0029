"""How many decodes and renderings run at once on this machine, by Prefect's concurrency limits.

``autoclip up`` makes a limit of each kind for its machine. Where there is none (a single run without a service),
nothing is limited.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Literal

from httpx import HTTPStatusError, TransportError, codes
from prefect.client.orchestration import get_client
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectNotFound
from prefect.logging import get_logger

from autoclip.progress import Progress, ProgressListener
from tasks.patience import patiently

LEASE_SEC = 60
"""Prefect's shortest lease: a slot whose holder was killed is free again after it."""
TURN_SEC = 1.0
"""How often a slot is asked for; in between the listener is called, which is where a run learns that it is to stop."""

Kind = Literal["decode", "render"]


def limit_name(kind: Kind) -> str:
    """Return the name of this machine's limit."""
    return f"autoclip-{kind}-{re.sub(r'[^A-Za-z0-9]+', '-', socket.gethostname())}"


@contextmanager
def decoding(on_progress: ProgressListener) -> Iterator[None]:
    """Decode within the machine's limit."""
    with _slot("decode", "extract", on_progress):
        yield


@contextmanager
def rendering(on_progress: ProgressListener) -> Iterator[None]:
    """Render within the machine's limit."""
    with _slot("render", "export", on_progress):
        yield


@contextmanager
def _slot(kind: Kind, stage: str, on_progress: ProgressListener) -> Iterator[None]:
    with ExitStack() as stack:
        if patiently(lambda: _is_limited(kind)):
            while not patiently(lambda: _taken(stack, limit_name(kind))):
                on_progress(Progress(stage, 0.0, f"waiting for a free slot to {kind}"))
                time.sleep(TURN_SEC)
        yield
        _give_back(stack)


def _give_back(slot: ExitStack) -> None:
    """Free the slot of work that is done; if the server is away just now, the slot is free when its lease ends."""
    try:
        slot.close()
    except TransportError as error:
        get_logger("autoclip.machine_limits").warning("the slot is given back late: %s", error)


def _is_limited(kind: Kind) -> bool:
    with get_client(sync_client=True) as client:
        try:
            return client.read_global_concurrency_limit_by_name(limit_name(kind)).active
        except ObjectNotFound:
            return False


def _taken(stack: ExitStack, name: str) -> bool:
    """Take a slot until the stack ends, or tell that all are taken."""
    try:
        stack.enter_context(concurrency(name, max_retries=0, lease_duration=LEASE_SEC))
    except ConcurrencySlotAcquisitionError as error:
        if isinstance(error.__cause__, HTTPStatusError) and error.__cause__.response.status_code == codes.LOCKED:
            return False
        if isinstance(error.__cause__, TransportError):
            raise error.__cause__ from None
        raise
    return True
