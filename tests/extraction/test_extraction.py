"""Extraction from end to end: films with planted events, in every profile, whole, damaged and cut short."""

import json
import threading
import time
from fractions import Fraction

import av
import numpy as np
import pytest
from moving_scenes import dissolve, faded, shot

from autoclip.errors import MediaError
from autoclip.extraction import extract
from autoclip.media.probe import probe
from autoclip.settings import ExtractionSettings
from autoclip.signals.table import SIGNAL_UNITS

RATE = 25
SIZE = (128, 72)
CODED = {"preset": "veryfast", "crf": "18"}


def measured(path, profile="exact", on_progress=lambda _progress: None, decoders=None, **settings):
    return extract(path, probe(path), ExtractionSettings(profile=profile, **settings), on_progress, decoders=decoders)


def frames_of(features, kind, least=0.3):
    return [round(event.start_sec * RATE) for event in features.events_of(kind) if event.score >= least]


def spans_of(features, kind):
    return [(round(e.start_sec * RATE), round(e.end_sec * RATE)) for e in features.events_of(kind)]


@pytest.fixture
def planted(encode_tracks, film, sound):
    """Cuts at 50 and 110, a freeze over [70, 90), black over [130, 145), a tone of 6 s."""
    second = shot(2, 60, SIZE, speed=1.5)
    second[20:40] = [second[20]] * 20
    third = shot(3, 60, SIZE, speed=1.5)
    third[20:35] = [np.zeros_like(third[0])] * 15
    pictures = [*shot(1, 50, SIZE, speed=1.5), *second, *third]
    return encode_tracks("planted.mp4", film(pictures, size=SIZE, options=CODED), sound(6.8))


@pytest.mark.parametrize("profile", ["exact", "balanced"])
def test_planted_events_are_found_to_the_frame(planted, profile):
    features = measured(planted, profile)
    assert {50, 110} <= set(frames_of(features, "cut")) <= {50, 110, 130, 145}
    assert spans_of(features, "black") == [(130, 145)]
    assert (70, 90) in spans_of(features, "freeze")
    assert features.duration_sec == pytest.approx(170 / RATE)
    assert features.grid.count == 14
    assert features.warnings == ()


def test_every_signal_of_the_table_is_measured_on_one_grid(planted):
    features = measured(planted)
    told = {name for name in SIGNAL_UNITS if name == "most_replayed" or name.startswith("chat_")}
    assert set(features.series) == set(SIGNAL_UNITS) - told
    for series in features.series.values():
        assert series.shape == (features.grid.count,)
        assert series.dtype == np.float32
    assert features.frame_hash.shape == (features.grid.count,)
    assert len(features.envelope_dbfs) == 340
    assert features.series["audio_dbfs"][3:10] == pytest.approx(features.series["audio_dbfs"][5], abs=0.5)
    assert features.series["motion_score"][6] < 0.2 * features.series["motion_score"][1]  # within the freeze
    assert features.absent == {}


def test_balanced_measures_what_exact_does(planted):
    exact, balanced = measured(planted), measured(planted, "balanced")
    for name in ("motion_score", "loudness_lufs"):
        assert np.corrcoef(exact.series[name], balanced.series[name])[0, 1] > 0.98
    assert frames_of(exact, "cut") == frames_of(balanced, "cut")


def test_fast_looks_at_keyframes_and_says_what_it_could_not_measure(encode_tracks, film):
    pictures = [*shot(1, 50, SIZE), *shot(2, 60, SIZE), *shot(3, 40, SIZE)]
    path = encode_tracks("k.mp4", film(pictures, size=SIZE, options={**CODED, "g": "100"}))
    features = measured(path, "fast")
    assert frames_of(features, "cut") == [50, 110]
    assert features.duration_sec == pytest.approx(6.0)
    one_keyframe = measured(encode_tracks("o.mp4", film(shot(1, 50, SIZE), size=SIZE, options=CODED)), "fast")
    assert "motion_score" not in one_keyframe.series
    assert "keyframe" in one_keyframe.absent["motion_score"]


