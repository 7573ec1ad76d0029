"""Probing: every row of the shared folder of tricky media, or of what is made in its place."""

from fractions import Fraction

import pytest

from autoclip.errors import MediaError
from autoclip.media.probe import probe

EMOJI = "ナサ émission (2 vid, 2 aud) 🚀.mp4"


@pytest.mark.parametrize(
    ("name", "start", "duration"),
    [
        ("tricky/attached_cover.mkv", 0, 2.046),
        ("tricky/av1_6min_black_60fps.mp4", 0, 362.7667),
        ("tricky/av1_hdr10_portrait.mp4", 0, 4.2376),
        ("tricky/counter_10fps.mp4", 0, 3.0),
        ("tricky/delayed_start.mp4", 1.075, 0.96),
        ("tricky/fragmented.mp4", 0.0667, 1.001),
        ("tricky/h265_10bits.mp4", 0, 1.0),
        ("tricky/missing_audio_stsd.mp4", 0, 1.001),
        ("tricky/mpeg2_mp2.ts", 1.4334, 0.1001),
        ("tricky/no_audio.mp4", 0, 1.001),
        ("tricky/rotate90_reflect.mp4", 0, 1.001),
        ("tricky/sample.avi", 0, 4.0874),
        ("tricky/sar_2by3.mp4", 0, 2.0),
        ("tricky/silent_black_25s.mp4", 0, 25.0),
        ("tricky/start_time_10s.mp4", 10.0, 4.0),
        ("tricky/two_audio_tracks.mp4", 0, 4.56),
        ("tricky/vfr_518x488.mp4", 0, 5.5887),
        ("tricky/vp9_odd_dims.webm", 0, 1.001),
        (f"tricky/{EMOJI}", 0, 13.013),
        ("cityCC0.mpg", 0.54, 7.6),
        ("bbb_000-150s_252p.mp4", 0, 149.9917),
        ("arena_180s.mp4", 0, 180.0),
    ],
)
def test_times(real_media, name, start, duration):
    video = probe(real_media(name))
    assert video.start_sec == pytest.approx(start, abs=1e-3)
    assert video.duration_sec == pytest.approx(duration, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("audio_only.mp4", "no video stream"),
        ("no_moov_truncated.mp4", "moov"),
        ("truncated_head_only.mp4", "moov"),
        ("text_named.mp4", "not a video"),
        ("zero_length.mp4", "empty"),
    ],
)
def test_what_is_no_video_is_refused_in_one_line(real_media, name, reason):
    path = real_media(f"tricky/{name}")
    with pytest.raises(MediaError) as caught:
        probe(path)
    assert str(path) in str(caught.value)
    assert reason in caught.value.reason
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "index", "size"),
    [
        ("attached_cover.mkv", 0, (640, 360)),
        (EMOJI, 3, (480, 270)),
        ("rotate90_reflect.mp4", 0, (720, 1080)),
        ("sar_2by3.mp4", 0, (427, 360)),
        ("two_audio_tracks.mp4", 0, (768, 576)),
        ("start_time_10s.mp4", 0, (1137, 640)),
        ("av1_hdr10_portrait.mp4", 0, (720, 1280)),
        ("vp9_odd_dims.webm", 0, (161, 121)),
    ],
)
def test_the_film_and_its_display_size(real_media, name, index, size):
    facts = probe(real_media(f"tricky/{name}")).video
    assert facts.index == index
    assert (facts.display_width, facts.display_height) == size


def test_a_reflected_quarter_turn(real_media):
    facts = probe(real_media("tricky/rotate90_reflect.mp4")).video
    assert (facts.rotation, facts.mirrored) == (270, True)


def test_high_dynamic_range(real_media):
    facts = probe(real_media("tricky/av1_hdr10_portrait.mp4")).video
    assert (facts.codec, facts.bit_depth, facts.hdr, facts.color_transfer) == ("av1", 10, True, "smpte2084")
    assert probe(real_media("tricky/h265_10bits.mp4")).video.bit_depth == 10


def test_a_variable_rate(real_media):
    variable = probe(real_media("tricky/vfr_518x488.mp4")).video
    assert variable.variable_frame_rate
    assert variable.nominal_rate == Fraction(359, 12)


@pytest.mark.parametrize(
    "name", ["tricky/fragmented.mp4", "tricky/counter_10fps.mp4", "cityCC0.mpg", "bbb_000-150s_252p.mp4"]
)
def test_constant_rates(real_media, name):
    assert not probe(real_media(name)).video.variable_frame_rate


def test_sound(real_media):
    mute = probe(real_media("tricky/missing_audio_stsd.mp4"))
    assert mute.audio is None
    assert "no decoder" in mute.warnings[0]
    assert probe(real_media("tricky/no_audio.mp4")).audio is None
    tracks = probe(real_media("tricky/two_audio_tracks.mp4"))
    assert (tracks.audio.index, tracks.audio.language, tracks.audio_stream_count) == (1, "eng", 2)
