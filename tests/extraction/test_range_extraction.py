"""One video in ranges: the same features as one pass, bit for bit, or one pass and the reason."""

from fractions import Fraction

import numpy as np
import psutil
import pytest
from moving_scenes import shot
from shared_folder import SHARED

from autoclip.errors import StorageError
from autoclip.extraction import extract
from autoclip.media.decoding.ranges import RangeError
from autoclip.media.probe import probe
from autoclip.range_extraction.measurement import measure_audio, measure_range, merge, plan
from autoclip.range_extraction.processes import extract_in_processes
from autoclip.settings import ExtractionSettings

SIZE = (128, 72)
X264 = {"preset": "veryfast", "crf": "22", "g": "60"}
OPEN_GROUPS = {"preset": "veryfast", "x264-params": "open-gop=1:keyint=60:bframes=3:b-pyramid=normal"}
MEDIA = SHARED / "media"


def in_ranges(path, folder, count=3, **settings):
    video, chosen = probe(path), ExtractionSettings(**settings)
    ranges = plan(video, chosen, count)
    files = [measure_range(video, chosen, part, folder) for part in ranges]
    return merge(video, chosen, files, lambda: measure_audio(video, chosen))


def in_one_pass(path, **settings):
    return extract(path, probe(path), ExtractionSettings(**settings))


def assert_same(one, other):
    assert one.series.keys() == other.series.keys()
    for name, values in one.series.items():
        np.testing.assert_array_equal(values, other.series[name], name)
    np.testing.assert_array_equal(one.frame_hash, other.frame_hash)
    assert (one.envelope_dbfs is None) == (other.envelope_dbfs is None)
    if one.envelope_dbfs is not None:
        np.testing.assert_array_equal(one.envelope_dbfs, other.envelope_dbfs)
    assert (one.events, one.warnings, one.absent) == (other.events, other.warnings, other.absent)
    assert one.duration_sec == other.duration_sec


def scenes(count=420):
    """Shots with a freeze and black across the places where ranges meet."""
    pictures = [picture for seed in range(count // 60) for picture in shot(seed, 60, SIZE, speed=seed)]
    pictures[110:150] = [pictures[110]] * 40
    pictures[230:260] = [np.zeros_like(pictures[0])] * 30
    return pictures


def uneven_ticks(count):
    return np.cumsum([1 + (index * 7) % 3 for index in range(count)]).tolist()


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("closed.mp4", "libx264", X264),
        ("open.ts", "mpeg2video", {"g": "12", "bf": "2", "b": "2000k"}),
        ("hevc.mkv", "libx265", {"preset": "ultrafast", "x265-params": "keyint=60:open-gop=1:log-level=none"}),
    ],
)
def test_ranges_give_what_one_pass_gives(encode_tracks, film, sound, tmp_path, name, codec, options):  # noqa: PLR0917
    path = encode_tracks(name, film(scenes(), size=SIZE, codec=codec, options=options), sound(16.8))
    for profile in ("exact", "balanced"):
        assert_same(in_one_pass(path, profile=profile), in_ranges(path, tmp_path / profile, profile=profile))


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_uneven_frame_times_and_a_late_start_change_nothing(encode_tracks, film, sound, tmp_path, ending):
    ticks = [250 + tick for tick in uneven_ticks(420)]
    track = film(scenes(), size=SIZE, options=X264, time_base=Fraction(1, 50), ticks=ticks)
    path = encode_tracks(f"v.{ending}", track, sound(20.0))
    assert_same(in_one_pass(path), in_ranges(path, tmp_path / "ranges", count=4))


def test_pictures_large_enough_to_be_skipped_are_the_same_ones(encode_tracks, film, tmp_path):
    size = (1280, 720)
    pictures = [picture for seed in range(3) for picture in shot(seed, 82, size, speed=2)]
    options = {"preset": "ultrafast", "x264-params": "bframes=3:b-pyramid=0:b-adapt=0:keyint=48:scenecut=0"}
    path = encode_tracks("large.mp4", film(pictures, size=size, options=options))
    assert_same(in_one_pass(path, profile="balanced"), in_ranges(path, tmp_path / "r", count=2, profile="balanced"))


@pytest.mark.skipif(not MEDIA.exists(), reason="needs the shared media; set AUTOCLIP_SHARED to their folder")
@pytest.mark.parametrize(
    "name",
    [
        "cityCC0.mpg",
        "sol_levante_15s.mp4",
        "tears_of_steel_battle_clip.webm",
        "phone/gopro_karma.mp4",
        "tricky/vfr_518x488.mp4",
        "tricky/silent_black_25s.mp4",
        "tricky/ナサ émission (2 vid, 2 aud) 🚀.mp4",
    ],
)
def test_real_videos_measure_the_same_in_ranges(tmp_path, name):
    assert_same(in_one_pass(MEDIA / name), in_ranges(MEDIA / name, tmp_path))