def test_fast_is_balanced_where_keyframes_are_no_whole_pictures(encode_tracks, film):
    options = {**CODED, "x264-params": "intra-refresh=1:keyint=20"}
    path = encode_tracks("refresh.mp4", film([*shot(1, 50, SIZE), *shot(2, 60, SIZE)], size=SIZE, options=options))
    fast, balanced = measured(path, "fast"), measured(path, "balanced")
    assert frames_of(fast, "cut") == frames_of(balanced, "cut") == [50]
    assert (len(fast.warnings), len(balanced.warnings)) == (1, 0)
    assert "intra refresh" in fast.warnings[0]


@pytest.mark.parametrize("container", ["mp4", "mkv", "ts"])
def test_ranges_side_by_side_give_what_one_pass_gives(encode_tracks, film, sound, container):
    pictures = [picture for seed in range(5) for picture in shot(seed, 75, SIZE, speed=seed)]
    options = {**CODED, "g": "60"}
    path = encode_tracks(f"r.{container}", film(pictures, size=SIZE, options=options), sound(15.0))
    for profile in ("exact", "balanced"):
        one, two = measured(path, profile, decoders=1), measured(path, profile, decoders=3)
        assert one.events == two.events
        assert (one.frame_hash == two.frame_hash).all()
        for name, series in one.series.items():
            np.testing.assert_array_equal(series, two.series[name])


@pytest.mark.parametrize("noise", [0.0, 3.0])
def test_freezes_in_clean_and_in_noisy_film_are_found_within_two_frames(encode_tracks, film, noise):
    pictures = shot(4, 150, (320, 180), speed=2, noise=noise)
    pictures[40:54] = [pictures[40]] * 14
    pictures[90:130] = [pictures[90]] * 40
    path = encode_tracks("f.mp4", film(pictures, size=(320, 180), options=CODED))
    found = spans_of(measured(path), "freeze")
    assert np.array(found) == pytest.approx(np.array([(40, 54), (90, 130)]), abs=2)


def test_grain_over_a_slow_static_shot_is_no_freeze(encode_tracks, film):
    pictures = shot(5, 150, (320, 180), speed=0.05, noise=5.0)
    path = encode_tracks("g.mp4", film(pictures, size=(320, 180), options=CODED))
    assert spans_of(measured(path), "freeze") == []


def test_gradual_transitions_are_found_by_overlap(encode_tracks, film):
    joined, first = dissolve(shot(6, 80, SIZE, speed=0.2), shot(7, 80, SIZE, speed=0.2), 20)
    leaving = shot(8, 90, SIZE, speed=0.2)
    pictures = [*joined, *leaving[:60], *faded(leaving[60:], 1, 0), *[np.zeros_like(leaving[0])] * 10]
    features = measured(encode_tracks("d.mp4", film(pictures, size=SIZE, options=CODED)))
    assert np.array(spans_of(features, "dissolve")) == pytest.approx(np.array([(first, first + 20)]), abs=3)
    assert np.array(spans_of(features, "fade")) == pytest.approx(np.array([(200, 230)]), abs=5)


def test_without_sound_the_signals_of_sound_are_absent_with_a_reason(encode_tracks, film):
    features = measured(encode_tracks("n.mp4", film(shot(1, 30, SIZE), size=SIZE)))
    assert features.envelope_dbfs is None
    of_sound = ("audio", "loud", "mid", "onset", "speech")
    assert set(features.absent) == {name for name in SIGNAL_UNITS if name.startswith(of_sound)}
    assert set(features.absent.values()) == {"the video has no sound"}


def test_damage_in_the_middle_is_reported_and_the_rest_is_measured(planted):
    content = bytearray(planted.read_bytes())
    start = content.index(b"mdat") + 8
    middle = start + (len(content) - start) // 3
    random = np.random.default_rng(0)
    for place in range(middle, middle + 3000, 13):
        content[place] = int(random.integers(256))
    planted.write_bytes(content)
    features = measured(planted)
    assert any("damaged" in warning and " s" in warning for warning in features.warnings)
    assert features.duration_sec == pytest.approx(6.8)
    assert spans_of(features, "black") == [(130, 145)]


def test_a_truncated_end_leaves_what_is_there(encode_tracks, film, sound):
    path = encode_tracks("t.ts", film(shot(1, 200, SIZE), size=SIZE, options=CODED), sound(8.0))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    features = measured(path)
    assert 1.0 < features.duration_sec < 7.0
    assert not np.isnan(features.series["motion_score"][:2]).any()


