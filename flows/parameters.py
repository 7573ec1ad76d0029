"""Settings as parameters of a run: what it was given, and what stays open for the worker's machine to say.

Prefect's form posts every field with the value it shows. Were that the default, every setting would count as given, and
neither a preset nor the worker's environment could decide it. In the form each setting is therefore empty (null) unless
a person fills it in; its description tells the default.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Annotated, Any

from prefect import Flow
from pydantic import BaseModel, BeforeValidator, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from autoclip.settings import ExportSettings, SegmentationMode, Settings, SettingsGroup
from stages.download_settings import DownloadSettings
from storage.environment import read_environment


def without_nulls(given: object) -> object:
    """Return what was given without the fields that were left empty, at any depth; anything but a mapping as it is."""
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


def _open(model: JsonSchemaValue, handler: GetJsonSchemaHandler) -> None:
    """Make every field of an object's schema nullable and empty; fields that are objects themselves, theirs."""
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
    """Say what a field that is left empty means."""
    default, unit = field["default"], field.get("unit", "")
    if isinstance(default, bool):
        default = "yes" if default else "no"
    return f"Left empty: {default if default != '' else 'nothing'}{f' {unit}' if unit else ''}."


def open_defaults(made: Flow[..., Any]) -> None:
    """Have a flow's form leave settings open, too, that nobody unfolds: their default there is an empty object."""
    for name, parameter in inspect.signature(made.fn).parameters.items():
        if isinstance(parameter.default, BaseModel):
            made.parameters.properties[name]["default"] = {}


def chosen_settings(given: Settings, mode: SegmentationMode | None = None) -> Settings:
    """Return the settings to analyze with.

    Parameters
    ----------
    given : Settings
        Of the run; only what was really given counts, not the defaults that fill it up.
    mode : str, optional
        Overrides both.
    """
    explicit = given.model_dump(exclude_unset=True)
    flat: dict[str, object] = {}
    for name, value in explicit.items():
        if isinstance(getattr(given, name), SettingsGroup):
            flat |= value
        else:
            flat[name] = value
    if mode is not None:
        flat["segmentation_mode"] = mode
    return read_environment().settings.updated(flat)
