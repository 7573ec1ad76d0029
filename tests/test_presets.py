"""Presets: every one is allowed, does what it is for, and users' own survive the way through a file."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_features import Scene

from autoclip.errors import ParameterError
from autoclip.presets import PRESETS, PresetName, load_preset, preset, preset_document
from autoclip.selection.pipeline import select
from autoclip.settings import Settings


def test_every_name_has_its_preset():
    assert tuple(PRESETS) == get_args(PresetName)
    assert all(found.text for found in PRESETS.values())


@pytest.mark.parametrize("name", get_args(PresetName))
def test_every_preset_is_allowed(name):
    flat = Settings.from_flat({"preset": name}).flat()
    assert {key: flat[key] for key in preset(name)} == preset(name)


def test_what_is_set_beside_a_preset_comes_after_it():
    settings = Settings.from_flat({"pre_max": 9.0, "preset": "sports"})
    assert settings.windows.pre_max == 9.0
    assert settings.windows.moment_min_sec == preset("sports")["moment_min_sec"]


def test_flat_settings_with_a_preset_are_the_same_settings_again():
    settings = Settings.from_flat({"preset": "talk", "smoothing_sec": 1.0})
    assert Settings.from_flat(settings.flat()) == settings


def test_an_unknown_preset_is_refused():
    with pytest.raises(ParameterError, match="preset"):
        Settings.from_flat({"preset": "chess"})
    with pytest.raises(ParameterError, match="sports"):
        preset("chess")


def conversation():
    """Ten minutes of talk in phrases of two to five seconds, some of them excited, with rare cuts."""
    scene = Scene(600, level_dbfs=-55)
    random = np.random.default_rng(2)
    at = 0.5
    while at < 594:
        length = random.uniform(2, 5)
        scene.speech(at, at + length, [], loudness=random.uniform(-30, -24) + (8 if random.random() < 0.1 else 0))
        at += length + random.uniform(0.2, 0.7)
    return scene.cut(*np.arange(31.7, 600, 47.3).tolist()).features()


def test_presets_cut_as_long_as_their_kind_is_cut():
    features = conversation()
    mean = {}
    for name in ("none", "talk", "montage"):
        clips = select(features, Settings.from_flat({"preset": name}), "x").clips
        mean[name] = np.mean([clip.duration for clip in clips])
    assert mean["montage"] < mean["none"] < mean["talk"]
    assert mean["montage"] <= 12.0
    assert mean["talk"] >= 20.0


VALUES = st.one_of(st.booleans(), st.integers(-(2**53), 2**53), st.floats(-1e9, 1e9), st.text(max_size=30))
NAMES = st.from_regex(r"[a-z][a-z_]{0,20}", fullmatch=True)


@given(values=st.dictionaries(NAMES, VALUES, max_size=6), text=st.text(max_size=40))
def test_a_preset_survives_its_file(tmp_path_factory, values, text):
    path = tmp_path_factory.mktemp("preset") / "own.toml"
    path.write_text(preset_document(values, text=text), encoding="utf-8")
    found = load_preset(path)
    assert (found.name, found.text, dict(found.values)) == ("own", text, values)


def test_a_file_starts_from_another_preset(tmp_path):
    path = tmp_path / "league.toml"
    path.write_text('preset = "sports"\n[settings]\npre_max = 25.0\n')
    assert load_preset(path).values == {**preset("sports"), "pre_max": 25.0}


@pytest.mark.parametrize("text", ["= 3", "pre_max = 25.0", "settings = 3", 'preset = "chess"', "a = " + "[" * 10_000])
def test_a_file_of_another_kind_is_refused(tmp_path, text):
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(ParameterError):
        load_preset(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ParameterError, match="can't be read"):
        load_preset(tmp_path / "none.toml")
