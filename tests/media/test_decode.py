"""The decode pass: reduced pictures of any format, groups that any number of decoders may share, and leaving early."""

import threading
from fractions import Fraction

import av
import numpy as np
import pytest
from moving_scenes import shot

from autoclip.media.decoding.decoder_threads import Described
from autoclip.media.decoding.frame_sampling import FrameSampler, SampleGrid
from autoclip.media.decoding.frame_selection import (
    PacketFacts,
    motion_pictures,
    pictures_at_changes,
    surprising_pictures,
)
from autoclip.media.decoding.nal_units import is_fresh_start, is_reference
from autoclip.media.decoding.one_pass import decode
from autoclip.media.decoding.packet_groups import MAX_GROUP_PACKETS, MIN_GROUP_PACKETS, PacketGrouper
from autoclip.media.decoding.video import DecodePolicy
from autoclip.media.probe import probe

LONG_GROUPS = {"preset": "ultrafast", "crf": "20", "g": "1000", "sc_threshold": "0"}
OPEN_GROUPS = {"preset": "veryfast", "crf": "20", "x264-params": "open-gop=1:keyint=100:min-keyint=100:bframes=3"}


def policy(decoders=2, skip="DEFAULT"):
    return DecodePolicy(skip, skip_loop_filter=False, longest_side=160, motion_fps=4.0, decoders=decoders)


def pictures_of(path, **keywords):
    parts = decode(probe(path), policy(**keywords), lambda pictures: pictures, lambda: None)
    return [part.description for part in parts if isinstance(part, Described) and part.description is not None]


def joined(parts, name):
    return np.concatenate([getattr(part, name) for part in parts])


