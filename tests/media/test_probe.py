"""Probing: the facts about made-up files, and refusals."""

import re
import struct
from fractions import Fraction

import av
import numpy as np
import pytest
from av.stream import Disposition

from autoclip.errors import MediaError
from autoclip.media.ffmpeg import run_ffmpeg
from autoclip.media.probe import probe
from autoclip.media.video import Video

GREYS = range(0, 250, 10)


def dispose(disposition):
    def setup(stream):
        stream.disposition = disposition

    return setup


def test_plain_facts(encode_tracks, film, sound):
    path = encode_tracks(
        "plain.mp4",
        film(GREYS, size=(128, 96)),
        sound(1.0, layout="stereo"),
        metadata={"title": "A  day\nout" + "!" * 2000},
    )
    video = probe(path)
    assert (video.path, video.size_bytes) == (path, path.stat().st_size)
    assert video.duration_sec == pytest.approx(1.0)
    assert video.start_sec == 0
    assert video.title == "A day out" + "!" * 490
    assert (video.video.codec, video.video.width, video.video.height) == ("h264", 128, 96)
    assert (video.video.display_width, video.video.display_height) == (128, 96)
    assert (video.video.average_rate, video.video.nominal_rate) == (25, 25)
    assert not video.video.variable_frame_rate
    assert (video.video.pixel_format, video.video.bit_depth, video.video.hdr) == ("yuv420p", 8, False)
    assert (video.audio.codec, video.audio.sample_rate, video.audio.channels) == ("aac", 48000, 2)
    assert video.audio_stream_count == 1
    assert video.warnings == ()


def test_a_probe_survives_json(encode_tracks, film, sound):
    video = probe(encode_tracks("plain.mkv", film(GREYS, rate=Fraction(30000, 1001)), sound()))
    assert Video.model_validate_json(video.model_dump_json()) == video


def test_without_sound_there_is_no_audio_and_no_warning(encode_tracks, film):
    video = probe(encode_tracks("mute.mp4", film(GREYS)))
    assert video.audio is None
    assert video.audio_stream_count == 0
    assert video.warnings == ()


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "avi", "flv", "webm"])
def test_every_container_tells_the_same_times(encode_tracks, film, suffix):
    codec = {"webm": "libvpx", "avi": "mpeg4"}.get(suffix, "libx264")
    video = probe(encode_tracks(f"film.{suffix}", film(GREYS, codec=codec, options={})))
    assert video.duration_sec == pytest.approx(1.0, abs=0.002)
    assert video.video.average_rate == 25
    assert not video.video.variable_frame_rate


def test_duration_runs_to_the_end_of_the_last_frame(encode_tracks, film):
    reordered = film(GREYS, options={"bf": "3", "preset": "medium"})
    assert probe(encode_tracks("b.mp4", reordered)).duration_sec == pytest.approx(25 / 25)


def test_time_counts_from_the_first_frame(encode_tracks, film):
    late = film(GREYS, ticks=range(40, 65))
    video = probe(encode_tracks("late.mkv", late, chapters=[chapter(0, 1.8, "before and in"), chapter(1.8, 9, "")]))
    assert video.start_sec == pytest.approx(1.6)
    assert video.duration_sec == pytest.approx(1.0)
    assert [(mark.title, round(mark.start_sec, 3), round(mark.end_sec, 3)) for mark in video.chapters] == [
        ("before and in", 0.0, 0.2),
        ("Chapter 2", 0.2, 1.0),
    ]


def chapter(start: float, end: float, title: str):
    unit = Fraction(1, 1000)
    metadata = {"title": title} if title else {}
    return {
        "id": round(start),
        "start": round(start * 1000),
        "end": round(end * 1000),
        "time_base": unit,
        "metadata": metadata,
    }


def test_sound_that_starts_first_does_not_move_time(encode_tracks, film, sound):
    video = probe(encode_tracks("lead.mkv", film(GREYS, ticks=range(10, 35)), sound(2.0)))
    assert video.start_sec == pytest.approx(0.4, abs=0.05)
    assert video.duration_sec == pytest.approx(1.0, abs=0.002)


def test_variable_rate_is_told_from_packets(encode_tracks, film):
    ticks = np.cumsum([0] + [40, 40, 40, 120] * 30)
    grays = [20] * len(ticks)
    video = probe(encode_tracks("held.mp4", film(grays, ticks=ticks.tolist(), time_base=Fraction(1, 1000))))
    assert video.video.variable_frame_rate
    assert video.duration_sec == pytest.approx(7.2 + 0.12, abs=0.09)


def test_a_change_of_rate_in_the_middle_of_a_long_film_is_found(encode_tracks, film):
    ticks = np.cumsum([0] + [40] * 700 + [80] * 300 + [40] * 300)
    slow = film([20] * len(ticks), size=(16, 16), ticks=ticks.tolist(), time_base=Fraction(1, 1000))
    assert probe(encode_tracks("change.mp4", slow)).video.variable_frame_rate


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(30), Fraction(60000, 1001)])
def test_rounded_timestamps_are_no_variable_rate(encode_tracks, film, rate):
    video = probe(encode_tracks("rounded.mkv", film([20] * 150, rate=rate)))
    assert not video.video.variable_frame_rate
    assert video.video.average_rate == pytest.approx(rate, rel=1e-3)


