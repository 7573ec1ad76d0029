"""A smart cut is as exact as an exact one, copies what it can bit for bit, and any decoder plays it."""

from dataclasses import replace

import av
import pytest
from made_media import BOARD, SIZE, SOURCES, assert_in_step, complaints, look_at

from autoclip.export.cuts.h264 import parameter_set_id, read_parameter_sets
from autoclip.export.cuts.nal_units import BitstreamError, split_lengths, with_lengths
from autoclip.export.render import export_clip
from autoclip.media.probe import probe
from autoclip.settings import ExportSettings
from autoclip.timeline import Interval
from synthetic_media import RenderOptions, render

SMART = ExportSettings(cut="smart")
SPANS = {"ten_second_keyframes.mp4": (200, 290)}


def span_of(truth, first, behind):
    return Interval(float(truth.frame_pts[first] * truth.time_base), float(truth.frame_pts[behind] * truth.time_base))


def payloads(path):
    """What each packet of the picture holds, without the start codes or lengths around it, by presentation time."""
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        packets.sort(key=lambda packet: packet.pts)
        raw = [bytes(packet) for packet in packets]
    return [tuple(split_lengths(with_lengths(data) if data.startswith(b"\0\0\0\1") else data)) for data in raw]


@pytest.mark.parametrize("name", SOURCES)
def test_frames_are_exact_copied_packets_identical_and_decoding_clean(tmp_path, source, name):
    video, truth = source(name)
    first, behind = SPANS.get(name, (57, 160))
    result = export_clip(video, span_of(truth, first, behind), tmp_path / "clip.mp4", SMART)
    seen = look_at(result.path)
    assert result.method == "smart", result.notes
    assert seen.numbers == list(range(first, behind))
    assert complaints(result.path) == ""
    same = [a == b for a, b in zip(payloads(result.path), payloads(video.path)[first:behind], strict=True)]
    assert sum(same) == int(result.notes[0].split()[0])
    assert sum(same) >= 39
    if video.audio:
        assert_in_step(seen, count=3)


def test_a_cut_that_starts_on_a_keyframe_encodes_no_head(tmp_path, source):
    video, _ = source("constant.mp4")
    result = export_clip(video, Interval(2, 5), tmp_path / "clip.mp4", SMART)
    assert result.commands == ()
    assert result.notes == ("75 of 75 frames copied",)
    assert look_at(result.path).numbers == list(range(50, 125))


def test_the_sound_is_copied_too(tmp_path, source):
    video, _ = source("constant.mp4")
    result = export_clip(video, Interval(2.5, 5), tmp_path / "clip.mp4", SMART)

    def sound(path):
        with av.open(str(path)) as container:
            return [bytes(packet) for packet in container.demux(audio=0) if packet.size]

    copied, original = sound(result.path), sound(video.path)
    assert len(copied) >= 117
    position = original.index(copied[0])
    assert original[position : position + len(copied)] == copied


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"export_height": 90}, "export_height changes every frame"),
        ({"fade_in_sec": 0.5}, "fade_in_sec changes every frame"),
        ({"video_codec": "h265"}, "not h265"),
    ],
)
def test_what_can_not_be_smart_is_exact_with_the_reason(tmp_path, source, changes, reason):
    video, _ = source("constant.mp4")
    result = export_clip(video, Interval(1, 2), tmp_path / "clip.mp4", SMART.model_copy(update=changes))
    assert result.method == "exact"
    assert reason in result.notes[0]


def test_another_codec_is_cut_exactly(tmp_path):
    board = replace(BOARD, shots=(replace(BOARD.shots[0], duration_sec=3),))
    render(board, tmp_path / "a.mp4", RenderOptions(**SIZE, video_codec="libx265", preset="ultrafast"))
    result = export_clip(probe(tmp_path / "a.mp4"), Interval(1, 2), tmp_path / "clip.mp4", SMART)
    assert (result.method, result.frame_count) == ("exact", 25)
    assert "hevc" in result.notes[0]


def test_a_turned_picture_stays_turned(tmp_path):
    board = replace(BOARD, shots=(replace(BOARD.shots[0], duration_sec=4),))
    render(board, tmp_path / "a.mp4", RenderOptions(**SIZE, rotation=90, keyframe_interval=30, scene_keyframes=False))
    video = probe(tmp_path / "a.mp4")
    result = export_clip(video, Interval(1, 3), tmp_path / "clip.mp4", SMART)
    assert result.method == "smart"
    assert probe(result.path).video.rotation == video.video.rotation == 270
    assert complaints(result.path) == ""


def test_parameter_sets_are_read_and_joined(source):
    with av.open(str(source("constant.mp4")[0].path)) as container:
        extradata = container.streams.video[0].codec_context.extradata
    sets = read_parameter_sets(extradata)
    assert sets.record() == extradata
    assert sets.ids == {0}
    assert sets.joined(sets) == sets
    other = replace(sets, picture=(sets.picture[0] + b"\x80",))
    with pytest.raises(BitstreamError, match="share the id 0"):
        sets.joined(other)
    with pytest.raises(BitstreamError, match="cut short"):
        read_parameter_sets(extradata[:9])


@pytest.mark.parametrize(("bits", "number"), [("1", 0), ("010", 1), ("011", 2), ("00100", 3), ("000010000", 15)])
def test_ids_are_exponential_golomb_codes(bits, number):
    assert parameter_set_id(bytes([0x68, *int(bits.ljust(16, "1"), 2).to_bytes(2, "big")])) == number