def test_first_timestamps_other_than_zero_count_from_the_first_frame(encode_tracks, film):
    pictures = [*shot(1, 40, SIZE), *shot(2, 40, SIZE)]
    for name, first in (("late.mkv", 250), ("negative.nut", -10)):
        path = encode_tracks(name, film(pictures, size=SIZE, options=CODED, ticks=range(first, first + 80)))
        features = measured(path)
        assert frames_of(features, "cut") == [40]
        assert features.duration_sec == pytest.approx(3.2)


def test_variable_frame_rate_keeps_presentation_times(encode_tracks, film):
    pictures = [*shot(1, 30, SIZE), *shot(2, 30, SIZE)]
    ticks = [*range(0, 60, 2), *range(60, 60 + 30 * 3, 3)]
    path = encode_tracks("v.mkv", film(pictures, size=SIZE, options=CODED, ticks=ticks, rate=RATE * 2))
    (cut,) = [event for event in measured(path).events_of("cut") if event.score >= 0.3]
    assert cut.start_sec == pytest.approx(60 / 50, abs=0.002)


def test_a_change_of_resolution_in_mid_stream_goes_on(tmp_path):
    path = tmp_path / "size.ts"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=RATE)
        stream.width, stream.height = 160, 96
        for first, size in ((0, (160, 96)), (40, (96, 64))):
            context = av.CodecContext.create("libx264", "w")
            context.width, context.height, context.pix_fmt = *size, "yuv420p"
            context.framerate, context.time_base, context.options = Fraction(RATE), Fraction(1, RATE), CODED
            pictures = [av.VideoFrame.from_ndarray(picture, format="rgb24") for picture in shot(first, 40, size)]
            for index, picture in enumerate(pictures):
                picture.pts = first + index
            for packet in [*(packet for picture in pictures for packet in context.encode(picture)), *context.encode()]:
                packet.stream = stream
                output.mux(packet)
    features = measured(path)
    assert features.duration_sec == pytest.approx(80 / RATE, abs=0.2)
    assert len(frames_of(features, "cut")) == 1


def test_a_file_without_one_decodable_picture_is_refused(planted):
    video = probe(planted)
    content = bytearray(planted.read_bytes())
    start = content.index(b"mdat") + 8
    end = content.index(b"moov") - 4
    content[start:end] = bytes(end - start)
    planted.write_bytes(content)
    with pytest.raises(MediaError, match="not a single frame"):
        extract(planted, video, ExtractionSettings())


def test_progress_rises_to_one_and_tells_speed_and_time_left(planted):
    reports = []
    measured(planted, on_progress=reports.append)
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert "x real time" in reports[-1].message
    assert any("s left" in report.message for report in reports)


def test_a_listener_that_raises_stops_everything_within_a_second(encode_tracks, film):
    path = encode_tracks("c.mp4", film(shot(1, 700, SIZE), size=SIZE, options={**CODED, "g": "100"}))
    threads = threading.active_count()

    def cancel(progress):
        if progress.fraction > 0:
            raise KeyboardInterrupt

    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        measured(path, on_progress=cancel, decoders=3)
    assert time.monotonic() - begun < 120  # a bound against hanging, not a measurement
    assert threading.active_count() == threads


def cut_f1(features, truth, tolerance):
    found = [event.start_sec for event in features.events_of("cut") if event.score >= 0.3]
    zones = [(zone["start"] - 3, zone["end"] + 3) for zone in truth.get("gradual", [])]
    rate = truth["fps"]
    wanted = truth.get("hard_cuts") or truth["cuts_frames"]
    hits = sum(any(abs(cut * rate - frame) <= tolerance + 0.3 for cut in found) for frame in wanted)
    neutral = sum(any(start <= cut * rate <= end for start, end in zones) for cut in found)
    return 2 * hits / (len(wanted) + len(found) - neutral)


@pytest.mark.parametrize(
    ("profile", "name", "tolerance", "least"),
    [
        ("exact", "bbb_000-150s_252p", 0, 0.99),
        ("balanced", "bbb_000-150s_252p", 0, 0.99),
        ("exact", "arena_180s", 1, 0.5),
        ("balanced", "arena_180s", 1, 0.9),
    ],
)
def test_cuts_of_real_films_and_matches(real_media, name, tolerance, least, profile):
    path = real_media(f"{name}.mp4")
    truth = json.loads((path.parents[1] / "truth" / f"{name}.json").read_text())
    assert cut_f1(measured(path, profile), truth, tolerance) >= least
