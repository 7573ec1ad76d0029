"""Presets: settings that belong together, chosen by name or read from a TOML file of the user.

A preset is a set of values by their flat names. Any of them can be overridden. A file looks like this::

    description = "Our league: long build-ups"
    preset = "sports"            # optional: what it starts from

    [settings]
    pre_max = 25.0
    target_clip_count_soft = 30
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from autoclip.errors import ParameterError, system_reason
from autoclip.text_files import read_text

PresetName = Literal["none", "sports", "esports", "reaction", "talk", "montage", "spec"]

PresetValue = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Preset:
    """Named settings.

    Attributes
    ----------
    name : str
        One of `PresetName`, or the name of the file it was read from.
    text : str
        What the preset is for.
    values : mapping of str to value
        Settings by their flat names. The others keep their values.
    """

    name: str
    text: str
    values: Mapping[str, PresetValue] = field(default_factory=dict)


PRESETS: Mapping[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset("none", "The defaults: matches and anything not known better."),
        Preset(
            "sports",
            "Broadcast sports: the crowd and the commentator follow the event, the build-up belongs to it.",
            {
                "excitement_w_audio": 0.7,
                "excitement_w_motion": 0.3,
                "smoothing_sec": 4.0,
                "pre_min": 5.0,
                "pre_max": 20.0,
                "moment_min_sec": 14.0,
                "padding_sec": 3.0,
            },
        ),
        Preset(
            "esports",
            "Games on screen: short fights, cuts at deaths and respawns, sound at the instant of the event.",
            {"reaction_lag_sec": 1.0, "moment_min_sec": 8.0, "anchor_suppression_window_sec": 3.0},
        ),
        Preset(
            "reaction",
            "A face and a voice: sound says it all, and what was reacted to comes just before.",
            {
                "excitement_w_audio": 0.85,
                "excitement_w_motion": 0.15,
                "excitement_w_drop": 0.0,
                "audio_only_score_scale": 1.0,
                "sound_over_stills": True,
                "smoothing_sec": 3.0,
                "pre_min": 5.0,
                "moment_min_sec": 12.0,
            },
        ),
        Preset(
            "talk",
            "Conversations and lectures: whole thoughts of half a minute that begin and end in pauses.",
            {
                "excitement_w_audio": 0.8,
                "excitement_w_motion": 0.2,
                "excitement_w_drop": 0.0,
                "smoothing_sec": 10.0,
                "sound_over_stills": True,
                "anchor_suppression_window_sec": 15.0,
                "max_anchors_per_minute": 2.0,
                "pre_min": 6.0,
                "pre_max": 30.0,
                "post_min": 6.0,
                "post_max": 45.0,
                "moment_min_sec": 30.0,
                "min_clip_seconds": 15.0,
                "max_clip_seconds": 60.0,
                "speech_role": "thoughts",
                "boundary_w_scene": 0.25,
                "boundary_w_audio_dip": 0.45,
            },
        ),
        Preset(
            "montage",
            "Short pieces for cutting together: the heart of each moment, on cuts where there are any.",
            {
                "smoothing_sec": 1.5,
                "anchor_suppression_window_sec": 2.0,
                "pre_min": 1.0,
                "pre_max": 5.0,
                "pre_fallback": 2.0,
                "post_min": 1.0,
                "post_max": 7.0,
                "post_fallback": 3.0,
                "moment_min_sec": 4.0,
                "padding_sec": 0.5,
                "reaction_lag_sec": 2.0,
                "min_clip_seconds": 2.0,
                "max_clip_seconds": 12.0,
            },
        ),
        Preset(
            "spec",
            "The formulas of the original description: RMS and motion by mean and deviation, their product, windows "
            "snapped around anchors.",
            {
                "loudness_measure": "rms",
                "motion_measure": "quarters",
                "normalization": "standard",
                "excitement_formula": "product",
                "excitement_w_drop": 0.0,
                "smoothing_sec": 0.0,
                "window_formula": "anchor",
                "snap_decay_sec": 3600.0,
                "cut_snap_decay_sec": 3600.0,
                "snap_reach_sec": 3600.0,
                "cut_snap_reach_sec": 3600.0,
                "moment_min_sec": 8.0,
                "padding_sec": 1.0,
                "keep_share": 1.0,
            },
        ),
    )
}
"""The presets of this package, by name. Their lengths follow common editing practice; none was fitted to a single
video.
"""


def preset(name: str) -> dict[str, PresetValue]:
    """Return the values of a preset of this package, by flat names.

    Raises
    ------
    ParameterError
        If there is none by that name.
    """
    if name not in PRESETS:
        raise ParameterError(f"there is no preset {name!r}; there are {', '.join(get_args(PresetName))}")
    return dict(PRESETS[name].values)


def load_preset(path: Path) -> Preset:
    """Read a preset from a TOML file. A preset that starts from another one holds the values of both.

    Names and values are checked when they are applied to settings.

    Raises
    ------
    ParameterError
        If the file can't be read, is not TOML, or holds anything but ``description``, ``preset`` and ``[settings]``.
    """
    try:
        document = tomllib.loads(read_text(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError(f"the preset {path} can't be read: {system_reason(error)}") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ParameterError(f"the preset {path} is not TOML: {error}") from error
    unknown = sorted(set(document) - {"description", "preset", "settings"})
    settings = document.get("settings", {})
    if unknown or not isinstance(settings, dict):
        what = f"has {', '.join(unknown)} at its top" if unknown else "has a 'settings' that is not a table"
        raise ParameterError(
            f"the preset {path} {what}; it may hold description, preset and a table [settings] of names and values"
        )
    base = preset(str(document.get("preset", "none")))
    return Preset(path.stem, str(document.get("description", "")), {**base, **settings})


def preset_document(values: Mapping[str, PresetValue], *, text: str = "") -> str:
    """Return settings, by flat names, as a TOML document that `load_preset` reads; `text` is its description."""
    lines = [f"description = {_literal(text)}", "", "[settings]"]
    lines += [f"{name} = {_literal(value)}" for name, value in values.items()]
    return "\n".join([*lines, ""])


def _literal(value: PresetValue) -> str:
    """Write a value as TOML: as JSON, except for the one control character that JSON does not escape."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