def sampled(frame, longest=160):
    grid = SampleGrid.of(frame.width, frame.height, longest)
    luma = np.zeros((grid.height, grid.width), np.uint8)
    chroma = np.zeros((2, grid.height // 2, grid.width // 2), np.uint8)
    sampler = FrameSampler(grid)
    readable = sampler.readable(frame)
    sampler.sample(readable, luma, chroma)
    return luma, chroma, sampler.cell_means(readable)


@pytest.mark.parametrize(
    "pixel_format",
    ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv444p12le", "yuvj420p", "nv12", "rgb24", "gray", "yuyv422"],
)
@pytest.mark.parametrize("size", [(320, 180), (161, 121), (90, 160), (16, 16)])
def test_every_pixel_format_gives_the_same_samples(pixel_format, size):
    picture = np.full((size[1], size[0], 3), (200, 60, 40), np.uint8)
    picture[: size[1] // 2] = (40, 90, 200)
    frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=pixel_format)
    expected = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv444p").to_ndarray()
    luma, chroma, means = sampled(frame)
    scale, offset = (255 / 219, -16 * 255 / 219) if pixel_format in {"yuvj420p", "gray"} else (1.0, 0.0)
    for place, row in ((1, 0), (-2, -1)):
        assert luma[place, 3] == pytest.approx(expected[0, row, 3] * scale + offset, abs=4)
        assert means[place, 3] == pytest.approx(expected[0, row, 3] * scale + offset, abs=4)
        if pixel_format == "gray":
            assert (chroma == 128).all()
        elif pixel_format != "yuvj420p":
            assert chroma[:, place // 2, 3] == pytest.approx(expected[1:, row, 3], abs=5)


@pytest.mark.parametrize("size", [(1, 1), (2000, 1), (1, 2000), (7680, 32), (33, 8000)])
def test_the_thinnest_pictures_are_sampled_like_any(size):
    gray = np.full((size[1], size[0], 3), 120, np.uint8)
    frame = av.VideoFrame.from_ndarray(gray, format="rgb24").reformat(format="yuv420p")
    luma, chroma, means = sampled(frame)
    assert np.ptp(luma) == np.ptp(means) == 0
    assert luma[0, 0] == means[0, 0] == pytest.approx(16 + 120 * 219 / 255, abs=1)
    assert np.abs(chroma.astype(int) - 128).max() <= 1


def test_a_sample_grid_keeps_the_aspect_and_its_sides_are_even():
    for size in ((1920, 1080), (1080, 1920), (448, 252), (161, 121), (640, 360), (7680, 4320)):
        grid = SampleGrid.of(*size, 160)
        assert grid.width % 2 == grid.height % 2 == 0
        assert 106 <= max(grid.width, grid.height) <= 240
        assert grid.width / grid.height == pytest.approx(size[0] / size[1], rel=0.04)


def test_a_picture_of_another_size_is_reduced_to_the_same_grid():
    sampler = FrameSampler(SampleGrid.of(320, 180, 160))
    frame = sampler.readable(av.VideoFrame.from_ndarray(np.full((90, 100, 3), 200, np.uint8), format="rgb24"))
    assert (frame.width, frame.height) == (320, 180)


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("short.mp4", "libx264", {"preset": "veryfast", "crf": "20", "g": "50"}),
        ("open.mkv", "libx264", OPEN_GROUPS),
        ("long.mp4", "libx264", LONG_GROUPS),
        ("open.ts", "mpeg2video", {"g": "12", "bf": "2", "b": "2000k"}),
        ("avi.avi", "mpeg4", {"bf": "2", "b": "1000k"}),
        ("hevc.mp4", "libx265", {"preset": "ultrafast", "x265-params": "keyint=100:open-gop=1:log-level=none"}),
    ],
)
def test_the_number_of_decoders_changes_no_picture(encode_tracks, film, name, codec, options):
    pictures = [*shot(1, 200, (128, 72)), *shot(2, 170, (128, 72), speed=3)]
    path = encode_tracks(name, film(pictures, size=(128, 72), codec=codec, options=options))
    one, two, three = (pictures_of(path, decoders=count) for count in (1, 2, 3))
    expected_pts = joined(one, "pts")
    assert len(expected_pts) == 370
    for other in (two, three):
        assert (joined(other, "pts") == expected_pts).all()
        assert (joined(other, "luma") == joined(one, "luma")).all()
        assert (joined(other, "chroma") == joined(one, "chroma")).all()


def test_both_pictures_at_a_cut_are_decoded_where_all_between_are_skipped(encode_tracks, film):
    options = {
        "preset": "ultrafast",
        "x264-params": "bframes=3:b-pyramid=0:b-adapt=0:keyint=40:min-keyint=40:scenecut=0",
    }
    pictures = [
        picture for seed, count in ((1, 10), (2, 45), (3, 8), (4, 57)) for picture in shot(seed, count, (1280, 720))
    ]
    path = encode_tracks("cuts.mp4", film(pictures, size=(1280, 720), options=options))
    some = pictures_of(path, skip="NONREF")
    pts = joined(some, "pts")
    numbers = np.round(pts * float(probe(path).video.time_base) * 25).astype(int)
    assert (np.diff(numbers) > 0).all()
    assert {9, 10, 54, 55, 62, 63} <= set(numbers.tolist())
    assert len(numbers) < 0.6 * len(pictures)
    everything = pictures_of(path)
    assert (joined(some, "luma") == joined(everything, "luma")[numbers]).all()
    assert [part.pts[part.motion_index].tolist() for part in some] == [
        part.pts[part.motion_index].tolist() for part in everything
    ]


def test_pictures_are_looked_at_again_only_where_neighbors_differ_far_more_than_others():
    random = np.random.default_rng(2)
    one, other = random.integers(40, 200, (2, 90, 160), dtype=np.uint8)
    pts, shown = np.arange(0, 60, 2), np.arange(60)

    def looked_at(*pictures):
        return pictures_at_changes(pts, np.stack(pictures), shown).tolist()

    assert looked_at(*[one] * 11, *[other] * 19) == [21]
    assert looked_at(*[one] * 11, *[one + 3] * 19) == []
    assert looked_at(*[one, other] * 15) == []
    assert pictures_at_changes(pts[:1], one[None], shown).tolist() == []


def test_keyframes_alone(encode_tracks, film):
    path = encode_tracks("k.mp4", film(shot(1, 100), size=(128, 72), options={"g": "20", "sc_threshold": "0"}))
    pts = joined(pictures_of(path, skip="NONKEY"), "pts")
    assert (pts * probe(path).video.time_base * 25).tolist() == [0, 20, 40, 60, 80]


def test_where_every_picture_is_a_keyframe_some_are_enough(encode_tracks, film):
    path = encode_tracks("i.mp4", film(shot(1, 100), size=(128, 72), options={"g": "1", "preset": "ultrafast"}))
    pts = joined(pictures_of(path, skip="NONKEY"), "pts")
    assert (np.diff(pts * probe(path).video.time_base) == Fraction(1, 5)).all()


def test_whoever_stops_listening_leaves_no_thread_behind(encode_tracks, film):
    path = encode_tracks("t.mp4", film(shot(1, 400), size=(128, 72), options={"g": "100"}))
    before = threading.active_count()
    parts = decode(probe(path), policy(decoders=3), lambda pictures: pictures, lambda: None)
    next(parts)
    parts.close()
    assert threading.active_count() == before


def test_an_error_of_the_listener_passes_through_and_leaves_no_thread_behind(encode_tracks, film):
    path = encode_tracks("t.mp4", film(shot(1, 400), size=(128, 72), options={"g": "100"}))
    before = threading.active_count()

    def complain(_pictures):
        raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        list(decode(probe(path), policy(), complain, lambda: None))
    assert threading.active_count() == before


def grouped(path, codec):
    with av.open(str(path)) as container:
        grouper = PacketGrouper(codec)
        groups = [
            group
            for packet in container.demux(container.streams.video[0])
            if packet.size
            for group in grouper.add(packet)
        ]
        return [*groups, *grouper.finish()]


def test_groups_hold_every_packet_once_and_are_bounded(encode_tracks, film):
    path = encode_tracks("l.mp4", film([10] * 1000, options=LONG_GROUPS))
    groups = grouped(path, "h264")
    assert sum(len(group.packets) for group in groups) == 1000
    assert all(len(group.packets) <= MAX_GROUP_PACKETS for group in groups)
    assert [group.restarts for group in groups] == [True, False, False, False]
    assert [group.last for group in groups] == [False, False, False, True]


def test_open_groups_borrow_the_keyframe_their_last_pictures_lean_on(encode_tracks, film):
    path = encode_tracks("o.ts", film(shot(1, 300), size=(128, 72), codec="mpeg2video", options={"g": "30", "bf": "2"}))
    groups = grouped(path, "mpeg2video")
    assert all(len(group.packets) >= MIN_GROUP_PACKETS for group in groups[:-1])
    assert all(len(group.borrowed) == 3 for group in groups[:-1])
    assert all(group.borrowed[0].is_keyframe for group in groups[:-1])


def test_only_an_idr_picture_of_h264_is_a_fresh_start(encode_tracks, film):
    path = encode_tracks("r.ts", film(shot(1, 300), size=(128, 72), options=OPEN_GROUPS))
    assert [group.restarts for group in grouped(path, "h264")] == [True]


def test_the_first_picture_of_each_tick_is_for_motion():
    assert sorted(motion_pictures(np.arange(0, 50, 2), Fraction(1, 10))) == [0, 10, 20, 30, 40]


def test_the_second_picture_of_a_tick_stands_in_where_that_spares_decoding_the_first():
    pts, referenced = np.arange(0, 60, 4), {0, 4, 12, 24, 36, 48, 52}
    chosen = motion_pictures(pts, Fraction(1, 10), lambda time: time in referenced)
    # Ticks begin with 0, 12, 20, 32, 40 and 52; 20 and 32 are spared, at 40 nothing can be.
    assert sorted(chosen) == [0, 12, 24, 36, 40, 52]


@pytest.mark.parametrize("pyramid", ["normal", "none"])
def test_skipping_leaves_out_pictures_but_none_that_motion_looks_at(encode_tracks, film, pyramid):
    options = {"preset": "veryfast", "crf": "20", "x264-params": f"bframes=3:b-pyramid={pyramid}:b-adapt=0:keyint=100"}
    path = encode_tracks("b.mp4", film(shot(1, 75, (1280, 720)), size=(1280, 720), options=options))
    everything, some = (pictures_of(path, skip=skip) for skip in ("DEFAULT", "NONREF"))
    assert len(joined(some, "pts")) < 0.6 * len(joined(everything, "pts"))
    looked_at = [
        np.concatenate([part.pts[part.motion_index] for part in parts]).tolist() for parts in (everything, some)
    ]
    assert looked_at[0] == looked_at[1]
    assert len(looked_at[0]) == 12


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.mp4", "libx264", {"preset": "veryfast", "x264-params": "bframes=3:b-adapt=0:b-pyramid=normal"}),
        ("a.ts", "libx264", {"preset": "veryfast", "x264-params": "bframes=3:b-adapt=0:b-pyramid=none"}),
        ("a.mkv", "libx265", {"preset": "ultrafast", "x265-params": "bframes=3:b-adapt=0:b-pyramid=1:log-level=error"}),
    ],
)
def test_references_are_what_ffmpeg_does_not_skip(encode_tracks, film, name, codec, options):
    path = encode_tracks(name, film(shot(1, 60), size=(128, 72), codec=codec, options=options))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        told = {packet.pts for packet in packets if is_reference(packet, stream.codec_context.name)}
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.skip_frame = "NONREF"
        decoded = {frame.pts for frame in container.decode(video=0)}
    assert told == decoded
    assert len(told) < len(packets)