def test_the_cover_is_never_the_film(encode_tracks, film):
    cover = film([200], size=(640, 480), codec="png", pixel_format="rgb24", options={})
    cover.setup = dispose(Disposition.attached_pic)
    video = probe(encode_tracks("cover.mp4", cover, film(GREYS)))
    assert video.video.codec == "h264"


def test_only_a_cover_is_no_film(encode_tracks, film, sound):
    cover = film([200], size=(64, 48), codec="png", pixel_format="rgb24", options={})
    cover.setup = dispose(Disposition.attached_pic)
    with pytest.raises(MediaError, match="no video stream"):
        probe(encode_tracks("song.mp4", sound(), cover))


def test_the_default_picture_comes_before_the_larger(encode_tracks, film):
    small, large = film(GREYS), film(GREYS, size=(128, 96))
    small.setup, large.setup = dispose(Disposition.default), dispose(Disposition(0))
    assert probe(encode_tracks("default.mkv", large, small)).video.index == 1
    small.setup = large.setup = dispose(Disposition.default)
    assert probe(encode_tracks("both.mkv", small, large)).video.index == 1


def test_the_default_sound_comes_before_more_channels(encode_tracks, film, sound):
    plain, wide = sound(), sound(layout="stereo")
    plain.setup, wide.setup = dispose(Disposition.default), dispose(Disposition(0))
    assert probe(encode_tracks("default.mkv", film(GREYS), wide, plain)).audio.index == 2
    plain.setup = wide.setup = dispose(Disposition.default)
    assert probe(encode_tracks("both.mkv", film(GREYS), plain, wide)).audio.index == 2


def test_a_sound_without_a_decoder_is_said(encode_tracks, film, sound):
    path = encode_tracks("unknown.mkv", film(GREYS), sound())
    path.write_bytes(path.read_bytes().replace(b"A_AAC", b"A_XYZ"))
    video = probe(path)
    assert video.audio is None
    assert video.audio_stream_count == 1
    assert "audio stream 1 has no decoder" in video.warnings[0]
    assert "without audio" in video.warnings[0]


def test_a_picture_without_a_decoder_is_refused(encode_tracks, film):
    path = encode_tracks("unknown.mkv", film(GREYS))
    path.write_bytes(path.read_bytes().replace(b"V_MPEG4/ISO/AVC", b"V_XYZW4/ISO/AVC"))
    with pytest.raises(MediaError, match="no decoder"):
        probe(path)


def test_pixel_aspect_and_turn_give_the_display_size(encode_tracks, film):
    def setup(stream):
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)
        stream.set_display_rotation(90)

    video = probe(encode_tracks("turned.mp4", film(GREYS, size=(96, 64), setup=setup)))
    assert (video.video.width, video.video.height) == (96, 64)
    assert video.video.sample_aspect_ratio == Fraction(4, 3)
    assert (video.video.display_width, video.video.display_height) == (64, 128)
    assert video.video.rotation == 270  # FFmpeg's 90 degrees are counter-clockwise


def test_colors_and_depth(encode_tracks, film):
    def setup(stream):
        context = stream.codec_context
        context.color_trc, context.color_primaries, context.colorspace, context.color_range = 16, 9, 9, 1

    hdr = film(
        GREYS, codec="libx264", pixel_format="yuv420p10le", options={"preset": "ultrafast", "crf": "4"}, setup=setup
    )
    facts = probe(encode_tracks("hdr.mp4", hdr)).video
    assert (facts.codec, facts.bit_depth, facts.hdr) == ("h264", 10, True)
    assert (facts.color_transfer, facts.color_primaries) == ("smpte2084", "bt2020")
    assert (facts.color_space, facts.color_range) == ("bt2020nc", "tv")


def test_a_header_that_lies_is_not_believed(encode_tracks, film):
    path = encode_tracks("liar.mkv", film([20] * 800, size=(16, 16)))
    content = path.read_bytes()
    duration = content.index(b"\x44\x89\x88")  # Matroska's Duration: an eight-byte float, in milliseconds
    path.write_bytes(content[: duration + 3] + struct.pack(">d", 143_165_000.0) + content[duration + 11 :])
    with av.open(str(path)) as container:
        assert container.duration == 143_165_000_000
    video = probe(path)
    assert video.duration_sec == pytest.approx(32.0)
    assert "143165.000 s" in video.warnings[0]


def test_a_header_without_a_duration(encode_tracks, film):
    path = encode_tracks("live.mkv", film([20] * 800, size=(16, 16)), container_options={"live": "1"})
    with av.open(str(path)) as container:
        assert container.duration is None
    assert probe(path).duration_sec == pytest.approx(32.0)


