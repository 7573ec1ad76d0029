"""Files as recorders and editors leave them: edit lists, fields, damage, missing ends and clocks that jump."""

import subprocess

import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from moving_scenes import shot

from autoclip.extraction import extract
from autoclip.media.probe import probe
from autoclip.settings import ExtractionSettings

RATE = 25
SIZE = (128, 72)
CODED = {"preset": "veryfast", "crf": "18", "g": "25", "bf": "2"}


def measured(path, profile="exact"):
    return extract(path, probe(path), ExtractionSettings(profile=profile))


def cut_frames(features):
    return [round(event.start_sec * RATE, 2) for event in features.events_of("cut") if event.score >= 0.3]


def copied(path, name, *options):
    """Copy a video's packets, as editors and remedies do."""
    target = path.with_name(name)
    command = [get_ffmpeg_exe(), "-v", "error", "-nostdin", *options, "-i", path, "-map", "0", "-c", "copy", target]
    subprocess.run([str(part) for part in command], check=True)
    return target


@pytest.fixture
def two_shots(encode_tracks, film):
    """Encode 60 and 60 pictures, the first at tick `first`."""

    def encode(name, seed=1, first=0, **keywords):
        pictures = [*shot(seed, 60, SIZE), *shot(seed + 1, 60, SIZE)]
        keywords = {"options": CODED, **keywords}
        return encode_tracks(name, film(pictures, size=SIZE, ticks=range(first, first + 120), **keywords))

    return encode


@pytest.mark.parametrize("profile", ["exact", "balanced"])
def test_what_an_edit_list_hides_is_not_measured(two_shots, profile):
    whole = two_shots("whole.mp4", options={**CODED, "g": "100", "sc_threshold": "0"})
    features = measured(copied(whole, "edited.mp4", "-ss", "1.0"), profile)
    assert features.duration_sec == pytest.approx(3.8)
    assert cut_frames(features) == [35]
    assert features.warnings == ()


def test_cuts_of_interlaced_video_are_exact(encode_tracks, film):
    fields = [*shot(5, 120, SIZE, speed=2), *shot(6, 120, SIZE, speed=2)]
    frames = [upper.copy() for upper in fields[::2]]
    for frame, lower in zip(frames, fields[1::2], strict=True):
        frame[1::2] = lower[1::2]
    options = {"flags": "+ilme+ildct", "b": "3000k", "g": "12", "bf": "2"}
    path = encode_tracks("fields.ts", film(frames, size=SIZE, codec="mpeg2video", options=options))
    assert probe(path).video.interlaced
    assert cut_frames(measured(path)) == [60]


def test_damage_in_the_middle_of_a_transport_stream_moves_nothing_behind_it(encode_tracks, film):
    pictures = [picture for seed in (1, 2, 7) for picture in shot(seed, 60, SIZE)]
    path = encode_tracks("damaged.ts", film(pictures, size=SIZE, options=CODED))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 6000] = np.random.default_rng(0).integers(0, 256, 6000, np.uint8).tobytes()
    path.write_bytes(content)
    features = measured(path)
    assert any("picture damaged" in warning and " s" in warning for warning in features.warnings)
    assert features.duration_sec == pytest.approx(7.2)
    assert 120 in cut_frames(features)


def test_of_a_recording_that_was_cut_off_all_that_is_there_is_measured(two_shots):
    path = two_shots("cut_off.mkv")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 8 // 10])
    features = measured(path)
    assert 2.4 < features.duration_sec < 4.8
    assert cut_frames(features) == [60]


def test_a_clock_that_jumps_ahead_is_told_with_the_way_out(two_shots):
    path = two_shots("jump.ts")
    path.write_bytes(path.read_bytes() + two_shots("later.ts", seed=3, first=25 * 600).read_bytes())
    assert any("-c copy" in warning for warning in probe(path).warnings)
    features = measured(copied(path, "continuous.mkv"))
    assert features.duration_sec == pytest.approx(9.6, abs=0.1)
    assert cut_frames(features) == [60, 120, 180]
    assert features.warnings == ()


def test_a_clock_that_is_set_back_is_told_with_the_way_out(two_shots):
    path = two_shots("back.ts")
    path.write_bytes(path.read_bytes() + two_shots("again.ts", seed=3).read_bytes())
    assert any("-c copy" in warning for warning in probe(path).warnings)
    assert measured(path).duration_sec == pytest.approx(4.8, abs=0.1)
    assert cut_frames(measured(copied(path, "continuous.mkv"))) == [60, 120, 180]


def test_a_clock_that_runs_over_goes_on(two_shots):
    last = int((2**33 / 90_000 - 2.4) * RATE)  # 33 bits at 90 kHz: ITU-T H.222.0, 2.4.3.7
    path = two_shots("runs_over.ts", first=last)
    features = measured(path)
    assert features.duration_sec == pytest.approx(4.8)
    assert cut_frames(features) == [60]
