"""Which machine a run goes to: what it asks of one, and what the name of a worker says that its machine can do."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from autoclip.errors import AutoclipError
from autoclip.settings import ExportSettings, Settings
from flows.parameters import chosen_settings, without_nulls
from stages.capabilities import needs_of


def needs_of_run(parameters: Mapping[str, Any]) -> frozenset[str]:
    """Return what a run asks of a machine; nothing if its parameters are refused, which it says itself."""
    settings, export = (without_nulls(parameters.get(name)) for name in ("settings", "export"))
    if isinstance(settings, Mapping) and settings.keys() & ExportSettings.model_fields.keys():
        settings, export = {}, settings  # of a job that only exports
    return _needs(json.dumps(settings, sort_keys=True), json.dumps(export, sort_keys=True))


@lru_cache(maxsize=256)
def _needs(settings: str, export: str) -> frozenset[str]:
    try:
        chosen = chosen_settings(Settings.model_validate_json(settings))
        return needs_of(chosen, ExportSettings.model_validate_json(export))
    except (ValidationError, AutoclipError):
        return frozenset()


def name_with(name: str, capabilities: Iterable[str]) -> str:
    """Return the name of a worker with what it can do: that is what Prefect's page and other workers see."""
    return f"{name} ({', '.join(sorted(capabilities))})"


def capabilities_in(name: str) -> frozenset[str]:
    """Return what the worker of a name can do; nothing if it is none of ours."""
    return frozenset(name.removesuffix(")").partition(" (")[2].split(", ")) - {""}
