"""What a stage is as a Prefect task: how it ends when it is stopped, and when its result was there."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from prefect import flow
from prefect.exceptions import CancelledRun

from tasks.progress_reporter import RunCancelledError
from tasks.stage_task import mark_as_cached, stage_task


@stage_task("stopped", "Is stopped on request")
def stopped(_subject: str) -> int:
    raise RunCancelledError("cancelled on request")


@stage_task("found", "Finds its result")
def found(_subject: str) -> int:
    mark_as_cached()
    return 7


def test_a_stage_that_is_stopped_is_cancelled_neither_failed_nor_crashed(data_dir: Path) -> None:
    @flow
    def own() -> None:
        state = stopped("a", return_state=True)
        assert state.is_cancelled()
        assert state.message == "cancelled on request"
        with pytest.raises(CancelledRun):
            stopped("a")
        with pytest.raises(CancelledRun):
            stopped.submit("a").result()

    @flow
    async def own_of_a_loop() -> None:
        with pytest.raises(CancelledRun):
            stopped("a")

    own()
    asyncio.run(own_of_a_loop())


def test_a_stage_that_found_its_result_is_cached_and_returns_it(data_dir: Path) -> None:
    @flow
    def own() -> None:
        state = found("a", return_state=True)
        assert (state.name, state.is_completed(), state.result()) == ("Cached", True, 7)
        assert found("a") == 7
        assert found.submit("a").result() == 7

    own()


def test_a_stage_s_function_needs_no_server() -> None:
    assert found.fn("a") == 7
