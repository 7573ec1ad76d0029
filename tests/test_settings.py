"""The one model of parameters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from autoclip.errors import ParameterError
from autoclip.settings import RENAMED, Settings, with_current_names

SPEC = {
    "segmentation_mode": "v2",
    "step_sec": 0.5,
    "anchor_suppression_window_sec": 4.0,
    "pre_min": 2.0,
    "pre_max": 14.0,
    "pre_fallback": 8.0,
    "post_min": 2.0,
    "post_max": 28.0,
    "post_fallback": 12.0,
    "overlap_iou_threshold": 0.35,
    "target_clip_count_soft": 200,
    "boundary_w_scene": 0.45,
    "boundary_w_audio_dip": 0.25,
    "boundary_w_fade": 0.15,
    "boundary_w_motion_valley": 0.15,
    "quality_w_excitement": 0.4,
    "quality_w_boundary": 0.2,
    "quality_w_narrative": 0.2,
    "scene_threshold": 0.3,
    "min_clip_seconds": 5.0,
    "max_clip_seconds": 60.0,
    "soft_clip_limit": 300,
    "black_min_sec": 0.1,
    "black_pixel_threshold": 0.10,
    "freeze_min_sec": 0.5,
    "freeze_noise": 0.003,
    "motion_fps": 4.0,
    "motion_width": 160,
}


def test_the_defaults_are_the_users():
    flat = Settings().flat()
    assert {name: flat[name] for name in SPEC} == SPEC


def test_names_are_unique_across_groups():
    names = [parameter.name for parameter in Settings.parameters()]
    assert len(names) == len(set(names))


def test_every_parameter_has_help_and_every_number_its_bounds():
    for parameter in Settings.parameters():
        assert parameter.text.endswith((".", "?")), parameter.name
        if isinstance(parameter.default, int | float) and not isinstance(parameter.default, bool):
            assert parameter.minimum is not None, parameter.name
            assert parameter.maximum is not None, parameter.name


def test_flat_and_nested_are_the_same_settings():
    settings = Settings.from_flat({"step_sec": "0.25", "segmentation_mode": "v1"})
    assert settings.extraction.step_sec == 0.25
    assert Settings.from_flat(settings.flat()) == settings


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(ParameterError, match="did you mean 'scene_threshold'"):
        Settings.from_flat({"scene_treshold": 0.2})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("lead_sec", "padding_sec"),
        ("normalisation", "normalization"),
        ("normalisation_window_sec", "normalization_window_sec"),
    ],
)
def test_a_former_name_is_refused_with_the_name_of_today(old, new):
    group = next(parameter.group for parameter in Settings.parameters() if parameter.name == new)
    with pytest.raises(ParameterError, match=f"{old!r}; it is now called {new!r}"):
        Settings.from_flat({old: 1})
    with pytest.raises(ValidationError, match=f"{old!r}; it is now called {new!r}"):
        Settings.model_validate({group: {old: 1}})  # as a run of Prefect gets them
    assert with_current_names({old: 1, "step_sec": 2}) == {new: 1, "step_sec": 2}


def test_every_former_name_leads_to_one_of_today():
    known = {parameter.name for parameter in Settings.parameters()} | {"max_concurrent", "min_age_sec"}
    assert set(RENAMED.values()) <= known
    assert not known & RENAMED.keys()


def test_all_unknown_names_are_told_at_once():
    with pytest.raises(ParameterError, match=r"scene_treshold.*step_secs"):
        Settings.from_flat({"scene_treshold": 0.2, "step_secs": 1})


@pytest.mark.parametrize(("name", "value"), [("step_sec", 0), ("scene_threshold", "much"), ("segmentation_mode", "v9")])
def test_a_value_that_is_not_allowed_is_named(name, value):
    with pytest.raises(ParameterError, match=name):
        Settings.from_flat({name: value})


def test_a_change_makes_new_settings():
    before = Settings()
    after = before.updated({"pre_max": 10})
    assert before.windows.pre_max == 14
    assert after.windows.pre_max == 10


@given(st.sampled_from([p for p in Settings.parameters() if p.minimum is not None]), st.floats(0, 1))
def test_values_within_the_bounds_are_accepted(parameter, share):
    value = parameter.minimum + share * (parameter.maximum - parameter.minimum)
    if isinstance(parameter.default, int):
        value = round(value)
    if value in (parameter.minimum, parameter.maximum):
        return
    if parameter.name.startswith(("pre_", "post_", "min_", "max_", "total")):
        return  # bounded by one another as well; see the window tests
    assert Settings.from_flat({parameter.name: value}).flat()[parameter.name] == value


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"min_clip_seconds": 70}, ("min_clip_seconds = 70", "max_clip_seconds = 60")),
        ({"pre_max": 1}, ("pre_min = 2", "pre_max = 1")),
        ({"post_min": 40, "post_max": 30}, ("post_min = 40", "post_max = 30")),
    ],
)
def test_a_contradiction_names_both_parameters(values, named):
    with pytest.raises(ParameterError) as caught:
        Settings.from_flat(values)
    assert all(part in str(caught.value) for part in named)
    assert "{" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "laughter=0.5", " laughter = .5 , goals=-2 ", "a=1,"])
def test_weights_of_signals_are_read(text):
    weights = Settings.from_flat({"signal_weights": text}).anchors.weight_of_signal
    assert len(weights) == text.count("=")


@pytest.mark.parametrize(
    "text", ["laughter", "laughter=", "=1", "a=1,a=2", "a=6", "a=nan", "a=1e9", "A b=1", "a=1=2", "a=" + "9" * 99]
)
def test_weights_that_mean_nothing_are_refused(text):
    with pytest.raises(ParameterError, match="signal_weights"):
        Settings.from_flat({"signal_weights": text})