def test_a_fragmented_file(encode_tracks, film):
    options = {"movflags": "frag_keyframe+empty_moov"}
    path = encode_tracks("fragments.mp4", film([20] * 800, size=(16, 16)), container_options=options)
    assert probe(path).duration_sec == pytest.approx(32.0)


def test_what_is_left_of_a_truncated_file_is_measured(encode_tracks, film):
    noise = np.random.default_rng(1).integers(0, 255, (40, 48, 64, 3), dtype=np.uint8)
    path = encode_tracks("whole.mp4", film(list(noise) * 20), container_options={"movflags": "faststart"})
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    video = probe(path)
    assert 10 < video.duration_sec < 22
    assert "32.000 s" in video.warnings[0]


def test_sound_longer_than_the_picture_is_no_lie(encode_tracks, film, sound):
    assert probe(encode_tracks("short.mkv", film(GREYS), sound(4.0))).warnings == ()
    video = probe(encode_tracks("long.mkv", film([20] * 800, size=(16, 16)), sound(40.0)))
    assert video.duration_sec == pytest.approx(32.0)
    assert video.warnings == ()


def test_a_header_alone_is_refused(encode_tracks, film):
    path = encode_tracks("whole.mp4", film(GREYS), container_options={"movflags": "faststart"})
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"mdat") + 4])
    with pytest.raises(MediaError, match="no frame that can be decoded"):
        probe(path)


def test_garbage_in_place_of_pictures_is_refused(encode_tracks, film):
    path = encode_tracks("whole.mp4", film(GREYS), container_options={"movflags": "faststart"})
    content = path.read_bytes()
    media = content.index(b"mdat") + 4
    path.write_bytes(content[:media] + bytes(len(content) - media))
    with pytest.raises(MediaError, match="no frame that can be decoded"):
        probe(path)


def test_an_animation_of_one_frame_is_an_image(encode_tracks, film):
    with pytest.raises(MediaError, match="has a single frame and is an image"):
        probe(encode_tracks("one.gif", film([200], codec="gif", pixel_format="rgb8", options={})))


def test_sound_alone_is_refused(encode_tracks, sound):
    with pytest.raises(MediaError, match="no video stream"):
        probe(encode_tracks("sound.mp4", sound()))


def test_frames_hidden_by_an_edit_list_do_not_count(encode_tracks, film):
    # The muxer writes an edit list when the first frame is decoded before time 0; here it hides 10 frames as well.
    path = encode_tracks("edited.mp4", film(GREYS, ticks=range(-10, 15)))
    video = probe(path)
    assert video.start_sec == pytest.approx(0)
    assert video.duration_sec == pytest.approx(0.6)


def test_times_that_run_over_years_are_refused(encode_tracks, film):
    years = film(GREYS, ticks=[*range(24), 400 * 24 * 3600], time_base=Fraction(1), rate=Fraction(1))
    with pytest.raises(MediaError, match="remux"):
        probe(encode_tracks("years.mkv", years))


def test_a_film_without_a_decoder_gives_way_to_the_next(encode_tracks, film):
    large, small = film(GREYS, size=(128, 96), codec="mpeg4", options={}), film(GREYS)
    path = encode_tracks("two.mkv", large, small)
    path.write_bytes(path.read_bytes().replace(b"V_MPEG4/ISO/ASP", b"V_XYZW4/ISO/ASP"))
    video = probe(path)
    assert (video.video.codec, video.video.index) == ("h264", 1)


def test_a_film_that_does_not_decode_gives_way_to_the_next(encode_tracks, film):
    large, small = film(GREYS, size=(128, 96), codec="png", pixel_format="rgb24", options={}), film(GREYS)
    path = encode_tracks("two.mp4", large, small)
    path.write_bytes(path.read_bytes().replace(b"\x89PNG", b"\x00PNG"))
    video = probe(path)
    assert (video.video.codec, video.video.index) == ("h264", 1)
    assert video.duration_sec == pytest.approx(1.0, abs=0.002)
    assert "video stream 0 has no frame" in video.warnings[0]


def test_matroska_that_starts_below_zero_is_refused_with_the_way_out(encode_tracks, film, tmp_path):
    """Its clock has no negative times: most packets have none at all."""
    whole, early = encode_tracks("whole.mp4", film([*GREYS] * 2)), tmp_path / "early.mkv"
    moved = ["-output_ts_offset", "-3", "-avoid_negative_ts", "disabled"]
    run_ffmpeg(["-i", str(whole), "-c", "copy", *moved, "-f", "matroska", str(early)])
    with pytest.raises(
        MediaError, match=r"starts before the file's zero.*`ffmpeg (.*) -i VIDEO (.*) FIXED\.mkv`"
    ) as told:
        probe(early)
    before, behind = re.search(r"`ffmpeg (.*) -i VIDEO (.*) FIXED\.mkv`", str(told.value)).groups()
    mended = tmp_path / "mended.mkv"
    run_ffmpeg([*before.split(), "-i", str(early), *behind.split(), "-f", "matroska", str(mended)])
    assert probe(mended).duration_sec > 0
