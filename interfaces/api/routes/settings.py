"""Settings and presets, for generated forms."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from autoclip.export.platforms import PLATFORMS
from autoclip.presets import PRESETS
from autoclip.settings import ExportSettings, Parameter, Settings
from interfaces.api.schemas.requests import View
from interfaces.api.services import ServicesDep
from storage.environment import Environment

router = APIRouter(tags=["settings"])


class ParameterView(View):
    """One parameter."""

    name: str
    group: str
    type: str
    default: bool | int | float | str
    value: bool | int | float | str
    origin: str
    unit: str
    help: str
    choices: list[str]
    minimum: float | None
    maximum: float | None


class SafeAreaView(View):
    """What a platform's own buttons and texts cover on each side of an upright picture, as a share of its size."""

    left: float
    top: float
    right: float
    bottom: float


class PlatformView(View):
    """What a platform takes."""

    name: str = Field(description="As the setting `platform` names it.")
    title: str
    shape: str
    shortest_sec: float
    longest_sec: float
    largest_bytes: int
    safe_area: SafeAreaView


class SettingsSchema(View):
    """Every parameter of an analysis and of an export; `value` is what this server uses when none is given."""

    analysis: list[ParameterView]
    export: list[ParameterView]
    platforms: list[PlatformView]


class PresetView(View):
    """A preset: settings that belong together."""

    name: str
    text: str
    settings: dict[str, str | int | float | bool]


@router.get("/settings")
def get_settings(services: ServicesDep) -> SettingsSchema:
    """List every parameter with its default, bounds, unit, help, and its value in this environment."""
    environment = services.environment
    analysis = environment.settings.flat()
    return SettingsSchema(
        analysis=[_shown(parameter, analysis[parameter.name], environment) for parameter in Settings.parameters()],
        export=[_shown(parameter, parameter.default, environment) for parameter in ExportSettings.parameters()],
        platforms=[PlatformView.from_attributes(platform, name=name) for name, platform in PLATFORMS.items()],
    )


@router.get("/presets")
def list_presets() -> list[PresetView]:
    """List the presets. Use a preset's name wherever settings are given."""
    return [PresetView.from_attributes(preset, settings=preset.values) for preset in PRESETS.values()]


def _shown(parameter: Parameter, value: object, environment: Environment) -> ParameterView:
    return ParameterView.from_attributes(
        parameter,
        type=type(parameter.default).__name__,
        default=_plain(parameter.default),
        value=value,
        origin=environment.origin(parameter.name),
        help=parameter.text,
    )


def _plain(value: object) -> bool | int | float | str:
    return value if isinstance(value, bool | int | float | str) else str(value)
