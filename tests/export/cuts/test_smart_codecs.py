"""Smart cuts of HEVC, VP9 and AV1 are as exact as those of H.264, and copy as much bit for bit."""

from pathlib import Path

import av
import pytest
from made_media import assert_in_step, complaints, look_at
from stand_in_media import encoded

from autoclip.export.compound.render import SourceSpan, export_compound
from autoclip.export.cuts.nal_units import split_lengths, split_start_codes
from autoclip.export.render import export_clip
from autoclip.media.ffmpeg import knows_encoder
from autoclip.media.probe import probe
from autoclip.settings import ExportSettings
from autoclip.timeline import Interval

SMART = ExportSettings(cut="smart", dynamic_range="keep", encoder_preset="ultrafast")
FRAME_SEC = 0.04
KEYFRAMES = "keyint=30:min-keyint=30:scenecut=0:log-level=error"
HDR10 = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,500):max-cll=1000,400:hdr10=1"
PQ = "format=yuv420p10le,setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc"


def x265(options, *further):
    return ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", f"{KEYFRAMES}:{options}", *further)


VP9 = ("-c:v", "libvpx-vp9", "-g", "30", "-b:v", "400k", "-deadline", "realtime", "-cpu-used", "8")
SOURCES = {
    "open.mp4": x265("bframes=4:open-gop=1"),
    "open_deep.mkv": x265("bframes=3:open-gop=1", "-pix_fmt", "yuv420p10le"),
    "decodable_leading.ts": x265("bframes=3:open-gop=0:radl=2:repeat-headers=1:aud=1"),
    "hdr10.mp4": x265(f"bframes=0:{HDR10}", "-vf", PQ),
    "alternate_references.webm": (*VP9, "-auto-alt-ref", "1", "-lag-in-frames", "16", "-c:a", "libopus"),
    "fields.mp4": x265("interlace=tff", "-vf", "separatefields"),
    "rows.mp4": ("-c:v", "libx264", "-preset", "ultrafast", "-x264-params", "interlaced=1:tff=1:keyint=30"),
    "av1.mp4": ("-c:v", "libsvtav1", "-g", "30", "-preset", "12", "-crf", "40"),
}
MIN_COPIED = 44
"""Of the 70 frames from 40 to 110, 50 follow the keyframe at 60; a few at the end may be stored out of order."""


@pytest.fixture(scope="module")
def recoded(source, tmp_path_factory):
    """Return a function that gives one of `SOURCES`, made once from the H.264 with the numbered frames."""
    folder = tmp_path_factory.mktemp("codecs")

    def get(name: str):
        codec = SOURCES[name]
        if not knows_encoder(codec[1]):
            pytest.skip(f"this ffmpeg has no {codec[1]}")
        path = folder / name
        if not path.exists():
            made_from = source("constant.mp4")[0].path
            encoded("-i", str(made_from), "-t", "5", *codec)(path)
        return probe(path)

    return get


def frames(first, behind):
    return Interval(first * FRAME_SEC, behind * FRAME_SEC)


def payloads(path: Path):
    """What each packet of the picture holds, by presentation time; of NAL units what is between start codes."""
    with av.open(str(path)) as container:
        codec = container.streams.video[0].codec_context.name
        packets = sorted((packet for packet in container.demux(video=0) if packet.size), key=lambda packet: packet.pts)
        raw = [bytes(packet) for packet in packets]
    if codec != "hevc":
        return raw
    return [tuple((split_start_codes if _has_start_codes(data) else split_lengths)(data)) for data in raw]


def _has_start_codes(data: bytes) -> bool:
    return data.startswith((b"\0\0\1", b"\0\0\0\1"))


def assert_decodes_cleanly(path: Path):
    assert complaints(path, "-xerror", "-err_detect", "explode") == ""


@pytest.mark.parametrize("name", sorted(SOURCES.keys() - {"hdr10.mp4", "fields.mp4", "rows.mp4"}))
def test_frames_are_exact_copied_packets_identical_and_decoding_clean(tmp_path, recoded, name):
    video = recoded(name)
    result = export_clip(video, frames(40, 110), tmp_path / "clip.mp4", SMART)
    assert result.method == "smart", result.notes
    seen = look_at(result.path)
    assert seen.numbers == list(range(40, 110))
    assert_in_step(seen, count=2)
    assert_decodes_cleanly(result.path)
    same = [a == b for a, b in zip(payloads(result.path), payloads(video.path)[40:110], strict=True)]
    copied = int(result.notes[0].split()[0])
    assert copied >= MIN_COPIED
    assert all(same[20 : 20 + copied])
    assert probe(result.path).video.codec == video.video.codec
    assert probe(result.path).video.pixel_format == video.video.pixel_format


def test_a_cut_that_starts_at_an_open_group_leaves_its_leading_pictures_out(tmp_path, recoded):
    video = recoded("open.mp4")
    result = export_clip(video, frames(60, 88), tmp_path / "clip.mp4", SMART)
    assert result.method == "smart"
    assert look_at(result.path).numbers == list(range(60, 88))
    assert_decodes_cleanly(result.path)


@pytest.mark.parametrize(("name", "crossfade_sec"), [("open.mp4", 0.0), ("open.mp4", 0.2), ("av1.mp4", 0.0)])
def test_compounds_copy_too(tmp_path, recoded, name, crossfade_sec):
    video = recoded(name)
    items = [SourceSpan(video, frames(*span)) for span in ((20, 90), (30, 75))]
    settings = SMART.model_copy(update={"crossfade_sec": crossfade_sec})
    result = export_compound(items, tmp_path / "compound.mp4", settings)
    assert result.method == "smart", result.notes
    numbers = look_at(result.path).numbers
    if not crossfade_sec:
        assert numbers == [*range(20, 90), *range(30, 75)]
    assert (numbers[0], numbers[-1], len(numbers)) == (20, 74, 115 - 25 * crossfade_sec)
    assert_decodes_cleanly(result.path)


def test_metadata_of_hdr10_is_on_encoded_frames_too(tmp_path, recoded):
    result = export_clip(recoded("hdr10.mp4"), frames(40, 70), tmp_path / "clip.mp4", SMART)
    with av.open(str(result.path)) as container:
        told = [
            (frame.color_trc, sorted(data.type.name for data in frame.side_data if "SEI" not in data.type.name))
            for frame in container.decode(video=0)
        ]
    assert told == [(16, ["CONTENT_LIGHT_LEVEL", "MASTERING_DISPLAY_METADATA"])] * 30


@pytest.mark.parametrize(
    ("name", "changes", "reason"),
    [
        ("open.mp4", {"video_codec": "av1"}, "keeps the source's hevc, not av1"),
        ("open_deep.mkv", {"dynamic_range": "sdr"}, "keep would copy them"),
        ("fields.mp4", {}, "it is interlaced"),
        ("rows.mp4", {}, "it is interlaced"),
    ],
)
def test_what_can_not_be_smart_is_exact_with_the_reason(tmp_path, recoded, name, changes, reason):
    result = export_clip(recoded(name), frames(50, 70), tmp_path / "clip.mp4", SMART.model_copy(update=changes))
    assert result.method == "exact"
    assert reason in result.notes[0]


def test_ten_bits_stay_ten_where_no_keyframe_lies_in_the_clip(tmp_path, recoded):
    result = export_clip(recoded("open_deep.mkv"), frames(62, 88), tmp_path / "clip.mp4", SMART)
    assert (result.method, probe(result.path).video.pixel_format) == ("exact", "yuv420p10le")
    assert look_at(result.path).numbers == list(range(62, 88))
