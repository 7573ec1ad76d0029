"""A run whose parameters are not allowed has failed, and says which; it does not crash with a number."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.states import Crashed

from autoclip.errors import ParameterError
from flows.analyze import analyze
from flows.job_flow import JobFlow
from flows.process_folder import process_folder
from flows.process_video import process_video
from flows.refused_runs import refusal_of


def crashed(flow: JobFlow[..., Any], parameters: dict[str, Any]) -> FlowRun:
    """Have a run of any other worker's crash: its process ended before the flow began, and its hook is called."""

    async def crash() -> FlowRun:
        async with get_client() as client:
            run = await client.create_flow_run(flow)
            given = run.model_copy(update={"parameters": parameters})
            state = Crashed(message="Process exited with status code: 1")
            await client.set_flow_run_state(run.id, state, force=True)
            for hook in flow.on_crashed_hooks:
                await hook(flow, given, state)
            return await client.read_flow_run(run.id)

    return asyncio.run(crash())


@pytest.mark.parametrize(
    ("flow", "parameters", "said"),
    [
        (
            process_video,
            {"source": "/a/final.mp4", "export_topp": 3},
            "process-video: unknown parameter 'export_topp'; did you mean 'export_top'?",
        ),
        (
            analyze,
            {"project_id": "a", "preset": "sports"},
            "analyze: unknown parameter 'preset'; it is one of the settings, so give it within 'settings'",
        ),
        (
            analyze,
            {"project": "a"},
            "analyze: unknown parameter 'project'; did you mean 'project_id'?; parameter 'project_id' is missing",
        ),
        (analyze, {}, "analyze: parameter 'project_id' is missing"),
        (
            process_folder,
            {"folder": "/a", "at_once": 3},
            "process-folder: unknown parameter 'at_once'; it is now called 'max_concurrent'",
        ),
    ],
)
def test_a_run_that_could_not_begin_has_failed_by_name(
    prefect_api: str, flow: JobFlow[..., Any], parameters: dict[str, Any], said: str
) -> None:
    run = crashed(flow, parameters)
    assert run.state is not None
    assert (run.state.type.value, run.state.message) == ("FAILED", said)
    assert f"job:{flow.name}" in run.tags


def test_a_run_that_crashed_for_another_reason_stays_crashed(prefect_api: str) -> None:
    run = crashed(process_video, {"source": "/a/final.mp4"})
    assert run.state is not None
    assert run.state.type.value == "CRASHED"
    assert (run.name, "job:process-video" in run.tags) == ("process final.mp4", True)


def test_what_a_run_may_be_given_is_not_refused() -> None:
    schema = process_video.parameters.model_dump()
    run = FlowRun(name="a", flow_id="00000000-0000-0000-0000-000000000001", parameters={"source": "a", "to": ""})
    assert refusal_of("process-video", run, schema) is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"settings": {"extraction": {"step_sec": "x"}}}, "settings.extraction.step_sec = 'x' is not allowed"),
        (
            {"settings": {"windows": {"pre_maxx": 3}}},
            "settings.windows: unknown setting 'pre_maxx'; did you mean 'pre_max'?",
        ),
        ({"export": {"cutt": "copy"}}, "export: unknown setting 'cutt'; did you mean 'cut'?"),
        ({"fetch": {"max_heigth": 1}}, "did you mean 'max_height'?"),
        ({"fetch": {"cookies_from_browser": "netscape"}}, 'the form of "Browser that is logged in, with its profile'),
        ({"settings": {"windows": {"lead_sec": 3}}}, "settings.windows: unknown setting 'lead_sec'"),
        ({"export_top": -1}, "export_top = -1 is not allowed: input should be greater than or equal to 0"),
        ({"timelines": ["avid"]}, "timelines.0 = 'avid' is not allowed"),
        ({"source": ""}, "source = '' is not allowed"),
    ],
)
def test_a_value_that_is_not_allowed_is_told_by_its_path(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ParameterError) as refused:
        process_video.validate_parameters({"source": "a.mp4"} | given)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
