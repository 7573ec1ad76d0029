"""The start timecode of a file, wherever the container keeps it."""

from fractions import Fraction

import pytest
from timecode_media import encode, encode_with_slower_timecode

from autoclip.media.ffmpeg import run_ffmpeg
from autoclip.media.probe import probe
from autoclip.media.timecode import TimecodeFormat
from autoclip.media.video import Video

NTSC, NTSC_60 = Fraction(30000, 1001), Fraction(60000, 1001)


@pytest.mark.parametrize("suffix", ["mov", "mp4", "mkv", "mxf"])
@pytest.mark.parametrize(("timecode", "drop"), [("01:00:59;28", True), ("23:59:59:29", False)])
def test_every_container_tells_it(tmp_path, suffix, timecode, drop):
    found = probe(encode(tmp_path / f"film.{suffix}", NTSC, timecode)).timecode
    assert (found.text, found.base, found.drop_frame, found.reel) == (timecode, 30, drop, None)
    assert found.frame_number == TimecodeFormat(30, drop).frame_number(timecode)


@pytest.mark.parametrize(("rate", "base"), [(24, 24), (25, 25), (50, 50), (NTSC_60, 60), (Fraction(24000, 1001), 24)])
def test_it_counts_what_its_track_declares(tmp_path, rate, base):
    found = probe(encode(tmp_path / "film.mov", Fraction(rate), "10:00:00:12")).timecode
    assert (found.base, found.frame_number) == (base, 36_000 * base + 12)


@pytest.mark.parametrize(
    ("rate", "timecode", "base"), [(NTSC_60, "01:00:59;28", 30), (Fraction(50), "01:00:00:24", 25)]
)
def test_a_track_may_count_half_the_frames(tmp_path, rate, timecode, base):
    found = probe(encode_with_slower_timecode(tmp_path, rate, timecode)).timecode
    assert (found.text, found.base, found.drop_frame) == (timecode, base, ";" in timecode)
    assert found.frame_at(2 * base) == 2 * TimecodeFormat(base, ";" in timecode).frame_number(timecode)


def test_a_tag_of_the_stream_counts_too(tmp_path):
    plain = encode(tmp_path / "plain.mkv", Fraction(25))
    run_ffmpeg(["-i", str(plain), "-c", "copy", "-metadata:s:v", "TimeCode=05:00:00:10", str(tmp_path / "tag.mkv")])
    assert probe(tmp_path / "tag.mkv").timecode.text == "05:00:00:10"


def test_the_reel_is_told(tmp_path):
    path = encode(tmp_path / "plain.mov", Fraction(25))
    command = ["-i", str(path), "-c", "copy", "-timecode", "01:00:00:00", "-metadata:s:v", "reel_name=A001C003"]
    run_ffmpeg([*command, str(tmp_path / "reel.mov")])
    assert probe(tmp_path / "reel.mov").timecode.reel == "A001C003"


def test_most_files_have_none(tmp_path):
    video = probe(encode(tmp_path / "film.mp4", Fraction(25)))
    assert (video.timecode, video.warnings) == (None, ())


@pytest.mark.parametrize("tag", ["01:00:00:77", "yesterday", "99:99:99:99", "00:00:00", "\u202e1:2"])
def test_one_that_is_none_is_left_out_with_a_warning(tmp_path, tag):
    plain = encode(tmp_path / "plain.mkv", Fraction(25))
    run_ffmpeg(["-i", str(plain), "-c", "copy", "-metadata", f"TIMECODE={tag}", str(tmp_path / "tag.mkv")])
    video = probe(tmp_path / "tag.mkv")
    assert video.timecode is None
    assert ["start timecode" in warning for warning in video.warnings] == [True]


def test_a_probe_with_timecode_survives_json(tmp_path):
    video = probe(encode(tmp_path / "film.mov", NTSC, "01:00:59;28"))
    assert Video.model_validate_json(video.model_dump_json()) == video


def test_a_probe_of_an_older_version_is_read(tmp_path):
    video = probe(encode(tmp_path / "film.mov", NTSC, "01:00:59;28"))
    facts = video.model_dump(mode="json")
    del facts["timecode"]
    assert Video.model_validate(facts).timecode is None


def test_a_camera_file(real_media):
    found = probe(real_media("phone/gopro_karma.mp4")).timecode
    assert (found.text, found.base, found.drop_frame) == ("19:26:48:04", 30, False)