@pytest.mark.parametrize("length", [5, 255, 256, 300, 511, 512])
def test_a_unit_of_any_length_is_found(length):
    idr, delta = b"\x65" + bytes([7]) * (length - 1), b"\x01" + bytes([7]) * 20
    sized = [b"".join(len(unit).to_bytes(4, "big") + unit for unit in units) for units in ([delta, idr], [idr, delta])]
    coded = [b"".join(b"\0\0\1" + unit for unit in units) for units in ([delta, idr], [idr, delta])]
    assert all(is_fresh_start(av.Packet(data), "h264") for data in (*sized, *coded))
    alone = (len(delta).to_bytes(4, "big") + delta, b"\0\0\0\1" + delta)
    assert not any(is_fresh_start(av.Packet(data), "h264") or is_reference(av.Packet(data), "h264") for data in alone)


def test_pictures_before_a_surprisingly_large_packet_are_wanted():
    facts = []
    for index in range(12):
        size = 900 if index == 10 else 100
        facts.append(PacketFacts(index * 3 + 3, size, keyframe=index == 0))
        facts.extend(PacketFacts(index * 3 + b, 20, keyframe=False) for b in (1, 2) if index)
    assert sorted(surprising_pictures(facts)) == [31, 32]


def test_a_keyframe_is_no_surprise():
    facts = [PacketFacts(index, 900 if index == 10 else 100, keyframe=index == 10) for index in range(20)]
    assert surprising_pictures(facts) == frozenset()
