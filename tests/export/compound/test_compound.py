"""A compound clip holds its items' frames one behind the other, and sound and picture stay in step to its end."""

from dataclasses import replace

import numpy as np
import pytest
from made_media import BOARD, SIZE, assert_in_step, complaints, look_at

from autoclip.errors import ParameterError
from autoclip.export.compound.render import SourceSpan, export_compound
from autoclip.media.probe import probe
from autoclip.settings import ExportSettings
from autoclip.timeline import Interval
from synthetic_media import RenderOptions, render

FAST = ExportSettings(encoder_preset="ultrafast")
SMART = FAST.model_copy(update={"cut": "smart"})
DISSOLVED = FAST.model_copy(update={"crossfade_sec": 0.4})


def numbers_of(*ranges):
    return [number for first, behind in ranges for number in range(first, behind)]


@pytest.mark.parametrize("settings", [FAST, SMART], ids=["exact", "smart"])
@pytest.mark.parametrize("name", ["b_frames.mp4", "variable.mp4", "transport.ts", "silent.mp4"])
def test_items_follow_each_other_in_the_order_given(tmp_path, source, name, settings):
    video, truth = source(name)
    ranges = [(110, 190), (20, 70), (45, 130)]
    times = [float(pts * truth.time_base) for pts in truth.frame_pts]
    items = [SourceSpan(video, Interval(times[a], times[b])) for a, b in ranges]
    result = export_compound(items, tmp_path / "all.mp4", settings)
    seen = look_at(result.path)
    assert result.method == settings.cut, result.notes
    assert seen.numbers == numbers_of(*ranges)
    assert complaints(result.path) == ""
    assert bool(seen.beeps) == (video.audio is not None)
    if video.audio:
        assert_in_step(seen, count=5)


@pytest.mark.parametrize("settings", [FAST, SMART], ids=["exact", "smart"])
def test_many_items_do_not_drift(tmp_path, source, settings):
    video, _ = source("ntsc.mkv")
    items = [SourceSpan(video, Interval(0.31 + 0.13 * i, 1.77 + 0.13 * i)) for i in range(12)]
    seen = look_at(export_compound(items, tmp_path / "all.mp4", settings).path)
    assert len(seen.flashes) >= 12
    assert_in_step(replace(seen, flashes=seen.flashes[1:]), count=11)


@pytest.mark.parametrize("cut", ["exact", "smart"])
def test_neighbors_dissolve_into_each_other(tmp_path, source, cut):
    video, _ = source("b_frames.mp4")
    items = [
        SourceSpan(video, Interval(1, 4)),
        SourceSpan(video, Interval(6, 9)),
        SourceSpan(video, Interval(2, 4)),
    ]
    result = export_compound(items, tmp_path / "all.mp4", DISSOLVED.model_copy(update={"cut": cut}))
    seen = look_at(result.path)
    assert result.method == cut, result.notes
    assert result.frame_count == 75 + 75 + 50 - 2 * 10
    assert result.actual.duration == pytest.approx(7.2)
    assert seen.numbers[:65] == list(range(25, 90))
    assert seen.numbers[75:130] == list(range(160, 215))
    assert seen.numbers[-40:] == list(range(60, 100))
    assert complaints(result.path) == ""
    assert_in_step(replace(seen, flashes=[f for f in seen.flashes if not 2.4 < f < 3.2 and not 5 < f < 5.8]), count=4)


def test_sound_and_silence_can_follow_each_other(tmp_path, source):
    loud, silent = source("constant.mp4")[0], source("silent.mp4")[0]
    spans = [(silent, 0.5, 2.5), (loud, 3.5, 5.5), (silent, 1.5, 2.5), (loud, 7.5, 9.5)]
    items = [SourceSpan(video, Interval(a, b)) for video, a, b in spans]
    result = export_compound(items, tmp_path / "all.mp4", FAST)
    seen = look_at(result.path)
    assert seen.numbers == numbers_of((12, 62), (87, 137), (37, 62), (187, 237))
    beeps = [2.5, 3.5, 5.5, 6.5]
    assert len(seen.beeps) == len(beeps)
    assert np.allclose(seen.beeps, beeps, atol=0.041)


def test_pictures_of_other_sizes_and_rates_are_fitted_in(tmp_path, source):
    board = replace(BOARD, shots=(replace(BOARD.shots[0], duration_sec=3),))
    render(board, tmp_path / "tall.mp4", RenderOptions(width=180, height=320, rate=30))
    wide = source("constant.mp4")[0]
    items = [SourceSpan(wide, Interval(1, 2)), SourceSpan(probe(tmp_path / "tall.mp4"), Interval(1, 2))]
    result = export_compound(items, tmp_path / "all.mp4", FAST)
    video = probe(result.path).video
    assert (video.display_width, video.display_height) == (SIZE["width"], SIZE["height"])
    assert result.frame_count == 25 + 30
    assert complaints(result.path) == ""


def test_a_single_item_is_a_compound_too(tmp_path, source):
    video, _ = source("constant.mp4")
    result = export_compound([SourceSpan(video, Interval(1, 2))], tmp_path / "one.mp4", DISSOLVED)
    assert look_at(result.path).numbers == list(range(25, 50))


@pytest.mark.parametrize(
    ("spans", "settings", "said"),
    [
        ([], FAST, "at least one item"),
        ([(1, 2)], FAST.model_copy(update={"cut": "copy"}), "cut = copy"),
        ([(1, 3), (4, 4.6), (5, 7)], DISSOLVED, "too short for its crossfades"),
        ([(1, 3), (40, 50)], FAST, "outside of the video"),
    ],
)
def test_what_can_not_be_joined_is_refused(tmp_path, source, spans, settings, said):
    video, _ = source("constant.mp4")
    with pytest.raises(ParameterError, match=said):
        export_compound([SourceSpan(video, Interval(*span)) for span in spans], tmp_path / "all.mp4", settings)
    assert list(tmp_path.iterdir()) == []


def test_a_platforms_limits_are_those_of_the_whole(tmp_path, source):
    video, _ = source("silent.mp4")
    items = [SourceSpan(video, Interval(i, i + 1.2)) for i in range(3)]
    reels = FAST.model_copy(update={"platform": "reels", "export_height": 320})
    assert export_compound(items, tmp_path / "all.mp4", reels).frame_count == 90
    with pytest.raises(ParameterError, match="at least 3 s"):
        export_compound(items[:2], tmp_path / "short.mp4", reels)
