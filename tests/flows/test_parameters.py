"""Prefect's form leaves settings open: a preset and the worker's environment decide what a person left alone."""

from __future__ import annotations

from functools import cache
from typing import Any

import jsonschema
import pytest
from prefect.deployments.runner import EntrypointType, RunnerDeployment
from prefect.utilities.callables import parameter_schema
from pydantic import BaseModel

from autoclip.settings import ExportSettings, Settings
from flows.deployments import DEPLOYMENTS
from flows.parameters import chosen_settings
from stages.download_settings import DownloadSettings


@cache
def form_of(deployment: Any) -> dict[str, Any]:
    """What the server is given of a flow's parameters, by 'autoclip up' and by 'prefect deploy' alike."""
    made = RunnerDeployment.from_flow(deployment.flow, name="form", entrypoint_type=EntrypointType.MODULE_PATH)
    schema = parameter_schema(deployment.flow)
    assert made._parameter_openapi_schema == schema
    return schema.model_dump()


def posted(schema: dict[str, Any], definitions: dict[str, Any]) -> Any:
    """What Prefect's form posts of an untouched field: its default; without one, an object of what its fields post."""
    if "default" in schema:
        return schema["default"]
    resolved = definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if "properties" not in resolved:
        return None
    return {name: posted(field, definitions) for name, field in resolved["properties"].items()}


def unfolded(deployment: Any, name: str) -> dict[str, Any]:
    """What the form posts of a settings parameter that a person opened: every field of it."""
    schema = form_of(deployment)
    field = {key: value for key, value in schema["properties"][name].items() if key != "default"}
    return posted(field, schema["definitions"])


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda deployment: deployment.job_type)
def test_what_the_form_posts_gives_no_setting(deployment: Any) -> None:
    schema = form_of(deployment)
    form = {name: posted(field, schema["definitions"]) for name, field in schema["properties"].items()}
    form |= required(deployment)
    jsonschema.validate(form, schema)
    assert not [name for name, value in form.items() if isinstance(value, dict) and value]
    for value in deployment.flow.validate_parameters(form).values():
        if isinstance(value, BaseModel):
            assert given(value) == {}


@pytest.mark.parametrize(
    ("job_type", "name", "model"),
    [
        ("analyze", "settings", Settings),
        ("process-video", "settings", Settings),
        ("process-video", "export", ExportSettings),
        ("process-video", "fetch", DownloadSettings),
        ("process-folder", "settings", Settings),
        ("process-folder", "export", ExportSettings),
        ("export", "settings", ExportSettings),
        ("export-batch", "settings", ExportSettings),
        ("download", "settings", DownloadSettings),
    ],
)
def test_every_field_of_opened_settings_is_empty_and_says_its_default(
    job_type: str, name: str, model: type[BaseModel]
) -> None:
    deployment = next(d for d in DEPLOYMENTS if d.job_type == job_type)
    schema = form_of(deployment)
    fields = leaves(schema["properties"][name], schema["definitions"])
    assert {field for field, _ in fields} == {field for field, _ in defaults(model)}
    shown = dict(fields)
    for field, default in defaults(model):
        assert shown[field]["default"] is None, field
        if isinstance(default, str | int | float) and not isinstance(default, bool) and default != "":
            assert str(default) in shown[field]["description"], field
    form = required(deployment) | {name: unfolded(deployment, name)}
    jsonschema.validate(form, schema)
    assert given(deployment.flow.validate_parameters(form)[name]) == {}


def test_a_preset_and_the_environment_decide_what_the_form_leaves_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOCLIP_STEP_SEC", "0.25")
    analyze = next(d for d in DEPLOYMENTS if d.job_type == "analyze")
    form = unfolded(analyze, "settings") | {"preset": "sports"}
    form["windows"]["post_max"] = 20.0
    chosen = chosen_settings(analyze.flow.validate_parameters({"project_id": "a", "settings": form})["settings"])
    assert chosen.anchors.loudness_measure == "lufs"
    assert chosen.windows.pre_max == 20.0
    assert chosen.windows.post_max == 20.0
    assert chosen.extraction.step_sec == 0.25


@pytest.mark.parametrize("bad", [{"anchors": {"smoothing_sec": -1}}, {"anchors": {"smoothing": 1.0}}, {"preset": "no"}])
def test_what_is_filled_in_is_still_checked(bad: dict[str, Any]) -> None:
    analyze = next(d for d in DEPLOYMENTS if d.job_type == "analyze")
    form = {"project_id": "a", "settings": unfolded(analyze, "settings") | bad}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(form, form_of(analyze))
    with pytest.raises(Exception, match=r"smoothing|preset"):
        analyze.flow.validate_parameters(form)


def required(deployment: Any) -> dict[str, str]:
    return dict.fromkeys(deployment.flow.parameters.required, "x")


def given(model: BaseModel) -> dict[str, Any]:
    """Only the fields that were set, at any depth."""
    kept = {
        name: given(value) if isinstance(value := getattr(model, name), BaseModel) else value
        for name in model.model_fields_set
    }
    return {name: value for name, value in kept.items() if value != {}}


def leaves(schema: dict[str, Any], definitions: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    model = definitions[schema["$ref"].rpartition("/")[2]]
    found = []
    for name, field in model["properties"].items():
        found += leaves(field, definitions) if "$ref" in field else [(name, field)]
    return found


def defaults(model: type[BaseModel]) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for name, field in model.model_fields.items():
        inner = isinstance(field.default, BaseModel)
        found += defaults(type(field.default)) if inner else [(name, field.default)]
    return found
