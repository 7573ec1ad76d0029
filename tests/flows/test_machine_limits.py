"""The server's count of slots is put right from the processes that live."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client

from autoclip.progress import Progress, ignore_progress
from interfaces.service.registration import limit_all_machines
from interfaces.service.upkeep import Upkeep
from storage.environment import read_environment
from tasks.machine_limits import KINDS, _give_back, decoding, limit_name, occupied_slots, slots_in_use, total_limit_name

DECODE = "import sys, time; from tasks.machine_limits import decoding; from autoclip.progress import ignore_progress\n"
DECODE += "with decoding(ignore_progress): print('decoding', flush=True); time.sleep(60)"


@pytest.fixture
def client(data_dir: Path) -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as connected:
        for kind in KINDS:
            connected.upsert_global_concurrency_limit_by_name(limit_name(kind), 2)
        yield connected
        for kind in KINDS:
            connected.delete_global_concurrency_limit_by_name(limit_name(kind))


def test_the_slot_of_a_killed_process_is_free_again(client: SyncPrefectClient, data_dir: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", DECODE], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    upkeep = Upkeep(read_environment(), lambda _said: None)
    with decoding(ignore_progress):
        process.kill()
        process.communicate()
        assert (occupied_slots(client, "decode"), slots_in_use(data_dir, "decode")) == (2, 1)
        upkeep.begin(client)
        assert occupied_slots(client, "decode") == 1
    assert (occupied_slots(client, "decode"), slots_in_use(data_dir, "decode")) == (0, 0)


def test_a_lock_that_is_gone_when_it_is_looked_at_takes_no_slot(data_dir: Path) -> None:
    folder = data_dir / "slots" / "decode"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "gone.lock").symlink_to("nowhere")  # as between the listing of a folder and the look at a file in it
    assert slots_in_use(data_dir, "decode") == 0
    (folder / "gone.lock").unlink()


def test_one_look_is_not_enough_while_the_service_runs(client: SyncPrefectClient) -> None:
    upkeep = Upkeep(read_environment(), lambda _said: None)
    upkeep.begin(client)
    with decoding(ignore_progress), get_client(sync_client=True) as other:
        other.request("PATCH", f"/v2/concurrency_limits/{limit_name('decode')}", json={"active_slots": 2})
        upkeep.turn(client)
        assert occupied_slots(client, "decode") == 2
        upkeep.turn(client)
        assert occupied_slots(client, "decode") == 1
        client.delete_global_concurrency_limit_by_name(limit_name("render"))
        upkeep.turn(client)
        client.upsert_global_concurrency_limit_by_name(limit_name("render"), 2)


def test_one_limit_holds_for_all_machines(
    client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class WaitingError(Exception):
        pass

    def refuse_to_wait(_progress: Progress) -> None:
        raise WaitingError

    total = total_limit_name("decode")
    log = logging.getLogger("prefect._internal.concurrency")
    log.addHandler(caplog.handler)
    client.upsert_global_concurrency_limit_by_name(total, 1)
    try:
        with decoding(ignore_progress):
            assert client.read_global_concurrency_limit_by_name(total).active_slots == 1
            with monkeypatch.context() as elsewhere:
                elsewhere.setattr("socket.gethostname", lambda: "another-machine")
                with pytest.raises(WaitingError), decoding(refuse_to_wait):
                    pass
        with decoding(refuse_to_wait):
            assert client.read_global_concurrency_limit_by_name(total).active_slots == 1
        assert client.read_global_concurrency_limit_by_name(total).active_slots == 0
        assert not caplog.records  # a slot that is taken is no error
    finally:
        log.removeHandler(caplog.handler)
        client.delete_global_concurrency_limit_by_name(total)


def test_registration_sets_the_total_that_is_named_and_leaves_others_alone(
    client: SyncPrefectClient, data_dir: Path
) -> None:
    total = total_limit_name("render")
    named = read_environment({"AUTOCLIP_DATA_DIR": str(data_dir), "AUTOCLIP_MAX_CONCURRENT_RENDERS_TOTAL": "7"})
    try:
        for environment in (named, read_environment({"AUTOCLIP_DATA_DIR": str(data_dir)})):
            limit_all_machines(client, environment)
            assert client.read_global_concurrency_limit_by_name(total).limit == 7
    finally:
        client.delete_global_concurrency_limit_by_name(total)


def test_finished_work_is_kept_though_its_slot_can_t_be_released() -> None:
    def refuse() -> None:
        httpx.Response(500, request=httpx.Request("POST", "http://prefect/")).raise_for_status()

    slot = ExitStack()
    slot.callback(refuse)
    _give_back(slot)