@pytest.mark.parametrize(
    ("name", "codec", "options", "settings", "reason"),
    [
        ("short.mp4", "libx264", {"g": "400"}, {}, "too short"),
        ("avi.avi", "mpeg4", {"b": "1000k"}, {}, "can start from"),
        ("refresh.mkv", "libx264", {"x264-params": "intra-refresh=1:keyint=60"}, {}, "can start from"),
        ("open.mkv", "libx264", OPEN_GROUPS, {}, "can start from"),
        ("fast.mp4", "libx264", X264, {"profile": "fast"}, "fast"),
    ],
)
def test_what_can_not_be_divided_is_told_with_the_reason(  # noqa: PLR0917
    encode_tracks, film, name, codec, options, settings, reason
):
    count = 340 if name.startswith("refresh") else 220
    path = encode_tracks(name, film([20] * count, size=SIZE, codec=codec, options=options))
    with pytest.raises(RangeError, match=reason):
        plan(probe(path), ExtractionSettings(**settings), 2)


def damaged(path):
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = np.random.default_rng(7).bytes(3000)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", ["damaged.mp4", "damaged.ts", "cut.mkv"])
def test_a_damaged_video_is_refused_or_measured_the_same(encode_tracks, film, sound, tmp_path, name):
    noisy = [picture for seed in range(7) for picture in shot(seed, 60, SIZE, speed=2, noise=8.0)]
    path = damaged(encode_tracks(name, film(noisy, size=SIZE, options={**X264, "crf": "12"}), sound(16.8)))
    if name.startswith("cut"):
        path.write_bytes(path.read_bytes()[: int(0.8 * path.stat().st_size)])
    try:
        features = in_ranges(path, tmp_path / "ranges")
    except RangeError:
        return
    assert_same(in_one_pass(path), features)


def test_what_can_not_be_measured_in_ranges_is_measured_in_one_pass(encode_tracks, film, tmp_path):
    noisy = [picture for seed in range(7) for picture in shot(seed, 60, SIZE, speed=2, noise=8.0)]
    path = damaged(encode_tracks("d.mp4", film(noisy, size=SIZE, options={**X264, "crf": "12"})))
    reasons = []
    features = extract_in_processes(
        probe(path), ExtractionSettings(), 2, tmp_path / "ranges", on_one_pass=reasons.append
    )
    assert_same(in_one_pass(path), features)
    assert "damaged" in " ".join(reasons)


def test_a_file_that_is_not_the_one_that_was_planned_is_refused(encode_tracks, film, tmp_path):
    first = encode_tracks("one.mp4", film(scenes(), size=SIZE, options=X264))
    other = encode_tracks("two.mp4", film(scenes()[::-1], size=SIZE, options=X264))
    part = plan(probe(first), ExtractionSettings(), 3)[1]
    with pytest.raises(RangeError):
        measure_range(probe(other), ExtractionSettings(), part, tmp_path / "ranges")
    assert [path for path in (tmp_path / "ranges").iterdir() if path.is_file()] == []


def test_only_the_range_that_was_lost_is_measured_again(encode_tracks, film, tmp_path):
    path, folder = encode_tracks("v.mp4", film(scenes(), size=SIZE, options=X264)), tmp_path / "ranges"
    whole = in_ranges(path, folder)
    files = sorted(folder.iterdir())
    written = [file.stat().st_mtime_ns for file in files]
    files[1].unlink()
    assert_same(whole, in_ranges(path, folder))
    again = [file.stat().st_mtime_ns for file in sorted(folder.iterdir())]
    assert [one == other for one, other in zip(written, again, strict=True)] == [True, False, True]


def test_a_range_that_is_not_whole_is_named(encode_tracks, film, tmp_path):
    path, folder = encode_tracks("v.mp4", film(scenes(), size=SIZE, options=X264)), tmp_path / "ranges"
    in_ranges(path, folder)
    broken = min(folder.iterdir())
    for content in (b"", b"\x1f\x8b\x08\x00", b"no range at all"):
        broken.write_bytes(content)
        with pytest.raises(StorageError, match=r"not a complete range.*remove it"):
            in_ranges(path, folder)


def test_other_settings_measure_other_ranges(encode_tracks, film, tmp_path):
    path, folder = encode_tracks("v.mp4", film(scenes(), size=SIZE, options=X264)), tmp_path / "ranges"
    in_ranges(path, folder)
    assert_same(in_one_pass(path, motion_fps=8.0), in_ranges(path, folder, motion_fps=8.0))


def measuring_processes():
    # Not the tracker of shared memory, which is a child as well.
    return [child for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline())]


def test_a_process_that_is_killed_loses_no_range(encode_tracks, film, sound, tmp_path):
    path = encode_tracks("v.mp4", film(scenes(), size=SIZE, options=X264), sound(16.8))
    killed = []

    def kill_one(_progress):
        if not killed and (processes := measuring_processes()):
            processes[0].kill()
            killed.append(processes[0].pid)

    features = extract_in_processes(probe(path), ExtractionSettings(), 2, tmp_path / "ranges", on_progress=kill_one)
    assert killed
    assert_same(in_one_pass(path), features)


def test_a_cancelled_extraction_leaves_no_process_behind(encode_tracks, film, tmp_path):
    class CancelledError(Exception):
        pass

    def cancel(_progress):
        if measuring_processes():
            raise CancelledError

    path = encode_tracks("v.mp4", film(scenes(), size=SIZE, options=X264))
    with pytest.raises(CancelledError):
        extract_in_processes(probe(path), ExtractionSettings(), 2, tmp_path / "ranges", on_progress=cancel)
    assert not measuring_processes()
    assert [file for file in (tmp_path / "ranges").glob("*") if not file.name.endswith(".range")] == []
