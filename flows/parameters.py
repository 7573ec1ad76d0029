"""Settings as parameters of a run: the given values, and those left to the worker's machine.

Prefect's form submits every field with the value it shows. If that were the default, every setting would count as
given, and neither a preset nor the worker's environment could apply. In the form each setting is therefore empty (null)
unless a person fills it in; its description states the default.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field, GetJsonSchemaHandler, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails

from autoclip.errors import ParameterError
from autoclip.export.interchange.edit_list import MAX_HANDLES_SEC
from autoclip.settings import (
    ExportSettings,
    Settings,
    SettingsGroup,
    shortened,
    suggestion,
    unknown_name,
)
from stages.chat_files import MAX_OFFSET_SEC
from stages.download_settings import DownloadSettings
from stages.output_folders import usable_folder
from storage.environment import read_environment


def without_nulls(given: object) -> object:
    """Return the given values without empty fields, at any depth; anything but a mapping is returned unchanged."""
    if not isinstance(given, Mapping):
        return {} if given is None else given
    return {name: without_nulls(value) for name, value in given.items() if value is not None}


class _OpenInForm:
    """Shows a settings model in a JSON schema with every field empty, and its default in the description."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core)
        _open(handler.resolve_ref_schema(schema), handler)
        return schema


OpenSettings = Annotated[Settings, BeforeValidator(without_nulls), _OpenInForm()]
OpenExportSettings = Annotated[ExportSettings, BeforeValidator(without_nulls), _OpenInForm()]
OpenDownloadSettings = Annotated[DownloadSettings, BeforeValidator(without_nulls), _OpenInForm()]


OutputFolder = Annotated[str, Field(max_length=4096)]
ChatPath = Annotated[str, Field(max_length=4096)]
ChatOffset = Annotated[float, Field(ge=-MAX_OFFSET_SEC, le=MAX_OFFSET_SEC, allow_inf_nan=False)]
Handles = Annotated[float, Field(ge=0, le=MAX_HANDLES_SEC, allow_inf_nan=False)]


def output_folder(to: str) -> Path | None:
    """Return the output folder of a run's exports; None for each project's own.

    Raises
    ------
    ExportError
        If the folder is not writable, so that hours of work don't fail at the end.
    """
    return usable_folder(Path(to)) if to else None


def _open(model: JsonSchemaValue, handler: GetJsonSchemaHandler) -> None:
    """Make every field of an object's schema nullable and empty, including nested objects."""
    for name, field in model.get("properties", {}).items():
        resolved = handler.resolve_ref_schema(field)
        if "properties" in resolved:
            field.pop("default", None)
            _open(resolved, handler)
        elif "default" in field and field["default"] is not None:
            model["properties"][name] = _opened(field)


def _opened(field: JsonSchemaValue) -> JsonSchemaValue:
    """Return a field's schema with null as another value and as its default."""
    kept = {"title", "unit"}
    value = {key: part for key, part in field.items() if key not in kept | {"description", "default"}}
    opened: JsonSchemaValue = {key: part for key, part in field.items() if key in kept}
    text = f"{field.get('description', '')} {_default_of(field)}".strip()
    return opened | {"description": text, "anyOf": [value, {"type": "null"}], "default": None}


def _default_of(field: JsonSchemaValue) -> str:
    """Describe what an empty field means."""
    default, unit = field["default"], field.get("unit", "")
    if isinstance(default, bool):
        default = "yes" if default else "no"
    return f"Left empty: {default if default != '' else 'nothing'}{f' {unit}' if unit else ''}."


def open_defaults(signature: inspect.Signature) -> inspect.Signature:
    """Return a flow's signature with an empty object as default of settings, so that settings nobody opens stay empty.

    Prefect makes the form of a deployment from the signature.
    """
    parameters = signature.parameters.values()
    opened = [each.replace(default={}) if isinstance(each.default, BaseModel) else each for each in parameters]
    return signature.replace(parameters=opened)


def chosen_settings(given: Settings) -> Settings:
    """Return the settings to analyze with: those of the environment, and of `given` what was set explicitly."""
    explicit = given.model_dump(exclude_unset=True)
    flat: dict[str, object] = {}
    for name, value in explicit.items():
        if isinstance(getattr(given, name), SettingsGroup):
            flat |= value
        else:
            flat[name] = value
    return read_environment().settings.updated(flat)


def require_known(
    job_type: str, given: Collection[str], known: Collection[str], required: Collection[str] = ()
) -> None:
    """Refuse parameters that a flow does not have, and missing ones that it requires.

    Prefect would create a run with them, whose process then ends before it can report anything.

    Parameters
    ----------
    job_type : str
        The flow.
    given : collection of str
        Names of the parameters given to a run.
    known, required : collection of str
        Names of the flow's parameters, and of the required ones.

    Raises
    ------
    ParameterError
        If there are any; the message lists them and suggests the nearest known names.
    """
    faults = [_unknown_parameter(name, known) for name in given if name not in known]
    faults += [f"parameter {name!r} is missing" for name in required if name not in given]
    if faults:
        raise ParameterError(f"{job_type}: {'; '.join(faults)}")


def refusal(error: ValidationError) -> ParameterError:
    """Return a sentence on which parameters of a run are invalid, and why."""
    return ParameterError("; ".join(map(_fault, error.errors())))


def _unknown_parameter(name: str, known: Collection[str]) -> str:
    if "settings" in known and name in {parameter.name for parameter in Settings.parameters()}:
        return f"unknown parameter {name!r}; it is one of the settings, so give it within 'settings'"
    hint = suggestion(name, known) or f"known: {', '.join(known)}"
    return f"unknown parameter {shortened(name)}; {hint}"


def _fault(fault: ErrorDetails) -> str:
    """Turn one pydantic error into a sentence that names the parameter by its path."""
    path = ".".join(map(str, fault["loc"]))
    if fault["type"] == "extra_forbidden":
        return f"{path}: {unknown_name(str(fault['loc'][-1]), DownloadSettings.model_fields)}"
    reason = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "string_pattern_mismatch":
        reason = f'it does not have the form of "{DownloadSettings.model_fields[str(fault["loc"][-1])].description}"'
    if isinstance(fault["input"], Mapping):  # a group of settings, whose message names the invalid one
        return f"{path}: {reason}"
    return f"{path} = {shortened(fault['input'])} is not allowed: {reason[:1].lower()}{reason[1:]}"
