"""Settings of a run: what it was given, and what this machine's environment says where it was given nothing."""

from __future__ import annotations

from autoclip.settings import SegmentationMode, Settings, SettingsGroup
from storage.environment import read_environment


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
